//! Whether the engine made what it was asked for, field by field, before anything is stopped.
//!
//! Values are never shown here, only names of fields: environment and labels hold secrets.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::seen::Seen;

/// Members that the engine fills in where the request leaves them out.
const FILLED_IN: [&str; 14] = [
    "Annotations",
    "CgroupnsMode",
    "ConsoleSize",
    "Hostname",
    "IpcMode",
    "LogConfig",
    "MaskedPaths",
    "MemorySwap",
    "NetworkMode",
    "OomKillDisable",
    "ReadonlyPaths",
    "RestartPolicy",
    "Runtime",
    "ShmSize",
];

/// Lists whose order means something.
const ORDERED: [&str; 5] = ["Cmd", "Entrypoint", "Dns", "DnsSearch", "Test"];

/// Returns the names of the fields in which the new container is not what was asked for.
pub(super) fn differences(sent: &Value, twin: &Seen, old: &Seen) -> Vec<String> {
    let mut wrong = Vec::new();
    if twin.0["Image"] != old.0["Image"] {
        wrong.push("Image".to_owned());
    }
    for (key, asked) in members(sent) {
        let got = &twin.0["Config"][key];
        let is_same = match key.as_str() {
            // Compared by ID above; nested.
            "Image" | "HostConfig" | "NetworkingConfig" => true,
            "Entrypoint" if *asked == json!([""]) => is_empty(got),
            // None at all and the image's are two things.
            "Entrypoint" | "Cmd" => asked == got || (asked.is_null() && is_empty(got)),
            // The image's come on top.
            "Labels" => holds_all(got, asked),
            _ => same(key, asked, got),
        };
        if !is_same {
            wrong.push(format!("Config.{key}"));
        }
    }
    for (key, asked) in members(&sent["HostConfig"]) {
        let got = &twin.0["HostConfig"][key];
        let is_same = match key.as_str() {
            // The engine's own list, which hides something unless nothing is held back at all.
            "MaskedPaths" | "ReadonlyPaths" if asked.is_null() => {
                !items(got).is_empty() || sent["HostConfig"]["Privileged"] == true
            }
            "MaskedPaths" | "ReadonlyPaths" => same_items(asked, got),
            // Written at the first start.
            "Runtime" => got.is_null() || same(key, asked, got),
            "SecurityOpt" => same_items(&without_labels(asked), &without_labels(got)),
            // The daemon's own are merged into the answer, as they were into the old one's.
            "Ulimits" => {
                let before = items(&old.0["HostConfig"]["Ulimits"]);
                let (asked, got) = (items(asked), items(got));
                asked.iter().all(|limit| got.contains(limit))
                    && got.iter().all(|limit| asked.contains(limit) || before.contains(limit))
            }
            "LogConfig" => {
                (asked["Type"] == got["Type"] || is_empty(&asked["Type"]))
                    && holds_all(&got["Config"], &asked["Config"])
            }
            "CapAdd" | "CapDrop" => capability_words(asked) == capability_words(got),
            "NetworkMode" | "PidMode" | "IpcMode" => same_mode(key, asked, got),
            "Links" => links(asked) == links(got),
            _ => same(key, asked, got),
        };
        if !is_same {
            wrong.push(format!("HostConfig.{key}"));
        }
    }
    wrong.extend(made_up("Config", sent, twin, old));
    wrong.extend(made_up("HostConfig", &sent["HostConfig"], twin, old));
    wrong
}

/// Returns what the engine filled in that nobody sent, that it is not known to fill in, and that
/// the old container has not.
fn made_up<'a>(
    part: &'a str,
    sent: &'a Value,
    twin: &'a Seen,
    old: &'a Seen,
) -> impl Iterator<Item = String> + 'a {
    members(&twin.0[part])
        .filter(move |(key, got)| {
            sent.get(key.as_str()).is_none()
                && !is_empty(got)
                && !FILLED_IN.contains(&key.as_str())
                && old.0[part][key.as_str()] != **got
        })
        .map(move |(key, _)| format!("{part}.{key}"))
}

/// Returns the names of the networks that differ, or whose endpoints do.
pub(super) fn network_differences(endpoints: &Map<String, Value>, twin: &Seen) -> Vec<String> {
    let got = twin.networks();
    let mut wrong: BTreeSet<String> =
        endpoints.keys().filter(|network| !got.contains_key(*network)).cloned().collect();
    for (network, endpoint) in &got {
        let Some(asked) = endpoints.get(network) else {
            wrong.insert(network.clone());
            continue;
        };
        let aliases = items(&endpoint["Aliases"]);
        let has_aliases = items(&asked["Aliases"]).iter().all(|alias| aliases.contains(alias));
        // Fields nobody asked for may be filled in, but for those that only people fill in.
        let keys = members(asked).map(|(key, _)| key.as_str());
        let is_same = keys.chain(["IPAMConfig", "DriverOpts", "Links"]).all(|key| match key {
            "Aliases" => true,
            "MacAddress" => same_mac(&asked[key], &endpoint[key]),
            _ => same(key, &asked[key], &endpoint[key]),
        });
        if !has_aliases || !is_same {
            wrong.insert(network.clone());
        }
    }
    wrong.into_iter().map(|network| format!("network {network}")).collect()
}

fn same_mac(asked: &Value, got: &Value) -> bool {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_ascii_lowercase();
    text(asked) == text(got)
}

/// Returns what is mounted elsewhere or not any more, and the volumes that are fresh.
pub(super) fn volume_differences(
    sent: &Value,
    twin: &Seen,
    old: &Seen,
) -> (Vec<String>, Vec<String>) {
    let before = old.volumes();
    let after = twin.volumes();
    let mut wrong = Vec::new();
    let mut fresh = Vec::new();
    for (path, name) in &after {
        if name.is_empty() {
            // Which one it is cannot be told.
            wrong.push(format!("volume at {path}"));
        } else if before.get(path) != Some(name) {
            fresh.push((*name).to_owned());
            // Where a bind was taken away, the image's own volume comes to light.
            let is_of_the_image = !before.contains_key(path) && sent["Volumes"][*path].is_object();
            if !is_of_the_image {
                wrong.push(format!("volume at {path}"));
            }
        }
    }
    let binds = items(&sent["HostConfig"]["Binds"]);
    let mounts = items(&sent["HostConfig"]["Mounts"]);
    for (path, name) in &before {
        let asked =
            binds.iter().any(|bind| {
                bind.as_str().is_some_and(|it| it.split(':').nth(1).is_some_and(|to| to == *path))
            }) || mounts.iter().any(|mount| mount["Target"] == *path && mount["Type"] == "volume");
        if asked && after.get(path) != Some(name) {
            wrong.push(format!("volume at {path}"));
        }
    }
    wrong.dedup();
    (wrong, fresh)
}

fn same(key: &str, asked: &Value, got: &Value) -> bool {
    if is_empty(asked) {
        return is_empty(got) || FILLED_IN.contains(&key);
    }
    match (asked, got) {
        (Value::Object(asked), Value::Object(got)) if is_set(asked) || is_set(got) => {
            asked.len() == got.len()
                && asked.iter().all(|(key, it)| got.get(key).is_some_and(|got| same(key, it, got)))
        }
        (Value::Object(asked), Value::Object(got)) => {
            let both = asked.keys().chain(got.keys());
            let of =
                |members: &Map<String, Value>, key| members.get(key).cloned().unwrap_or_default();
            both.into_iter().all(|key| same(key, &of(asked, key), &of(got, key)))
        }
        (Value::Array(asked), Value::Array(got)) if ORDERED.contains(&key) => asked == got,
        (Value::Array(_), Value::Array(_)) => same_items(asked, got),
        _ => asked == got,
    }
}

/// Absent, null and empty are one thing to the engine, but for the lists of hidden paths.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.values().all(is_empty) && !is_set(members),
    }
}

/// `{"80/tcp": {}}` is a set with one member and not empty.
fn is_set(members: &Map<String, Value>) -> bool {
    members.keys().any(|key| key.contains('/'))
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn items(value: &Value) -> Vec<&Value> {
    value.as_array().into_iter().flatten().collect()
}

fn same_items(asked: &Value, got: &Value) -> bool {
    let sorted = |value: &Value| {
        let mut texts: Vec<String> = items(value).iter().map(|item| reduced(item)).collect();
        texts.sort();
        texts
    };
    sorted(asked) == sorted(got)
}

/// An item as text, without members that are empty and whatever their order.
fn reduced(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let mut members: Vec<String> = members
                .iter()
                .filter(|(_, value)| !is_empty(value))
                .map(|(key, value)| format!("{key}={}", reduced(value)))
                .collect();
            members.sort();
            format!("{{{}}}", members.join(","))
        }
        other => other.to_string(),
    }
}

fn holds_all(got: &Value, asked: &Value) -> bool {
    members(asked).all(|(key, value)| got.get(key) == Some(value))
}

/// The engine adds entries for labels by itself.
fn without_labels(options: &Value) -> Value {
    let kept = items(options).into_iter().filter(|option| {
        !option.as_str().is_some_and(|it| it.starts_with("label") || it == "disable")
    });
    Value::Array(kept.cloned().collect())
}

fn capability_words(names: &Value) -> BTreeSet<String> {
    items(names)
        .into_iter()
        .filter_map(Value::as_str)
        .map(|name| name.to_ascii_uppercase().trim_start_matches("CAP_").to_owned())
        .collect()
}

/// Target and alias: `target:alias` is stored as `/target:/name/alias`.
fn links(links: &Value) -> BTreeSet<(String, String)> {
    let texts = items(links).into_iter().filter_map(Value::as_str);
    texts
        .filter_map(|link| {
            let (target, alias) = link.split_once(':')?;
            let alias = alias.rsplit('/').next()?;
            Some((target.trim_start_matches('/').to_owned(), alias.to_owned()))
        })
        .collect()
}

fn same_mode(key: &str, asked: &Value, got: &Value) -> bool {
    let word = |value: &Value| match value.as_str().unwrap_or_default() {
        "default" | "bridge" if key == "NetworkMode" => String::new(),
        other => other.to_owned(),
    };
    let (asked, got) = (word(asked), word(got));
    // A name is stored as the ID it stands for.
    let joined = asked.starts_with("container:") && got.starts_with("container:");
    asked == got || joined || (asked.is_empty() && FILLED_IN.contains(&key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(host_config: Value) -> Seen {
        Seen(json!({ "Image": "sha256:a", "HostConfig": host_config, "Config": {} }))
    }

    fn host_differences(asked: Value, got: Value) -> Vec<String> {
        differences(&json!({ "HostConfig": asked }), &seen(got), &seen(json!({})))
    }

    #[test]
    fn limit_that_the_engine_dropped_is_found() {
        assert_eq!(
            host_differences(json!({ "PidsLimit": 512 }), json!({ "PidsLimit": null })),
            ["HostConfig.PidsLimit"]
        );
    }

    #[test]
    fn ways_to_say_nothing_are_one() {
        for asked in [json!(null), json!([]), json!(0), json!(false), json!(""), json!({})] {
            assert!(host_differences(json!({ "Devices": asked }), json!({})).is_empty());
        }
    }

    #[test]
    fn empty_list_of_hidden_paths_is_not_the_default() {
        let full = json!({ "MaskedPaths": ["/proc/kcore"] });
        assert!(host_differences(json!({ "MaskedPaths": null }), full.clone()).is_empty());
        let open = json!({ "MaskedPaths": [] });
        assert_eq!(
            host_differences(json!({ "MaskedPaths": null }), open),
            ["HostConfig.MaskedPaths"]
        );
        let privileged = json!({ "MaskedPaths": null, "Privileged": true });
        assert!(host_differences(privileged.clone(), privileged).is_empty());
        assert_eq!(
            host_differences(json!({ "MaskedPaths": [] }), full),
            ["HostConfig.MaskedPaths"]
        );
    }

    #[test]
    fn something_the_engine_made_up_is_found_unless_it_is_known_to() {
        let got = json!({ "CapAdd": ["SYS_ADMIN"], "ShmSize": 67_108_864 });
        assert_eq!(
            host_differences(json!({ "CapAdd": null, "ShmSize": 0 }), got),
            ["HostConfig.CapAdd"]
        );
    }

    #[test]
    fn whatever_is_set_that_nobody_sent_is_found_unless_it_was_so_before() {
        let with = |config: Value| Seen(json!({ "Image": "a", "Config": config }));
        let twin = with(json!({ "Novelty": 7, "OnBuild": ["RUN x"], "Hostname": "0123" }));
        let old = with(json!({ "OnBuild": ["RUN x"] }));
        assert_eq!(differences(&json!({}), &twin, &old), ["Config.Novelty"]);
    }

    #[test]
    fn member_more_in_a_set_or_a_map_is_found() {
        for (key, asked, got) in [
            ("Sysctls", json!({ "a": "1" }), json!({ "a": "1", "b": "2" })),
            ("Tmpfs", json!({ "/run": "" }), json!({ "/run": "", "/tmp": "" })),
            ("Ulimits", json!([]), json!([{ "Name": "core", "Hard": 0, "Soft": 0 }])),
        ] {
            let wrong = host_differences(json!({ key: asked }), json!({ key: got }));
            assert_eq!(wrong, [format!("HostConfig.{key}")]);
        }
        let ports = |ports: Value| json!({ "ExposedPorts": ports });
        let twin = Seen(json!({ "Config": ports(json!({ "80/tcp": {}, "81/tcp": {} })) }));
        let sent = ports(json!({ "80/tcp": {} }));
        assert_eq!(differences(&sent, &twin, &Seen(json!({}))), ["Config.ExposedPorts"]);
    }

    #[test]
    fn entrypoint_that_came_back_from_the_image_is_found() {
        let twin = Seen(json!({ "Config": { "Entrypoint": ["/start"] } }));
        for sent in [json!([]), json!([""])] {
            let sent = json!({ "Entrypoint": sent });
            assert_eq!(differences(&sent, &twin, &Seen(json!({}))), ["Config.Entrypoint"]);
        }
    }

    #[test]
    fn endpoint_without_what_was_asked_of_it_is_found() {
        let twin = |endpoint: Value| {
            Seen(json!({ "NetworkSettings": { "Networks": { "front": endpoint } } }))
        };
        for (asked, got) in [
            (json!({ "MacAddress": "02:AA:00:00:00:01" }), json!({ "MacAddress": "" })),
            (json!({ "GwPriority": 9 }), json!({ "GwPriority": 0 })),
            (json!({ "Aliases": ["a"] }), json!({ "Aliases": ["b"] })),
            (json!({}), json!({ "IPAMConfig": { "IPv4Address": "10.0.0.9" } })),
        ] {
            let asked = json!({ "front": asked });
            let wrong = network_differences(asked.as_object().unwrap(), &twin(got));
            assert_eq!(wrong, ["network front"]);
        }
        let asked = json!({ "front": { "MacAddress": "02:AA:00:00:00:01" } });
        let got = twin(json!({ "MacAddress": "02:aa:00:00:00:01", "GwPriority": 0 }));
        assert!(network_differences(asked.as_object().unwrap(), &got).is_empty());
    }

    #[test]
    fn order_and_spelling_of_sets_do_not_matter() {
        let asked = json!({ "CapAdd": ["net_admin", "CHOWN"], "Binds": ["a:/a", "b:/b"] });
        let got = json!({ "CapAdd": ["CAP_CHOWN", "CAP_NET_ADMIN"], "Binds": ["b:/b", "a:/a"] });
        assert!(host_differences(asked, got).is_empty());
    }

    #[test]
    fn links_and_mounts_are_compared_by_what_they_say() {
        let asked = json!({
            "Links": ["db:database"],
            "Mounts": [{ "Type": "volume", "Target": "/a", "Source": "v", "VolumeOptions": { "NoCopy": true } }],
        });
        let got = json!({
            "Links": ["/db:/web.plimsoll-new/database"],
            "Mounts": [{ "Type": "volume", "Source": "v", "Target": "/a", "ReadOnly": false,
                         "VolumeOptions": { "NoCopy": true, "DriverConfig": {} } }],
        });
        assert!(host_differences(asked, got).is_empty());
    }

    #[test]
    fn fresh_volume_in_place_of_the_old_one_is_found() {
        let with = |name: &str| {
            let mount = json!({ "Type": "volume", "Name": name, "Destination": "/data" });
            Seen(json!({ "Mounts": [mount] }))
        };
        let sent = json!({ "HostConfig": { "Binds": ["kept:/data:nocopy"] } });
        let (wrong, fresh) = volume_differences(&sent, &with("new"), &with("kept"));
        assert_eq!((wrong, fresh), (vec!["volume at /data".into()], vec!["new".to_owned()]));
        let (wrong, fresh) = volume_differences(&sent, &with("kept"), &with("kept"));
        assert!(wrong.is_empty() && fresh.is_empty());
    }

    #[test]
    fn volume_that_has_no_name_is_known_by_its_place() {
        let at = |source: &str| {
            Seen(json!({ "Mounts": [{ "Type": "volume", "Source": source, "Destination": "/d" }] }))
        };
        let sent = json!({});
        let wrong = vec!["volume at /d".to_owned()];
        assert_eq!(volume_differences(&sent, &at("/mnt/new"), &at("/mnt/old")).0, wrong);
        assert_eq!(volume_differences(&sent, &at(""), &at("")).0, wrong);
        assert!(volume_differences(&sent, &at("/mnt/old"), &at("/mnt/old")).0.is_empty());
    }

    #[test]
    fn network_that_is_missing_or_surplus_is_found() {
        let twin = Seen(json!({ "NetworkSettings": { "Networks": {
            "front": { "IPAMConfig": { "IPv4Address": "10.0.0.9" } }, "surplus": {} } } }));
        let asked = json!({ "front": { "IPAMConfig": { "IPv4Address": "10.0.0.9" } }, "back": {} });
        assert_eq!(
            network_differences(asked.as_object().unwrap(), &twin),
            ["network back", "network surplus"]
        );
    }
}
