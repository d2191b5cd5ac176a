//! The smallest changes that make rules hold, as data.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::capability::CapabilitySet;

/// One change that a rule asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Edit {
    Container(ContainerEdit),
    /// Set a key of the daemon's file.
    DaemonKey {
        key: String,
        value: Value,
    },
    /// Take a key out of the daemon's file.
    DaemonKeyAbsent {
        key: String,
    },
    /// Stop a container and start it again, so that it takes the daemon's default of this key.
    Restart {
        key: String,
    },
    /// Put a container that is not allowed out of action, and keep it.
    Evict {
        until: Eviction,
    },
    HostFile(FileEdit),
}

/// Closed on purpose: this is everything plimsoll can change about files of the host, but for the
/// daemon's own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileEdit {
    /// User and group, in numbers, of what the path leads to.
    Owner { path: String, uid: u32, gid: u32 },
    /// The twelve bits that `chmod` sets.
    Mode { path: String, mode: u32 },
    /// The access list beside the mode goes.
    NoAccessList { path: String },
    /// A line of plimsoll's own file of this kind.
    Line { file: OwnFile, line: String },
}

/// A file that plimsoll makes, and nobody else writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OwnFile {
    /// Rules of the audit system, as `auditctl` takes them.
    AuditRules,
    /// Settings of `docker.socket`, which makes the engine's socket anew at each start.
    SocketUnit,
}

impl OwnFile {
    /// Returns where it is. Of drop-ins of one unit the last by name wins (`systemd.unit`).
    pub const fn path(self) -> &'static str {
        match self {
            Self::AuditRules => "/etc/audit/rules.d/plimsoll.rules",
            Self::SocketUnit => "/etc/systemd/system/docker.socket.d/zz-plimsoll.conf",
        }
    }

    /// Returns what its lines are settings of.
    pub const fn word(self) -> &'static str {
        match self {
            Self::AuditRules => "audit rule",
            Self::SocketUnit => "docker.socket",
        }
    }

    /// Returns its text with these lines in it; a line takes the place of one that sets the same.
    pub fn with(self, text: Option<&str>, lines: &[String]) -> String {
        let mut all: Vec<&str> = match text {
            Some(text) => text.lines().collect(),
            None => self.head().lines().collect(),
        };
        for line in lines {
            all.retain(|it| !self.sets_the_same(it, line));
            all.push(line);
        }
        all.join("\n") + "\n"
    }

    const fn head(self) -> &'static str {
        match self {
            Self::AuditRules => "# Made by plimsoll, which adds to it.",
            Self::SocketUnit => "# Made by plimsoll, which adds to it.\n[Socket]",
        }
    }

    fn sets_the_same(self, one: &str, other: &str) -> bool {
        let key = |line: &str| line.split_once('=').map(|(key, _)| key.trim().to_owned());
        one == other
            || match self {
                Self::AuditRules => false,
                Self::SocketUnit => key(one).is_some() && key(one) == key(other),
            }
    }
}

/// How far an eviction goes; each step includes those before it.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Default,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Eviction {
    /// Freeze its processes.
    Pause,
    /// And take it off every network.
    Disconnect,
    /// And stop it.
    #[default]
    Stop,
}

/// Closed on purpose: this is everything plimsoll can change about a container.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContainerEdit {
    Privileged(bool),
    /// Keep the effective capabilities within this set.
    BoundCapabilities(CapabilitySet),
    NoNewPrivileges(bool),
    /// Take the container's own seccomp option away, so that the engine's profile holds.
    DefaultSeccomp,
    ReadOnlyRootfs(bool),
    /// Mount a tmpfs; options as Docker writes them, possibly empty.
    Tmpfs {
        path: String,
        options: String,
    },
    User(String),
    /// The mount at this path inside the container goes.
    RemoveMount {
        destination: String,
    },
    NetworkMode(String),
    PrivatePid,
    PrivateIpc,
    PrivateUts,
    /// IPC of its own that others may join.
    ShareableIpc,
    /// `private` or `host`.
    CgroupnsMode(String),
    /// Size of `/dev/shm` in bytes.
    ShmSize(i64),
    Runtime(String),
    /// Log with this driver. Options that are not named stay as they are, and the daemon adds
    /// its own to what is missing.
    Log {
        driver: String,
        set: BTreeMap<String, String>,
        unset: BTreeSet<String>,
    },
    /// Publish a port on this address instead of on all.
    PublishOn {
        container_port: String,
        address: String,
    },
    PidsLimit(i64),
    /// Memory limit in bytes.
    Memory(i64),
    RestartPolicy {
        name: String,
        max_retries: u32,
    },
}

impl ContainerEdit {
    /// Returns whether Docker does it to a container that exists: resources and the restart
    /// policy (`POST /containers/{id}/update`); everything else is fixed at creation.
    pub const fn in_place(&self) -> bool {
        match self {
            Self::PidsLimit(_) | Self::Memory(_) | Self::RestartPolicy { .. } => true,
            Self::Privileged(_)
            | Self::BoundCapabilities(_)
            | Self::NoNewPrivileges(_)
            | Self::DefaultSeccomp
            | Self::ReadOnlyRootfs(_)
            | Self::Tmpfs { .. }
            | Self::User(_)
            | Self::RemoveMount { .. }
            | Self::NetworkMode(_)
            | Self::PrivatePid
            | Self::PrivateIpc
            | Self::PrivateUts
            | Self::ShareableIpc
            | Self::CgroupnsMode(_)
            | Self::ShmSize(_)
            | Self::Runtime(_)
            | Self::Log { .. }
            | Self::PublishOn { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_files_grow_by_lines_and_say_nothing_twice() {
        let lines = |of: &[&str]| of.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        let first = OwnFile::SocketUnit.with(None, &lines(&["SocketMode=0660"]));
        assert!(first.ends_with("[Socket]\nSocketMode=0660\n"), "{first}");
        let second = OwnFile::SocketUnit.with(Some(&first), &lines(&["SocketMode=0600"]));
        assert_eq!(second, first.replace("0660", "0600"));
        let rules = lines(&["-w /a=b -p wa -k plimsoll", "-w /a=c -p wa -k plimsoll"]);
        let once = OwnFile::AuditRules.with(None, &rules);
        assert_eq!(OwnFile::AuditRules.with(Some(&once), &rules[1..]), once);
        assert_eq!(once.lines().count(), 3, "{once}");
    }
}
