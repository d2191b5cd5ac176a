//! What an engine keeps besides containers, as the examples of rules describe it.

use jiff::Timestamp;
use plimsoll::{
    model::{engine_objects::Listing, finding::Verdict, object::Object},
    rules::BoundRule,
    sources::engine_objects::{Told, engine_objects},
};
use serde::Deserialize;
use serde_json::{Value, json};

/// Replies of an engine, cut down; those that are not here it refused.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Example {
    info: Value,
    now: Option<Timestamp>,
    networks: Option<Value>,
    containers: Option<Value>,
    images: Option<Value>,
    services: Option<Value>,
    managers: Option<Value>,
    /// The daemon's `docker-state.json`.
    state: Option<Value>,
    /// Addresses that the daemon's process listens on for other nodes.
    listeners: Option<Vec<String>>,
    /// From when certificates hold, for what `/info` shows as PEM.
    roots_since: Option<Vec<Timestamp>>,
}

impl Default for Example {
    fn default() -> Self {
        Self {
            info: json!({
                "Swarm": { "LocalNodeState": "active", "ControlAvailable": true },
            }),
            now: None,
            networks: None,
            containers: None,
            images: None,
            services: None,
            managers: None,
            state: None,
            listeners: None,
            roots_since: None,
        }
    }
}

/// Judges the Swarm or the images, or else the first network or service.
pub(crate) fn judge(rule: &dyn BoundRule, object: &str) -> Verdict {
    let example: Example =
        serde_yaml::from_str(object).unwrap_or_else(|error| panic!("{object}: {error}"));
    let bytes = |value: &Option<Value>| value.as_ref().map(|it| it.to_string().into_bytes());
    let replies = [
        &example.networks,
        &example.containers,
        &example.images,
        &example.services,
        &example.managers,
        &example.state,
    ]
    .map(bytes);
    let [networks, containers, images, services, managers, state] =
        replies.each_ref().map(|it| it.as_deref().ok_or("the engine answered 403".to_owned()));
    let mut objects = engine_objects(Told {
        info: &example.info,
        now: example.now,
        networks,
        containers,
        images,
        services,
        managers,
        state,
        listeners: example.listeners.ok_or("no permission".into()),
    });
    if let (Some(cluster), Some(since)) = (&mut objects.swarm.cluster, example.roots_since) {
        cluster.roots_since = Ok(since);
    }
    let views = [Object::Swarm(&objects.swarm), Object::StoredImages(&objects.images)];
    if let Some(verdict) = views.into_iter().find_map(|view| rule.judge(view)) {
        return verdict;
    }
    let network = match &objects.networks {
        Listing::Listed(networks) => {
            networks.first().and_then(|it| rule.judge(Object::Network(it)))
        }
        _ => None,
    };
    let service = match &objects.services {
        Listing::Listed(services) => {
            services.first().and_then(|it| rule.judge(Object::Service(it)))
        }
        _ => None,
    };
    network.or(service).unwrap_or_else(|| panic!("nothing to judge: {object}"))
}
