//! The note about a change of the daemon's file that is under way: what the next command needs to
//! finish it or to take it back. It holds paths and digests, and no contents that can be secret.

use std::{collections::BTreeMap, fs, io::ErrorKind};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Lock, Store, StoreError, file};
use crate::{
    model::{daemon::Service, object::Address},
    plan::DaemonApply,
};

const FILE_NAME: &str = "daemon-change.json";

/// Written before the file is replaced, removed when the daemon was seen to go by the new one or
/// the old one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaemonChange {
    pub run: u64,
    /// The daemon's file, links resolved.
    pub file: String,
    /// The new text before it takes the file's place.
    pub candidate: String,
    /// The old text; `None` if there was no file.
    pub backup: Option<String>,
    /// SHA-256 of the old text.
    pub before: Option<String>,
    /// SHA-256 of the new text.
    pub after: String,
    /// SHA-256 of a text that is in place for a moment on the way back: the old one with the
    /// values of `reset` added.
    #[serde(default)]
    pub interim: Option<String>,
    /// Old values of keys that the old text does not have, and that a reload of it would not
    /// bring back. None that can hold a secret.
    #[serde(default)]
    pub reset: BTreeMap<String, Value>,
    pub apply: DaemonApply,
    /// Process ID and start in clock ticks after boot of the daemon before this change, or of
    /// the one that is being restarted.
    pub process: Option<(u32, u64)>,
    /// Whether a restart of that process was asked for, so that it may still be on its way out.
    pub restarting: bool,
    /// Who looks after the daemon.
    pub service: Service,
    pub reload_command: Option<Vec<String>>,
    pub restart_command: Option<Vec<String>>,
    /// Containers that ran, and have to run again.
    pub ran: Vec<Ran>,
    /// Changes that share the one write: ID and address.
    pub changes: Vec<(String, Address)>,
}

/// A container that ran when the daemon was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ran {
    pub id: String,
    pub name: String,
    pub paused: bool,
}

impl Store {
    /// Reads the note that a run left which was killed.
    pub fn daemon_change(&self) -> Result<Option<DaemonChange>, StoreError> {
        file::read_versioned(&self.directory().join(FILE_NAME))
    }

    pub fn save_daemon_change(&self, _: &Lock, change: &DaemonChange) -> Result<(), StoreError> {
        file::write_versioned(&self.directory().join(FILE_NAME), change)
    }

    pub fn remove_daemon_change(&self, _: &Lock) -> Result<(), StoreError> {
        let path = self.directory().join(FILE_NAME);
        match fs::remove_file(&path) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(source) => Err(StoreError::Io { doing: "remove", path, source }),
        }
    }
}
