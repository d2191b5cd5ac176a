//! Every way this program can change a daemon, and what has to be read on the way.
//!
//! One method is one step, so that tests can let any of them fail.

use std::{collections::BTreeMap, path::PathBuf};

use serde_json::Value;

use crate::{
    model::{daemon::DaemonStart, daemon_check::Thing},
    store::{DaemonChange, Ran},
};

/// One life of the daemon's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    pub pid: u32,
    /// Clock ticks after boot, so that a reused number is noticed.
    pub start_ticks: u64,
}

/// A step that did not work, in words for people.
pub type Step<T> = Result<T, String>;

/// The daemon of this machine: its file, its process, and the containers that hang on it.
pub trait DaemonEffects: Sync {
    /// Reads the file; `None` if there is none.
    fn read_file(&self) -> Step<Option<String>>;

    /// Writes the new text beside the file, with the file's owner and mode.
    fn write_candidate(&self, text: &str) -> Step<()>;

    /// Lets the engine's own program judge the candidate, where it can.
    fn validate_candidate(&self) -> impl Future<Output = Step<()>> + Send;

    /// Returns whether the host has something that settings need.
    fn has(&self, thing: &Thing) -> bool;

    /// Returns whether a plugin can be talked to.
    fn plugin_answers(&self, name: &str) -> impl Future<Output = bool> + Send;

    fn discard_candidate(&self);

    /// Copies the file beside itself and returns where; `None` if there is no file.
    fn back_up(&self) -> Step<Option<String>>;

    /// Removes this run's copy again.
    fn discard_backup(&self);

    /// Lets the candidate take the file's place, in one step.
    fn install_candidate(&self) -> Step<()>;

    /// Keeps the file as it is now beside itself, whoever wrote it, and returns where.
    fn keep_found(&self) -> Step<String>;

    /// Brings the old text back, or removes the file if there was none.
    fn put_back(&self, backup: Option<&str>) -> Step<()>;

    /// Removes all but the last few backups.
    fn prune_backups(&self);

    /// Completes and writes down the note for a command that comes after a kill.
    fn note(&self, change: &DaemonChange) -> Step<()>;

    fn forget_note(&self) -> Step<()>;

    /// Notes down what a process of the daemon started with.
    fn note_start(&self, start: &DaemonStart) -> Step<()>;

    /// Returns the daemon's process, if one is there.
    fn process(&self) -> impl Future<Output = Option<Process>> + Send;

    /// Makes the daemon read its file and returns the attributes of its `reload` event.
    fn reload(&self) -> impl Future<Output = Step<BTreeMap<String, String>>> + Send;

    /// Restarts the daemon; returns when whoever does it says that it is done.
    fn restart(&self) -> impl Future<Output = Step<()>> + Send;

    /// Waits until another process than this one answers.
    fn wait_until_up(
        &self,
        other_than: Option<Process>,
    ) -> impl Future<Output = Step<Option<Process>>> + Send;

    /// Returns the commands that bring the daemon back to its old file, one a line.
    fn by_hand(&self, change: &DaemonChange) -> Vec<String>;

    /// Returns whether the API answers now.
    fn answers(&self) -> impl Future<Output = bool> + Send;

    /// Returns where the daemon's log ends now.
    fn log_position(&self) -> impl Future<Output = LogPosition> + Send;

    /// Returns what the daemon has logged since about why it failed.
    fn last_words(&self, since: &LogPosition) -> impl Future<Output = Vec<String>> + Send;

    /// Lists the containers that run, paused ones among them, and those that exist.
    fn containers(&self) -> impl Future<Output = Step<Containers>> + Send;

    fn start_container(&self, id: &str) -> impl Future<Output = Step<()>> + Send;

    fn stop_container(&self, id: &str) -> impl Future<Output = Step<()>> + Send;

    fn pause_container(&self, id: &str) -> impl Future<Output = Step<()>> + Send;

    fn info(&self) -> impl Future<Output = Step<Value>> + Send;

    /// Returns the default bridge network, if there is one.
    fn bridge(&self) -> impl Future<Output = Step<Option<Value>>> + Send;
}

/// The engine's containers at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Containers {
    pub running: Vec<Ran>,
    /// IDs of all, running or not.
    pub all: Vec<String>,
}

/// A place in the daemon's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogPosition {
    /// systemd's journal. Without a cursor nothing was logged yet.
    Journal {
        cursor: Option<String>,
    },
    File {
        path: PathBuf,
        length: u64,
    },
    /// The daemon logs to nowhere that can be read here.
    Nowhere,
}
