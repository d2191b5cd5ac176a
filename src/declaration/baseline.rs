//! Declarations that are shipped inside the program, by name.

mod standard;

use std::borrow::Cow;

use crate::rules::Meta;

use self::standard::Standard;

/// One shipped declaration.
#[derive(Debug)]
pub struct Baseline {
    pub name: &'static str,
    /// What it is good for, in a line.
    pub title: &'static str,
    origin: Origin,
}

#[derive(Debug)]
enum Origin {
    /// Its text, in the grammar of every other declaration.
    Written(&'static str),
    /// Made of the rules that refer to a published standard.
    Standard(Standard),
}

/// Every baseline, sorted by name.
pub static BASELINES: &[Baseline] = &[
    Baseline {
        name: "cis-docker-l1",
        title: "CIS Docker Benchmark, level 1: what every host should hold to",
        origin: Origin::Standard(Standard::cis(1)),
    },
    Baseline {
        name: "cis-docker-l2",
        title: "CIS Docker Benchmark, levels 1 and 2: where security comes before convenience",
        origin: Origin::Standard(Standard::cis(2)),
    },
    Baseline {
        name: "essential",
        title: "closes the ways from a container to its host; what breaks ordinary containers is \
                only observed",
        origin: Origin::Written(include_str!("baselines/essential.yaml")),
    },
    Baseline {
        name: "nist-800-190",
        title: "NIST SP 800-190, the guide to container security: what a host shows of it",
        origin: Origin::Standard(Standard::NIST),
    },
    Baseline {
        name: "owasp",
        title: "OWASP Docker Security Cheat Sheet",
        origin: Origin::Standard(Standard::OWASP),
    },
    Baseline {
        name: "pss-baseline",
        title: "Kubernetes Pod Security Standards, level baseline, for containers of Docker",
        origin: Origin::Standard(Standard::PSS_BASELINE),
    },
    Baseline {
        name: "pss-restricted",
        title: "Kubernetes Pod Security Standards, level restricted, for containers of Docker",
        origin: Origin::Standard(Standard::PSS_RESTRICTED),
    },
];

/// Finds a baseline by its name.
pub fn find(name: &str) -> Option<&'static Baseline> {
    BASELINES.iter().find(|baseline| baseline.name == name)
}

impl Baseline {
    /// Returns the editions that one can choose from, oldest first; none where there is but one.
    pub fn editions(&self) -> &'static [&'static str] {
        match &self.origin {
            Origin::Written(_) => &[],
            Origin::Standard(standard) => standard.editions,
        }
    }

    /// Returns its text by an edition, or by the newest one; `None` if it has no such edition.
    pub fn text(&self, edition: Option<&str>) -> Option<Cow<'static, str>> {
        let edition = self.edition(edition)?;
        Some(match &self.origin {
            Origin::Written(text) => Cow::Borrowed(*text),
            Origin::Standard(standard) => Cow::Owned(standard.text(self.name, edition)),
        })
    }

    /// Returns the numbers that a rule has in the edition; nothing for a rule that is not part of
    /// it, or of a baseline that follows no standard.
    pub fn items(&self, meta: &'static Meta, edition: Option<&str>) -> Vec<&'static str> {
        match (&self.origin, self.edition(edition)) {
            (Origin::Standard(standard), Some(edition)) => standard.items(meta, edition),
            _ => Vec::new(),
        }
    }

    /// Returns the edition of this name, or the newest: `""` where there are none.
    fn edition(&self, wanted: Option<&str>) -> Option<&'static str> {
        let editions = self.editions();
        match wanted {
            None => Some(editions.last().copied().unwrap_or_default()),
            Some(wanted) => editions.iter().copied().find(|it| *it == wanted),
        }
    }
}
