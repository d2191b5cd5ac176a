//! What an engine tells about the Swarm that it is a node of.

use jiff::Timestamp;

/// What could not be read is an error that says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swarm {
    /// The engine's word: `inactive`, `pending`, `active`, `error`, `locked`; empty if it does not
    /// tell.
    pub state: String,
    pub is_manager: bool,
    /// What only managers tell; `None` also where one cannot, because the others are out of reach.
    pub cluster: Option<Cluster>,
    /// Host names of all managers, sorted.
    pub managers: Result<Vec<String>, String>,
    /// Addresses with ports that the daemon's process listens on for other nodes.
    pub listeners: Result<Vec<String>, String>,
    pub addresses: Result<Addresses, String>,
    /// The engine's clock when it was asked.
    pub now: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    pub managers: Option<u64>,
    pub autolock: Option<bool>,
    /// For how many seconds the certificates of nodes hold.
    pub cert_seconds: Option<u64>,
    /// From when each certificate of its authority holds.
    pub roots_since: Result<Vec<Timestamp>, String>,
}

/// Where this node is reached, as it was told when it joined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// By the nodes that manage it, without a port.
    pub management: String,
    /// By containers of other nodes; empty where that is the same.
    pub data: String,
}

impl Default for Swarm {
    fn default() -> Self {
        let unasked = || "nobody asked the engine".to_owned();
        Self {
            state: String::new(),
            is_manager: false,
            cluster: None,
            managers: Err(unasked()),
            listeners: Err(unasked()),
            addresses: Err(unasked()),
            now: None,
        }
    }
}
