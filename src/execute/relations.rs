//! Who refers to whom by ID: replacing a container would break those that do.

use futures_util::{StreamExt as _, stream};

use super::seen::Seen;
use crate::{
    docker::{Docker, DockerError},
    model::transaction::{Phase, phase},
};

const AT_ONCE: usize = 8;

/// Every container that joins another one's namespace, or links to it.
#[derive(Clone, Debug, Default)]
pub(super) struct Relations(Vec<Relation>);

#[derive(Clone, Debug)]
struct Relation {
    of: String,
    how: &'static str,
    /// ID or name, as the engine stores it.
    to: String,
}

impl Relations {
    pub(super) async fn read(docker: &Docker) -> Result<Self, DockerError> {
        let containers = docker.containers().await?;
        let in_office = containers.iter().filter(|it| phase(it.name()).1 == Phase::InOffice);
        let seen: Vec<_> = stream::iter(in_office.map(|it| it.id.clone()))
            .map(|id| async move { Seen::find(docker, &id).await })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let mut relations = Vec::new();
        for seen in seen {
            if let Some(seen) = seen? {
                relations.extend(relations_of(&seen));
            }
        }
        relations.sort_by(|a, b| a.of.cmp(&b.of));
        Ok(Self(relations))
    }

    /// Returns those that would break if this container became another one, in words.
    pub(super) fn dependents_of(&self, id: &str, name: &str) -> Vec<String> {
        self.0
            .iter()
            .filter(|it| it.to == name || (it.to.len() >= 12 && id.starts_with(&it.to)))
            .map(|it| format!("`{}` {}", it.of, it.how))
            .collect()
    }
}

fn relations_of(seen: &Seen) -> Vec<Relation> {
    let host_config = &seen.0["HostConfig"];
    let joined = [
        ("NetworkMode", "shares its network"),
        ("PidMode", "shares its processes"),
        ("IpcMode", "shares its memory segments"),
    ]
    .into_iter()
    .filter_map(|(key, how)| Some((host_config[key].as_str()?.strip_prefix("container:")?, how)));
    let linked = host_config["Links"].as_array().into_iter().flatten().filter_map(|link| {
        let target = link.as_str()?.split(':').next()?;
        Some((target.trim_start_matches('/'), "links to it"))
    });
    joined
        .chain(linked)
        .map(|(to, how)| Relation { of: seen.name().into(), how, to: to.into() })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn dependents_are_found_by_id_and_through_links() {
        let id = "0123456789ab".repeat(5);
        let sidecar = Seen(json!({ "Name": "/sidecar",
            "HostConfig": { "NetworkMode": format!("container:{id}") } }));
        let client = Seen(json!({ "Name": "/client",
            "HostConfig": { "NetworkMode": "bridge", "Links": ["/db:/client/database"] } }));
        let relations = Relations([relations_of(&sidecar), relations_of(&client)].concat());
        assert_eq!(relations.dependents_of(&id, "web"), ["`sidecar` shares its network"]);
        assert_eq!(relations.dependents_of(&"f".repeat(64), "db"), ["`client` links to it"]);
        assert!(relations.dependents_of(&"f".repeat(64), "other").is_empty());
    }
}
