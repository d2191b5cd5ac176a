//! Endpoints, reduced to what was configured.
//!
//! The rest of an endpoint is operational: addresses that were handed out, generated MAC
//! addresses, aliases made of the container's ID. Sent back, it would be pinned for ever.

use std::{collections::BTreeMap, net::Ipv4Addr};

use serde_json::{Map, Value, json};

use super::{ALL_NETWORKS_AT_ONCE, ApiVersion, network_mode, object, short_id, strings};

/// Network name to endpoint settings.
pub type Endpoints = BTreeMap<String, Value>;

/// Members of an endpoint that the engine fills in (moby `api/types/network/endpoint.go`), and two
/// that are looked at one by one. Everything else was configured.
const FILLED_IN: [&str; 11] = [
    "Aliases",
    "DNSNames",
    "EndpointID",
    "Gateway",
    "GlobalIPv6Address",
    "GlobalIPv6PrefixLen",
    "IPAddress",
    "IPPrefixLen",
    "IPv6Gateway",
    "MacAddress",
    "NetworkID",
];

/// Returns every endpoint, by name of its network.
pub(super) fn endpoints(
    config: &mut Map<String, Value>,
    host_config: &mut Map<String, Value>,
    inspect: &Value,
    api: ApiVersion,
) -> Map<String, Value> {
    let mode = network_mode(inspect);
    let configured_mac = take_mac(config, api);
    if has_no_endpoints(&mode) {
        return Map::new();
    }
    if host_config.contains_key("NetworkMode") {
        host_config.insert("NetworkMode".into(), json!(mode));
    }

    let generated = generated_aliases(config, inspect);
    let mut endpoints = Map::new();
    for (network, seen) in object(&inspect["NetworkSettings"]["Networks"]) {
        let mut endpoint = object(&seen);
        endpoint.retain(|key, value| !FILLED_IN.contains(&key.as_str()) && !value.is_null());
        if is_default_bridge(&network) {
            // It takes neither aliases nor a fixed address.
            endpoint.remove("IPAMConfig");
        } else {
            let aliases: Vec<&str> = strings(seen.get("Aliases"))
                .unwrap_or_default()
                .into_iter()
                .filter(|alias| !generated.iter().any(|it| it == alias))
                .collect();
            if !aliases.is_empty() {
                endpoint.insert("Aliases".into(), json!(aliases));
            }
        }
        let mac = if is_of_mode(&network, &mode) {
            configured_mac.as_deref()
        } else {
            perhaps_configured_mac(&seen)
        };
        if let Some(mac) = mac.filter(|_| api >= ALL_NETWORKS_AT_ONCE) {
            endpoint.insert("MacAddress".into(), json!(mac));
        }
        endpoints.insert(network, Value::Object(endpoint));
    }
    endpoints
}

/// Splits a create body, edited or not, into the one to send and the endpoints to connect
/// afterwards, before the start. The endpoint of the network mode goes with the request: with
/// any other, the container would be on that one only.
pub fn split_endpoints(mut body: Value, api: ApiVersion) -> (Value, Endpoints) {
    if api >= ALL_NETWORKS_AT_ONCE {
        return (body, Endpoints::new());
    }
    let mode = body["HostConfig"]["NetworkMode"].as_str().unwrap_or_default().to_owned();
    let (first, later): (Vec<_>, Vec<_>) = object(&body["NetworkingConfig"]["EndpointsConfig"])
        .into_iter()
        .partition(|(network, _)| is_of_mode(network, &mode));
    let first: Map<String, Value> = first.into_iter().collect();
    body["NetworkingConfig"] = json!({ "EndpointsConfig": first });
    (body, later.into_iter().collect())
}

/// Below 1.44 a MAC address is a member of the configuration, from then on of the endpoint. Up to
/// 1.51 it is told at the old place only if it was configured; the one at the endpoint may be
/// generated.
fn take_mac(config: &mut Map<String, Value>, api: ApiVersion) -> Option<String> {
    if api < ALL_NETWORKS_AT_ONCE {
        return None;
    }
    let told = config.remove("MacAddress")?;
    told.as_str().filter(|mac| !mac.is_empty()).map(str::to_owned)
}

/// The engine tells whether a MAC address was asked for only of the network of the mode. Of others
/// it is known to be generated if it is made of the address, as engines before 28 do; one that was
/// drawn at random may be pinned, since nobody else gets it.
fn perhaps_configured_mac(endpoint: &Value) -> Option<&str> {
    let mac = endpoint["MacAddress"].as_str().filter(|mac| !mac.is_empty())?;
    let address: Ipv4Addr = endpoint["IPAddress"].as_str()?.parse().ok()?;
    let [a, b, c, d] = address.octets();
    let generated = format!("02:42:{a:02x}:{b:02x}:{c:02x}:{d:02x}");
    (!mac.eq_ignore_ascii_case(&generated)).then_some(mac)
}

/// The engine adds the short ID, and newer ones the host name, which by default is the same.
fn generated_aliases(config: &Map<String, Value>, inspect: &Value) -> Vec<String> {
    let mut generated: Vec<String> = short_id(inspect).map(str::to_owned).into_iter().collect();
    if !config.contains_key("Hostname") {
        generated.extend(inspect["Config"]["Hostname"].as_str().map(str::to_owned));
    }
    generated
}

fn has_no_endpoints(mode: &str) -> bool {
    mode == "host" || mode == "none" || mode.starts_with("container:")
}

fn is_default_bridge(network: &str) -> bool {
    network == "bridge" || network == "default"
}

fn is_of_mode(network: &str, mode: &str) -> bool {
    network == mode || (is_default_bridge(network) && (mode.is_empty() || is_default_bridge(mode)))
}
