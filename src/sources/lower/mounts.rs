//! Mounts of a create body.

use serde_json::{Map, Value, json};

use super::{host_config, object};
use crate::{model::host_path, sources::options::Bind};

/// Mounts a tmpfs in place of another one at the same path.
pub(super) fn add_tmpfs(body: &mut Map<String, Value>, path: &str, options: &str) {
    let path = host_path::clean(path);
    let host = host_config(body);
    remove_tmpfs(host, &path);
    object(host.entry("Tmpfs").or_insert(Value::Null)).insert(path, json!(options));
}

/// Takes a bind, a mount or a tmpfs away. A path under `Volumes` stays: either the image declares
/// it and the engine would put it back, or nothing but a volume without a name is mounted there.
pub(super) fn remove(body: &mut Map<String, Value>, destination: &str) {
    let destination = host_path::clean(destination);
    let host = host_config(body);
    if let Some(Value::Array(binds)) = host.get_mut("Binds") {
        binds.retain(|entry| {
            entry.as_str().is_none_or(|it| Bind::parse(it).destination != destination)
        });
    }
    if let Some(Value::Array(mounts)) = host.get_mut("Mounts") {
        mounts.retain(|mount| target(mount).is_none_or(|it| it != destination));
    }
    remove_tmpfs(host, &destination);
}

fn remove_tmpfs(host: &mut Map<String, Value>, path: &str) {
    if let Some(Value::Object(tmpfs)) = host.get_mut("Tmpfs") {
        tmpfs.retain(|at, _| host_path::clean(at) != path);
    }
    if let Some(Value::Array(mounts)) = host.get_mut("Mounts") {
        mounts.retain(|mount| {
            mount.get("Type").and_then(Value::as_str) != Some("tmpfs")
                || target(mount).is_none_or(|it| it != path)
        });
    }
}

fn target(mount: &Value) -> Option<String> {
    mount.get("Target").and_then(Value::as_str).map(host_path::clean)
}
