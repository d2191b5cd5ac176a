//! Settings that the engine accepts on paper and does not start with, or starts and then fails
//! its containers. Its own `--validate` finds none of these.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
};

use serde_json::Value;

use super::daemon_keys::{self, Release, TakesEffect};

/// A setting that must not be applied, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    pub key: String,
    /// A sentence without a full stop.
    pub why: String,
}

/// What the checks need to know of the engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Engine {
    pub release: Option<Release>,
    pub swarm_active: bool,
}

type Settings = BTreeMap<String, Value>;

/// Returns everything that is wrong with settings as they would be in force together: from the
/// file and, for keys that are not in it, from the command line.
pub fn contradictions(settings: &Settings, engine: &Engine) -> Vec<Contradiction> {
    let mut found = Vec::new();
    let mut wrong = |key: &str, why: String| {
        found.push(Contradiction { key: key.to_owned(), why });
    };
    unknown_to_engine(settings, engine, &mut wrong);
    bridge(settings, &mut wrong);
    swarm(settings, engine, &mut wrong);
    logging(settings, &mut wrong);
    runtimes(settings, &mut wrong);
    limits(settings, &mut wrong);
    if let Some(why) = cgroup_driver(settings) {
        wrong("exec-opts", why);
    }
    if let Some(why) = text(settings, "metrics-addr").and_then(bad_listener) {
        wrong("metrics-addr", why);
    }
    let proxy_blocks_reloads = engine.release >= Some((25, 0))
        && settings.get("userland-proxy") == Some(&Value::Bool(true))
        && !settings.contains_key("userland-proxy-path");
    if proxy_blocks_reloads {
        let why = "engines from 25.0 refuse every later reload of a file that says `true` without \
                   `userland-proxy-path`; leave it out, it is on anyway";
        wrong("userland-proxy", why.to_owned());
    }
    found
}

type Wrong<'a> = dyn FnMut(&str, String) + 'a;

fn unknown_to_engine(settings: &Settings, engine: &Engine, wrong: &mut Wrong<'_>) {
    let Some(release) = engine.release else { return };
    for name in settings.keys() {
        let Some(key) = daemon_keys::find(name) else { continue };
        let (major, minor) = key.since;
        if !key.known_to(release) {
            wrong(name, format!("engines know it from {major}.{minor:02} on"));
        }
    }
}

fn bridge(settings: &Settings, wrong: &mut Wrong<'_>) {
    let off = |key| settings.get(key) == Some(&Value::Bool(false));
    let on = |key| settings.get(key) == Some(&Value::Bool(true));
    if off("icc") && off("iptables") {
        let why = "containers can only be kept apart by iptables, which is off; the engine does \
                   not start";
        wrong("icc", why.to_owned());
    }
    if off("icc") && on("ipv6") && off("ip6tables") {
        let why = "containers can only be kept apart by ip6tables, which is off; the engine does \
                   not start";
        wrong("icc", why.to_owned());
    }
    if text(settings, "bridge").is_some() {
        for key in ["bip", "bip6"] {
            if text(settings, key).is_some() {
                wrong(key, "it excludes `bridge`; the engine does not start".to_owned());
            }
        }
    }
    for key in ["bip", "bip6"] {
        if let Some(why) = text(settings, key).and_then(bad_host_address) {
            wrong(key, why);
        }
    }
    if let Some(pools) = settings.get("default-address-pools").and_then(Value::as_array) {
        for pool in pools {
            if let Some(why) = bad_pool(pool) {
                wrong("default-address-pools", why);
            }
        }
    }
}

fn swarm(settings: &Settings, engine: &Engine, wrong: &mut Wrong<'_>) {
    if engine.swarm_active && settings.get("live-restore") == Some(&Value::Bool(true)) {
        let why = "this host is a node of a swarm; a reload accepts it and the next start fails";
        wrong("live-restore", why.to_owned());
    }
    if engine.swarm_active && text(settings, "firewall-backend") == Some("nftables") {
        wrong(
            "firewall-backend",
            "this host is a node of a swarm, which needs iptables".to_owned(),
        );
    }
}

/// Options of drivers whose lists are short and settled; others are the engine's to check.
fn logging(settings: &Settings, wrong: &mut Wrong<'_>) {
    let Some(options) = settings.get("log-opts").and_then(Value::as_object) else { return };
    let known: &[&str] = match text(settings, "log-driver").unwrap_or("json-file") {
        "json-file" => &[
            "max-size",
            "max-file",
            "compress",
            "labels",
            "labels-regex",
            "env",
            "env-regex",
            "tag",
        ],
        "local" => &["max-size", "max-file", "compress"],
        _ => return,
    };
    // These are for every driver.
    let common =
        |name: &str| name == "mode" || name == "max-buffer-size" || name.starts_with("cache-");
    for (name, value) in options {
        if !known.contains(&name.as_str()) && !common(name) {
            wrong("log-opts", format!("this log driver has no option `{name}`"));
        }
        if !value.is_string() {
            wrong("log-opts", format!("`{name}` has to be text: write it in quotes"));
        }
    }
}

fn runtimes(settings: &Settings, wrong: &mut Wrong<'_>) {
    let declared = settings.get("runtimes").and_then(Value::as_object);
    for (name, runtime) in declared.into_iter().flatten() {
        if name == "runc" {
            wrong("runtimes", "`runc` is built in and cannot be declared".to_owned());
        }
        let has = |member| runtime.get(member).is_some();
        if has("path") == has("runtimeType") {
            wrong("runtimes", format!("`{name}` needs either `path` or `runtimeType`"));
        }
        if (has("runtimeArgs") && !has("path")) || (has("options") && !has("runtimeType")) {
            let why = "`runtimeArgs` go with `path`, and `options` with `runtimeType`";
            wrong("runtimes", format!("`{name}`: {why}"));
        }
    }
    let Some(default) = text(settings, "default-runtime") else { return };
    let built_in = default == "runc" || default.starts_with("io.containerd.");
    if !built_in && declared.is_none_or(|declared| !declared.contains_key(default)) {
        wrong("default-runtime", format!("no runtime `{default}` is declared in `runtimes`"));
    }
}

fn limits(settings: &Settings, wrong: &mut Wrong<'_>) {
    const KEY: &str = "default-ulimits";
    let declared = settings.get(KEY).and_then(Value::as_object);
    for (name, limit) in declared.into_iter().flatten() {
        if limit.get("Name").and_then(Value::as_str) != Some(name) {
            let why = format!("`{name}` has to repeat its name: \"Name\": \"{name}\"");
            wrong(KEY, why + "; containers do not start otherwise");
        }
        let of = |member| limit.get(member).and_then(Value::as_i64);
        if let (Some(soft), Some(hard)) = (of("Soft"), of("Hard"))
            && hard != -1
            && (soft == -1 || hard < soft)
        {
            wrong(KEY, format!("`{name}`: the soft limit is above the hard one"));
        }
    }
}

fn cgroup_driver(settings: &Settings) -> Option<String> {
    let options = settings.get("exec-opts")?.as_array()?;
    options.iter().filter_map(Value::as_str).find_map(|option| {
        let (name, value) = option.split_once('=')?;
        let wrong = name == "native.cgroupdriver" && !["cgroupfs", "systemd"].contains(&value);
        wrong.then(|| format!("`{value}` is no cgroup driver (cgroupfs, systemd)"))
    })
}

fn bad_listener(address: &str) -> Option<String> {
    let right = address.parse::<SocketAddr>().is_ok()
        || address.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    (!right).then(|| format!("`{address}` is not HOST:PORT; the engine does not start"))
}

/// The engine needs an address of the host inside the network, not the network's own.
fn bad_host_address(cidr: &str) -> Option<String> {
    let Some((address, length)) = parse_cidr(cidr) else {
        return Some(format!("`{cidr}` is not ADDRESS/LENGTH; the engine does not start"));
    };
    let (bits, width) = match address {
        IpAddr::V4(it) => (u128::from(it.to_bits()), 32),
        IpAddr::V6(it) => (it.to_bits(), 128),
    };
    let host_bits = u32::from(width - length);
    let mask = 1_u128.checked_shl(host_bits).map_or(u128::MAX, |it| it - 1);
    let is_network = host_bits > 1 && bits & mask == 0;
    is_network.then(|| {
        format!(
            "`{cidr}` is the network itself; give the bridge an address in it, such as the next"
        )
    })
}

fn bad_pool(pool: &Value) -> Option<String> {
    let base = pool.get("base").and_then(Value::as_str);
    let size = pool.get("size").and_then(Value::as_u64);
    let (Some(base), Some(size)) = (base, size) else {
        return Some("each pool needs `base` and `size`".to_owned());
    };
    let Some((_, length)) = parse_cidr(base) else {
        return Some(format!("`{base}` is not ADDRESS/LENGTH"));
    };
    (size < u64::from(length))
        .then(|| format!("a network of size {size} is larger than its pool `{base}`"))
}

fn parse_cidr(text: &str) -> Option<(IpAddr, u8)> {
    let (address, length) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let length: u8 = length.parse().ok()?;
    let width = if address.is_ipv4() { 32 } else { 128 };
    (length <= width).then_some((address, length))
}

fn text<'a>(settings: &'a Settings, key: &str) -> Option<&'a str> {
    settings.get(key)?.as_str().filter(|text| !text.is_empty())
}

/// Returns whether containers that live through the daemon's restart would drop out of its view
/// with this key, and so hold ports and volumes that it does not know of.
pub fn loses_live_containers(key: &str) -> bool {
    key == "exec-root"
        || daemon_keys::find(key).is_some_and(|key| key.takes_effect == TakesEffect::Hides)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The keys at fault, in the order they are found.
    #[track_caller]
    fn check(settings: Value, keys: &[&str]) {
        check_on(&Engine { release: Some((28, 5)), swarm_active: false }, settings, keys);
    }

    #[track_caller]
    fn check_on(engine: &Engine, settings: Value, keys: &[&str]) {
        let settings: Settings = serde_json::from_value(settings).unwrap();
        let found = contradictions(&settings, engine);
        let found: Vec<_> = found.iter().map(|it| it.key.as_str()).collect();
        assert_eq!(found, keys, "{settings:?}");
    }

    #[test]
    fn a_usual_hardened_file_is_fine() {
        let settings = json!({
            "live-restore": true, "icc": false, "no-new-privileges": true, "log-driver": "json-file",
            "log-opts": {"max-size": "10m", "max-file": "3", "mode": "non-blocking"},
            "bip": "10.200.0.1/24", "default-address-pools": [{"base": "10.201.0.0/16", "size": 24}],
            "default-ulimits": {"nofile": {"Name": "nofile", "Soft": 64, "Hard": 128}},
            "runtimes": {"x": {"path": "/bin/x"}}, "default-runtime": "x",
            "metrics-addr": "127.0.0.1:9323", "exec-opts": ["native.cgroupdriver=systemd"],
        });
        check(settings, &[]);
    }

    #[test]
    fn containers_cannot_be_kept_apart_without_iptables() {
        check(json!({"icc": false, "iptables": false}), &["icc"]);
        check(json!({"icc": false, "ipv6": true, "ip6tables": false}), &["icc"]);
        check(json!({"iptables": false}), &[]);
    }

    #[test]
    fn addresses_of_the_bridge_are_addresses_of_the_host() {
        check(json!({"bip": "10.0.0.0/24"}), &["bip"]);
        check(json!({"bip": "10.0.0.1"}), &["bip"]);
        check(json!({"bip6": "fd00::/64"}), &["bip6"]);
        check(json!({"bip": "10.0.0.1/24", "bridge": "br0"}), &["bip"]);
        check(json!({"bip": "10.0.0.1/24", "bridge": ""}), &[]);
        let pools = json!([{"base": "10.0.0.0/16", "size": 8}]);
        check(json!({"default-address-pools": pools}), &["default-address-pools"]);
    }

    #[test]
    fn options_of_log_drivers_are_known_and_text() {
        check(json!({"log-opts": {"max-sise": "1m"}}), &["log-opts"]);
        check(json!({"log-opts": {"max-file": 3}}), &["log-opts"]);
        check(json!({"log-driver": "local", "log-opts": {"tag": "x"}}), &["log-opts"]);
        check(json!({"log-driver": "fluentd", "log-opts": {"tag": "x"}}), &[]);
    }

    #[test]
    fn a_runtime_is_declared_before_it_is_the_default() {
        check(json!({"default-runtime": "runsc"}), &["default-runtime"]);
        check(json!({"default-runtime": "io.containerd.runc.v2"}), &[]);
        check(json!({"runtimes": {"runc": {"path": "x"}}}), &["runtimes"]);
        check(json!({"runtimes": {"x": {"path": "x", "runtimeType": "y"}}}), &["runtimes"]);
    }

    #[test]
    fn a_limit_repeats_its_name_and_is_ordered() {
        let limits = json!({"nofile": {"Soft": 64, "Hard": 128}});
        check(json!({"default-ulimits": limits}), &["default-ulimits"]);
        let limits = json!({"nofile": {"Name": "nofile", "Soft": 64, "Hard": 32}});
        check(json!({"default-ulimits": limits}), &["default-ulimits"]);
    }

    #[test]
    fn what_the_engine_is_too_old_for_is_named() {
        let old = Engine { release: Some((20, 10)), swarm_active: false };
        let settings = json!({"proxies": {}, "userland-proxy": true});
        check_on(&old, settings.clone(), &["proxies"]);
        check(settings, &["userland-proxy"]);
    }

    #[test]
    fn a_node_of_a_swarm_has_no_live_restore() {
        let node = Engine { release: Some((28, 5)), swarm_active: true };
        check_on(&node, json!({"live-restore": true}), &["live-restore"]);
    }

    #[test]
    fn a_bad_cgroup_driver_or_listener_is_found() {
        check(json!({"exec-opts": ["native.cgroupdriver=none"]}), &["exec-opts"]);
        check(json!({"metrics-addr": "9323"}), &["metrics-addr"]);
    }
}
