//! What `/proc` tells: about one process, and which process serves a socket.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use super::rooted::Root;
use crate::model::{
    capability::CapabilitySet,
    process::{ProcessDetails, ProcessFacts, ULIMIT_NAMES},
};

/// `/proc` counts in hundredths of a second on every platform that Docker runs on.
const TICKS_PER_SECOND: u64 = 100;
/// `SO_ACCEPTCON` in the flags of `/proc/net/unix`.
const LISTENING: u32 = 1 << 16;

/// One view of processes; `/proc` outside of tests.
#[derive(Clone, Debug)]
pub(super) struct Proc(PathBuf);

impl Proc {
    pub(super) fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    fn of(&self, pid: u32, what: &str) -> PathBuf {
        self.0.join(pid.to_string()).join(what)
    }

    pub(super) fn text(&self, pid: u32, what: &str) -> io::Result<String> {
        fs::read(self.of(pid, what)).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    pub(super) fn root(&self, pid: u32) -> Root {
        Root::new(self.of(pid, "root"))
    }

    /// Returns the working directory, as the process itself sees it.
    pub(super) fn working_directory(&self, pid: u32) -> io::Result<PathBuf> {
        fs::read_link(self.of(pid, "cwd"))
    }

    pub(super) fn program(&self, pid: u32) -> io::Result<String> {
        fs::read_link(self.of(pid, "exe")).map(|path| path.display().to_string())
    }

    pub(super) fn arguments(&self, pid: u32) -> io::Result<Vec<String>> {
        let text = self.text(pid, "cmdline")?;
        let text = text.strip_suffix('\0').unwrap_or(&text);
        Ok(text.split('\0').map(ToOwned::to_owned).collect())
    }

    /// Returns those of these variables that are set.
    pub(super) fn environment(
        &self,
        pid: u32,
        names: &[&str],
    ) -> io::Result<BTreeMap<String, String>> {
        let text = self.text(pid, "environ")?;
        Ok(text
            .split('\0')
            .filter_map(|entry| entry.split_once('='))
            .filter(|(name, _)| names.contains(name))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect())
    }

    /// Returns when it started, in ticks after boot.
    pub(super) fn start_ticks(&self, pid: u32) -> Option<u64> {
        let text = self.text(pid, "stat").ok()?;
        // The name, in brackets, may hold anything; field 22 is the 20th after it.
        let (_, after) = text.rsplit_once(')')?;
        after.split_whitespace().nth(19)?.parse().ok()
    }

    /// Returns the moment that lies this many ticks after boot.
    pub(super) fn moment(&self, ticks: u64, now: SystemTime) -> Option<SystemTime> {
        let text = fs::read_to_string(self.0.join("uptime")).ok()?;
        let uptime: f64 = text.split_whitespace().next()?.parse().ok()?;
        let uptime = Duration::try_from_secs_f64(uptime).ok()?;
        let started = Duration::from_millis(ticks * (1000 / TICKS_PER_SECOND));
        now.checked_sub(uptime)?.checked_add(started)
    }

    /// Returns the kernel's word on a container's first process, or why there is none.
    pub(super) fn container_process(
        &self,
        pid: u32,
        container: &str,
        detailed: bool,
    ) -> Result<ProcessFacts, &'static str> {
        const NOT_HERE: &str = "its process is not visible from here";
        let words = |error: io::Error| match error.kind() {
            io::ErrorKind::PermissionDenied => {
                "no permission to look at its process; run plimsoll as root"
            }
            _ => NOT_HERE,
        };
        let cgroups = self.text(pid, "cgroup").map_err(words)?;
        // In another PID namespace, or by now, the number may be somebody else's.
        if container.is_empty() || !cgroups.contains(container) {
            return Err(NOT_HERE);
        }
        let status = self.text(pid, "status").map_err(words)?;
        let mut facts =
            process_facts(&status).ok_or("the kernel does not tell about its process")?;
        facts.details = detailed.then(|| self.process_details(pid, &cgroups));
        Ok(facts)
    }

    fn process_details(&self, pid: u32, cgroups: &str) -> ProcessDetails {
        let namespace = |pid: &str| fs::read_link(self.0.join(pid).join("ns/cgroup")).ok();
        let own = namespace(&pid.to_string());
        let uid_map = self.text(pid, "uid_map").ok();
        ProcessDetails {
            command: self.text(pid, "comm").unwrap_or_default().trim().to_owned(),
            user_namespace: uid_map.as_ref().is_some_and(|it| is_mapped(it)),
            root_is: uid_map.as_ref().and_then(|it| root_is(it)),
            apparmor: self.security_label(pid),
            memory: self.limit(cgroups, "memory", "memory.limit_in_bytes"),
            pids: self.limit(cgroups, "pids", "pids.max"),
            cgroups: cgroups
                .lines()
                .filter_map(|line| line.splitn(3, ':').nth(2).map(ToOwned::to_owned))
                .collect(),
            own_cgroup_namespace: own.zip(namespace("self")).map(|(own, ours)| own != ours),
            ulimits: self.text(pid, "limits").map(|it| ulimits(&it)).unwrap_or_default(),
        }
    }

    /// Returns paths of the sockets a process listens on, as it sees them, links followed.
    pub(super) fn listeners(&self, pid: u32) -> io::Result<Vec<PathBuf>> {
        let held = self.held_sockets(pid)?;
        let tables = self.socket_tables(pid, "net/unix")?;
        let root = self.root(pid);
        let mut paths: Vec<PathBuf> = tables
            .iter()
            .flat_map(|table| table.lines())
            .filter_map(listening_row)
            .filter(|(inode, _)| held.contains(inode))
            .filter_map(|(_, path)| root.resolve(Path::new(path)).ok())
            .collect();
        paths.sort();
        paths.dedup();
        Ok(paths)
    }

    /// Returns this table of the kernel's for every network namespace that one of its threads is
    /// in. While dockerd sets a container up, any thread of it, even the first, which
    /// `/proc/PID/net` goes by, may have moved to the container's (libnetwork `InvokeFunc`).
    fn socket_tables(&self, pid: u32, table: &str) -> io::Result<Vec<String>> {
        let mut read = BTreeSet::new();
        let mut tables = Vec::new();
        for thread in fs::read_dir(self.of(pid, "task"))? {
            let thread = thread?.path();
            let namespace = || fs::read_link(thread.join("ns/net"));
            // A thread may have ended, which takes nothing away.
            let Ok(before) = namespace() else { continue };
            if read.contains(&before) {
                continue;
            }
            let Ok(table) = fs::read(thread.join(table)) else { continue };
            tables.push(String::from_utf8_lossy(&table).into_owned());
            if namespace().is_ok_and(|after| after == before) {
                read.insert(before);
            }
        }
        Ok(tables)
    }

    /// Returns its user and group: the real ones, by the numbers of this machine.
    pub(super) fn owner(&self, pid: u32) -> Option<(u32, u32)> {
        let status = self.text(pid, "status").ok()?;
        let id = |name| status_word(&status, name, 0)?.parse().ok();
        Some((id("Uid")?, id("Gid")?))
    }

    pub(super) fn parent(&self, pid: u32) -> Option<u32> {
        status_word(&self.text(pid, "status").ok()?, "PPid", 0)?.parse().ok()
    }

    fn held_sockets(&self, pid: u32) -> io::Result<BTreeSet<u64>> {
        let mut held = BTreeSet::new();
        for entry in fs::read_dir(self.of(pid, "fd"))? {
            let Ok(target) = fs::read_link(entry?.path()) else { continue };
            let inode: Option<u64> = target
                .to_str()
                .and_then(|text| text.strip_prefix("socket:["))
                .and_then(|text| text.strip_suffix(']'))
                .and_then(|text| text.parse().ok());
            held.extend(inode);
        }
        Ok(held)
    }

    /// Returns every process that is visible, with its name.
    pub(super) fn names(&self) -> Vec<(u32, String)> {
        let Ok(entries) = fs::read_dir(&self.0) else { return Vec::new() };
        entries
            .flatten()
            .filter_map(|entry| {
                let pid = entry.file_name().to_str()?.parse().ok()?;
                Some((pid, self.text(pid, "comm").ok()?.trim().to_owned()))
            })
            .collect()
    }

    fn named_dockerd(&self) -> Vec<u32> {
        let named = self.names().into_iter().filter(|(_, name)| name == "dockerd");
        let mut pids: Vec<u32> = named.map(|(pid, _)| pid).collect();
        pids.sort_unstable();
        pids
    }

    /// Finds the daemon that listens on this very socket: several can be visible, in containers
    /// of each other, and under systemd the socket is PID 1's as well.
    pub(super) fn find_daemon(&self, socket: &Path) -> Result<u32, &'static str> {
        let Ok(wanted) = fs::metadata(socket) else {
            return Err("the engine's socket cannot be looked at");
        };
        let candidates = self.named_dockerd();
        if candidates.is_empty() {
            return Err("no process of the name dockerd is visible here");
        }
        let mut hidden = false;
        let mut serving = Vec::new();
        for pid in &candidates {
            let listeners = match self.listeners(*pid) {
                Ok(listeners) => listeners,
                Err(_) => {
                    hidden = true;
                    continue;
                }
            };
            let root = self.root(*pid);
            let serves = listeners.iter().any(|path| {
                fs::metadata(root.outside(path))
                    .is_ok_and(|it| (it.dev(), it.ino()) == (wanted.dev(), wanted.ino()))
            });
            if serves {
                serving.push(*pid);
            }
        }
        // A child that the daemon has forked and that has not yet become another program looks
        // just like it.
        let forked = |pid: &u32| self.parent(*pid).is_some_and(|it| serving.contains(&it));
        let daemons: Vec<u32> = serving.iter().copied().filter(|pid| !forked(pid)).collect();
        match (daemons.as_slice(), candidates.as_slice()) {
            ([pid], _) => Ok(*pid),
            ([], [pid]) if hidden && names_pid(Path::new("/run/docker.pid"), *pid) => Ok(*pid),
            ([], _) if hidden => {
                Err("no permission to look at the daemon's process; run plimsoll as root")
            }
            ([], _) => Err("no visible process of the name dockerd listens on the engine's socket"),
            _ => Err("several daemons listen on the engine's socket"),
        }
    }
}

/// Whether a pidfile says so; only a hint, since stale ones survive crashes.
fn names_pid(pidfile: &Path, pid: u32) -> bool {
    fs::read_to_string(pidfile).is_ok_and(|text| text.trim() == pid.to_string())
}

fn process_facts(status: &str) -> Option<ProcessFacts> {
    let set = |name| {
        let bits = u64::from_str_radix(status_word(status, name, 0)?, 16).ok()?;
        Some(CapabilitySet::from_bits(bits))
    };
    Some(ProcessFacts {
        no_new_privileges: status_word(status, "NoNewPrivs", 0)? == "1",
        seccomp: status_word(status, "Seccomp", 0)?.parse().ok()?,
        uid: status_word(status, "Uid", 1)?.parse().ok()?,
        effective: set("CapEff")?,
        bounding: set("CapBnd")?,
        details: None,
    })
}

/// Whether user IDs are others outside (`/proc/PID/uid_map`).
fn is_mapped(map: &str) -> bool {
    let mut words = map.split_whitespace();
    (words.next(), words.next()) != (Some("0"), Some("0"))
}

/// Which user outside is user 0 inside.
fn root_is(map: &str) -> Option<u32> {
    let mut rows = map.lines().map(|it| it.split_whitespace());
    let mut row = rows.find_map(|mut row| (row.next() == Some("0")).then_some(row))?;
    row.next()?.parse().ok()
}

/// Reads `/proc/PID/limits`, whose names hold spaces.
fn ulimits(limits: &str) -> BTreeMap<String, (Option<u64>, Option<u64>)> {
    ULIMIT_NAMES
        .iter()
        .filter_map(|(name, label)| {
            let line = limits.lines().find_map(|line| line.strip_prefix(label))?;
            let mut words = line.split_whitespace();
            let mut limit = || match words.next()? {
                "unlimited" => Some(None),
                number => number.parse().ok().map(Some),
            };
            Some(((*name).to_owned(), (limit()?, limit()?)))
        })
        .collect()
}

/// Returns one word of one line of `/proc/PID/status`.
pub(super) fn status_word<'a>(status: &'a str, name: &str, index: usize) -> Option<&'a str> {
    status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?
        .split_whitespace()
        .nth(index)
}

/// Reads one line of `/proc/net/unix`: the inode and the path of a socket that listens.
fn listening_row(line: &str) -> Option<(u64, &str)> {
    let mut rest = line;
    let mut columns = [""; 7];
    for column in &mut columns {
        rest = rest.trim_start();
        let end = rest.find(' ').unwrap_or(rest.len());
        (*column, rest) = rest.split_at(end);
    }
    let flags = u32::from_str_radix(columns[3], 16).ok()?;
    // A path may hold spaces, so it is whatever is left; abstract names begin with `@`.
    let path = rest.strip_prefix(' ').filter(|path| path.starts_with('/'))?;
    (flags & LISTENING != 0).then(|| Some((columns[6].parse().ok()?, path)))?
}

mod limits;
mod tcp;
#[cfg(test)]
mod tests;
