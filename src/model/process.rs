//! The kernel's word on a container's first process.

use std::collections::BTreeMap;

use super::capability::CapabilitySet;

/// What `/proc/PID` says about one process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProcessFacts {
    pub no_new_privileges: bool,
    /// 0 off, 1 strict, 2 filter.
    pub seccomp: u8,
    /// In the namespace of the observer.
    pub uid: u32,
    pub effective: CapabilitySet,
    pub bounding: CapabilitySet,
    /// What is not needed by every rule, read only where one asks for it.
    pub details: Option<ProcessDetails>,
}

/// What takes further files to tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProcessDetails {
    /// Its name (`comm`): `docker-init` where the engine put that first.
    pub command: String,
    /// Whether its user IDs are others on the host (`uid_map`).
    pub user_namespace: bool,
    /// Which user of the observer its root is (`uid_map`), if that can be read.
    pub root_is: Option<u32>,
    /// Its AppArmor profile with the mode: `docker-default (enforce)`.
    pub apparmor: Option<String>,
    /// How many bytes of memory its control group takes, if that can be read.
    pub memory: Option<KernelLimit>,
    /// How many processes its control group takes, likewise.
    pub pids: Option<KernelLimit>,
    /// Paths of its control groups, as the observer sees them.
    pub cgroups: Vec<String>,
    /// Whether its control group namespace is its own; `None` if that may not be looked at.
    pub own_cgroup_namespace: Option<bool>,
    /// Soft and hard limit by the name that Docker uses: `nofile`. `None` is without limit.
    pub ulimits: BTreeMap<String, (Option<u64>, Option<u64>)>,
}

/// What a control group limits something to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KernelLimit {
    None,
    Most(i64),
}

/// Docker's names for limits, and those of `/proc/PID/limits`.
pub const ULIMIT_NAMES: &[(&str, &str)] = &[
    ("core", "Max core file size"),
    ("cpu", "Max cpu time"),
    ("data", "Max data size"),
    ("fsize", "Max file size"),
    ("locks", "Max file locks"),
    ("memlock", "Max locked memory"),
    ("msgqueue", "Max msgqueue size"),
    ("nice", "Max nice priority"),
    ("nofile", "Max open files"),
    ("nproc", "Max processes"),
    ("rss", "Max resident set"),
    ("rtprio", "Max realtime priority"),
    ("rttime", "Max realtime timeout"),
    ("sigpending", "Max pending signals"),
    ("stack", "Max stack size"),
];
