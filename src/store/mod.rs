//! What is kept between runs, as plain files in one directory: runs, what was last applied, and
//! the lock of the host.
//!
//! Writing needs the lock; reading never does. Nothing secret is ever written here.

mod daemon_change;
mod file;
mod lock;
#[cfg(test)]
mod tests;

use std::{
    fs,
    io::{self, ErrorKind},
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::plan::{
    rollback::Before,
    run::{LastApplied, Run},
};

pub use daemon_change::{DaemonChange, Ran};
pub use lock::{Holder, Lock, LockError};

/// Where state is kept unless somebody says otherwise.
pub const DEFAULT_DIRECTORY: &str = "/var/lib/plimsoll";

const LAST_APPLIED: &str = "last-applied.json";
const RUNS: &str = "runs";
const EVICTED: &str = "evicted";
const ENGINES: &str = "engines";
const RESTARTING: &str = "restarting";
const RELEASING: &str = "releasing";
const BEFORE: &str = "before";
const COUNTER: &str = "run-counter";
const SUCCEEDED: &str = "succeeded";

/// Temporary files of writes that were killed are removed when they are older than this.
const LEFTOVER_AGE: Duration = Duration::from_secs(3600);

/// The file that says how things were before a run.
#[derive(Serialize, Deserialize)]
struct Befores {
    changes: Vec<Before>,
}

/// The state directory.
#[derive(Clone, Debug)]
pub struct Store {
    directory: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("cannot {doing} {}", path.display())]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    /// The file is there and cannot be understood. It is left as it is and never written over.
    #[error(
        "{} is damaged: {why}; it is left as it is. Move it away to go on without it",
        path.display()
    )]
    Damaged { path: PathBuf, why: String },
    #[error(
        "{} has format {found}, and this program reads {known}; a newer plimsoll wrote it",
        path.display()
    )]
    Newer { path: PathBuf, found: String, known: &'static str },
}

/// How many runs are kept, and for how long. The newest is kept in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    pub runs: usize,
    pub age: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self { runs: 500, age: Duration::from_secs(180 * 24 * 3600) }
    }
}

impl Store {
    /// Names the directory. Nothing is read or created yet.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into() }
    }

    /// Names the directory of one engine beside the usual one: lock, runs and what was last
    /// applied are each engine's own.
    pub fn of_engine(directory: &Path, name: Option<&str>) -> Self {
        match name {
            None => Self::new(directory),
            Some(name) => Self::new(directory.join(ENGINES).join(name)),
        }
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Takes the lock of the host, and waits for it until `patience` is over. Creates the
    /// directory, for its owner alone.
    pub async fn lock(&self, holder: Holder, patience: Duration) -> Result<Lock, LockError> {
        self.create()?;
        lock::take(&self.directory.join("lock"), holder, patience).await
    }

    /// Returns a number that no run had before, and sees to it that no later one gets it.
    pub fn next_run(&self, _: &Lock) -> Result<u64, StoreError> {
        let path = self.directory.join(COUNTER);
        let counted = match file::read(&path)? {
            None => 0,
            Some(text) => text.trim().parse().map_err(|_| StoreError::Damaged {
                path: path.clone(),
                why: "it does not hold a number".to_owned(),
            })?,
        };
        let newest = self.runs()?.first().copied().max(self.begun()?.first().copied()).unwrap_or(0);
        let last = self.last_applied()?.run.map_or(0, |(id, _)| id);
        let next = counted.max(newest).max(last).saturating_add(1);
        file::write(&path, format!("{next}\n").as_bytes())?;
        Ok(next)
    }

    /// Reads what earlier runs left for planning; the default if there was none.
    pub fn last_applied(&self) -> Result<LastApplied, StoreError> {
        Ok(file::read_versioned(&self.directory.join(LAST_APPLIED))?.unwrap_or_default())
    }

    pub fn save_last_applied(&self, _: &Lock, last: &LastApplied) -> Result<(), StoreError> {
        // What cannot be read may be needed by whoever can.
        self.last_applied()?;
        file::write_versioned(&self.directory.join(LAST_APPLIED), last)
    }

    /// Returns when a run last left nothing to do, or failed at nothing, RFC 3339.
    pub fn succeeded(&self) -> Result<Option<String>, StoreError> {
        Ok(file::read(&self.directory.join(SUCCEEDED))?.map(|it| it.trim().to_owned()))
    }

    pub fn save_succeeded(&self, _: &Lock, at: &str) -> Result<(), StoreError> {
        file::write(&self.directory.join(SUCCEEDED), format!("{at}\n").as_bytes())
    }

    pub fn run(&self, id: u64) -> Result<Option<Run>, StoreError> {
        file::read_versioned(&self.run_path(id))
    }

    pub fn save_run(&self, _: &Lock, run: &Run) -> Result<(), StoreError> {
        create_directory(&self.directory.join(RUNS))?;
        file::write_versioned(&self.run_path(run.id), run)
    }

    /// Saves what an eviction takes away from a container, by the container's ID.
    pub fn save_evicted<T: Serialize>(
        &self,
        _: &Lock,
        id: &str,
        evicted: &T,
    ) -> Result<(), StoreError> {
        let directory = self.directory.join(EVICTED);
        create_directory(&directory)?;
        file::write_versioned(&directory.join(format!("{id}.json")), evicted)
    }

    /// Notes that a container is about to be restarted, by its ID, or with nothing that this is
    /// settled.
    pub fn save_restarting<T: Serialize>(
        &self,
        _: &Lock,
        id: &str,
        note: Option<&T>,
    ) -> Result<(), StoreError> {
        self.save_note(RESTARTING, id, note)
    }

    /// The same for a container that is about to be let out of an eviction.
    pub fn save_releasing<T: Serialize>(
        &self,
        _: &Lock,
        id: &str,
        note: Option<&T>,
    ) -> Result<(), StoreError> {
        self.save_note(RELEASING, id, note)
    }

    fn save_note<T: Serialize>(
        &self,
        kind: &str,
        id: &str,
        note: Option<&T>,
    ) -> Result<(), StoreError> {
        let directory = self.directory.join(kind);
        let path = directory.join(format!("{id}.json"));
        match note {
            Some(note) => {
                create_directory(&directory)?;
                file::write_versioned(&path, note)
            }
            None => match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    Err(StoreError::Io { doing: "remove", path, source: error })
                }
                Ok(()) | Err(_) => Ok(()),
            },
        }
    }

    /// Reads the notes of restarts that were cut off.
    pub fn restarting<T: DeserializeOwned>(&self) -> Result<Vec<T>, StoreError> {
        self.notes(RESTARTING)
    }

    /// Reads the notes of releases that were cut off.
    pub fn releasing<T: DeserializeOwned>(&self) -> Result<Vec<T>, StoreError> {
        self.notes(RELEASING)
    }

    fn notes<T: DeserializeOwned>(&self, kind: &str) -> Result<Vec<T>, StoreError> {
        let directory = self.directory.join(kind);
        let names = list(&directory)?;
        let notes = names.iter().filter(|name| name.ends_with(".json") && !name.starts_with('.'));
        notes.filter_map(|name| file::read_versioned(&directory.join(name)).transpose()).collect()
    }

    /// Writes down how things were before a run changed them, all that is known so far.
    pub fn save_before(&self, _: &Lock, run: u64, changes: &[Before]) -> Result<(), StoreError> {
        create_directory(&self.directory.join(BEFORE))?;
        file::write_versioned(&self.before_path(run), &Befores { changes: changes.to_vec() })
    }

    /// Reads it; empty if the run changed nothing that the engine does not show.
    pub fn before(&self, run: u64) -> Result<Vec<Before>, StoreError> {
        let read: Option<Befores> = file::read_versioned(&self.before_path(run))?;
        Ok(read.map(|it| it.changes).unwrap_or_default())
    }

    /// Returns the numbers of all runs that are kept, newest first.
    pub fn runs(&self) -> Result<Vec<u64>, StoreError> {
        self.numbers(RUNS)
    }

    /// Returns the numbers of runs that wrote down what they were about to change, newest first.
    /// One that was killed is among them and not among [`Store::runs`].
    pub fn begun(&self) -> Result<Vec<u64>, StoreError> {
        self.numbers(BEFORE)
    }

    fn numbers(&self, kind: &str) -> Result<Vec<u64>, StoreError> {
        let mut ids: Vec<u64> = list(&self.directory.join(kind))?
            .iter()
            .filter_map(|name| name.strip_suffix(".json")?.parse().ok())
            .collect();
        ids.sort_unstable_by(|one, other| other.cmp(one));
        Ok(ids)
    }

    /// Removes runs past their retention, and what killed writes left lying.
    pub fn prune(&self, _: &Lock, keep: Retention, now: SystemTime) -> Result<(), StoreError> {
        let runs = self.runs()?.into_iter().map(|id| self.run_path(id)).enumerate().skip(1);
        let begun = self.begun()?.into_iter().map(|id| self.before_path(id)).enumerate().skip(1);
        for (place, path) in runs.chain(begun) {
            if place >= keep.runs || is_older(&path, keep.age, now) {
                fs::remove_file(&path).map_err(|source| StoreError::Io {
                    doing: "remove",
                    path,
                    source,
                })?;
            }
        }
        let directories = [RUNS, BEFORE].map(|it| self.directory.join(it));
        for directory in directories.into_iter().chain([self.directory.clone()]) {
            for name in list(&directory)? {
                let path = directory.join(&name);
                if name.starts_with('.') && is_older(&path, LEFTOVER_AGE, now) {
                    fs::remove_file(&path).map_err(|source| StoreError::Io {
                        doing: "remove",
                        path,
                        source,
                    })?;
                }
            }
        }
        Ok(())
    }

    fn create(&self) -> Result<(), StoreError> {
        create_directory(&self.directory)
    }

    fn before_path(&self, id: u64) -> PathBuf {
        self.directory.join(BEFORE).join(format!("{id:08}.json"))
    }

    fn run_path(&self, id: u64) -> PathBuf {
        // Zeros make names sort by number.
        self.directory.join(RUNS).join(format!("{id:08}.json"))
    }
}

fn create_directory(path: &Path) -> Result<(), StoreError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|source| {
        StoreError::Io { doing: "create the directory", path: path.to_owned(), source }
    })
}

fn list(directory: &Path) -> Result<Vec<String>, StoreError> {
    let failed = |source| StoreError::Io { doing: "list", path: directory.to_owned(), source };
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        if let Ok(name) = entry.map_err(failed)?.file_name().into_string() {
            names.push(name);
        }
    }
    Ok(names)
}

/// A file that vanished meanwhile, or whose age cannot be told, counts as young.
fn is_older(path: &Path, age: Duration, now: SystemTime) -> bool {
    fs::metadata(path)
        .and_then(|facts| facts.modified())
        .ok()
        .and_then(|written| now.duration_since(written).ok())
        .is_some_and(|elapsed| elapsed > age)
}
