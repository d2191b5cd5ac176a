//! Which containers something is about.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wildmatch::WildMatch;

use super::{container::ContainerSpec, owner::Owner};

/// What a container must look like; every part that is given must fit. `*` and `?` are globs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Selector {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Patterns>,
    /// Its image, as it was named or in full: `nginx:*`, `registry.example/shop/*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<Patterns>,
    /// Labels it carries, with their values.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The Compose project it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compose_project: Option<Patterns>,
    /// A network it is attached to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<Patterns>,
}

/// One pattern, or several of which one must fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Patterns {
    One(String),
    Several(Vec<String>),
}

impl Patterns {
    /// Returns whether one of them fits.
    pub fn fit(&self, text: &str) -> bool {
        self.each().any(|pattern| WildMatch::new(pattern).matches(text))
    }

    pub fn each(&self) -> impl Iterator<Item = &str> {
        let patterns = match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(several) => several.as_slice(),
        };
        patterns.iter().map(String::as_str)
    }
}

impl Selector {
    /// Returns whether it selects every container.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Returns whether the container fits every part that is given.
    pub fn selects(&self, container: &ContainerSpec) -> bool {
        let project = match &container.owner {
            Owner::Compose { project, .. } => project.as_str(),
            _ => "",
        };
        self.name.as_ref().is_none_or(|it| it.fit(&container.name))
            && self.image.as_ref().is_none_or(|it| {
                image_spellings(&container.image).iter().any(|spelling| it.fit(spelling))
            })
            && self.compose_project.as_ref().is_none_or(|it| !project.is_empty() && it.fit(project))
            && self.network.as_ref().is_none_or(|it| container.networks.iter().any(|n| it.fit(n)))
            && self.labels.iter().all(|(key, pattern)| {
                container
                    .labels
                    .get(key)
                    .is_some_and(|value| WildMatch::new(pattern).matches(value))
            })
    }
}

/// Returns the ways one image reference is written: as given, with its tag, and in full
/// (distribution `reference/normalize.go`).
pub fn image_spellings(reference: &str) -> Vec<String> {
    let mut spellings = vec![reference.to_owned()];
    if reference.is_empty() || reference.starts_with("sha256:") {
        return spellings;
    }
    let has_digest = reference.contains('@');
    let last_part = reference.rsplit('/').next().unwrap_or(reference);
    let tagged = if has_digest || last_part.contains(':') {
        reference.to_owned()
    } else {
        format!("{reference}:latest")
    };
    let full = match tagged.split_once('/') {
        None => format!("docker.io/library/{tagged}"),
        Some((domain, _)) if domain.contains(['.', ':']) || domain == "localhost" => tagged.clone(),
        Some(_) => format!("docker.io/{tagged}"),
    };
    for spelling in [tagged, full] {
        if !spellings.contains(&spelling) {
            spellings.push(spelling);
        }
    }
    spellings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_image_has_three_spellings() {
        assert_eq!(
            image_spellings("nginx"),
            ["nginx", "nginx:latest", "docker.io/library/nginx:latest"]
        );
        assert_eq!(image_spellings("shop/web:2"), ["shop/web:2", "docker.io/shop/web:2"]);
        assert_eq!(
            image_spellings("localhost:5000/web"),
            ["localhost:5000/web", "localhost:5000/web:latest"]
        );
    }
}
