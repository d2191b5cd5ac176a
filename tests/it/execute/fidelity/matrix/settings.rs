//! Whether two inspect replies say the same, judged without the code under test.

use std::{cmp::Reverse, collections::BTreeMap};

use serde_json::{Value, json};

use super::{
    super::same::{flatten, forgive_volumes},
    shapes::{Edit, PIDS, Shape},
};

/// What of a reply is no setting: the engine chooses it for each container or at each start.
const CHOSEN_BY_THE_ENGINE: &[&str] = &[
    "Created",
    "ExecIDs",
    "GraphDriver.",
    "NetworkSettings.EndpointID",
    "NetworkSettings.Gateway",
    "NetworkSettings.GlobalIPv6",
    "NetworkSettings.IPAddress",
    "NetworkSettings.IPPrefixLen",
    "NetworkSettings.IPv6Gateway",
    "NetworkSettings.MacAddress",
    "NetworkSettings.SandboxID",
    "NetworkSettings.SandboxKey",
    "RestartCount",
    "State.Error",
    "State.ExitCode",
    "State.FinishedAt",
    "State.Health.",
    "State.Pid",
    "State.StartedAt",
];

/// What an endpoint has only while its container runs.
const OF_A_RUN: &[&str] = &[
    "DNSNames",
    "Gateway",
    "GlobalIPv6Address",
    "GlobalIPv6PrefixLen",
    "IPAddress",
    "IPPrefixLen",
    "IPv6Gateway",
    "MacAddress",
];

/// Which of two containers of one name is compared with the first one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Which {
    /// The very same, back in office.
    Old,
    /// Its replacement.
    Twin,
}

/// Values that are the container's own and appear in many places.
pub(super) struct Own(Vec<(String, String)>);

impl Own {
    pub(super) fn of(inspect: &Value) -> Self {
        let id = inspect["Id"].as_str().unwrap();
        let mut own = vec![(id.to_owned(), "<id>".to_owned())];
        own.push((id[..12].to_owned(), "<id>".to_owned()));
        let mac_is_asked = !text(&inspect["Config"]["MacAddress"]).is_empty();
        for (network, endpoint) in members(&inspect["NetworkSettings"]["Networks"]) {
            for (key, asked) in [("IPAddress", "IPv4Address"), ("GlobalIPv6Address", "IPv6Address")]
            {
                if endpoint["IPAMConfig"][asked] != endpoint[key] {
                    own.push((text(&endpoint[key]), format!("<{key} in {network}>")));
                }
            }
            if !mac_is_asked {
                own.push((text(&endpoint["MacAddress"]), format!("<MAC in {network}>")));
            }
        }
        own.retain(|(value, _)| !value.is_empty());
        own.sort_by_key(|(value, _)| Reverse(value.len()));
        Self(own)
    }

    /// Puts a name in the place of each, but not of part of a longer one.
    pub(super) fn hide(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (value, name) in &self.0 {
            let mut rest = text.as_str();
            let mut hidden = String::new();
            while let Some(at) = rest.find(value.as_str()) {
                let (before, after) = (&rest[..at], &rest[at + value.len()..]);
                let goes_on = after.starts_with(|it: char| it.is_ascii_hexdigit());
                hidden.push_str(before);
                hidden.push_str(if goes_on { value } else { name });
                rest = after;
            }
            text = hidden + rest;
        }
        text
    }
}

/// Returns every path at which two replies differ and may not.
pub(super) fn differences(
    shape: &Shape,
    before: &Value,
    after: &Value,
    which: Which,
) -> Vec<String> {
    let (before, after) = (settings(before, shape, which), settings(after, shape, which));
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

fn settings(inspect: &Value, shape: &Shape, which: Which) -> BTreeMap<String, String> {
    let mut inspect = inspect.clone();
    let own = Own::of(&inspect);
    let is_running = inspect["State"]["Pid"] != 0;
    settle_ports(&mut inspect, is_running);
    settle_endpoints(&mut inspect, shape, is_running);
    // Old engines keep an empty name, which means the same, until the first update.
    let policy = &mut inspect["HostConfig"]["RestartPolicy"]["Name"];
    if *policy == "" {
        *policy = json!("no");
    }
    if which == Which::Twin {
        forgive(&mut inspect, shape, is_running);
    }
    let mounts = inspect["Mounts"].take();
    let mut settings = BTreeMap::new();
    flatten(String::new(), &inspect, &mut settings);
    for mount in mounts.as_array().into_iter().flatten() {
        let mut mount = mount.clone();
        if which == Which::Twin
            && let Some(mount) = mount.as_object_mut()
        {
            // An image is unpacked for each container anew. A volume's name is in its source, and
            // Docker 28 does not tell it of a bind that is a bare path.
            let own = if mount["Type"] == "image" { "Source" } else { "Name" };
            // The engine writes `z` into the mode, or the options of the bind.
            mount.retain(|key, _| key != "Mode" && key != own);
        }
        settings.insert(format!("Mounts at {}", mount["Destination"]), mount.to_string());
    }
    settings
        .into_iter()
        .filter(|(path, _)| !CHOSEN_BY_THE_ENGINE.iter().any(|it| path.starts_with(it)))
        .map(|(path, value)| (path, own.hide(&value)))
        .collect()
}

/// Leaves which ports are published, where the engine chooses on which, at each start.
fn settle_ports(inspect: &mut Value, is_running: bool) {
    let is_random = inspect["HostConfig"]["PublishAllPorts"] == true
        || members(&inspect["HostConfig"]["PortBindings"]).any(|(_, bindings)| {
            bindings.as_array().into_iter().flatten().any(|it| {
                let port = text(&it["HostPort"]);
                port.is_empty() || port.contains('-')
            })
        });
    let ports = &mut inspect["NetworkSettings"]["Ports"];
    if !is_running {
        ports.take();
    } else if is_random {
        let published: Vec<String> = members(ports)
            .map(|(port, to)| format!("{port} {}", to.as_array().map_or(0, Vec::len)))
            .collect();
        *ports = json!(published);
    }
}

/// Leaves of an endpoint what was asked for.
fn settle_endpoints(inspect: &mut Value, shape: &Shape, is_running: bool) {
    let id = inspect["Id"].as_str().unwrap()[..12].to_owned();
    let Some(networks) = inspect["NetworkSettings"]["Networks"].as_object_mut() else { return };
    for endpoint in networks.values_mut().filter_map(Value::as_object_mut) {
        endpoint.retain(|key, _| {
            let of_a_run = !is_running && OF_A_RUN.contains(&key.as_str());
            let generated = key == "MacAddress" && !shape.fixed_mac;
            !of_a_run && !generated && key != "EndpointID" && key != "NetworkID"
        });
        for list in ["Aliases", "DNSNames"] {
            let Some(names) = endpoint.get_mut(list).and_then(Value::as_array_mut) else {
                continue;
            };
            // It is known by its short ID as well, and old engines list that only at times.
            names.retain(|name| *name != id);
            if names.is_empty() {
                endpoint.remove(list);
            }
        }
        if endpoint.get("IPAMConfig") == Some(&json!({})) {
            endpoint.remove("IPAMConfig");
        }
    }
}

/// Takes out what a replacement may differ in.
fn forgive(inspect: &mut Value, shape: &Shape, is_running: bool) {
    if let Some(labels) = inspect["Config"]["Labels"].as_object_mut() {
        labels.retain(|key, _| !key.starts_with("io.plimsoll."));
    }
    let host_config = &mut inspect["HostConfig"];
    match shape.edit {
        Edit::Pids if host_config["PidsLimit"] == PIDS => drop(host_config["PidsLimit"].take()),
        Edit::Pids => {}
        Edit::NoNewPrivileges => {
            if let Some(options) = host_config["SecurityOpt"].as_array_mut() {
                options.retain(|it| *it != "no-new-privileges=true");
            }
            if host_config["SecurityOpt"] == json!([]) {
                host_config["SecurityOpt"].take();
            }
        }
    }
    if !is_running {
        // Written at the first start; and one that had stopped is not started for nothing.
        host_config["Runtime"].take();
        inspect["State"]["Status"].take();
        for path in ["HostnamePath", "HostsPath", "LogPath", "ResolvConfPath"] {
            inspect[path].take();
        }
    }
    forgive_volumes(inspect);
    for path in shape.changes {
        let (part, key) = path.split_once('.').unwrap();
        inspect[part][key].take();
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}
