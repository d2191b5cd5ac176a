//! What a change of the daemon depends on beside its settings.

use std::collections::{BTreeMap, BTreeSet};

/// The surroundings of one daemon. What could not be looked at is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DaemonHost {
    /// Path of the daemon's program; empty if it could not be seen.
    pub program: String,
    /// Where this run talks to the daemon: `unix:///var/run/docker.sock`.
    pub client_address: String,
    /// The user this run belongs to.
    pub client_uid: u32,
    /// Whether bridged packets can be made to pass the firewall: the kernel's module
    /// `br_netfilter` is there, or can be loaded.
    pub bridge_netfilter: Option<bool>,
    /// Plugins that answer, or of which a file says where they are.
    pub plugins: Option<BTreeSet<String>>,
    /// Names of the groups.
    pub groups: Option<BTreeSet<String>>,
    /// Whether the user `dockremap` exists, whom `userns-remap: default` makes.
    pub has_remap_user: Option<bool>,
    /// TCP addresses that the daemon's process listens on, `0.0.0.0:2375`, `[::]:2375`; without
    /// those that it holds for ports of containers.
    pub tcp_listeners: Option<Vec<String>>,
    /// Paths of the Unix sockets that its process takes orders on, links followed.
    pub order_sockets: Option<Vec<String>>,
    /// TCP ports that it takes for other nodes of its Swarm; none outside of one.
    pub node_ports: BTreeSet<u16>,
    /// Names of variables in its environment that turn a protection of the engine's off.
    pub weakening_variables: Option<Vec<String>>,
    /// Whether the kernel enforces SELinux.
    pub selinux_enforcing: Option<bool>,
    /// How AppArmor takes what profiles forbid: `enforce`, `complain`; empty if it is not there.
    pub apparmor_mode: Option<String>,
    /// Whether the kernel is in FIPS mode.
    pub kernel_fips: Option<bool>,
    /// Whether images are in containerd's store, not in a graph driver's.
    pub containerd_store: bool,
    /// Runtimes that containers name, with the containers.
    pub runtimes_in_use: BTreeMap<String, Vec<String>>,
    pub images: usize,
    pub containers: usize,
    pub volumes: Option<usize>,
}
