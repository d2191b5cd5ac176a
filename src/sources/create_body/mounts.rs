//! Volumes, carried over by name and never filled from the image again.
//!
//! Anonymous volumes come from three places: `Config.Volumes`, `HostConfig.Mounts` without a
//! source, and `HostConfig.Binds` that are a bare path. A create request repeating those would
//! make fresh ones. Without `nocopy` the engine copies the image's directory into a volume that
//! is empty, at create time, under the feet of the container that still runs.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// Makes every volume that the container mounts a named one in `Binds` or `Mounts`.
pub(super) fn pin_volumes(host_config: &mut Map<String, Value>, inspect: &Value) {
    let mut volumes = mounted_volumes(inspect);

    if let Some(mounts) = host_config.get_mut("Mounts").and_then(Value::as_array_mut) {
        for mount in mounts.iter_mut().filter(|mount| mount["Type"] == "volume") {
            let target = clean(mount["Target"].as_str().unwrap_or_default());
            if let Some(volume) = volumes.remove(&target) {
                mount["Source"] = json!(volume.name);
            }
            if !mount["VolumeOptions"].is_object() {
                mount["VolumeOptions"] = json!({});
            }
            mount["VolumeOptions"]["NoCopy"] = json!(true);
        }
    }

    let mut binds: Vec<String> = host_config
        .get("Binds")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(|bind| {
            let destination = clean(destination(bind));
            match volumes.remove(&destination) {
                Some(volume) => pinned(bind, &volume),
                None => bind.to_owned(),
            }
        })
        .collect();
    // What is left was asked for by `Config.Volumes` or came from another container.
    binds.extend(volumes.iter().map(|(destination, volume)| pinned(destination, volume)));
    if !binds.is_empty() {
        host_config.insert("Binds".into(), json!(binds));
    }
}

struct Volume {
    name: String,
    writable: bool,
}

/// Returns the name of the volume in one of an inspect reply's `Mounts`. Docker 28 leaves it out for
/// a bind that is a bare path; then it is in the path below the engine's own folder of volumes
/// (moby `volume/local`).
pub fn volume_name(mount: &Value) -> Option<&str> {
    let named = mount["Name"].as_str().filter(|name| !name.is_empty());
    named.or_else(|| {
        let own = mount["Source"].as_str()?.strip_suffix("/_data")?;
        let (folder, name) = own.rsplit_once('/')?;
        (mount["Driver"] == "local" && folder.ends_with("/volumes")).then_some(name)
    })
}

/// By destination. `Mounts[].Mode` is not asked: the engine writes `z` there by itself, which
/// sent back would relabel.
fn mounted_volumes(inspect: &Value) -> BTreeMap<String, Volume> {
    inspect["Mounts"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|mount| mount["Type"] == "volume")
        .filter_map(|mount| {
            let name = volume_name(mount)?.to_owned();
            let destination = clean(mount["Destination"].as_str()?);
            Some((destination, Volume { name, writable: mount["RW"] != false }))
        })
        .collect()
}

/// `path`, `source:path` or `source:path:options` (moby `volume/mounts/linux_parser.go`).
fn destination(bind: &str) -> &str {
    bind.split(':').nth(1).unwrap_or(bind)
}

fn pinned(bind: &str, volume: &Volume) -> String {
    let mut parts = bind.splitn(3, ':');
    let options = parts.nth(2).unwrap_or_default();
    let mut options: Vec<&str> = options.split(',').filter(|it| !it.is_empty()).collect();
    if !volume.writable && !options.contains(&"ro") {
        options.push("ro");
    }
    if !options.contains(&"nocopy") {
        options.push("nocopy");
    }
    format!("{}:{}:{}", volume.name, destination(bind), options.join(","))
}

fn clean(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|it| !it.is_empty() && *it != ".").collect();
    format!("/{}", parts.join("/"))
}
