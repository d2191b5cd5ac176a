//! What keys demand of each other and of the host they are on.
//!
//! Each is a fact about the engine, found in its source and tried on real ones
//! (`tests/it/daemon_keys.rs`); most of them its own `--validate` does not see.

mod broken;

use std::collections::BTreeMap;

use serde_json::Value;

use super::Release;

/// A relation, and how to see that it does not hold.
pub struct Relation {
    /// The key at fault, and those that it does not get on with or cannot do without.
    pub keys: &'static [&'static str],
    /// What has to hold, in a sentence without a full stop.
    pub rule: &'static str,
    /// What the engine does if it does not hold.
    pub effect: Effect,
    /// Returns what is wrong, in a sentence without a full stop; empty where the rule says it all.
    broken: fn(&Situation<'_>) -> Option<String>,
}

/// What comes of a setting that breaks a relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    DoesNotStart,
    /// It runs on, and refuses every later reload.
    DoesNotReload,
    /// It starts, and containers do not.
    ContainersFail,
    /// It starts and takes no notice.
    Ignored,
    /// The rule itself says what happens.
    AsSaid,
}

/// Settings, and what is known about the engine that would go by them.
pub struct Situation<'a> {
    pub settings: &'a BTreeMap<String, Value>,
    pub engine: &'a super::super::daemon_check::Engine,
    /// Whether these are all settings there are. A declaration names a part of them: what is not
    /// in it can be in the file.
    pub is_whole: bool,
}

impl Relation {
    /// Returns what is wrong with these settings, in a sentence without a full stop.
    pub fn violation(&self, situation: &Situation<'_>) -> Option<String> {
        let detail = (self.broken)(situation)?;
        Some(if detail.is_empty() { self.rule.to_owned() } else { detail })
    }
}

impl Effect {
    pub const fn says(self) -> Option<&'static str> {
        match self {
            Self::DoesNotStart => Some("the engine does not start"),
            Self::DoesNotReload => Some("the engine refuses every later reload"),
            Self::ContainersFail => Some("containers do not start"),
            Self::Ignored => Some("the engine takes no notice of it"),
            Self::AsSaid => None,
        }
    }
}

impl Situation<'_> {
    pub(super) fn is(&self, key: &str, value: bool) -> bool {
        self.settings.get(key) == Some(&Value::Bool(value))
    }

    /// The text of a key that is not empty.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.settings.get(key)?.as_str().filter(|text| !text.is_empty())
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.settings.get(key).is_some_and(|it| !it.is_null())
    }

    /// Whether the key is in the file, and not on the command line only.
    pub(super) fn in_file(&self, key: &str) -> bool {
        self.has(key) && !self.engine.flags.contains(key)
    }

    pub(super) fn texts(&self, key: &str) -> impl Iterator<Item = &str> {
        self.settings
            .get(key)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
    }

    pub(super) fn feature(&self, name: &str) -> Option<bool> {
        self.settings.get("features")?.get(name)?.as_bool()
    }

    /// Whether the engine is known to be of this release or a later one.
    pub(super) fn from(&self, release: Release) -> bool {
        self.engine.release.is_some_and(|it| it >= release)
    }

    /// Whether the engine is known to be older than this release.
    pub(super) fn before(&self, release: Release) -> bool {
        self.engine.release.is_some_and(|it| it < release)
    }
}

/// All of them, by the key at fault.
#[rustfmt::skip]
pub static RELATIONS: &[Relation] = &[
    relation(&["bip", "bridge"], "`bip` goes with a bridge that the engine makes, so it excludes `bridge`", Effect::DoesNotStart, broken::bip_and_bridge),
    relation(&["bip6", "bridge"], "`bip6` goes with a bridge that the engine makes, so it excludes `bridge`", Effect::DoesNotStart, broken::bip6_and_bridge),
    relation(&["cgroup-parent", "exec-opts"], "under the systemd cgroup driver it names a slice: its end is `.slice`", Effect::DoesNotStart, broken::cgroup_parent),
    relation(&["cpu-rt-period", "cpu-rt-runtime"], "real-time limits are those of cgroup version 1", Effect::DoesNotStart, broken::cpu_rt_period),
    relation(&["cpu-rt-runtime", "cpu-rt-period"], "real-time limits are those of cgroup version 1", Effect::DoesNotStart, broken::cpu_rt_runtime),
    relation(&["cri-containerd", "features"], "`cri-containerd` does not go with the feature `embedded-containerd`", Effect::DoesNotStart, broken::cri_containerd),
    relation(&["default-gateway", "bip"], "the gateway lies in the network of `bip`", Effect::DoesNotStart, broken::default_gateway),
    relation(&["default-gateway-v6", "bip6", "fixed-cidr-v6"], "the gateway lies in the network of `bip6` or `fixed-cidr-v6`", Effect::DoesNotStart, broken::default_gateway_v6),
    relation(&["default-runtime", "runtimes"], "it is `runc`, a name of `runtimes`, or a shim such as io.containerd.runsc.v1", Effect::DoesNotStart, broken::default_runtime),
    relation(&["features"], "a feature is one that this release has", Effect::Ignored, broken::features),
    relation(&["features", "userns-remap"], "from 29.0, the feature `containerd-snapshotter` excludes `userns-remap`", Effect::DoesNotStart, broken::snapshotter),
    relation(&["firewall-backend"], "nftables does not go with Swarm", Effect::DoesNotStart, broken::nftables_and_swarm),
    relation(&["host-gateway-ip", "host-gateway-ips"], "`host-gateway-ip` and `host-gateway-ips` are one setting: keep the newer name", Effect::DoesNotStart, broken::host_gateway),
    relation(&["icc", "iptables"], "`icc: false` needs iptables, which `iptables: false` turns off", Effect::DoesNotStart, broken::icc_and_iptables),
    relation(&["icc", "ipv6", "ip6tables"], "`icc: false` with `ipv6: true` needs ip6tables, which `ip6tables: false` turns off", Effect::AsSaid, broken::icc_and_ip6tables),
    relation(&["ip-masq", "iptables"], "`ip-masq: true` needs iptables, which `iptables: false` turns off", Effect::Ignored, broken::ip_masq),
    relation(&["ip6tables", "experimental"], "before 27.0, `ip6tables: true` needs `experimental: true`", Effect::DoesNotStart, broken::ip6tables),
    relation(&["ipv6", "fixed-cidr-v6"], "before 27.0, `ipv6: true` needs `fixed-cidr-v6`", Effect::DoesNotStart, broken::ipv6),
    relation(&["live-restore"], "a node of a swarm has no live-restore: a reload accepts it, and the next start fails", Effect::AsSaid, broken::live_restore_and_swarm),
    relation(&["log-driver"], "it is a driver that the engine has", Effect::ContainersFail, broken::log_driver),
    relation(&["log-opts", "log-driver"], "its options are those of `log-driver`", Effect::DoesNotStart, broken::log_options),
    relation(&["min-api-version"], "it is no higher than the engine's own API version", Effect::DoesNotStart, broken::min_api_version),
    relation(&["registry-mirrors"], "before 23.0 a mirror has no path", Effect::DoesNotStart, broken::mirror_path),
    relation(&["runtimes"], "before 24.0 a runtime is a `path`; `runtimeType` is ignored, and runc runs", Effect::AsSaid, broken::runtime_type),
    relation(&["seccomp-profile"], "engines before 23.0 take `builtin` and `unconfined` for names of files", Effect::DoesNotStart, broken::seccomp_word),
    relation(&["storage-driver"], "it is a driver that this release still has", Effect::DoesNotStart, broken::storage_driver),
    relation(&["tls", "tlscert", "tlskey"], "`tls: true` in the file needs `tlscert` and `tlskey` there", Effect::DoesNotStart, broken::tls),
    relation(&["tlsverify", "tlscacert", "tlscert", "tlskey"], "`tlsverify` in the file, true or false, turns TLS on and needs `tlscert` and `tlskey` there", Effect::DoesNotStart, broken::tlsverify),
    relation(&["userland-proxy", "userland-proxy-path"], "from 25.0, `userland-proxy: true` in the file needs `userland-proxy-path` there; leave it out, it is on anyway", Effect::DoesNotReload, broken::userland_proxy),
];

const fn relation(
    keys: &'static [&'static str],
    rule: &'static str,
    effect: Effect,
    broken: fn(&Situation<'_>) -> Option<String>,
) -> Relation {
    Relation { keys, rule, effect, broken }
}
