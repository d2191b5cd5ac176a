//! A network of the engine, as its list of networks shows it.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// Names of networks that every engine makes for itself, or for its Swarm.
const ENGINES_OWN: [&str; 4] = ["bridge", "host", "none", "docker_gwbridge"];

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    pub name: String,
    pub driver: String,
    pub options: BTreeMap<String, String>,
    /// Whether nothing on it reaches the outside, or is reached from there.
    pub is_internal: bool,
    /// Whether it is one of the Swarm, not of this engine alone.
    pub is_swarm: bool,
    /// Whether it is the one that takes the Swarm's published ports.
    pub is_ingress: bool,
    /// Whether it only holds settings for others.
    pub is_config_only: bool,
    /// Whether a container or service is on it, or will be once it starts; `None` if nobody knows.
    pub is_used: Option<bool>,
    pub created: Option<Timestamp>,
    /// The engine's clock when it was asked.
    pub now: Option<Timestamp>,
    /// How many nodes its Swarm has; `None` if there is none, or only a manager knows.
    pub nodes: Option<u64>,
}

/// What of a network decides how its packets go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkDriver {
    /// A container says one or the other.
    pub name: String,
    pub id: String,
    pub driver: String,
}

impl Network {
    /// Returns whether the engine made it for itself.
    pub fn is_engines_own(&self) -> bool {
        self.is_ingress || ENGINES_OWN.contains(&self.name.as_str())
    }

    /// Returns whether somebody made it and it is a bridge on this host.
    pub fn is_users_bridge(&self) -> bool {
        self.driver == "bridge" && !self.is_config_only && !self.is_engines_own()
    }

    /// Returns an option of bridges, by the last word of its name.
    pub fn bridge_option(&self, name: &str) -> Option<&str> {
        self.options.get(&format!("com.docker.network.bridge.{name}")).map(String::as_str)
    }
}
