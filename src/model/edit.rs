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
