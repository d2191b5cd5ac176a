//! Who refers to whom by ID: replacing a container alone would break those that do.

use futures_util::{StreamExt as _, stream};

use super::seen::Seen;
use crate::{
    docker::{Docker, DockerError},
    model::{
        reference::{Reference, is_to, references},
        transaction::{Phase, phase},
    },
    sources::inspect::from_inspect,
};

const AT_ONCE: usize = 8;

/// What every container holds on to.
#[derive(Clone, Debug, Default)]
pub(super) struct Relations(Vec<Relation>);

#[derive(Clone, Debug)]
struct Relation {
    of: String,
    reference: Reference,
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
                relations.extend(relations_of(&seen)?);
            }
        }
        relations.sort_by(|a, b| a.of.cmp(&b.of));
        Ok(Self(relations))
    }

    /// Returns those outside of `group` that would break if this container became another one,
    /// in words.
    pub(super) fn dependents_of(&self, id: &str, name: &str, group: &[&str]) -> Vec<String> {
        self.0
            .iter()
            .filter(|it| is_to(&it.reference.to, id, name) && !group.contains(&it.of.as_str()))
            .map(|it| format!("`{}` {}", it.of, it.reference.shares.verb()))
            .collect()
    }
}

fn relations_of(seen: &Seen) -> Result<Vec<Relation>, DockerError> {
    let bad =
        |cause: String| DockerError::BadReply { what: "inspecting a container".into(), cause };
    let reply = serde_json::to_vec(&seen.0).map_err(|error| bad(error.to_string()))?;
    let spec = from_inspect(&reply).map_err(|error| bad(error.to_string()))?.spec;
    let all = references(&spec).into_iter();
    Ok(all.map(|reference| Relation { of: spec.name.clone(), reference }).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn dependents_are_found_by_id_and_through_links() {
        let id = "0123456789ab".repeat(5);
        let sidecar = Seen(json!({ "Id": "1", "Name": "/sidecar", "Config": {},
            "HostConfig": { "NetworkMode": format!("container:{id}") } }));
        let client = Seen(json!({ "Id": "2", "Name": "/client", "Config": {},
            "HostConfig": { "NetworkMode": "bridge", "Links": ["/db:/client/database"] } }));
        let all = [sidecar, client].map(|it| relations_of(&it).unwrap());
        let relations = Relations(all.concat());
        let of = |id: &str, name: &str| relations.dependents_of(id, name, &[]);
        assert_eq!(of(&id, "web"), ["`sidecar` shares its network"]);
        assert_eq!(of(&"f".repeat(64), "db"), ["`client` links to it"]);
        assert!(of(&"f".repeat(64), "other").is_empty());
        assert!(relations.dependents_of(&id, "web", &["sidecar"]).is_empty());
    }
}
