//! Versions below which a program is not to be, one for each line of releases.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{model::engine_says::Component, rules::ParamError};

/// One version, or one for each line of releases that gets fixes.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Floors {
    One(String),
    Each(Vec<String>),
}

/// How a program compares.
pub(super) enum Standing {
    Good,
    Old,
    /// Older, and made by a distribution, which may have mended it; nobody declared a floor for it.
    MaybeMended,
    /// It says no version that can be compared.
    Untold,
}

impl Floors {
    pub(super) fn check(&self, path: &str) -> Result<(), ParamError> {
        let texts = self.texts();
        match texts.iter().find(|it| !is_plain(it)) {
            Some(text) => {
                Err(ParamError::new(path, format!("{text:?} is not a version, such as \"1.3.3\"")))
            }
            None if texts.is_empty() => {
                Err(ParamError::new(path, "has to say at least one version".to_owned()))
            }
            None => Ok(()),
        }
    }

    fn texts(&self) -> Vec<&str> {
        match self {
            Self::One(one) => vec![one],
            Self::Each(each) => each.iter().map(String::as_str).collect(),
        }
    }
}

/// Compares with the declared floors, else with those that plimsoll brings.
pub(super) fn standing(
    component: &Component,
    declared: Option<&Floors>,
    by_itself: &[&'static str],
) -> Standing {
    let floors = declared.map_or_else(|| by_itself.to_vec(), Floors::texts);
    let Some(version) = Version::read(&component.version) else { return Standing::Untold };
    if version.is_above(&floors) {
        return Standing::Good;
    }
    match declared {
        None if component.is_of_distribution() => Standing::MaybeMended,
        _ => Standing::Old,
    }
}

/// Returns what is wanted, for people.
pub(super) fn wanted(declared: Option<&Floors>, by_itself: &[&'static str]) -> String {
    declared.map_or_else(|| by_itself.to_vec(), Floors::texts).join(" or ")
}

fn is_plain(text: &str) -> bool {
    let parts = text.split('.');
    parts.clone().count() <= 3 && parts.into_iter().all(|it| it.parse::<u32>().is_ok())
}

/// Numbers, and whether it comes before the release of these numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    numbers: [u32; 3],
    is_release: bool,
}

impl Version {
    fn read(text: &str) -> Option<Self> {
        let text = text.trim_start_matches('v');
        let end = text.find(|it: char| !it.is_ascii_digit() && it != '.').unwrap_or(text.len());
        let (numbers, after) = text.split_at(end);
        let mut parts = numbers.split('.').filter(|it| !it.is_empty()).map(str::parse);
        let mut next = || parts.next()?.ok();
        let numbers = [next()?, next()?, next().unwrap_or(0)];
        let is_preview = ["-rc", "-beta", "-alpha", "-dev"].iter().any(|it| after.starts_with(it));
        Some(Self { numbers, is_release: !is_preview })
    }

    /// The floor of its own line of releases decides; a line that has none is good if it is newer
    /// than all that have.
    fn is_above(self, floors: &[&str]) -> bool {
        let floors: Vec<Self> = floors
            .iter()
            .filter_map(|it| Self::read(it).or_else(|| Self::read(&format!("{it}.0"))))
            .collect();
        let of_line = floors.iter().filter(|it| it.numbers[..2] == self.numbers[..2]).max();
        match of_line {
            Some(floor) => self >= *floor,
            None => floors.iter().max().is_some_and(|highest| self > *highest),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(version: &str, floors: &[&str], is_above: bool) {
        assert_eq!(Version::read(version).unwrap().is_above(floors), is_above, "{version}");
    }

    #[test]
    fn each_line_of_releases_has_its_floor() {
        let floors = ["1.2.8", "1.3.3"];
        for version in ["1.2.8", "1.3.3", "1.3.10", "1.4.0", "2.0.0", "v1.3.3"] {
            check(version, &floors, true);
        }
        for version in ["1.1.12", "1.2.7", "1.3.2", "1.3.3-rc.1", "0.9.0"] {
            check(version, &floors, false);
        }
        check("29.0.0", &["27"], true);
        check("27.5.1", &["27.0"], true);
        check("9.0.0", &["27.0"], false);
    }

    #[test]
    fn builds_of_distributions_are_told_by_version_or_commit() {
        let is = |version: &str, commit: &str| {
            let component = Component { version: version.into(), commit: commit.into() };
            component.is_of_distribution()
        };
        assert!(is("20.10.24+dfsg1", "5d6db84"));
        assert!(is("1.6.20~ds1", "1.6.20~ds1-1+deb12u3"));
        assert!(is("24.0.7", "24.0.7-0ubuntu4.1"));
        assert!(!is("27.1.1", "cc13f95") && !is("1.4.0-rc.1", "") && !is("v1.7.27", "05044ec0a9"));
        assert!(!is("1.1.12", "v1.1.12-0-g51d5e946"));
    }
}
