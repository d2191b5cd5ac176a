//! The daemon's process.

use std::{
    fs::{self, File},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
use tokio::{net::UnixStream, time::timeout};

use super::{
    command::QUICK,
    effects::{Process, Step},
};
use crate::docker::Endpoint;

/// Returns the process that listens on the socket, where that is the daemon.
pub(super) async fn listener(endpoint: &Endpoint) -> Option<Process> {
    let Endpoint::Unix(path) = endpoint else { return None };
    let stream = timeout(QUICK, UnixStream::connect(path)).await.ok()?.ok()?;
    let pid = u32::try_from(stream.peer_cred().ok()?.pid()?).ok()?;
    process(pid)
}

/// Returns whether any process of that name runs here.
pub(super) fn any() -> bool {
    let Ok(entries) = fs::read_dir("/proc") else { return true };
    let numbers = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.into_iter().any(|pid: u32| process(pid).is_some())
}

/// Returns this process, if it is a daemon of Docker's.
pub(super) fn process(pid: u32) -> Option<Process> {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    if pid == 0 || name.trim() != "dockerd" {
        return None;
    }
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // One that has ended keeps its number until its parent has heard of it.
    if stat.rsplit_once(')')?.1.trim_start().starts_with('Z') {
        return None;
    }
    Some(Process { pid, start_ticks: start_ticks(&stat)? })
}

/// Field 22. The second one, the name, may hold spaces and brackets.
fn start_ticks(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_ascii_whitespace().nth(19)?.parse().ok()
}

/// Sends SIGHUP. The daemon must answer before: a signal while it starts would end it.
pub(super) fn hang_up(process: Process) -> Step<()> {
    if self::process(process.pid) != Some(process) {
        return Err(format!("process {} is not the daemon any more", process.pid));
    }
    i32::try_from(process.pid)
        .ok()
        .and_then(rustix::process::Pid::from_raw)
        .ok_or_else(|| format!("{} is no process ID", process.pid))
        .and_then(|pid| {
            rustix::process::kill_process(pid, rustix::process::Signal::HUP)
                .map_err(|error| format!("cannot signal process {pid:?}: {error}"))
        })
}

/// Returns whether a path leads a process to the same file as this one; of a file that does not
/// exist, whether it would be in the same directory. A rootless daemon has a mount namespace of
/// its own, and still reads its file where everybody does.
pub(super) fn shares_file(process: Process, path: &Path) -> bool {
    let Ok(root) = File::open(format!("/proc/{}/root", process.pid)) else { return false };
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    for part in path.ancestors() {
        let inside = part.strip_prefix("/").ok().filter(|it| !it.as_os_str().is_empty());
        let inside = inside.unwrap_or(Path::new("."));
        // Its links are its own, and must not lead into our files.
        let its = openat2(&root, inside, flags, Mode::empty(), ResolveFlags::IN_ROOT)
            .ok()
            .and_then(|file| File::from(file).metadata().ok());
        let own = fs::metadata(part).ok();
        match (own, its) {
            (Some(own), Some(its)) => return (own.dev(), own.ino()) == (its.dev(), its.ino()),
            (None, None) => {}
            (Some(_), None) | (None, Some(_)) => return false,
        }
    }
    false
}

/// Returns the file that a process writes its errors to, if that is one.
pub(super) fn error_log(process: Process) -> Option<PathBuf> {
    let path = fs::read_link(format!("/proc/{}/fd/2", process.pid)).ok()?;
    path.is_file().then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_is_found_behind_a_name_with_brackets() {
        let stat = "7 (a) b) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20 21";
        assert_eq!(start_ticks(stat), Some(4711));
    }

    #[test]
    fn this_process_is_no_daemon_and_is_not_signalled() {
        let pid = std::process::id();
        assert_eq!(process(pid), None);
        assert!(hang_up(Process { pid, start_ticks: 0 }).is_err());
    }

    #[test]
    fn a_process_of_this_root_shares_files_whether_they_exist_or_not() {
        let own = Process { pid: std::process::id(), start_ticks: 0 };
        assert!(shares_file(own, Path::new("/proc/version")));
        assert!(shares_file(own, Path::new("/nowhere/at/all.json")));
        let gone = Process { pid: u32::MAX, start_ticks: 0 };
        assert!(!shares_file(gone, Path::new("/proc/version")));
    }
}
