//! What became of plans.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Change;
use crate::model::{daemon::DaemonStart, object::Address, snapshot::Fingerprint};

/// What became of one change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum Outcome {
    Done {
        /// What proves it: "reload event reports live-restore=true".
        proof: String,
    },
    /// Not started, because something before it failed or the run was interrupted.
    NotReached,
    /// Failed before anything changed.
    Failed { why: String },
    /// Failed or refused by a gate, and the object is as it was.
    Undone { why: String },
    /// Failed, and so did the way back. A person is needed.
    Stuck { why: String, left: Vec<String> },
}

/// One execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    pub format_version: String,
    pub id: u64,
    /// `apply` or `enforce`.
    pub command: String,
    pub started_at: String,
    pub ended_at: String,
    pub declaration_digest: String,
    /// Change ID, address and outcome, in the order they were done.
    pub outcomes: Vec<RunChange>,
    /// Empty unless the run was cut off and left something half done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settled: Vec<Settled>,
}

/// The command that takes over when a run dies.
pub const WATCHER: &str = "watcher";

/// What became of something that a run left half done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// An address, or `daemon`.
    pub what: String,
    pub text: String,
    /// False if a person is needed.
    pub settled: bool,
    /// The command that did it: `watcher`, `apply`, `recovery`.
    pub by: String,
    /// RFC 3339.
    pub at: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunChange {
    pub change: String,
    pub address: Address,
    pub took_ms: u64,
    #[serde(flatten)]
    pub outcome: Outcome,
}

impl RunChange {
    /// Returns what became of a change that was not begun.
    pub fn not_begun(change: &Change, outcome: Outcome) -> Self {
        let (change, address) = (change.id.clone(), change.address.clone());
        Self { change, address, took_ms: 0, outcome }
    }

    pub fn not_reached(change: &Change) -> Self {
        Self::not_begun(change, Outcome::NotReached)
    }
}

/// What earlier runs leave behind for planning. It explains causes and holds back what was
/// undone; it never decides what is right.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LastApplied {
    /// Number of the run and when it ended.
    pub run: Option<(u64, String)>,
    pub declaration_digest: String,
    pub tool_version: String,
    pub objects: BTreeMap<Address, Applied>,
    /// Change ID to the declaration's digest and the reason; ends when the declaration moves.
    pub undone: BTreeMap<String, Undone>,
    /// What the daemon's process went by when it was last looked at.
    pub daemon_start: Option<DaemonStart>,
    /// What the daemon gave containers whenever it was looked at, for the few keys of which a
    /// container's own choice looks just like it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub earlier_defaults: BTreeMap<String, Vec<Value>>,
}

/// How an object looked, and what held for it, when it was last found in sync.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    pub fingerprint: Fingerprint,
    /// Digest of the rules and parameters that applied to it.
    pub policy: String,
    /// When it was last seen in sync, RFC 3339.
    pub at: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undone {
    pub declaration_digest: String,
    pub why: String,
    pub run: u64,
    /// When that run ended, RFC 3339.
    #[serde(default)]
    pub at: String,
}
