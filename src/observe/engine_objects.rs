//! Asks the engine for what it keeps besides containers.

use std::{net::SocketAddr, sync::Arc};

use bytes::Bytes;
use serde_json::Value;

use super::{
    daemon::LocalDaemon,
    engine_is_there,
    swarm_state::{node_ports, state},
};
use crate::{
    docker::{Docker, DockerError},
    model::{engine_objects::EngineObjects, field::Field, network::NetworkDriver},
    sources::{
        self,
        engine_objects::{Told, engine_objects},
    },
};

/// Asks for all of it; of an engine that manages no Swarm not for what it cannot know. `tcp` are
/// the addresses that the engine's process listens on, without those it holds for containers.
pub(super) async fn ask(
    docker: &Docker,
    info: &Value,
    images: &Result<Bytes, String>,
    local: Result<&LocalDaemon, &'static str>,
    tcp: Option<&[String]>,
) -> Result<EngineObjects, DockerError> {
    let is_manager = info["Swarm"]["ControlAvailable"] == true;
    let of_manager = async {
        if is_manager { Some(tokio::join!(docker.services(), docker.managers())) } else { None }
    };
    let (networks, containers, of_manager) =
        tokio::join!(docker.networks(), docker.containers_in_full(), of_manager);
    let networks = engine_is_there(networks)?.map_err(|error| error.to_string());
    let containers = engine_is_there(containers)?.map_err(|error| error.to_string());
    let not_asked = || "this engine manages no Swarm".to_owned();
    let (services, managers) = match of_manager {
        None => (Err(not_asked()), Err(not_asked())),
        Some((services, managers)) => (
            engine_is_there(services)?.map_err(|error| error.to_string()),
            engine_is_there(managers)?.map_err(|error| error.to_string()),
        ),
    };
    let state = local.map_err(str::to_owned).and_then(|local| state(&local.root, info));
    Ok(engine_objects(Told {
        info,
        now: info["SystemTime"].as_str().and_then(|it| it.parse().ok()),
        networks: networks.as_deref().map_err(Clone::clone),
        containers: containers.as_deref().map_err(Clone::clone),
        images: images.as_deref().map_err(Clone::clone),
        services: services.as_deref().map_err(Clone::clone),
        managers: managers.as_deref().map_err(Clone::clone),
        state: state.as_deref().map_err(Clone::clone),
        listeners: local.map_err(str::to_owned).and_then(|_| listeners(tcp, state.as_deref().ok())),
    }))
}

/// Asks of which kind the networks are.
pub(super) async fn network_drivers(
    docker: &Docker,
) -> Result<Field<Arc<Vec<NetworkDriver>>>, DockerError> {
    let reply = engine_is_there(docker.networks().await)?.ok();
    let drivers = reply.and_then(|it| sources::engine_objects::network_drivers(&it).ok());
    Ok(drivers.map_or(Field::Unknown("the engine does not list its networks"), |it| {
        Field::Set(Arc::new(it))
    }))
}

fn listeners(tcp: Option<&[String]>, state: Option<&[u8]>) -> Result<Vec<String>, String> {
    let all = tcp.ok_or("the sockets of its process are out of sight")?;
    let ports = node_ports(state);
    let is_for_nodes = |address: &&String| {
        address.parse::<SocketAddr>().is_ok_and(|it| ports.contains(&it.port()))
    };
    Ok(all.iter().filter(is_for_nodes).cloned().collect())
}
