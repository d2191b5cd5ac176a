//! The things plimsoll looks at, and the strings that name them.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
    attestable::Attestable, container::ContainerSpec, daemon::DaemonConfig, host_files::HostFiles,
    host_system::HostSystem, network::Network, service::Service, stored_images::StoredImages,
    swarm::Swarm, upkeep::Upkeep,
};

/// `daemon/icc`, `container/web`: unique on a host, stable, fit for `--only`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Address(Arc<str>);

impl Address {
    pub fn container(name: &str) -> Self {
        Self(format!("container/{name}").into())
    }

    pub fn daemon_key(key: &str) -> Self {
        Self(format!("daemon/{key}").into())
    }

    /// The daemon as a whole.
    pub fn daemon() -> Self {
        Self("daemon".into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A file of the host, or a group of them, by what it is for.
    pub fn host_file(subject: &str) -> Self {
        Self(format!("host-file/{subject}").into())
    }

    /// What only people can see of the host.
    pub fn attestations() -> Self {
        Self("attestations".into())
    }

    /// A thing of the machine that the engine runs on.
    pub fn host(thing: &str) -> Self {
        Self(format!("host/{thing}").into())
    }

    /// Without a name, all networks.
    pub fn network(name: &str) -> Self {
        Self(format!("network/{name}").trim_end_matches('/').into())
    }

    /// Without a name, all services.
    pub fn service(name: &str) -> Self {
        Self(format!("service/{name}").trim_end_matches('/').into())
    }

    /// A property of the Swarm that the engine is a node of.
    pub fn swarm(property: &str) -> Self {
        Self(format!("swarm/{property}").into())
    }

    /// Returns the name of a container; `None` if it is something else.
    pub fn of_container(&self) -> Option<&str> {
        self.0.strip_prefix("container/")
    }

    /// Returns what stands before the slash.
    pub fn kind(&self) -> &str {
        self.0.split_once('/').map_or(&*self.0, |(kind, _)| kind)
    }

    /// Returns what stands behind the slash.
    pub fn name(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, name)| name)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// An object as rules see it.
#[derive(Clone, Copy)]
pub enum Object<'a> {
    Container(&'a ContainerSpec),
    Daemon(&'a DaemonConfig),
    HostFiles(&'a HostFiles),
    Attestable(&'a Attestable),
    HostSystem(&'a HostSystem),
    Network(&'a Network),
    Service(&'a Service),
    StoredImages(&'a StoredImages),
    Swarm(&'a Swarm),
    Upkeep(&'a Upkeep),
}

/// A shape that rules can be written against.
pub trait View {
    /// Returns the object as this shape, if it is of this kind.
    fn of<'a>(object: Object<'a>) -> Option<&'a Self>;

    /// What objects of this kind are called.
    const KIND: ObjectKind;
}

/// What a rule looks at. Those about containers stand under `containers` in a declaration, those
/// about all others under `rules`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    Container,
    Daemon,
    HostFiles,
    Attestable,
    HostSystem,
    Network,
    Service,
    StoredImages,
    Swarm,
    Upkeep,
}

impl ObjectKind {
    /// Returns whether a host can have many of them, told apart by their names.
    pub const fn is_named(self) -> bool {
        matches!(self, Self::Container | Self::Network | Self::Service)
    }
}

impl View for ContainerSpec {
    const KIND: ObjectKind = ObjectKind::Container;

    fn of<'a>(object: Object<'a>) -> Option<&'a Self> {
        let Object::Container(it) = object else { return None };
        Some(it)
    }
}

impl View for DaemonConfig {
    const KIND: ObjectKind = ObjectKind::Daemon;

    fn of<'a>(object: Object<'a>) -> Option<&'a Self> {
        let Object::Daemon(it) = object else { return None };
        Some(it)
    }
}

impl View for HostFiles {
    const KIND: ObjectKind = ObjectKind::HostFiles;

    fn of<'a>(object: Object<'a>) -> Option<&'a Self> {
        let Object::HostFiles(it) = object else { return None };
        Some(it)
    }
}

impl View for Attestable {
    const KIND: ObjectKind = ObjectKind::Attestable;

    fn of<'a>(object: Object<'a>) -> Option<&'a Self> {
        let Object::Attestable(it) = object else { return None };
        Some(it)
    }
}

impl View for HostSystem {
    const KIND: ObjectKind = ObjectKind::HostSystem;

    fn of<'a>(object: Object<'a>) -> Option<&'a Self> {
        let Object::HostSystem(it) = object else { return None };
        Some(it)
    }
}

impl View for Network {
    const KIND: ObjectKind = ObjectKind::Network;

    fn of<'a>(object: Object<'a>) -> Option<&'a Self> {
        let Object::Network(it) = object else { return None };
        Some(it)
    }
}

impl View for Service {
    const KIND: ObjectKind = ObjectKind::Service;

    fn of<'a>(object: Object<'a>) -> Option<&'a Self> {
        let Object::Service(it) = object else { return None };
        Some(it)
    }
}

impl View for StoredImages {
    const KIND: ObjectKind = ObjectKind::StoredImages;

    fn of<'a>(object: Object<'a>) -> Option<&'a Self> {
        let Object::StoredImages(it) = object else { return None };
        Some(it)
    }
}

impl View for Swarm {
    const KIND: ObjectKind = ObjectKind::Swarm;

    fn of<'a>(object: Object<'a>) -> Option<&'a Self> {
        let Object::Swarm(it) = object else { return None };
        Some(it)
    }
}

impl View for Upkeep {
    const KIND: ObjectKind = ObjectKind::Upkeep;

    fn of<'a>(object: Object<'a>) -> Option<&'a Self> {
        let Object::Upkeep(it) = object else { return None };
        Some(it)
    }
}
