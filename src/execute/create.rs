//! Makes the replacement of a container, beside it, and compares it with what was asked for.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    effects::Effects,
    prediction,
    references::{Replaced, as_shown, redirect},
    replace::Order,
    seen::Seen,
    steps, twin,
};
use crate::{
    docker::{Docker, DockerError},
    model::{
        edit::ContainerEdit,
        transaction::{Transaction, new_name},
    },
    sources::{
        create_body::{ImageFacts, create_body, split_endpoints},
        lower::lower,
    },
};

/// The create request, taken apart.
pub(super) struct Asked<'a> {
    edits: &'a [ContainerEdit],
    body: Value,
    /// The body as inspect will show it.
    shown: Value,
    /// The old one, but for its references to those that are replaced with it.
    like: Seen,
    /// To connect before the start, where one request cannot take all.
    later: Map<String, Value>,
    /// All of them.
    endpoints: Map<String, Value>,
}

impl<'a> Asked<'a> {
    /// `replaced` are those of its group that come before it.
    pub(super) async fn of(
        docker: &Docker,
        order: &Order<'_>,
        edits: &'a [ContainerEdit],
        old: &Seen,
        transaction: &Transaction,
        replaced: &[Replaced],
    ) -> Result<Self, DockerError> {
        let api = docker.version_spoken();
        let api = (api.major, api.minor);
        let image = image_facts(docker, old).await?;
        let mut body = lower(create_body(&old.0, &image, order.daemon, api), edits);
        redirect(&mut body["HostConfig"], replaced);
        if !body["Labels"].is_object() {
            body["Labels"] = json!({});
        }
        for (key, value) in transaction.labels() {
            body["Labels"][key] = json!(value);
        }
        let endpoints =
            body["NetworkingConfig"]["EndpointsConfig"].as_object().cloned().unwrap_or_default();
        let (body, later) = split_endpoints(body, api);
        let mut like = old.clone();
        redirect(&mut like.0["HostConfig"], replaced);
        Ok(Self {
            edits,
            shown: as_shown(&body, replaced),
            like,
            body,
            later: later.into_iter().collect(),
            endpoints,
        })
    }
}

async fn image_facts(docker: &Docker, old: &Seen) -> Result<ImageFacts, DockerError> {
    let id = old.0["Image"].as_str().unwrap_or_default();
    let reference = old.0["Config"]["Image"].as_str().unwrap_or_default();
    let read = |reply: bytes::Bytes| serde_json::from_slice::<Value>(&reply).unwrap_or_default();
    let image = read(docker.image(id).await?);
    let has_entrypoint =
        image["Config"]["Entrypoint"].as_array().is_some_and(|words| !words.is_empty());
    let reference_resolves = match docker.image(reference).await {
        Ok(reply) => read(reply)["Id"] == id,
        Err(error) if error.code().is_some() => false,
        Err(error) => return Err(error),
    };
    Ok(ImageFacts { reference_resolves, has_entrypoint })
}

/// Creates the replacement, completes its networks and compares it with what was asked for.
/// What is wrong with it ends it.
pub(super) async fn create<E: Effects>(
    effects: &E,
    asked: &Asked<'_>,
    old: &Seen,
    transaction: &Transaction,
) -> Result<Seen, String> {
    let docker = effects.docker();
    let name = new_name(&transaction.name);
    let id = match effects.create_container(&name, &asked.body).await {
        Ok((id, _)) => id,
        // Perhaps only the answer got lost. A refusal has left nothing.
        Err(error) => match Seen::find(docker, &name).await {
            Ok(Some(seen)) if is_of(&seen, transaction) => seen.id().to_owned(),
            Ok(Some(_)) => {
                return Err(format!("`{name}` is there already: {error}"));
            }
            Ok(None) | Err(_) => return Err(error.to_string()),
        },
    };
    match complete(effects, asked, &id, old).await {
        Ok(twin) => Ok(twin),
        Err((why, fresh)) => {
            if let Ok(Some(twin)) = Seen::find(docker, &id).await {
                discard(effects, &twin, &fresh).await;
            }
            Err(why)
        }
    }
}

fn is_of(seen: &Seen, transaction: &Transaction) -> bool {
    Transaction::from_labels(&seen.labels()).as_ref() == Some(transaction)
}

async fn complete<E: Effects>(
    effects: &E,
    asked: &Asked<'_>,
    id: &str,
    old: &Seen,
) -> Result<Seen, (String, Vec<String>)> {
    let words = |error: DockerError| (error.to_string(), Vec::new());
    for (network, endpoint) in &asked.later {
        steps::connect(effects, network, id, endpoint).await.map_err(words)?;
    }
    let mut twin = Seen::of(effects.docker(), id).await.map_err(words)?;
    // The engine attaches every container to the network of its mode, even one that somebody
    // took off that network.
    let attached = old.networks();
    let surplus: Vec<String> = twin
        .networks()
        .into_keys()
        .filter(|it| attached_by_mode_only(it, asked, &attached, old))
        .collect();
    for network in &surplus {
        steps::disconnect(effects, network, id).await.map_err(words)?;
    }
    if !surplus.is_empty() {
        twin = Seen::of(effects.docker(), id).await.map_err(words)?;
    }

    let mut wrong = twin::differences(&asked.shown, &twin, old);
    let is_shared = ["host", "none"].iter().any(|it| twin.networks().contains_key(*it));
    if !is_shared {
        wrong.extend(twin::network_differences(&asked.endpoints, &twin));
    }
    wrong.extend(prediction::misses(&asked.like, &twin, asked.edits));
    let (moved, fresh) = twin::volume_differences(&asked.body, &twin, old);
    wrong.extend(moved);
    if wrong.is_empty() {
        Ok(twin)
    } else {
        let why = format!("the engine made something else than planned: {}", wrong.join(", "));
        Err((why, fresh))
    }
}

fn attached_by_mode_only(
    network: &str,
    asked: &Asked<'_>,
    attached: &BTreeMap<String, Value>,
    old: &Seen,
) -> bool {
    !asked.endpoints.contains_key(network)
        && !attached.contains_key(network)
        && !matches!(network, "host" | "none")
        && asked.body["HostConfig"]["NetworkMode"] == old.0["HostConfig"]["NetworkMode"]
}

/// Removes a replacement that never ran, and volumes that came with it.
pub(super) async fn discard<E: Effects>(effects: &E, twin: &Seen, fresh: &[String]) {
    // What stays is found by its labels, and removed, by the next command.
    if steps::remove(effects, twin.id()).await.is_ok() {
        for volume in fresh {
            let _ = effects.remove_volume(volume).await;
        }
    }
}
