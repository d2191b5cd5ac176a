//! The lock of a host: one writer at a time. The kernel releases it when its process dies, so it
//! cannot go stale.

use std::{
    fmt,
    fs::{self, File, TryLockError},
    io::{self, Seek as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::StoreError;
use crate::plan::run::WATCHER;

const PAUSE: Duration = Duration::from_millis(100);

/// How long everybody waits for a watcher, which only puts right what is needed before anything
/// else can be done.
const WATCHER_PATIENCE: Duration = Duration::from_secs(60);

/// Who holds the lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Not known until the run has a number.
    pub run: Option<u64>,
    /// `apply`, `enforce` or `watcher`.
    pub command: String,
    pub user: String,
    pub pid: u32,
    /// RFC 3339.
    pub since: String,
}

#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else writes; `None` if they have not yet said who they are.
    #[error("another plimsoll works on this host: {}", Described(.0.as_ref()))]
    Held(Option<Holder>),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Proof that nobody else writes. Dropping it releases the lock.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
    holder: Holder,
    predecessor: Option<Holder>,
}

impl Lock {
    /// Tells others the number of the run that they wait for.
    pub fn name_run(&mut self, run: u64) -> Result<(), StoreError> {
        self.holder.run = Some(run);
        self.write_holder()
    }

    pub fn holder(&self) -> &Holder {
        &self.holder
    }

    /// Returns who held it last, if they died with it.
    pub fn predecessor(&self) -> Option<&Holder> {
        self.predecessor.as_ref()
    }

    fn write_holder(&mut self) -> Result<(), StoreError> {
        let written = serde_json::to_vec(&self.holder)
            .map_err(io::Error::from)
            .and_then(|text| self.write_text(&text));
        written.map_err(|source| StoreError::Io { doing: "write", path: self.path.clone(), source })
    }

    fn write_text(&mut self, text: &[u8]) -> io::Result<()> {
        // In place: a new file under the name would be another lock.
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(text)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A name left behind would do no harm; nobody reads it while the lock is free.
        let _ = self.file.set_len(0);
    }
}

pub(super) async fn take(
    path: &Path,
    holder: Holder,
    patience: Duration,
) -> Result<Lock, LockError> {
    let failed = |source| StoreError::Io { doing: "open", path: path.to_owned(), source };
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(failed)?;
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) => {
                let other = read_holder(path);
                let is_watcher = other.as_ref().is_some_and(|it| it.command == WATCHER);
                let patience = if is_watcher { patience.max(WATCHER_PATIENCE) } else { patience };
                let left = patience.saturating_sub(began.elapsed());
                if left.is_zero() {
                    return Err(LockError::Held(other));
                }
                sleep(PAUSE.min(left)).await;
            }
            Err(TryLockError::Error(source)) => return Err(failed(source).into()),
        }
    }
    // Who releases it leaves nothing in it.
    let predecessor = read_holder(path);
    let mut lock = Lock { file, path: path.to_owned(), holder, predecessor };
    lock.write_holder()?;
    Ok(lock)
}

fn read_holder(path: &Path) -> Option<Holder> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

struct Described<'a>(Option<&'a Holder>);

impl fmt::Display for Described<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(holder) = self.0 else { return f.write_str("it has only just started") };
        if let Some(run) = holder.run {
            write!(f, "run {run}, ")?;
        }
        let Holder { run: _, command, user, pid, since } = holder;
        write!(f, "`{command}` by {user}, process {pid}, since {since}")
    }
}
