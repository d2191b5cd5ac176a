//! Whether two inspect replies say the same, judged without the code under test.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// What of a reply is no setting: the engine chose it, for each container anew.
const CHOSEN_BY_THE_ENGINE: &[&str] =
    &["Created", "GraphDriver.", "Name", "NetworkSettings.SandboxID", "NetworkSettings.SandboxKey"];

/// Returns every path at which a copy that was never started differs from its original, which was
/// not started either.
pub(super) fn differences(before: &Value, after: &Value) -> Vec<String> {
    let (before, after) = (settings(before), settings(after));
    let mut wrong = Vec::new();
    for path in before.keys().chain(after.keys().filter(|path| !before.contains_key(*path))) {
        let (was, is) = (before.get(path), after.get(path));
        if was != is {
            let word = |value: Option<&String>| value.map_or("absent".into(), String::clone);
            wrong.push(format!("{path}: {} → {}", word(was), word(is)));
        }
    }
    wrong
}

fn settings(inspect: &Value) -> BTreeMap<String, String> {
    let mut inspect = inspect.clone();
    let id = inspect["Id"].as_str().unwrap().to_owned();
    // The runtime is written at the first start.
    inspect["HostConfig"]["Runtime"].take();
    forgive_volumes(&mut inspect);
    for (_, endpoint) in
        inspect["NetworkSettings"]["Networks"].as_object_mut().into_iter().flatten()
    {
        // It is known by its short ID as well, and old engines list that only at times.
        if let Some(names) = endpoint["Aliases"].as_array_mut() {
            names.retain(|name| *name != id[..12]);
        }
    }
    let mounts = inspect["Mounts"].take();
    let mut settings = BTreeMap::new();
    flatten(String::new(), &inspect, &mut settings);
    for mount in mounts.as_array().into_iter().flatten() {
        let mut mount = mount.clone();
        if let Some(mount) = mount.as_object_mut() {
            // The engine writes `z` there, or the options of the bind; the name is in the source,
            // and Docker 28 does not tell it of a bind that is a bare path.
            mount.retain(|key, _| key != "Mode" && key != "Name");
        }
        settings.insert(format!("Mounts at {}", mount["Destination"]), mount.to_string());
    }
    settings
        .into_iter()
        .filter(|(path, _)| !CHOSEN_BY_THE_ENGINE.iter().any(|it| path.starts_with(it)))
        .map(|(path, value)| (path, value.replace(&id, "<id>").replace(&id[..12], "<id>")))
        .collect()
}

/// Volumes are carried by name and are not filled again. Which is mounted where is compared in
/// `Mounts`.
pub(super) fn forgive_volumes(inspect: &mut Value) {
    let volumes: Vec<String> = inspect["Mounts"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|it| it["Type"] == "volume")
        .filter_map(|it| it["Destination"].as_str())
        .map(str::to_owned)
        .collect();
    let binds = inspect["HostConfig"]["Binds"].take();
    let binds: Vec<&Value> = binds
        .as_array()
        .into_iter()
        .flatten()
        .filter(|bind| {
            let mut parts = bind.as_str().unwrap().split(':');
            let first = parts.next().unwrap();
            let destination = parts.next().unwrap_or(first);
            !volumes.iter().any(|it| it == destination.trim_end_matches('/'))
        })
        .collect();
    inspect["HostConfig"]["Binds"] = json!(binds);
    for mount in inspect["HostConfig"]["Mounts"].as_array_mut().into_iter().flatten() {
        if mount["Type"] != "volume" {
            continue;
        }
        let Some(mount) = mount.as_object_mut() else { continue };
        if let Some(options) = mount.get_mut("VolumeOptions").and_then(Value::as_object_mut) {
            options.retain(|key, _| key != "NoCopy");
        }
        mount.retain(|key, it| key != "Source" && *it != json!({}));
    }
}

/// Every member that is no object, by its path.
pub(super) fn flatten(path: String, value: &Value, into: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (key, value) in members {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(path, value, into);
            }
        }
        Value::Null => {}
        other => {
            into.insert(path, other.to_string());
        }
    }
}
