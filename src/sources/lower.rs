//! Edits on a create body.
//!
//! The body stays JSON, so that members this program has never heard of go back to the engine as
//! they came. What the container looks like afterwards is `model::predict`'s to say.

mod capabilities;
mod mounts;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

use super::options::security_option;
use crate::model::{container::Namespace, edit::ContainerEdit, predict::memory_swap};

/// Carries edits out on the body of `POST /containers/create`.
#[must_use]
pub fn lower(mut body: Value, edits: &[ContainerEdit]) -> Value {
    if let Value::Object(body) = &mut body {
        for edit in edits {
            apply(body, edit);
        }
    }
    body
}

fn apply(body: &mut Map<String, Value>, edit: &ContainerEdit) {
    match edit {
        ContainerEdit::Privileged(privileged) => {
            without_generated_label(body, |host| {
                host.insert("Privileged".into(), json!(privileged));
            });
            if !privileged {
                let host = host_config(body);
                // A privileged container has these as null; null makes the engine fill in its
                // own lists. An empty list would mean that nothing is masked.
                host.insert("MaskedPaths".into(), Value::Null);
                host.insert("ReadonlyPaths".into(), Value::Null);
            }
        }
        ContainerEdit::BoundCapabilities(allow) => capabilities::bound(host_config(body), *allow),
        ContainerEdit::NoNewPrivileges(on) => {
            set_security_option(body, "no-new-privileges", Some(&on.to_string()));
        }
        ContainerEdit::DefaultSeccomp => set_security_option(body, "seccomp", None),
        ContainerEdit::ReadOnlyRootfs(on) => {
            host_config(body).insert("ReadonlyRootfs".into(), json!(on));
        }
        ContainerEdit::Tmpfs { path, options } => mounts::add_tmpfs(body, path, options),
        ContainerEdit::User(user) => {
            body.insert("User".into(), json!(user));
        }
        ContainerEdit::RemoveMount { destination } => mounts::remove(body, destination),
        ContainerEdit::NetworkMode(word) => set_network_mode(body, word),
        ContainerEdit::PrivatePid => without_generated_label(body, |host| {
            host.insert("PidMode".into(), json!(""));
        }),
        ContainerEdit::PrivateIpc => without_generated_label(body, |host| {
            host.insert("IpcMode".into(), json!("private"));
        }),
        ContainerEdit::PrivateUts => {
            host_config(body).insert("UTSMode".into(), json!(""));
        }
        ContainerEdit::ShareableIpc => without_generated_label(body, |host| {
            host.insert("IpcMode".into(), json!("shareable"));
        }),
        ContainerEdit::CgroupnsMode(word) => {
            host_config(body).insert("CgroupnsMode".into(), json!(word));
        }
        ContainerEdit::ShmSize(bytes) => {
            host_config(body).insert("ShmSize".into(), json!(bytes));
        }
        ContainerEdit::Runtime(name) => {
            host_config(body).insert("Runtime".into(), json!(name));
        }
        ContainerEdit::Log { driver, set, unset } => {
            let log = object(host_config(body).entry("LogConfig").or_insert(Value::Null));
            log.insert("Type".into(), json!(driver));
            let options = object(log.entry("Config").or_insert(Value::Null));
            options.retain(|name, _| !unset.contains(name));
            options.extend(set.iter().map(|(name, value)| (name.clone(), json!(value))));
        }
        ContainerEdit::PublishOn { container_port, address } => {
            publish_on(host_config(body), container_port, address);
        }
        ContainerEdit::PidsLimit(limit) => {
            host_config(body).insert("PidsLimit".into(), json!(limit));
        }
        ContainerEdit::Memory(bytes) => set_memory(host_config(body), *bytes),
        ContainerEdit::RestartPolicy { name, max_retries } => {
            let policy = json!({ "Name": name, "MaximumRetryCount": max_retries });
            host_config(body).insert("RestartPolicy".into(), policy);
        }
    }
}

/// Returns `HostConfig`, made if it is missing.
fn host_config(body: &mut Map<String, Value>) -> &mut Map<String, Value> {
    object(body.entry("HostConfig").or_insert(Value::Null))
}

/// Returns the value as an object; what is none is replaced by an empty one.
fn object(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = json!({});
    }
    value.as_object_mut().expect("made an object just above")
}

/// Makes a change to `HostConfig` and takes `label=disable` away if the engine had added it for
/// what the change ends: it adds the option at the end for privileged containers and for those in
/// the host's PID or IPC namespace, and it would outlive its cause.
fn without_generated_label(
    body: &mut Map<String, Value>,
    change: impl FnOnce(&mut Map<String, Value>),
) {
    let host = host_config(body);
    let had_cause = turns_labels_off(host);
    change(host);
    if !had_cause || turns_labels_off(host) {
        return;
    }
    if let Some(Value::Array(options)) = host.get_mut("SecurityOpt") {
        let last = options.last().and_then(Value::as_str).map(security_option);
        if last == Some(("label", "disable")) {
            options.pop();
        }
    }
}

fn turns_labels_off(host: &Map<String, Value>) -> bool {
    let is_host = |member: &str| host.get(member).and_then(Value::as_str) == Some("host");
    host.get("Privileged") == Some(&Value::Bool(true)) || is_host("PidMode") || is_host("IpcMode")
}

/// Takes every mention of an option away and, with a value, says it once, at the end, where it
/// wins.
fn set_security_option(body: &mut Map<String, Value>, name: &str, value: Option<&str>) {
    let options = host_config(body).entry("SecurityOpt").or_insert(Value::Null);
    let mut kept = match options.take() {
        Value::Array(options) => options,
        _ => Vec::new(),
    };
    kept.retain(|option| option.as_str().is_none_or(|it| security_option(it).0 != name));
    if let Some(value) = value {
        // A generated `label=disable` is recognised by being last.
        let label =
            kept.pop_if(|it| it.as_str().map(security_option) == Some(("label", "disable")));
        kept.push(json!(format!("{name}={value}")));
        kept.extend(label);
    }
    *options = Value::Array(kept);
}

fn set_network_mode(body: &mut Map<String, Value>, word: &str) {
    let before = mode(host_config(body), "NetworkMode");
    let after = Namespace::from_word(word);
    host_config(body).insert("NetworkMode".into(), json!(word));
    let shares = |it: &Namespace| matches!(it, Namespace::Host | Namespace::Container { .. });
    if shares(&before) || shares(&after) {
        // The name was the host's or the other container's, or will be.
        body.remove("Hostname");
        body.remove("Domainname");
    }
    let network = match &after {
        Namespace::Container { .. } => {
            body.remove("ExposedPorts");
            body.remove("NetworkingConfig");
            let host = host_config(body);
            host.remove("PortBindings");
            host.remove("PublishAllPorts");
            return;
        }
        Namespace::Own => "bridge",
        Namespace::None | Namespace::Host | Namespace::Shareable | Namespace::Named(_) => word,
    };
    let networking = object(body.entry("NetworkingConfig").or_insert(Value::Null));
    networking.insert("EndpointsConfig".into(), json!({ network: {} }));
}

fn mode(host: &Map<String, Value>, member: &str) -> Namespace {
    Namespace::from_word(host.get(member).and_then(Value::as_str).unwrap_or(""))
}

fn publish_on(host: &mut Map<String, Value>, container_port: &str, address: &str) {
    let Some(Value::Object(ports)) = host.get_mut("PortBindings") else {
        return;
    };
    let bare = container_port.strip_suffix("/tcp").unwrap_or(container_port);
    for key in [container_port, bare] {
        let Some(Value::Array(bindings)) = ports.get_mut(key) else {
            continue;
        };
        for binding in bindings.iter_mut().filter_map(Value::as_object_mut) {
            let host_ip = binding.get("HostIp").and_then(Value::as_str).unwrap_or("");
            if matches!(host_ip, "" | "0.0.0.0" | "::") {
                binding.insert("HostIp".into(), json!(address));
            }
        }
        // Wildcards of both families become one address, which cannot be bound twice.
        let mut seen: Vec<Value> = Vec::new();
        bindings.retain(|binding| {
            let is_new = !seen.contains(binding);
            seen.push(binding.clone());
            is_new
        });
    }
}

fn set_memory(host: &mut Map<String, Value>, memory: i64) {
    let number = |member: &str| host.get(member).and_then(Value::as_i64).unwrap_or(0);
    let swap = memory_swap(number("Memory"), number("MemorySwap"), memory);
    let reservation = number("MemoryReservation");
    host.insert("Memory".into(), json!(memory));
    host.insert("MemorySwap".into(), json!(swap));
    // Engines create no container that reserves more than its limit.
    if reservation > memory {
        host.insert("MemoryReservation".into(), json!(memory));
    }
}
