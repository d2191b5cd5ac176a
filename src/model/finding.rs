//! What rules conclude, and the report that adds up.

use std::{borrow::Cow, fmt, sync::Arc};

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{edit::Edit, object::Address, provenance::Provenance};

/// How bad it is when a rule does not hold.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Hygiene, evidence.
    Low,
    /// Needs a second fault, or denial of service.
    Medium,
    /// Removes a main layer of isolation or opens the network.
    High,
    /// Reaches root on the host.
    Critical,
}

impl Severity {
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Medium, Self::Low];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What a declaration lets a rule do.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Record, never alert, never act.
    Observe,
    /// Alert, never act.
    Warn,
    /// Plan and act.
    #[default]
    Enforce,
}

impl Mode {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Warn => "warn",
            Self::Enforce => "enforce",
        }
    }
}

/// What one rule says about one object.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    Pass,
    Fail {
        /// The setting at fault, in Docker's word: `privileged`, `cap_add`.
        field: &'static str,
        seen: String,
        want: Cow<'static, str>,
        fix: Fix,
    },
    /// With the fact that makes it so.
    NotApplicable(&'static str),
    /// The view does not hold what the rule needs.
    Unknown(String),
}

impl Verdict {
    /// Returns what would put it right, as far as plimsoll can.
    pub const fn edits(&self) -> &[Edit] {
        match self {
            Self::Fail { fix: Fix::Edits(edits), .. } => edits.as_slice(),
            Self::Fail { fix: Fix::ByHand(_), .. }
            | Self::Pass
            | Self::NotApplicable(_)
            | Self::Unknown(_) => &[],
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Fix {
    Edits(Vec<Edit>),
    /// A person has to do it; this tells them what.
    ByHand(Cow<'static, str>),
}

/// One check, rule × object, that did not pass.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub rule: &'static str,
    pub severity: Severity,
    pub mode: Mode,
    pub address: Address,
    /// `Fail` or `Unknown`. Objects that are told the same mostly have it together.
    pub verdict: Arc<Verdict>,
    /// Where the declaration asks for the rule.
    pub from: Arc<Provenance>,
    pub waiver: Option<Arc<Covering>>,
    /// A rule that failed on the same object and makes this one follow.
    pub implied_by: Option<&'static str>,
}

/// ID of the waiver that a finding has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Covering {
    Now(String),
    /// Its last day has passed, or the container is of another image by now.
    Ended(String),
}

impl Finding {
    /// Returns the ID of the waiver that covers it.
    pub fn waived_by(&self) -> Option<&str> {
        match self.waiver.as_deref() {
            Some(Covering::Now(id)) => Some(id),
            Some(Covering::Ended(_)) | None => None,
        }
    }

    /// Returns the ID of the waiver that covered it until its end.
    pub fn waiver_ended(&self) -> Option<&str> {
        match self.waiver.as_deref() {
            Some(Covering::Ended(id)) => Some(id),
            Some(Covering::Now(_)) | None => None,
        }
    }
}

/// How many checks came out how. `total()` is their sum: nothing is dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checks {
    pub passing: usize,
    pub waived: usize,
    pub unknown: usize,
    /// By severity: critical, high, medium, low. Folded findings count too.
    pub failing: [usize; 4],
}

impl Checks {
    pub fn failing_total(&self) -> usize {
        self.failing.iter().sum()
    }

    pub fn total(&self) -> usize {
        self.passing + self.waived + self.unknown + self.failing_total()
    }
}

/// Everything the evaluator found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// The day that decided about waivers.
    pub today: Date,
    /// Sorted by address, then rule.
    pub findings: Vec<Finding>,
    pub checks: Checks,
    /// Checks that do not apply; not part of `checks`.
    pub not_applicable: usize,
    /// Every object that at least one rule looked at, and every one that could not be read,
    /// sorted.
    pub objects: Vec<Address>,
    /// How many checks of each of `objects` pass, in the same order.
    pub passing: Vec<usize>,
    pub unused_waivers: Vec<String>,
    /// Waivers whose last day has passed.
    pub ended_waivers: Vec<String>,
    /// Waivers that end within fourteen days: ID, days left.
    pub ending_waivers: Vec<(String, i64)>,
}
