//! Puts a container that is not allowed out of action: paused, off its networks, stopped. It is
//! kept, never removed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{effects::Effects, seen::Seen, steps};
use crate::{
    docker::DockerError,
    model::{edit::Eviction, object::Address},
    plan::run::Outcome,
};

/// Everything an eviction takes away, for the way back. Reconnecting without it would give
/// another address and no aliases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evicted {
    pub address: Address,
    pub id: String,
    /// The engine's word: `running`, `exited`.
    pub status: String,
    /// As people write it: `on-failure:5`.
    pub restart_policy: String,
    /// Network name to the endpoint's configuration.
    pub endpoints: BTreeMap<String, Value>,
}

/// `save` gets the way back before anything is touched.
pub(super) async fn evict<E: Effects>(
    effects: &E,
    address: &Address,
    until: Eviction,
    before: &Seen,
    save: &mut (dyn FnMut(Evicted) + Send),
) -> Outcome {
    save(Evicted {
        address: address.clone(),
        id: before.id().into(),
        status: before.status().into(),
        restart_policy: before.restart_policy(),
        endpoints: before
            .networks()
            .into_iter()
            .map(|(network, endpoint)| (network, configured(&endpoint)))
            .collect(),
    });
    let mut done = Vec::new();
    let result = carry_out(effects, until, before, &mut done).await;
    let result = match result {
        Ok(()) => verify(effects, until, before, &mut done).await,
        Err(error) => Err(error.to_string()),
    };
    match result {
        Ok(()) => Outcome::Done { proof: done.join(", ") },
        Err(why) if done.is_empty() => Outcome::Failed { why },
        Err(why) => Outcome::Stuck { why, left: done },
    }
}

/// What stays of an endpoint when it is connected again.
fn configured(endpoint: &Value) -> Value {
    let keep = ["IPAMConfig", "Links", "Aliases", "DriverOpts", "GwPriority"];
    let members = endpoint.as_object().into_iter().flatten();
    let kept: Map<String, Value> = members
        .filter(|(key, value)| keep.contains(&key.as_str()) && !value.is_null())
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    Value::Object(kept)
}

async fn carry_out<E: Effects>(
    effects: &E,
    until: Eviction,
    before: &Seen,
    done: &mut Vec<String>,
) -> Result<(), DockerError> {
    let id = before.id();
    if before.is_running() {
        effects.pause_container(id).await?;
        done.push("paused".into());
    } else if before.status() == "restarting" {
        // Between two attempts there is nothing to freeze.
        steps::stop(effects, id).await?;
        done.push("stopped between two restarts".into());
    }
    if before.restart_policy() != "no" {
        steps::set_restart_policy(effects, id, "no").await?;
        done.push("kept from restarting".into());
    }
    if until >= Eviction::Disconnect {
        for network in before.networks().keys().filter(|it| can_be_left(it)) {
            steps::disconnect(effects, network, id).await?;
            done.push(format!("taken off network {network}"));
        }
    }
    if until >= Eviction::Stop && before.has_processes() && !before.auto_remove() {
        steps::stop(effects, id).await?;
        done.push("stopped".into());
    }
    Ok(())
}

/// Undoes an eviction: its networks first, so that it never runs without them, and its processes
/// last. What is so already is left, so that it can be cut off and begun again. Tells what was
/// done.
pub(super) async fn release<E: Effects>(
    effects: &E,
    evicted: &Evicted,
) -> Result<String, DockerError> {
    let id = &evicted.id;
    let mut done = Vec::new();
    let now = Seen::of(effects.docker(), id).await?;
    for (network, endpoint) in evicted.endpoints.iter().filter(|(it, _)| can_be_left(it)) {
        if !now.networks().contains_key(network) {
            steps::connect(effects, network, id, endpoint).await?;
            done.push(format!("back on network {network}"));
        }
    }
    if now.restart_policy() != evicted.restart_policy {
        steps::set_restart_policy(effects, id, &evicted.restart_policy).await?;
        done.push(format!("restart policy {}", evicted.restart_policy));
    }
    let ran = matches!(evicted.status.as_str(), "running" | "restarting");
    if ran && now.status() == "paused" {
        effects.unpause_container(id).await?;
        done.push("unpaused".into());
    } else if ran && !now.has_processes() {
        steps::start(effects, id).await?;
        done.push("started".into());
    }
    let after = Seen::of(effects.docker(), id).await?;
    if ran && !after.is_running() {
        return Err(DockerError::BadReply {
            what: "letting a container out of an eviction".into(),
            cause: format!("it is {} all the same", after.status()),
        });
    }
    Ok(if done.is_empty() { "it was as before already".into() } else { done.join(", ") })
}

/// Ends a release that was cut off. Returns what was done; `None` if the container is gone.
pub async fn recover<E: Effects>(
    effects: &E,
    evicted: &Evicted,
) -> Result<Option<String>, DockerError> {
    match Seen::find(effects.docker(), &evicted.id).await? {
        None => Ok(None),
        Some(_) => release(effects, evicted).await.map(Some),
    }
}

fn can_be_left(network: &str) -> bool {
    !matches!(network, "host" | "none")
}

/// Looks again, and says what could not be done to this one.
async fn verify<E: Effects>(
    effects: &E,
    until: Eviction,
    before: &Seen,
    done: &mut Vec<String>,
) -> Result<(), String> {
    let now = Seen::of(effects.docker(), before.id()).await.map_err(|error| error.to_string())?;
    if now.is_running() || now.status() == "restarting" {
        return Err(format!("it is {} all the same", now.status()));
    }
    if now.restart_policy() != "no" {
        return Err("its restart policy did not change".into());
    }
    if until >= Eviction::Disconnect {
        let attached: Vec<String> =
            now.networks().into_keys().filter(|it| can_be_left(it)).collect();
        if !attached.is_empty() {
            return Err(format!("it is still on {}", attached.join(", ")));
        }
        let mode = now.0["HostConfig"]["NetworkMode"].as_str().unwrap_or_default();
        if mode == "host" {
            done.push("its network is the host's, which nobody can be taken off".into());
        } else if mode.starts_with("container:") {
            done.push("its network is another container's, and stays".into());
        }
    }
    if until >= Eviction::Stop && before.auto_remove() && now.has_processes() {
        done.push("not stopped: it was started with --rm and would be gone".into());
    }
    if done.is_empty() {
        done.push("it was out of action already".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn way_back_keeps_configuration_and_drops_what_was_handed_out() {
        let endpoint = json!({ "IPAMConfig": { "IPv4Address": "10.0.0.9" }, "Aliases": ["a"],
                               "Links": null, "IPAddress": "10.0.0.9", "MacAddress": "02:42" });
        assert_eq!(
            configured(&endpoint),
            json!({ "IPAMConfig": { "IPv4Address": "10.0.0.9" }, "Aliases": ["a"] })
        );
    }
}
