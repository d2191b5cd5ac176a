//! What an engine says about itself that decides what its containers may do.

use std::collections::BTreeSet;

use jiff::Timestamp;

/// What could not be read is `None`, or empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EngineFacts {
    pub apparmor: Option<bool>,
    pub selinux: Option<bool>,
    /// Whether the user IDs of containers are others on the host: `userns-remap`, or rootless.
    pub maps_users: Option<bool>,
    /// Name of the runtime of containers that ask for none.
    pub default_runtime: String,
    /// Whether its storage driver can limit how much a container writes.
    pub limits_layers: Option<bool>,
    /// Major, minor and patch number.
    pub version: Option<[u32; 3]>,
    /// Its clock when it was asked.
    pub now: Option<Timestamp>,
    /// Groups that may write to the sockets it listens on.
    pub socket_groups: Option<BTreeSet<u32>>,
}
