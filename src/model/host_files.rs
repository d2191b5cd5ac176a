//! Files of the host that the engine goes by, as a look at them shows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What was seen of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostFiles {
    /// Why nobody could look; then there is nothing below.
    pub unseen: Option<String>,
    /// What each file or group of files comes to; a file that is not there is not among them.
    /// What is missing here was not looked for.
    pub files: BTreeMap<Subject, Vec<SeenFile>>,
    /// User and group that the daemon runs as, in numbers of this machine: 0, or the owner of a
    /// rootless one.
    pub owner: (u32, u32),
    /// Groups of the daemon's host by name.
    pub groups: BTreeMap<String, u32>,
    /// What makes the engine's socket at each start, where that is not the daemon.
    pub socket_unit: Option<SocketUnit>,
    /// Whether the files are those of this machine as this process sees it.
    pub within_reach: bool,
}

impl HostFiles {
    /// Returns what was seen of a path, under whatever subject.
    pub fn attributes(&self, path: &str) -> Option<FileAttributes> {
        let mut all = self.files.values().flatten().filter(|it| it.path == path);
        all.find_map(|it| it.facts.as_ref().ok()).map(|it| it.attributes)
    }
}

/// What `docker.socket` and its drop-ins come to (`systemd.socket`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketUnit {
    pub mode: u32,
    /// Names or numbers.
    pub user: String,
    pub group: String,
}

impl Default for SocketUnit {
    /// What systemd goes by where a unit says nothing.
    fn default() -> Self {
        Self { mode: 0o666, user: "root".into(), group: "root".into() }
    }
}

/// What rules about files ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    CdiSpecs,
    ContainerdSock,
    DaemonJson,
    DataRoot,
    DockerService,
    DockerSock,
    DockerSocketUnit,
    EngineBinaries,
    EngineKey,
    EtcDefaultDocker,
    EtcDocker,
    EtcSysconfigDocker,
    PluginSpecs,
    RegistryCerts,
    TlsCa,
    TlsCert,
    TlsKey,
}

impl Subject {
    pub const ALL: [Self; 17] = [
        Self::CdiSpecs,
        Self::ContainerdSock,
        Self::DaemonJson,
        Self::DataRoot,
        Self::DockerService,
        Self::DockerSock,
        Self::DockerSocketUnit,
        Self::EngineBinaries,
        Self::EngineKey,
        Self::EtcDefaultDocker,
        Self::EtcDocker,
        Self::EtcSysconfigDocker,
        Self::PluginSpecs,
        Self::RegistryCerts,
        Self::TlsCa,
        Self::TlsCert,
        Self::TlsKey,
    ];

    /// Returns the name behind `host-file/` in its address.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CdiSpecs => "cdi-specs",
            Self::ContainerdSock => "containerd-sock",
            Self::DaemonJson => "daemon-json",
            Self::DataRoot => "data-root",
            Self::DockerService => "docker-service",
            Self::DockerSock => "docker-sock",
            Self::DockerSocketUnit => "docker-socket-unit",
            Self::EngineBinaries => "engine-binaries",
            Self::EngineKey => "engine-key",
            Self::EtcDefaultDocker => "etc-default-docker",
            Self::EtcDocker => "etc-docker",
            Self::EtcSysconfigDocker => "etc-sysconfig-docker",
            Self::PluginSpecs => "plugin-specs",
            Self::RegistryCerts => "registry-certs",
            Self::TlsCa => "tls-ca",
            Self::TlsCert => "tls-cert",
            Self::TlsKey => "tls-key",
        }
    }
}

/// Whose a file is, and to whom it is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileAttributes {
    pub uid: u32,
    pub gid: u32,
    /// The twelve bits that `chmod` sets.
    pub mode: u32,
    /// Whether an access list says more than the mode.
    pub has_access_list: bool,
}

/// A file by its path, and what a look at it gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenFile {
    pub path: String,
    /// Or why nobody could look at it.
    pub facts: Result<FileFacts, String>,
}

/// A file behind all links that lead to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileFacts {
    pub attributes: FileAttributes,
    /// Directories above it, of the links and of the file, that others can write to.
    pub open_parents: Vec<String>,
}
