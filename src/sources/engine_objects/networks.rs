//! The list of networks, and who is on them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Deserialize;

use super::{services, swarm};
use crate::model::{
    engine_objects::Listing,
    network::{Network, NetworkDriver},
};

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Reply {
    name: String,
    id: String,
    scope: String,
    driver: String,
    created: String,
    internal: bool,
    ingress: bool,
    config_only: bool,
    config_from: Source,
    options: Option<BTreeMap<String, String>>,
}

/// The network that another takes its settings from.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Source {
    network: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Container {
    #[serde(rename = "ImageID")]
    pub(super) image_id: String,
    host_config: HostConfig,
    network_settings: Attached,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct HostConfig {
    network_mode: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Attached {
    networks: Option<BTreeMap<String, Option<Endpoint>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Endpoint {
    /// Empty until the container first starts.
    #[serde(rename = "NetworkID")]
    network_id: String,
}

impl Container {
    /// Names and IDs of its networks.
    fn networks(&self) -> impl Iterator<Item = &str> {
        let attached = self.network_settings.networks.iter().flatten();
        let ids = attached.clone().filter_map(|(_, it)| Some(it.as_ref()?.network_id.as_str()));
        attached.map(|(name, _)| name.as_str()).chain(ids).chain([&*self.host_config.network_mode])
    }
}

/// Says of each of which kind it is.
pub(super) fn drivers(replies: Vec<Reply>) -> Vec<NetworkDriver> {
    let driver = |it: Reply| NetworkDriver { name: it.name, id: it.id, driver: it.driver };
    replies.into_iter().map(driver).collect()
}

/// `None` stands for those that nobody knows.
pub(super) fn read(
    replies: Result<Vec<Reply>, String>,
    containers: Option<&[Container]>,
    services: Option<&[services::Reply]>,
    swarm: &swarm::Reply<'_>,
    now: Option<Timestamp>,
) -> Listing<Network> {
    let replies = match replies {
        Ok(replies) => replies,
        Err(why) => return Listing::Unknown(why),
    };
    let by_containers: Option<BTreeSet<&str>> =
        containers.map(|all| all.iter().flat_map(Container::networks).collect());
    let services = services.filter(|_| swarm.is_manager());
    let by_services: Option<BTreeSet<&str>> =
        services.map(|all| all.iter().flat_map(services::Reply::networks).collect());
    let by_networks: BTreeSet<&str> =
        replies.iter().map(|it| it.config_from.network.as_str()).collect();
    let networks = replies.iter().map(|reply| {
        let names = [reply.name.as_str(), reply.id.as_str()];
        let has_it = |users: &BTreeSet<&str>| names.iter().any(|it| users.contains(it));
        let is_swarm = reply.scope == "swarm";
        let used = [
            Some(has_it(&by_networks)),
            by_containers.as_ref().map(has_it),
            if is_swarm { by_services.as_ref().map(has_it) } else { Some(false) },
        ];
        Network {
            name: reply.name.clone(),
            driver: reply.driver.clone(),
            options: reply.options.clone().unwrap_or_default(),
            is_internal: reply.internal,
            is_swarm,
            is_ingress: reply.ingress,
            is_config_only: reply.config_only,
            is_used: match used.contains(&Some(true)) {
                true => Some(true),
                false => (!used.contains(&None)).then_some(false),
            },
            created: reply.created.parse().ok(),
            now,
            nodes: swarm.nodes(),
        }
    });
    Listing::Listed(networks.collect())
}
