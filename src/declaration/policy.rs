//! What must hold on a host, fully worked out.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{ToSpan as _, Unit, civil::Date};
use serde_json::Value;

use crate::{
    declaration::problem::{Place, Problem},
    model::{
        class::Class,
        detail::Detail,
        finding::{Mode, Severity},
        object::{Address, ObjectKind},
        probe::Probe,
        provenance::Provenance,
        selector::Selector,
    },
    rules::{self, AnyRule, BoundRule, Meta},
};

/// The declaration after extending, merging and checking.
pub struct Policy {
    /// About the host as a whole, from `daemon.settings`, `daemon.absent` and `rules`.
    pub daemon: Vec<Assignment>,
    /// About containers: one entry a rule, and one for each default of the daemon that they
    /// follow; within it the last choice that selects wins.
    pub containers: Vec<Choices>,
    pub waivers: Vec<Waiver>,
    pub limits: Limits,
    pub allowances: Vec<Allowance>,
    pub probes: Vec<Probes>,
    /// Commands for a daemon that no service manager known to plimsoll looks after.
    pub restart_command: Option<Vec<String>>,
    pub reload_command: Option<Vec<String>>,
    /// Keys of `daemon.settings`, with values and where they stand, for checks that need the
    /// host: flag conflicts above all.
    pub settings: BTreeMap<String, Setting>,
    pub absent: BTreeMap<String, Place>,
    /// SHA-256 over every file it was made of, in hexadecimal.
    pub digest: String,
    /// The file named first, then those it extends.
    pub files: Vec<SourceFile>,
}

impl Policy {
    /// Returns whether a rule looks at things of this kind, which else nobody has to look for.
    pub fn judges(&self, kind: ObjectKind) -> bool {
        self.daemon.iter().any(|it| it.kind() == Some(kind))
    }

    /// Returns what is wrong with waivers that end later than they may. They only get shorter: what
    /// was right once stays so.
    pub fn long_waivers(&self, today: Date) -> Vec<Problem> {
        let too_long = |waiver: &Waiver| {
            let severity = self.severity_of(waiver.rule);
            let most = self.limits.waiver_days.of(severity);
            let last = today.saturating_add(i64::from(most).days());
            (waiver.expires > last).then(|| {
                let message = format!("waiver `{}` ends too late", waiver.id);
                Problem::new("waiver.too-long", message, waiver.expires_at.clone())
                    .label(format!("in {} days", waiver.days_left(today)))
                    .note(format!(
                        "a rule of severity {severity} is waived for {most} days at most"
                    ))
                    .help(format!(
                        "let it end by {last}, and look again then; `limits.waivers` may say \
                         otherwise"
                    ))
            })
        };
        self.waivers.iter().filter_map(too_long).collect()
    }

    /// Returns how bad it is when a rule does not hold: the worst that the declaration says.
    fn severity_of(&self, rule: &str) -> Severity {
        let chosen = self.containers.iter().flat_map(|it| &it.choices);
        let of_containers = chosen.filter_map(|it| it.assignment.as_ref());
        let declared = self.daemon.iter().chain(of_containers).filter(|it| it.meta.id == rule);
        let worst = declared.map(|it| it.severity).max();
        worst.or_else(|| rules::meta(rule).map(|it| it.severity)).unwrap_or(Severity::Critical)
    }

    /// Returns what rules want to know, which else nobody has to look for.
    pub fn details(&self) -> BTreeSet<Detail> {
        let is_judged = |it: &&Choices| it.choices.iter().any(|it| it.assignment.is_some());
        let judged = self.containers.iter().filter(is_judged).map(|it| it.meta.id);
        let ids = judged.chain(self.daemon.iter().map(|it| it.meta.id));
        let rules = ids.filter_map(rules::find);
        rules.flat_map(AnyRule::needs).copied().collect()
    }
}

pub struct Setting {
    pub value: Value,
    pub place: Place,
}

pub struct SourceFile {
    pub path: String,
    pub digest: String,
}

/// Everything that is declared for one rule, in order.
pub struct Choices {
    pub meta: &'static Meta,
    pub choices: Vec<Choice>,
}

/// One mention of a rule.
pub struct Choice {
    pub on: Selector,
    /// `None` is `off`.
    pub assignment: Option<Assignment>,
}

/// A rule with its parameters, and who asked for it.
pub struct Assignment {
    pub meta: &'static Meta,
    pub bound: Box<dyn BoundRule>,
    pub severity: Severity,
    pub mode: Mode,
    pub from: Arc<Provenance>,
    /// What it is about, where that is one thing of the host: a key of the daemon, a file.
    pub about: Option<Address>,
    /// Digest of rule and parameters; moves when the declaration moves.
    pub digest: Arc<str>,
}

impl Assignment {
    /// Returns what its rule looks at; `None` if the `daemon` section asks for it.
    pub fn kind(&self) -> Option<ObjectKind> {
        rules::find(self.meta.id).map(AnyRule::kind)
    }

    /// Returns the address of what it is about, for an assignment about the daemon.
    pub fn daemon_address(&self) -> Address {
        self.about.clone().unwrap_or_else(Address::daemon)
    }
}

/// An accepted deviation with an end.
pub struct Waiver {
    pub id: String,
    pub rule: &'static str,
    pub on: Selector,
    pub reason: String,
    pub owner: String,
    pub ticket: Option<String>,
    /// The last day on which it holds, UTC.
    pub expires: Date,
    pub from: Provenance,
    /// Where its end stands.
    pub expires_at: Place,
    /// Digest of the image that it holds for; of all, if there is none.
    pub only_image: Option<String>,
}

impl Waiver {
    /// Returns the days after `today` on which it holds; negative once it has ended.
    pub fn days_left(&self, today: Date) -> i64 {
        today.until((Unit::Day, self.expires)).map_or(0, |span| i64::from(span.get_days()))
    }
}

/// What may be done to the containers of one `containers:` entry; for each of these the last
/// entry that selects and says something wins.
#[derive(Clone, Debug, Default)]
pub struct Allowance {
    pub on: Selector,
    /// Whether changed files of the writable layer may be discarded.
    pub discard_writable_layer: Option<bool>,
    /// Whether they are put into an image first, which the replacement is made from.
    pub commit_writable_layer: Option<bool>,
    /// Whether a container that was started with `--rm`, and is gone once it stops, may be
    /// replaced.
    pub replace_auto_removed: Option<bool>,
    /// Whether plimsoll reaches the engine through it, so that it must never stop.
    pub carries_connection: Option<bool>,
}

/// How to tell that the containers of one `containers:` entry work; the last entry that selects
/// and says something wins.
pub struct Probes {
    pub on: Selector,
    pub probes: Vec<Probe>,
}

/// How far apply and enforce may go by themselves.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    pub apply_ceiling: Class,
    pub enforce_ceiling: Class,
    pub max_changes: MaxChanges,
    pub compose: ComposeContainers,
    /// Days that replaced containers are kept.
    pub retention_days: u32,
    pub waiver_days: WaiverLengths,
}

/// How many days ahead a waiver may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaiverLengths {
    pub low: u32,
    pub medium: u32,
    pub high: u32,
    pub critical: u32,
}

impl Default for WaiverLengths {
    fn default() -> Self {
        Self { low: 365, medium: 180, high: 90, critical: 30 }
    }
}

impl WaiverLengths {
    /// Returns the days for a rule of this severity.
    pub const fn of(&self, severity: Severity) -> u32 {
        match severity {
            Severity::Low => self.low,
            Severity::Medium => self.medium,
            Severity::High => self.high,
            Severity::Critical => self.critical,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaxChanges {
    Number(usize),
    /// Of the objects that were looked at.
    Percent(u8),
    /// 5, or 20 % where that is more.
    Unstated,
}

/// What to do about containers that Compose started.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Default,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ComposeContainers {
    /// Show what differs and the lines to change, and leave them alone.
    #[default]
    Hold,
    /// Replace them like others, with their labels.
    Recreate,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            apply_ceiling: Class::Restart,
            enforce_ceiling: Class::Live,
            max_changes: MaxChanges::Unstated,
            compose: ComposeContainers::Hold,
            retention_days: 7,
            waiver_days: WaiverLengths::default(),
        }
    }
}
