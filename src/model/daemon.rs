//! The daemon's settings, each seen from three sides.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, SocketAddr},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{daemon_host::DaemonHost, engine_says::EngineSays, field::Field};

/// The daemon of one engine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DaemonConfig {
    /// Every key that the file, the command line or the declaration's table knows to be set.
    pub keys: BTreeMap<String, DaemonKey>,
    /// Path of the file in use, as the daemon sees it.
    pub file_path: String,
    /// Whether the file exists.
    pub file_exists: bool,
    /// Why the file could not be read or parsed; then every key's `file` side is unknown.
    pub file_error: Option<String>,
    /// Whether it was read, and is nothing that the daemon starts with.
    pub file_is_faulty: bool,
    /// Keys that the file gives more than once, with what stands there and on which lines. The
    /// daemon goes by the last one.
    pub file_given_twice: BTreeMap<String, String>,
    /// What keeps the file from being replaced, with the way out.
    pub file_obstacle: Option<String>,
    /// `20.10.24`.
    pub engine_version: String,
    /// `1.41`.
    pub api_version: String,
    pub swarm_active: bool,
    /// 1 or 2, if the engine tells.
    pub cgroup_version: Option<u8>,
    /// Log drivers that the engine has; empty if it does not tell.
    pub log_drivers: Vec<String>,
    /// What the file holds that is wrong, or not what it looks like.
    pub file_findings: Vec<FileFinding>,
    /// How the daemon is run, found by looking at its process.
    pub service: Service,
    /// What a change of it depends on beside its settings.
    pub host: DaemonHost,
    /// What the engine tells beside its settings.
    pub engine: EngineSays,
    /// Names of containers that are running.
    pub running_containers: usize,
    /// Key to the names of variables in the daemon's environment that bear on it. Their values,
    /// which can be secrets, are not here.
    pub environment: BTreeMap<String, Vec<String>>,
    pub read: FileRead,
    /// Whether this engine has no such daemon, as Podman has none.
    pub is_missing: bool,
}

impl DaemonConfig {
    /// Returns what the next start would go by: the file's settings and, for keys that are not
    /// in it, those of the command line.
    pub fn settings(&self) -> BTreeMap<String, Value> {
        let said = self.keys.iter().filter_map(|(name, key)| {
            let flag = key.flag.as_ref().map(|flag| &flag.value);
            Some((name.clone(), key.file.as_ref().or(flag)?.clone()))
        });
        said.collect()
    }

    /// Returns TCP addresses that its process takes orders on, if they can be seen: metrics have
    /// a socket of their own, and so have the nodes of a Swarm, who ask each other for
    /// certificates.
    pub fn order_addresses(&self) -> Option<Vec<&str>> {
        let metrics = self.keys.get("metrics-addr").and_then(|it| it.running.stated());
        let metrics = metrics.and_then(Value::as_str).unwrap_or_default();
        let is_else = |listener: &str| {
            let Ok(address) = listener.parse::<SocketAddr>() else { return false };
            self.host.node_ports.contains(&address.port()) || is_same(metrics, address)
        };
        let all = self.host.tcp_listeners.as_ref()?;
        Some(all.iter().map(String::as_str).filter(|it| !is_else(it)).collect())
    }
}

/// Returns whether a socket is the one that this was written for: `127.0.0.1:9323`, `:9323`.
fn is_same(written: &str, socket: SocketAddr) -> bool {
    let Some((host, port)) = written.rsplit_once(':') else { return false };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let own = socket.ip().to_canonical();
    let fits = match host.parse::<IpAddr>() {
        // Without a host, and with `0.0.0.0`, it is the address that stands for all.
        Ok(ip) => ip == own || ip.is_unspecified() && own.is_unspecified(),
        Err(_) if host.is_empty() => own.is_unspecified(),
        // A name could be any.
        Err(_) => true,
    };
    fits && port.parse() == Ok(socket.port())
}

/// When the file changed, and when the process that runs has read it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileRead {
    /// `None` if there is no file, or nobody could look.
    pub file_changed_at: Option<Timestamp>,
    pub started_at: Option<Timestamp>,
    /// The last reload of this process that succeeded.
    pub reloaded_at: Option<Timestamp>,
    /// Whether the process started after the file's last change.
    pub by_start: bool,
    /// Whether it was reloaded after the file's last change.
    pub by_reload: bool,
}

/// Something in the daemon's file that its owner should know of. It makes no change by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFinding {
    /// The key that it is about, with the members on the way to it: `log-opts.max-size`.
    pub key: String,
    /// Where it stands, if that is known.
    pub line: Option<usize>,
    /// A sentence without a full stop.
    pub what: String,
    /// What to do about it, in a sentence without a full stop.
    pub advice: String,
}

impl FileFinding {
    /// Returns the key at the file's top level.
    pub fn top_key(&self) -> &str {
        self.key.split('.').next().unwrap_or(&self.key)
    }
}

/// One key of `daemon.json`.
#[derive(Clone, Debug, PartialEq)]
pub struct DaemonKey {
    /// What the file says.
    pub file: Option<Value>,
    /// What the command line says, and where that stands.
    pub flag: Option<Flag>,
    /// What the running daemon goes by; `null` where it is not set and has no fixed default.
    pub running: Field<Value>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Flag {
    pub value: Value,
    /// The argument as given: `--log-driver=journald`.
    pub argument: String,
    /// Where it comes from, if found: `docker.service`, `/etc/default/docker`.
    pub origin: Option<String>,
}

/// How the daemon is started, and so how it is reloaded and restarted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    /// A systemd unit of this name.
    Systemd { unit: String, pid: u32 },
    /// A unit of a user's own systemd, as rootless daemons have it.
    SystemdUser {
        unit: String,
        pid: u32,
        uid: u32,
        gid: u32,
        /// The owner's `XDG_RUNTIME_DIR`, where the bus of that systemd is.
        runtime_directory: String,
    },
    /// A service of OpenRC.
    OpenRc { name: String, pid: u32 },
    /// A script of `/etc/init.d`.
    SysVInit { name: String, pid: u32 },
    /// A snap of this name, which systemd runs as this unit.
    Snap { name: String, unit: String, pid: u32 },
    /// A process nobody known looks after; a declared command is needed to restart it.
    Process { pid: u32 },
    /// No process found: another machine, or no permission to look.
    #[default]
    NotFound,
}

impl Service {
    /// Returns the number of the daemon's process.
    pub const fn pid(&self) -> Option<u32> {
        match self {
            Self::Systemd { pid, .. }
            | Self::SystemdUser { pid, .. }
            | Self::OpenRc { pid, .. }
            | Self::SysVInit { pid, .. }
            | Self::Snap { pid, .. }
            | Self::Process { pid } => Some(*pid),
            Self::NotFound => None,
        }
    }

    /// Returns the unit of the systemd that is the first process.
    pub fn system_unit(&self) -> Option<&str> {
        match self {
            Self::Systemd { unit, .. } | Self::Snap { unit, .. } => Some(unit),
            Self::SystemdUser { .. }
            | Self::OpenRc { .. }
            | Self::SysVInit { .. }
            | Self::Process { .. }
            | Self::NotFound => None,
        }
    }

    /// Returns what a person would type to restart the daemon, where somebody known does it.
    pub fn restart_line(&self) -> Option<String> {
        match self {
            Self::Systemd { unit, .. } => Some(format!("systemctl restart {unit}")),
            Self::SystemdUser { unit, .. } => Some(format!("systemctl --user restart {unit}")),
            Self::OpenRc { name, .. } => Some(format!("rc-service {name} restart")),
            Self::SysVInit { name, .. } => Some(format!("service {name} restart")),
            Self::Snap { name, .. } => Some(format!("snap restart {name}")),
            Self::Process { .. } | Self::NotFound => None,
        }
    }

    /// Returns whether whoever restarts the daemon ends its containers with it, live-restore or
    /// not: RootlessKit's namespaces go, and the unit's `KillMode=mixed` takes the shims.
    pub const fn ends_containers(&self) -> bool {
        match self {
            Self::SystemdUser { .. } => true,
            Self::Systemd { .. }
            | Self::OpenRc { .. }
            | Self::SysVInit { .. }
            | Self::Snap { .. }
            | Self::Process { .. }
            | Self::NotFound => false,
        }
    }
}

/// What one process of the daemon goes by, as far as it is known. A later write of the file
/// makes the start time useless as evidence, so this is written down before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaemonStart {
    pub pid: u32,
    /// Clock ticks after boot (`/proc/PID/stat`, field 22).
    pub start_ticks: u64,
    /// Key to digest of its value ([`super::daemon_digest`]). A key that is not here was not set
    /// by file or flag, or can hold a secret, or is in `unknown`.
    pub keys: BTreeMap<String, String>,
    /// Keys whose value could not be told.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unknown: BTreeSet<String>,
}
