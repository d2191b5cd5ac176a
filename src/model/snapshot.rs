//! One host at one moment.

use super::{
    container::ContainerSpec,
    daemon::{DaemonConfig, DaemonStart},
    engine_objects::EngineObjects,
    host_files::HostFiles,
    host_system::HostSystem,
    object::Address,
    upkeep::Upkeep,
};

/// The views of one host. Taking it does not fail as a whole: what could not be read is inside,
/// as unknown fields and as blind spots.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    pub host: HostFacts,
    pub daemon: DaemonConfig,
    /// Files that the engine goes by; nothing unless somebody asked for a look.
    pub files: HostFiles,
    /// The machine that the engine runs on; nothing unless somebody asked for a look.
    pub system: HostSystem,
    /// What the engine keeps besides containers; nothing unless somebody asked for a look.
    pub objects: EngineObjects,
    /// What earlier runs left word of; nothing unless somebody asked.
    pub upkeep: Upkeep,
    /// What is to be remembered about the daemon's process; `None` if there is none to look at.
    pub daemon_start: Option<DaemonStart>,
    /// Sorted by name. Kept and half-replaced containers of plimsoll's own are not among them.
    pub containers: Vec<Observed>,
    /// Predecessors that replacements left, sorted by name.
    pub kept: Vec<Kept>,
    pub blind_spots: Vec<BlindSpot>,
}

/// One container, and a digest of how it is configured.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    pub spec: ContainerSpec,
    /// Equal digests mean that nothing relevant moved. Covers no environment and no label.
    pub fingerprint: Fingerprint,
}

/// SHA-256, in lower-case hexadecimal.
pub type Fingerprint = String;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostFacts {
    /// Host name as the engine says it.
    pub name: String,
    /// The engine's own ID.
    pub engine_id: String,
    /// `linux` and `amd64`, joined by a slash.
    pub platform: String,
    /// `Docker` or another engine that speaks its API.
    pub engine_name: String,
    pub engine_version: String,
    pub api_version: String,
}

/// A container that was replaced, or evicted, and is kept for the way back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub name: String,
    pub id: String,
    /// The container that took its place, if it still exists.
    pub replaced_by: Option<String>,
    /// When its successor was created, or if that is gone when it stopped itself, RFC 3339;
    /// empty if nobody can tell.
    pub since: String,
}

/// Something that could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlindSpot {
    pub address: Address,
    pub why: String,
}
