//! The ladder of effects.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The worst that carrying out a change does. Ordered, so that a ceiling is a comparison.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// No workload is interrupted: a reload, a limit updated in place.
    Live,
    /// A process restarts, nothing is discarded.
    Restart,
    /// A container is replaced.
    Recreate,
    /// A container that is not allowed is paused, disconnected or stopped, and kept.
    Evict,
    /// Several containers or the daemon go down.
    Outage,
    /// Something that a rollback cannot bring back.
    Loss,
}

impl Class {
    /// Every class, mildest first.
    pub const ALL: [Self; 6] =
        [Self::Live, Self::Restart, Self::Recreate, Self::Evict, Self::Outage, Self::Loss];

    /// Returns the word that people and files use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Restart => "restart",
            Self::Recreate => "recreate",
            Self::Evict => "evict",
            Self::Outage => "outage",
            Self::Loss => "loss",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
