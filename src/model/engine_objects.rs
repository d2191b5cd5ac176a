//! What an engine keeps besides containers.

use super::{network::Network, service::Service, stored_images::StoredImages, swarm::Swarm};

/// Nothing unless somebody asked for a look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EngineObjects {
    pub swarm: Swarm,
    pub networks: Listing<Network>,
    pub services: Listing<Service>,
    pub images: StoredImages,
}

/// All things of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listing<T> {
    Listed(Vec<T>),
    /// This engine has none, or is not the one to ask, and why.
    NotHere(&'static str),
    /// Why they could not be listed.
    Unknown(String),
}

impl<T> Default for Listing<T> {
    fn default() -> Self {
        Self::Unknown("nobody asked the engine".into())
    }
}
