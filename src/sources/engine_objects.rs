//! From the engine's lists to what it keeps besides containers.

mod certificate;
mod images;
mod networks;
mod services;
mod swarm;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::model::{engine_objects::EngineObjects, network::NetworkDriver};

/// What the engine and this machine told, or why they did not.
pub struct Told<'a> {
    /// The reply to `GET /info`.
    pub info: &'a Value,
    /// The engine's clock.
    pub now: Option<Timestamp>,
    pub networks: Result<&'a [u8], String>,
    /// The list of all of them.
    pub containers: Result<&'a [u8], String>,
    pub images: Result<&'a [u8], String>,
    /// Of an engine that manages a Swarm.
    pub services: Result<&'a [u8], String>,
    /// The same; those nodes that are managers.
    pub managers: Result<&'a [u8], String>,
    /// The daemon's `docker-state.json`.
    pub state: Result<&'a [u8], String>,
    /// Addresses with ports that the daemon's process listens on for other nodes.
    pub listeners: Result<Vec<String>, String>,
}

/// Reads it all.
pub fn engine_objects(told: Told<'_>) -> EngineObjects {
    let now = told.now;
    let swarm = swarm::Reply::of(told.info);
    let services = read(told.services);
    let networks = read(told.networks);
    let containers: Result<Vec<networks::Container>, String> = read(told.containers);
    EngineObjects {
        networks: networks::read(
            networks,
            containers.as_deref().ok(),
            services.as_deref().ok(),
            &swarm,
            now,
        ),
        services: services::read(services, &swarm),
        images: images::read(read(told.images), containers, now),
        swarm: swarm.read(read(told.managers), told.listeners, read(told.state), now),
    }
}

/// Reads which networks there are, and of which kind.
pub fn network_drivers(networks: &[u8]) -> Result<Vec<NetworkDriver>, String> {
    read(Ok(networks)).map(networks::drivers)
}

/// An engine that has none of something says `null`.
fn read<T: DeserializeOwned + Default>(reply: Result<&[u8], String>) -> Result<T, String> {
    let read: Result<Option<T>, _> = serde_json::from_slice(reply?);
    read.map(Option::unwrap_or_default).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::engine_objects::Listing;

    fn read(info: &Value, networks: &str, containers: &str, services: &str) -> EngineObjects {
        engine_objects(Told {
            info,
            now: None,
            networks: Ok(networks.as_bytes()),
            containers: Ok(containers.as_bytes()),
            images: Ok(IMAGES),
            services: Ok(services.as_bytes()),
            managers: Ok(b"null"),
            state: Err("no permission".into()),
            listeners: Ok(Vec::new()),
        })
    }

    fn used(objects: &EngineObjects) -> Vec<(&str, Option<bool>)> {
        let Listing::Listed(networks) = &objects.networks else { panic!("{objects:?}") };
        networks.iter().map(|it| (it.name.as_str(), it.is_used)).collect()
    }

    const IMAGES: &[u8] = br#"[{"Id":"sha256:1","RepoTags":["used:1"],"Created":1},
        {"Id":"sha256:2","RepoTags":["<none>:<none>","old:1"],"Created":1},
        {"Id":"sha256:0123456789abcdef","RepoTags":null,"Created":1}]"#;
    const NETWORKS: &str = r#"[{"Name":"by-name","Id":"1"},{"Name":"by-id","Id":"2"},
        {"Name":"left","Id":"3"},{"Name":"over","Id":"4","Scope":"swarm"},
        {"Name":"under","Id":"5","ConfigOnly":true},
        {"Name":"on-it","Id":"6","ConfigFrom":{"Network":"under"}}]"#;
    const CONTAINERS: &str = r#"[
        {"HostConfig":{"NetworkMode":"by-name"},"NetworkSettings":{"Networks":null}},
        {"NetworkSettings":{"Networks":{"renamed":{"NetworkID":"2"},"on-it":null}}}]"#;

    #[test]
    fn networks_are_used_by_containers_that_are_stopped_too() {
        let info = json!({ "Swarm": { "LocalNodeState": "active", "ControlAvailable": true } });
        let services = r#"[{"Spec":{"TaskTemplate":{"Networks":[{"Target":"4"}]}}}]"#;
        let expected = |over| {
            [
                ("by-name", Some(true)),
                ("by-id", Some(true)),
                ("left", Some(false)),
                ("over", over),
                ("under", Some(true)),
                ("on-it", Some(true)),
            ]
        };
        assert_eq!(used(&read(&info, NETWORKS, CONTAINERS, services)), expected(Some(true)));
        assert_eq!(used(&read(&info, NETWORKS, CONTAINERS, "null")), expected(Some(false)));
        assert_eq!(used(&read(&info, NETWORKS, CONTAINERS, "no list")), expected(None));
    }

    #[test]
    fn images_are_used_by_containers_that_are_stopped_too() {
        let containers = r#"[{"ImageID":"sha256:1"}]"#;
        let unused = read(&json!({}), "null", containers, "null").images.unused.unwrap();
        let names: Vec<_> = unused.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["old:1", "0123456789ab"]);
        assert!(read(&json!({}), "null", "", "null").images.unused.is_err());
    }

    #[test]
    fn what_cannot_be_listed_is_unknown_and_what_is_not_here_says_why() {
        let alone = json!({ "Swarm": { "LocalNodeState": "inactive" } });
        let worker = json!({ "Swarm": { "LocalNodeState": "active" } });
        let services = |info: &Value| read(info, "{}", "null", "null").services;
        assert_eq!(services(&alone), Listing::NotHere("this engine is in no Swarm"));
        let why = "only managers of a Swarm know its services";
        assert_eq!(services(&worker), Listing::NotHere(why));
        assert!(matches!(services(&json!({})), Listing::Unknown(_)));
        assert!(matches!(read(&alone, "{}", "null", "").networks, Listing::Unknown(_)));
    }
}
