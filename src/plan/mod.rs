//! The plan: complete, ordered, serialisable, with its reasons. The executor reads nothing else.

pub mod build;
mod cause;
mod claims;
mod containers;
mod daemon;
pub mod daemon_file;
mod dependencies;
mod files;
pub mod flags;
mod followers;
pub mod groups;
mod host_file;
pub mod identity;
mod keep;
mod ledger;
pub mod leftovers;
pub mod limits;
pub mod lines;
mod mentions;
mod merge;
mod owner_lines;
pub mod refusal;
mod remarks;
pub mod rollback;
pub mod run;
mod settings;
pub mod step;

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::{
    class::Class,
    daemon::FileFinding,
    edit::{ContainerEdit, Eviction, OwnFile},
    finding::{Checks, Mode, Severity},
    host_files::FileAttributes,
    object::Address,
    probe::Probe,
    provenance::Provenance,
    snapshot::Fingerprint,
};

/// The version of the saved format: minor adds, major breaks.
pub const FORMAT_VERSION: &str = "1.0";

/// What would be done to one host, in order, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub format_version: String,
    pub host: Host,
    pub declaration: DeclarationFacts,
    /// What each touched object looked like. If one moved, the plan is stale.
    pub basis: BTreeMap<Address, Fingerprint>,
    /// Mildest first, then by address; within `after` constraints. Groups are in one piece.
    pub changes: Vec<Change>,
    /// Findings that no change answers: by hand, observed, warned, waived, unknown.
    pub notes: Vec<Note>,
    /// What the daemon's file holds that its owner should know of.
    #[serde(default)]
    pub host_file: HostFile,
    /// What could not be read at all, and why.
    pub blind_spots: Vec<(Address, String)>,
    /// What no rule asks about and a person should know, by address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<Remark>,
    pub waivers: WaiverNotes,
    /// Patterns that the view was narrowed to, as given; empty is the whole host.
    pub narrowed_to: Vec<String>,
    pub ledger: Ledger,
}

/// The daemon's file, and what it holds that its owner should know of. It makes no change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostFile {
    pub path: String,
    pub findings: Vec<FileFinding>,
}

/// How far this run may go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ceiling {
    /// What is worse is held. `Loss` also discards changed files of writable layers.
    pub class: Class,
    /// ID of the container that this program runs in, which it never touches.
    pub own_container: Option<String>,
    /// Addresses to look at, with globs; empty is all.
    pub only: Vec<String>,
    /// Addresses to leave out, with globs.
    pub exclude: Vec<String>,
}

impl Ceiling {
    /// Returns a ceiling for the whole host.
    pub const fn at(class: Class) -> Self {
        Self { class, own_container: None, only: Vec::new(), exclude: Vec::new() }
    }

    const fn is_whole(&self) -> bool {
        self.only.is_empty() && self.exclude.is_empty()
    }
}

/// What there is to say about waivers, beyond the findings they cover.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaiverNotes {
    /// Those that cover nothing.
    pub unused: Vec<String>,
    /// Those whose last day has passed.
    pub ended: Vec<String>,
    /// Those that end within fourteen days, with the days left.
    pub ending: Vec<(String, i64)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    pub name: String,
    pub engine_id: String,
    pub engine_name: String,
    pub engine_version: String,
    pub api_version: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclarationFacts {
    pub path: String,
    pub digest: String,
    /// Files it was made of, with digests.
    pub files: Vec<(String, String)>,
    /// Number of the last run that applied something, and when it ended.
    pub last_run: Option<(u64, String)>,
}

/// All edits of one object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Stable over runs for the same object and target: `c-5f1e0b`.
    pub id: String,
    pub address: Address,
    pub class: Class,
    /// Why it differs, for people. Nothing is decided by it.
    pub cause: Cause,
    pub settings: Vec<SettingChange>,
    pub rules: Vec<Arc<Cited>>,
    pub held: Option<Held>,
    pub action: Action,
    /// Those that are replaced with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<groups::Group>,
    /// What is done, in a line.
    pub how: String,
    /// What is known about when it moved; only where the cause is drift.
    pub drift: Option<String>,
    /// Where the daemon's key stands, if its sides do not agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Stands>,
    /// Whether something that runs is interrupted.
    pub interrupts: bool,
    /// What it interrupts, a line each.
    pub impact: Vec<String>,
    /// `None` where the class cannot lose anything.
    pub lost: Option<Lost>,
    pub undo: String,
    /// The same in a word.
    pub way_back: WayBack,
    /// IDs of changes that come first.
    pub after: Vec<String>,
    /// Whether its changed files are put into an image that the replacement is made from.
    #[serde(default)]
    pub commit: bool,
    /// What has to answer as it did before. They hold secrets, and never leave this process.
    #[serde(skip)]
    pub probes: Vec<Probe>,
}

/// By what a change is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WayBack {
    None,
    /// The daemon's file of before.
    File,
    /// That file, and a restart.
    RestartBack,
    UpdateBack,
    /// The container of before is kept.
    Kept,
    /// Whoever started the container starts it again.
    OwnersFile,
    /// Owner, mode and lines of before.
    SetBack,
}

/// Something about an object that asks for no change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    pub address: Address,
    #[serde(flatten)]
    pub stands: Stands,
}

/// Where something stands: a word for programs, a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stands {
    /// `restart-pending`, `conflict`; see [`crate::model::standing::Standing::word`].
    pub word: String,
    pub text: String,
}

/// One setting, before and after.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SettingChange {
    /// Docker's word: `pids_limit`, or the daemon's key.
    pub name: String,
    pub before: Shown,
    pub after: Shown,
    /// The class this setting forces, where that is more than `live`.
    pub forces: Option<Class>,
}

/// A value as it may be shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shown {
    /// Not there.
    Absent,
    Value(Value),
    /// There, and never shown.
    Sensitive,
}

/// A rule that asks for the change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cited {
    pub id: Cow<'static, str>,
    pub severity: Severity,
    pub from: Arc<Provenance>,
    /// The rule whose failing makes this one fail; it is named first.
    pub implied_by: Option<Cow<'static, str>>,
}

/// Why an object differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The declaration moved since the last apply.
    Intent,
    /// The host moved.
    Drift,
    Both,
    /// Never seen before.
    New,
    WaiverEnded,
    /// plimsoll or its rules moved.
    RuleUpdate,
}

/// Why a change is planned and not done now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "why", content = "what")]
pub enum Held {
    /// The ceiling would have to be this.
    AboveCeiling(Class),
    /// The writable layer holds changes.
    WritableLayer,
    /// A person has to do something first; this says what.
    ByHand(String),
    /// Somebody else starts this container; the text has the lines to change.
    OwnedElsewhere(String),
    /// Two rules want different values.
    Conflict(String),
    /// The same change was undone before; the text says why.
    Undone(String),
    /// Others are replaced with it or it is not; the text says which of them is held, and why.
    Together(String),
}

/// What a replacement discards.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// `None` if the engine could not be asked.
    pub files: Option<Vec<String>>,
    /// Size of the writable layer, in bytes.
    pub layer_bytes: Option<u64>,
    /// Other things in words: tmpfs contents, exec sessions.
    pub also: Vec<String>,
    /// How to keep the files; lines to type are indented.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep: Vec<String>,
}

/// One thing done to the host. Each knows its own way back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "do")]
pub enum Action {
    /// One key's share of the one write of the daemon's file; changes of the same `apply` kind
    /// are carried out together.
    DaemonKey {
        key: String,
        /// `None` takes the key out.
        value: Option<Value>,
        apply: DaemonApply,
        /// Whether the value must never be shown.
        sensitive: bool,
        /// Whether the file needs writing; otherwise only the running daemon lags behind.
        write: bool,
    },
    UpdateContainer {
        id: String,
        name: String,
        edits: Vec<ContainerEdit>,
    },
    ReplaceContainer {
        id: String,
        name: String,
        edits: Vec<ContainerEdit>,
    },
    /// Replaces one that is gone as soon as it stops.
    ReplaceAutoRemoved {
        id: String,
        name: String,
        edits: Vec<ContainerEdit>,
    },
    /// Changes what can be changed in place, then stops and starts it.
    RestartContainer {
        id: String,
        name: String,
        edits: Vec<ContainerEdit>,
        /// Keys of the daemon whose defaults it takes at its start.
        keys: Vec<String>,
    },
    EvictContainer {
        id: String,
        name: String,
        until: Eviction,
    },
    /// Sets owners and modes of the host's files, and adds lines to files of plimsoll's own.
    SetFiles {
        files: Vec<FileChange>,
        lines: BTreeMap<OwnFile, Vec<String>>,
    },
}

/// One file of the host, before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    pub path: String,
    pub before: FileAttributes,
    pub after: FileAttributes,
}

/// What makes a daemon's key take effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DaemonApply {
    Reload,
    Restart,
}

/// A finding without a change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Note {
    pub kind: NoteKind,
    pub address: Address,
    /// Thousands of objects share one.
    pub rule: Arc<Cited>,
    pub mode: Mode,
    /// `field: seen, want`, or why it is unknown; thousands of containers share one.
    pub text: Arc<str>,
    /// What a person can do.
    pub advice: Option<Cow<'static, str>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoteKind {
    ByHand,
    /// In mode observe or warn.
    Reported,
    /// Apart, since most of many thousand notes are of another kind.
    Waived(Box<WaivedBy>),
    Unknown,
}

/// The waiver that covers a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaivedBy {
    pub waiver: String,
    pub until: String,
    pub days_left: i64,
    pub owner: String,
    pub ticket: Option<String>,
}

/// Two ledgers; each adds up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    pub objects: Objects,
    pub checks: Checks,
}

/// `total` is the sum of the others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objects {
    pub total: usize,
    /// By class.
    pub todo: BTreeMap<Class, usize>,
    pub held: usize,
    /// Nothing to do and no finding left to plimsoll: in sync, reported or waived only.
    pub in_sync: usize,
    /// Something fails that only a person can mend.
    pub by_hand: usize,
    pub unknown: usize,
}

impl Plan {
    /// Iterates over what would be done now.
    pub fn todo(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.held.is_none())
    }

    /// Iterates over what is planned and not done now.
    pub fn held(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.held.is_some())
    }
}
