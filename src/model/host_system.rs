//! The machine that the engine runs on: who may command it, what it writes down, where data lies.

use std::collections::{BTreeMap, BTreeSet};

use super::audit::Audit;

/// Or why nobody could look.
pub type Seen<T> = Result<T, String>;

/// What was seen of the machine; nothing unless somebody asked for a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostSystem {
    pub audit: Seen<Audit>,
    /// What each subject of auditing comes to on this host; those that are not there are left out.
    pub audited: BTreeMap<Audited, Vec<AuditedPath>>,
    /// Groups that may write to the sockets that the engine takes orders on.
    pub socket_groups: Seen<Vec<SocketGroup>>,
    /// Where groups come from beside the files of this machine: `sss`, `ldap`.
    pub other_accounts: Vec<String>,
    /// Directories in which the engine keeps images and data.
    pub data_roots: Seen<Vec<DataRoot>>,
    /// Those of [`HARDENING_SYSCTLS`] that this kernel has.
    pub sysctls: Seen<BTreeMap<String, i64>>,
    /// Files for Docker's command line, of root and of whoever may command the engine.
    pub client_configs: Seen<Vec<ClientConfig>>,
    /// What is lent to the user whose numbers containers run under; `None` if the engine maps none.
    pub subids: Seen<Option<SubIds>>,
    /// Whether the daemon starts with the machine; `None` if nothing known looks after it.
    pub at_boot: Seen<Option<AtBoot>>,
    /// What the engine leaves to people to filter packets by; `None` if it writes no rules itself.
    pub filter_hooks: Seen<Option<FilterHooks>>,
    /// What systemd starts the daemon by; nothing where there are no such files.
    pub unit_files: Seen<Vec<UnitFile>>,
}

/// Settings of the kernel that make it harder to get at, the higher they are.
pub const HARDENING_SYSCTLS: [&str; 5] = [
    "kernel.dmesg_restrict",
    "kernel.kexec_load_disabled",
    "kernel.kptr_restrict",
    "kernel.unprivileged_bpf_disabled",
    "kernel.yama.ptrace_scope",
];

impl HostSystem {
    /// A machine that nobody could look at.
    pub fn unseen(why: &str) -> Self {
        Self {
            audit: Err(why.to_owned()),
            audited: BTreeMap::new(),
            socket_groups: Err(why.to_owned()),
            other_accounts: Vec::new(),
            data_roots: Err(why.to_owned()),
            sysctls: Err(why.to_owned()),
            client_configs: Err(why.to_owned()),
            subids: Err(why.to_owned()),
            at_boot: Err(why.to_owned()),
            filter_hooks: Err(why.to_owned()),
            unit_files: Err(why.to_owned()),
        }
    }
}

impl Default for HostSystem {
    fn default() -> Self {
        Self::unseen("nobody looked")
    }
}

/// What the kernel is to write down changes of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Audited {
    Containerd,
    ContainerdConfig,
    ContainerdShim,
    ContainerdShimRuncV1,
    ContainerdShimRuncV2,
    ContainerdSocket,
    DaemonJson,
    DataRoot,
    DockerService,
    DockerSocket,
    Dockerd,
    EtcDefaultDocker,
    EtcDocker,
    EtcSysconfigDocker,
    RunContainerd,
    Runc,
}

impl Audited {
    pub const ALL: [Self; 16] = [
        Self::Containerd,
        Self::ContainerdConfig,
        Self::ContainerdShim,
        Self::ContainerdShimRuncV1,
        Self::ContainerdShimRuncV2,
        Self::ContainerdSocket,
        Self::DaemonJson,
        Self::DataRoot,
        Self::DockerService,
        Self::DockerSocket,
        Self::Dockerd,
        Self::EtcDefaultDocker,
        Self::EtcDocker,
        Self::EtcSysconfigDocker,
        Self::RunContainerd,
        Self::Runc,
    ];

    /// Whether it is a program: that it is started counts too.
    pub const fn is_program(self) -> bool {
        matches!(
            self,
            Self::Containerd
                | Self::ContainerdShim
                | Self::ContainerdShimRuncV1
                | Self::ContainerdShimRuncV2
                | Self::Dockerd
                | Self::Runc
        )
    }
}

/// A path that is there, behind all links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditedPath {
    pub path: String,
    pub is_directory: bool,
}

/// A group and who is in it. Root, and whom a rootless daemon belongs to, are not counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SocketGroup {
    pub gid: u32,
    /// Empty if it has none.
    pub name: String,
    pub members: BTreeSet<String>,
}

/// A file for Docker's command line; what it keeps is never here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientConfig {
    pub path: String,
    /// Whose it should be.
    pub user: String,
    /// Or why nobody could look.
    pub seen: Seen<ClientConfigFacts>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientConfigFacts {
    pub mode: u32,
    /// Whether it belongs to somebody who is neither its user nor root.
    pub is_foreign: bool,
    /// Registries that it keeps a password or a token for, or why nobody can tell.
    pub keeps: Seen<BTreeSet<String>>,
}

/// Numbers that are lent out for containers' users and groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubIds {
    /// The user whom the engine's are lent to.
    pub user: String,
    /// From `/etc/subuid`.
    pub users: Vec<IdRange>,
    /// From `/etc/subgid`.
    pub groups: Vec<IdRange>,
}

/// A line of either file, or the one number of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdRange {
    pub owner: String,
    /// Whether the engine uses it.
    pub is_engines: bool,
    pub first: u64,
    pub count: u64,
}

/// What was found where the service manager looks when the machine starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AtBoot {
    /// `docker.service`
    pub service: String,
    pub is_enabled: bool,
    /// The user who has to log in first.
    pub waits_for: Option<String>,
    /// What a person would type to let it start.
    pub enable: String,
    /// What a person would type to keep it from that.
    pub disable: String,
}

/// `None` where the engine has made no such chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterHooks {
    pub ipv4: Seen<Option<FilterHook>>,
    pub ipv6: Seen<Option<FilterHook>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilterHook {
    /// How many rules it has, without the one that the engine puts there.
    pub rules: usize,
    /// Whether any of those that are reached drops or rejects.
    pub refuses: bool,
}

/// A file that systemd starts the daemon by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitFile {
    pub path: String,
    /// The same, links followed.
    pub resolved: String,
    pub kind: UnitFileKind,
    /// SHA-256 of what it holds, or why it could not be read.
    pub digest: Seen<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitFileKind {
    Unit,
    DropIn,
    /// What `EnvironmentFile=` names.
    Variables,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataRoot {
    pub path: String,
    /// Where the file system that it lies on is mounted.
    pub mounted_at: String,
    /// Whether it, and nothing above it, lies on that file system.
    pub is_own: bool,
}
