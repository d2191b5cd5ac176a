//! For each relation, how to see that settings break it.
//!
//! What the situation does not tell is never held against the settings.

use serde_json::Value;

use super::Situation;
use crate::model::{
    daemon_keys::{Release, release_text, shape::text},
    suggest::{nearest, question},
};

type Broken = Option<String>;

/// Nothing to add to the rule.
fn plainly(is_broken: bool) -> Broken {
    is_broken.then(String::new)
}

pub(super) fn bip_and_bridge(it: &Situation<'_>) -> Broken {
    plainly(it.text("bip").is_some() && it.text("bridge").is_some())
}

pub(super) fn bip6_and_bridge(it: &Situation<'_>) -> Broken {
    plainly(it.text("bip6").is_some() && it.text("bridge").is_some())
}

pub(super) fn cgroup_parent(it: &Situation<'_>) -> Broken {
    let parent = it.text("cgroup-parent")?;
    let chosen = it.texts("exec-opts").find_map(|it| it.strip_prefix("native.cgroupdriver="));
    let driver = chosen.or(it.engine.cgroup_driver.as_deref().filter(|_| it.is_whole))?;
    let is_slice = parent.len() > 6 && parent.ends_with(".slice");
    (driver == "systemd" && !is_slice).then(|| {
        format!("`{parent}` is no slice, and the cgroup driver is systemd: its end is `.slice`")
    })
}

fn real_time(it: &Situation<'_>, key: &str) -> Broken {
    let is_set = it.settings.get(key)?.as_i64()? != 0;
    plainly(is_set && it.engine.cgroup_version == Some(2))
}

pub(super) fn cpu_rt_period(it: &Situation<'_>) -> Broken {
    real_time(it, "cpu-rt-period")
}

pub(super) fn cpu_rt_runtime(it: &Situation<'_>) -> Broken {
    real_time(it, "cpu-rt-runtime")
}

pub(super) fn cri_containerd(it: &Situation<'_>) -> Broken {
    plainly(it.is("cri-containerd", true) && it.feature("embedded-containerd") == Some(true))
}

pub(super) fn default_gateway(it: &Situation<'_>) -> Broken {
    gateway_outside(it.text("default-gateway")?, &[("bip", it.text("bip")?)])
}

pub(super) fn default_gateway_v6(it: &Situation<'_>) -> Broken {
    let networks: Vec<(&str, &str)> = ["bip6", "fixed-cidr-v6"]
        .into_iter()
        .filter_map(|key| Some((key, it.text(key)?)))
        .collect();
    gateway_outside(it.text("default-gateway-v6")?, &networks)
}

fn gateway_outside(gateway: &str, networks: &[(&str, &str)]) -> Broken {
    let address = gateway.parse().ok()?;
    let read = |(_, network): &(&str, &str)| text::network(network);
    let is_outside = !networks.is_empty()
        && networks.iter().all(|it| read(it).is_some_and(|it| !text::holds(it, address)));
    is_outside.then(|| {
        let names: Vec<String> =
            networks.iter().map(|(key, network)| format!("`{key}: {network}`")).collect();
        format!("`{gateway}` lies outside {}", names.join(" and "))
    })
}

pub(super) fn default_runtime(it: &Situation<'_>) -> Broken {
    let default = it.text("default-runtime")?;
    let declared = it.settings.get("runtimes").and_then(Value::as_object);
    let built_in = default == "runc" || default.starts_with("io.containerd.");
    let is_known = built_in
        || it.engine.flag_runtimes.contains(default)
        || declared.is_some_and(|them| them.contains_key(default));
    (it.is_whole && !is_known).then(|| format!("no runtime `{default}` is declared in `runtimes`"))
}

/// The engine takes any name, and leaves those that it does not know.
pub(super) fn features(it: &Situation<'_>) -> Broken {
    const SINCE: [(&str, Release); 7] = [
        ("buildkit", (18, 9)),
        ("cdi", (25, 0)),
        ("containerd-migration", (29, 0)),
        ("containerd-snapshotter", (24, 0)),
        ("embedded-containerd", (29, 0)),
        ("swarm-nftables", (29, 0)),
        ("time-namespaces", (29, 0)),
    ];
    let named = it.settings.get("features")?.as_object()?;
    let (name, since) = SINCE
        .into_iter()
        .find(|(name, since)| named.get(*name) == Some(&Value::Bool(true)) && it.before(*since))?;
    let since = release_text(since);
    Some(format!("engine {} has no feature `{name}`; engines from {since} do", it.engine.version))
}

pub(super) fn snapshotter(it: &Situation<'_>) -> Broken {
    let remaps = it.text("userns-remap").is_some();
    plainly(it.from((29, 0)) && remaps && it.feature("containerd-snapshotter") == Some(true))
}

pub(super) fn nftables_and_swarm(it: &Situation<'_>) -> Broken {
    (it.engine.swarm_active && it.text("firewall-backend") == Some("nftables"))
        .then(|| "this host is a node of a swarm, which needs iptables".to_owned())
}

pub(super) fn host_gateway(it: &Situation<'_>) -> Broken {
    plainly(it.text("host-gateway-ip").is_some() && it.texts("host-gateway-ips").next().is_some())
}

pub(super) fn icc_and_iptables(it: &Situation<'_>) -> Broken {
    plainly(it.is("icc", false) && it.is("iptables", false))
}

pub(super) fn icc_and_ip6tables(it: &Situation<'_>) -> Broken {
    let is_broken = it.is("icc", false) && it.is("ipv6", true) && it.is("ip6tables", false);
    let rule = "`icc: false` with `ipv6: true` needs ip6tables, which `ip6tables: false` turns off";
    is_broken.then(|| {
        if it.before((27, 0)) {
            format!("{rule}; containers reach each other over IPv6")
        } else if it.from((28, 0)) {
            format!("{rule}; the engine does not start")
        } else {
            String::new()
        }
    })
}

pub(super) fn ip_masq(it: &Situation<'_>) -> Broken {
    plainly(it.is("ip-masq", true) && it.is("iptables", false))
}

pub(super) fn ip6tables(it: &Situation<'_>) -> Broken {
    plainly(
        it.is_whole
            && it.before((27, 0))
            && it.is("ip6tables", true)
            && !it.is("experimental", true),
    )
}

pub(super) fn ipv6(it: &Situation<'_>) -> Broken {
    // A bridge of one's own has its own addresses.
    let without = it.text("fixed-cidr-v6").is_none() && it.text("bridge").is_none();
    plainly(it.is_whole && it.before((27, 0)) && it.is("ipv6", true) && without)
}

pub(super) fn live_restore_and_swarm(it: &Situation<'_>) -> Broken {
    (it.engine.swarm_active && it.is("live-restore", true)).then(|| {
        "this host is a node of a swarm; a reload accepts it and the next start fails".to_owned()
    })
}

pub(super) fn log_driver(it: &Situation<'_>) -> Broken {
    let driver = it.text("log-driver")?;
    let known = &it.engine.log_drivers;
    let is_unknown = !known.is_empty() && driver != "none" && !known.iter().any(|it| it == driver);
    is_unknown.then(|| {
        let meant = question(&nearest(driver, known.iter().map(String::as_str)));
        let meant = meant.map_or_else(String::new, |it| format!(" ({it})"));
        format!("the engine has no log driver `{driver}`{meant}")
    })
}

/// Options of drivers whose lists are short and settled; others are the engine's to check.
pub(super) fn log_options(it: &Situation<'_>) -> Broken {
    const FILE: [&str; 8] =
        ["max-size", "max-file", "compress", "labels", "labels-regex", "env", "env-regex", "tag"];
    const LOCAL: [&str; 3] = ["max-size", "max-file", "compress"];
    let options = it.settings.get("log-opts")?.as_object()?;
    let driver = match it.text("log-driver") {
        Some(driver) => driver,
        None if it.is_whole => "json-file",
        None => return None,
    };
    let known: &[&str] = match driver {
        "json-file" => &FILE,
        "local" => &LOCAL,
        _ => return None,
    };
    // These are for every driver.
    let common =
        |name: &str| name == "mode" || name == "max-buffer-size" || name.starts_with("cache-");
    let wrong = options.keys().find(|name| !known.contains(&name.as_str()) && !common(name))?;
    let meant = question(&nearest(wrong, known.iter().copied()));
    let meant = meant.map_or_else(String::new, |it| format!(" ({it})"));
    Some(format!("the log driver {driver} has no option `{wrong}`{meant}"))
}

pub(super) fn min_api_version(it: &Situation<'_>) -> Broken {
    let wanted = it.text("min-api-version")?;
    let most = it.engine.api_version.as_deref()?;
    (text::api_version(wanted)? > text::api_version(most)?)
        .then(|| format!("`{wanted}` is above the engine's own API version {most}"))
}

pub(super) fn mirror_path(it: &Situation<'_>) -> Broken {
    let has_path = |mirror: &str| {
        let rest = mirror.split_once("://").map_or(mirror, |(_, rest)| rest);
        rest.split_once('/').is_some_and(|(_, path)| !path.is_empty())
    };
    let mirror = it.texts("registry-mirrors").find(|it| has_path(it))?;
    it.before((23, 0)).then(|| format!("engines before 23.0 take no path in `{mirror}`"))
}

pub(super) fn runtime_type(it: &Situation<'_>) -> Broken {
    let runtimes = it.settings.get("runtimes")?.as_object()?;
    let (name, _) = runtimes.iter().find(|(_, it)| it.get("runtimeType").is_some())?;
    it.before((24, 0)).then(|| {
        format!("engines before 24.0 ignore `runtimeType`, so runtime `{name}` would be runc")
    })
}

pub(super) fn seccomp_word(it: &Situation<'_>) -> Broken {
    let word = it.text("seccomp-profile")?;
    (it.before((23, 0)) && !word.starts_with('/'))
        .then(|| format!("engines before 23.0 take `{word}` for the name of a file"))
}

pub(super) fn storage_driver(it: &Situation<'_>) -> Broken {
    let driver = it.text("storage-driver")?;
    let gone = match driver {
        "aufs" | "overlay" => (24, 0),
        "devicemapper" => (25, 0),
        "overlay2" | "fuse-overlayfs" | "btrfs" | "zfs" | "vfs" => return None,
        _ => return Some(format!("there is no storage driver `{driver}`")),
    };
    it.from(gone).then(|| format!("`{driver}` is gone since {}.{}", gone.0, gone.1))
}

fn has_certificate(it: &Situation<'_>) -> bool {
    it.text("tlscert").is_some() && it.text("tlskey").is_some()
}

pub(super) fn tls(it: &Situation<'_>) -> Broken {
    plainly(it.is_whole && it.is("tls", true) && it.in_file("tls") && !has_certificate(it))
}

pub(super) fn tlsverify(it: &Situation<'_>) -> Broken {
    plainly(it.is_whole && it.in_file("tlsverify") && !has_certificate(it))
}

pub(super) fn userland_proxy(it: &Situation<'_>) -> Broken {
    // A reload judges the file alone, whatever the command line says.
    let is_on = it.is("userland-proxy", true) && it.in_file("userland-proxy");
    plainly(it.is_whole && it.from((25, 0)) && is_on && !it.in_file("userland-proxy-path"))
}
