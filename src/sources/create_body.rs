//! From an inspect reply to the JSON that creates the same container again.
//!
//! Everything is copied and a short list is taken away, never the other way round: settings this
//! program has never heard of survive. Keeps the image, so nothing merged from it is subtracted.

mod mounts;
mod networks;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

use crate::model::transaction::LABEL_PREFIX;

pub use self::{
    mounts::volume_name,
    networks::{Endpoints, split_endpoints},
};

/// What the image of the container says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageFacts {
    /// Whether the reference in `Config.Image` still names the image the container was made of.
    pub reference_resolves: bool,
    /// Whether the image has an entrypoint.
    pub has_entrypoint: bool,
}

/// What the daemon writes into containers by itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DaemonFacts {
    /// Name of the default runtime; empty when unknown.
    pub default_runtime: String,
    /// `default-ulimits` of the daemon: objects with `Name`, `Hard`, `Soft`.
    pub default_ulimits: Vec<Value>,
    /// Name of the daemon's own host; empty when unknown.
    pub host_name: String,
}

/// The engine's API version, `(1, 41)`.
pub type ApiVersion = (usize, usize);

/// From here on one create request takes all networks, and MAC addresses belong to endpoints.
const ALL_NETWORKS_AT_ONCE: ApiVersion = (1, 44);

/// From here on the engine chooses a port where a list of bindings is empty; before, it publishes
/// nothing.
const EMPTY_BINDINGS_ARE_FILLED: ApiVersion = (1, 52);

/// Returns the create body: members of `Config` at the top, `HostConfig`, and `NetworkingConfig`
/// with all endpoints (see [`split_endpoints`]).
pub fn create_body(
    inspect: &Value,
    image: &ImageFacts,
    daemon: &DaemonFacts,
    api: ApiVersion,
) -> Value {
    let mut config = object(&inspect["Config"]);
    let mut host_config = object(&inspect["HostConfig"]);
    let mode = network_mode(inspect);

    copy_image(&mut config, inspect, image);
    drop_generated_host_name(&mut config, &host_config, inspect, &mode, &daemon.host_name);
    config.remove("OnBuild");
    if let Some(labels) = config.get_mut("Labels").and_then(Value::as_object_mut) {
        labels.retain(|key, _| !key.starts_with(LABEL_PREFIX));
    }

    copy_ports(&mut config, &mut host_config, &mode, api);
    for (key, is_default) in [
        ("MaskedPaths", is_default_masked as fn(&[&str]) -> bool),
        ("ReadonlyPaths", is_default_readonly),
    ] {
        let paths = strings(host_config.get(key));
        if paths.is_some_and(|paths| is_default(&paths)) {
            host_config.insert(key.into(), Value::Null);
        }
    }
    if !daemon.default_runtime.is_empty()
        && host_config.get("Runtime").and_then(Value::as_str) == Some(&daemon.default_runtime)
    {
        host_config.remove("Runtime");
    }
    if let Some(ulimits) = host_config.get_mut("Ulimits").and_then(Value::as_array_mut) {
        ulimits.retain(|limit| !daemon.default_ulimits.contains(limit));
    }
    if let Some(links) = host_config.get_mut("Links").and_then(Value::as_array_mut) {
        for link in links {
            if let Some(short) = link.as_str().and_then(link_as_typed) {
                *link = Value::String(short);
            }
        }
    }
    mounts::pin_volumes(&mut host_config, inspect);

    let endpoints = networks::endpoints(&mut config, &mut host_config, inspect, api);
    config.insert("HostConfig".into(), Value::Object(host_config));
    config.insert("NetworkingConfig".into(), json!({ "EndpointsConfig": endpoints }));
    Value::Object(config)
}

/// The reference keeps list output readable and updaters working; the ID is right always, since
/// tags move.
fn copy_image(config: &mut Map<String, Value>, inspect: &Value, image: &ImageFacts) {
    if !image.reference_resolves {
        config.insert("Image".into(), inspect["Image"].clone());
    }
    // `--entrypoint ""` is stored as null; null sent back means the image's.
    if image.has_entrypoint && config.get("Entrypoint").is_none_or(Value::is_null) {
        config.insert("Entrypoint".into(), json!([""]));
    }
}

/// The engine makes a host name of the ID, or takes the host's or the other container's; sent
/// back, it would stay for ever, or be refused. On the host's network a container may still have a
/// name of its own.
fn drop_generated_host_name(
    config: &mut Map<String, Value>,
    host_config: &Map<String, Value>,
    inspect: &Value,
    mode: &str,
    host_name: &str,
) {
    let shared =
        host_config.get("UTSMode").and_then(Value::as_str).is_some_and(|it| !it.is_empty());
    if mode.starts_with("container:") {
        config.remove("Domainname");
    }
    let name = config.get("Hostname").and_then(Value::as_str);
    let of_the_host = mode == "host" && (host_name.is_empty() || name == Some(host_name));
    let generated = name == short_id(inspect);
    if shared || mode.starts_with("container:") || of_the_host || generated {
        config.remove("Hostname");
    }
}

/// A binding without an exposed port publishes nothing, and neither does its copy: a port that was
/// closed is not opened on the way.
fn copy_ports(
    config: &mut Map<String, Value>,
    host_config: &mut Map<String, Value>,
    mode: &str,
    api: ApiVersion,
) {
    if mode.starts_with("container:") {
        config.remove("ExposedPorts");
    }
    let bindings = host_config.get_mut("PortBindings").and_then(Value::as_object_mut);
    if let Some(bindings) = bindings
        && api >= EMPTY_BINDINGS_ARE_FILLED
    {
        bindings.retain(|_, to| to.as_array().is_some_and(|to| !to.is_empty()));
    }
}

/// The lists that engines wrote into containers by default grew over the years; sent back, an
/// old one would leave new holes open (moby `oci/defaults.go`).
fn is_default_masked(paths: &[&str]) -> bool {
    const ALWAYS: [&str; 10] = [
        "/proc/asound",
        "/proc/acpi",
        "/proc/kcore",
        "/proc/keys",
        "/proc/latency_stats",
        "/proc/timer_list",
        "/proc/timer_stats",
        "/proc/sched_debug",
        "/proc/scsi",
        "/sys/firmware",
    ];
    const LATER: [&str; 2] = ["/sys/devices/virtual/powercap", "/proc/interrupts"];
    let per_cpu = |path: &str| {
        path.starts_with("/sys/devices/system/cpu/cpu") && path.ends_with("/thermal_throttle")
    };
    ALWAYS.iter().all(|known| paths.contains(known))
        && paths.iter().all(|it| ALWAYS.contains(it) || LATER.contains(it) || per_cpu(it))
}

fn is_default_readonly(paths: &[&str]) -> bool {
    const ALWAYS: [&str; 5] =
        ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];
    paths.len() == ALWAYS.len() && ALWAYS.iter().all(|known| paths.contains(known))
}

/// `/target:/self/alias`, as inspect shows it, to `target:alias`.
fn link_as_typed(link: &str) -> Option<String> {
    let (target, alias) = link.split_once(':')?;
    let alias = alias.rsplit('/').next()?;
    Some(format!("{}:{alias}", target.trim_start_matches('/')))
}

/// Returns the network mode, with the name of the network where the engine stored its ID.
pub fn network_mode(inspect: &Value) -> String {
    let mode = inspect["HostConfig"]["NetworkMode"].as_str().unwrap_or_default();
    let networks = inspect["NetworkSettings"]["Networks"].as_object();
    let by_id = networks.into_iter().flatten().find(|(name, endpoint)| {
        let id = endpoint["NetworkID"].as_str().unwrap_or_default();
        name.as_str() != mode && mode.len() >= 12 && id.starts_with(mode)
    });
    by_id.map_or_else(|| mode.to_owned(), |(name, _)| name.clone())
}

fn short_id(inspect: &Value) -> Option<&str> {
    inspect["Id"].as_str().and_then(|id| id.get(..12))
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn strings(value: Option<&Value>) -> Option<Vec<&str>> {
    value?.as_array().map(|items| items.iter().filter_map(Value::as_str).collect())
}
