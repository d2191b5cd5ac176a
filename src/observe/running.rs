//! What the running daemon goes by, key by key: the engine's own word where it has one, then
//! its last reload, then what its process must have read when it started.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};

use crate::{
    docker::events::Event,
    model::{
        daemon::DaemonStart,
        daemon_digest,
        daemon_keys::{
            BridgeMember, DaemonKeyFacts, InfoMember, LiveSource, Release, ValueKind, VersionMember,
        },
        field::Field,
        size::Size,
    },
};

/// Engines from here on have a key for the IPv6 network of the default bridge.
const HAS_BIP6: Release = (28, 0);

/// Replies of the engine.
pub(super) struct Live<'a> {
    pub(super) info: &'a Value,
    pub(super) version: &'a Value,
    /// `None` where there is no default bridge network.
    pub(super) bridge: Option<&'a Value>,
    /// The last one that the engine still knows about.
    pub(super) reload: Option<&'a Event>,
}

/// What is known about the process from outside.
pub(super) struct Evidence<'a> {
    pub(super) file_error: bool,
    pub(super) file_is_older: bool,
    pub(super) started_at: Option<SystemTime>,
    pub(super) file_changed_at: Option<SystemTime>,
    /// What was remembered about this very process.
    pub(super) known_start: Option<&'a DaemonStart>,
    pub(super) socket_group: Option<&'a str>,
}

/// What the file and the command line say about a key.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) file: Option<&'a Value>,
    pub(super) flag: Option<&'a Value>,
    /// What the environment makes of a key that neither sets.
    pub(super) variable: Option<&'a Value>,
}

impl Live<'_> {
    pub(super) fn version_text(&self, member: &str) -> String {
        self.version[member].as_str().unwrap_or_default().to_owned()
    }

    /// Returns `Docker`, or the name of another engine that speaks its API, from the components
    /// that it names (`/version`: `Engine`, `Podman Engine`).
    pub(super) fn engine_name(&self) -> &str {
        let components = self.version["Components"].as_array();
        let names = components.into_iter().flatten().filter_map(|it| it["Name"].as_str());
        let engine = names.into_iter().find_map(|name| name.strip_suffix(" Engine"));
        engine.filter(|name| !name.is_empty()).unwrap_or("Docker")
    }

    pub(super) fn swarm_active(&self) -> bool {
        let state = self.info["Swarm"]["LocalNodeState"].as_str().unwrap_or_default();
        !matches!(state, "" | "inactive")
    }

    pub(super) fn running_containers(&self) -> usize {
        self.info["ContainersRunning"].as_u64().and_then(|it| it.try_into().ok()).unwrap_or(0)
    }

    /// Returns 1 or 2; engines before 20.10 do not tell.
    pub(super) fn cgroup_version(&self) -> Option<u8> {
        self.info["CgroupVersion"].as_str()?.parse().ok()
    }

    pub(super) fn log_drivers(&self) -> Vec<String> {
        let names = self.info["Plugins"]["Log"].as_array().into_iter().flatten();
        names.filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Returns the last reload of the process that runs now.
    pub(super) fn reload_since(
        &self,
        started_at: Option<SystemTime>,
    ) -> Option<(&Event, SystemTime)> {
        let event = self.reload?;
        let nanos = u64::try_from(event.time_nano).ok()?;
        let at = SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos);
        (started_at.is_none_or(|started| at >= started)).then_some((event, at))
    }
}

/// Returns what the daemon goes by; `null` where it is not set and has no fixed default.
pub(super) fn running(
    facts: &DaemonKeyFacts,
    release: Option<Release>,
    live: &Live<'_>,
    evidence: Result<&Evidence<'_>, &&'static str>,
    given: Given<'_>,
) -> Field<Value> {
    let reload = live.reload_since(evidence.ok().and_then(|it| it.started_at));
    // The list of plugins is that of the start; a reload makes it stale.
    let stale =
        facts.live == LiveSource::Info(InfoMember::AuthorizationPlugins) && reload.is_some();
    let shown = match stale {
        true => None,
        false => shown(facts, release, live, evidence.ok()),
    };
    if let Some(value) = shown.or_else(|| announced(facts, reload)) {
        return Field::Set(respelt(facts, value, given));
    }
    let evidence = match evidence {
        Ok(evidence) => evidence,
        Err(why) => return Field::Unknown(why),
    };
    let in_file = given.file.filter(|value| !value.is_null());
    let reloaded =
        reload.zip(evidence.file_changed_at).is_some_and(|((_, at), changed)| at >= changed);
    if facts.reloads() && reloaded && !evidence.file_error {
        // At a reload the daemon reads the file alone.
        match in_file {
            Some(value) => return Field::Set(taken(facts, value)),
            None if !facts.kept_when_absent() => return Field::Set(unset(facts)),
            None => {}
        }
    }
    if let Some(value) = given.flag {
        return Field::Set(taken(facts, value));
    }
    if evidence.file_error {
        return Field::Unknown("the daemon's file cannot be read, and the engine does not show it");
    }
    if in_file.is_none()
        && let Some(value) = given.variable
    {
        return Field::Set(value.clone());
    }
    if evidence.file_is_older {
        return Field::Set(in_file.map_or_else(|| unset(facts), |value| taken(facts, value)));
    }
    match evidence.known_start {
        Some(start) => remembered(facts, start, in_file),
        None => Field::Unknown(
            "the file is newer than the daemon's process, and the engine does not show it",
        ),
    }
}

/// What the daemon makes of a value it is given: an empty one is the default.
fn taken(facts: &DaemonKeyFacts, value: &Value) -> Value {
    match is_zero(value) {
        true => facts.default_value().unwrap_or_else(|| value.clone()),
        false => value.clone(),
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        // `false` is told from left out.
        Value::Null | Value::Bool(_) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
    }
}

fn unset(facts: &DaemonKeyFacts) -> Value {
    facts.default_value().unwrap_or(Value::Null)
}

/// Finds the value whose digest was written down while the process was known to go by it.
fn remembered(
    facts: &DaemonKeyFacts,
    start: &DaemonStart,
    in_file: Option<&Value>,
) -> Field<Value> {
    let secret = in_file.is_some_and(|value| facts.holds_secret(value)) || facts.sensitive;
    if secret || start.unknown.contains(facts.name) {
        return Field::Unknown(
            "the file is newer than the daemon's process, and the engine does not show it",
        );
    }
    let Some(digest) = start.keys.get(facts.name) else { return Field::Set(unset(facts)) };
    let switches = [json!(true), json!(false)];
    let switches = switches.iter().filter(|_| facts.kind == ValueKind::Bool);
    in_file
        .map(|value| taken(facts, value))
        .into_iter()
        .chain(switches.cloned())
        .find(|value| daemon_digest::digest(value) == *digest)
        .map_or(
            Field::Unknown("the daemon's process started with another value than the file holds"),
            Field::Set,
        )
}

/// Reads the value off the engine's replies, where they show it.
fn shown(
    facts: &DaemonKeyFacts,
    release: Option<Release>,
    live: &Live<'_>,
    evidence: Option<&Evidence<'_>>,
) -> Option<Value> {
    match facts.live {
        LiveSource::Info(member) => from_info(member, live.info, release),
        LiveSource::Version(VersionMember::MinApiVersion) => text(&live.version["MinAPIVersion"]),
        LiveSource::Version(VersionMember::Experimental) => {
            // Left out if it is off.
            live.version
                .is_object()
                .then(|| json!(live.version["Experimental"].as_bool().unwrap_or(false)))
        }
        LiveSource::BridgeOption(option) => match live.bridge {
            Some(bridge) => typed(facts.kind, bridge["Options"][option].as_str()?),
            None => (facts.name == "bridge").then(|| json!("none")),
        },
        LiveSource::Bridge(member) => from_bridge(member, live.bridge?, release),
        LiveSource::SocketGroup => evidence?.socket_group.map(|group| json!(group)),
        LiveSource::ReloadEvent | LiveSource::Nowhere => None,
    }
}

fn text(value: &Value) -> Option<Value> {
    value.as_str().filter(|text| !text.is_empty()).map(|text| json!(text))
}

fn from_info(member: InfoMember, info: &Value, release: Option<Release>) -> Option<Value> {
    if !info.is_object() {
        return None;
    }
    let option = |name: &str| {
        let options = info["SecurityOptions"].as_array()?;
        options
            .iter()
            .filter_map(Value::as_str)
            .find(|it| it.strip_prefix("name=").and_then(|it| it.split(',').next()) == Some(name))
    };
    let has_options = info["SecurityOptions"].is_array();
    let list = |value: &Value| match value {
        Value::Array(_) => Some(value.clone()),
        Value::Null => Some(json!([])),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => None,
    };
    match member {
        InfoMember::AuthorizationPlugins => list(&info["Plugins"]["Authorization"]),
        InfoMember::CdiSpecDirs => info.get("CDISpecDirs").and_then(list),
        InfoMember::CgroupnsPrivate => has_options
            .then(|| json!(if option("cgroupns").is_some() { "private" } else { "host" })),
        InfoMember::CgroupDriver => info["CgroupDriver"]
            .as_str()
            .map(|driver| json!([format!("native.cgroupdriver={driver}")])),
        InfoMember::ContainerdAddress => text(&info["Containerd"]["Address"]),
        InfoMember::ContainerdNamespace => text(&info["Containerd"]["Namespaces"]["Containers"]),
        InfoMember::Debug => info["Debug"].as_bool().map(|it| json!(it)),
        InfoMember::DefaultAddressPools => address_pools(&info["DefaultAddressPools"]),
        InfoMember::DefaultRuntime => text(&info["DefaultRuntime"]),
        InfoMember::DockerRootDir => {
            let path = info["DockerRootDir"].as_str()?;
            let remapped = option("userns").and_then(|_| path.rsplit_once('/'));
            Some(json!(remapped.map_or(path, |(above, _)| above)))
        }
        InfoMember::FirewallBackend => {
            let driver = info["FirewallBackend"]["Driver"].as_str()?;
            Some(json!(driver.split('+').next()))
        }
        InfoMember::GenericResources => generic_resources(&info["GenericResources"]),
        InfoMember::InitBinary => text(&info["InitBinary"]),
        InfoMember::InsecureRegistries => insecure_registries(&info["RegistryConfig"]),
        InfoMember::Labels => list(&info["Labels"]),
        InfoMember::LiveRestore => info["LiveRestoreEnabled"].as_bool().map(|it| json!(it)),
        InfoMember::LoggingDriver => text(&info["LoggingDriver"]),
        InfoMember::NoNewPrivileges => (has_options && release? >= (24, 0))
            .then(|| json!(option("no-new-privileges").is_some())),
        InfoMember::RegistryMirrors => list(&info["RegistryConfig"]["Mirrors"]),
        InfoMember::Rootless => has_options.then(|| json!(option("rootless").is_some())),
        InfoMember::SeccompProfile => {
            let profile =
                option("seccomp")?.split(',').find_map(|it| it.strip_prefix("profile="))?;
            Some(json!(if profile == "default" { "builtin" } else { profile }))
        }
        InfoMember::Selinux => has_options.then(|| json!(option("selinux").is_some())),
        InfoMember::StorageDriver => text(&info["Driver"]),
        // It shows that one is in use, not which.
        InfoMember::UsernsRemap => (has_options && option("userns").is_none()).then(|| json!("")),
        // Credentials masked, environment mixed in; parts only.
        InfoMember::Proxies | InfoMember::Nri | InfoMember::Runtimes => None,
        InfoMember::UserlandProxy => (release? >= (29, 5)).then(|| {
            json!(firewall_detail(info, "EnableUserlandProxy").is_some_and(|it| it == "true"))
        }),
        InfoMember::UserlandProxyPath => {
            firewall_detail(info, "UserlandProxyPath").map(|path| json!(path))
        }
    }
}

fn firewall_detail<'a>(info: &'a Value, name: &str) -> Option<&'a str> {
    info["FirewallBackend"]["Info"]
        .as_array()?
        .iter()
        .find(|pair| pair[0].as_str() == Some(name))?[1]
        .as_str()
}

fn address_pools(pools: &Value) -> Option<Value> {
    let Some(pools) = pools.as_array() else { return pools.is_null().then(|| json!([])) };
    // Engines 28 forget addresses at a reload (`invalid Prefix`), though networks go by them.
    let base =
        |pool: &Value| pool["Base"].as_str().filter(|it| it.contains('/')).map(str::to_owned);
    let pools = pools.iter().map(|pool| Some(json!({ "base": base(pool)?, "size": pool["Size"] })));
    pools.collect()
}

fn generic_resources(resources: &Value) -> Option<Value> {
    let Some(resources) = resources.as_array() else {
        return resources.is_null().then(|| json!([]));
    };
    let mut texts = Vec::new();
    for resource in resources {
        let spec = resource.as_object()?.values().next()?;
        let value = match &spec["Value"] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        texts.push(format!("{}={value}", spec["Kind"].as_str()?));
    }
    Some(json!(texts))
}

/// The loopback ranges are always there, asked for or not.
fn insecure_registries(config: &Value) -> Option<Value> {
    let ranges = config["InsecureRegistryCIDRs"].as_array()?;
    let ranges = ranges
        .iter()
        .filter_map(Value::as_str)
        .filter(|range| !matches!(*range, "127.0.0.0/8" | "::1/128"));
    let names = config["IndexConfigs"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, index)| index["Secure"].as_bool() == Some(false))
        .map(|(name, _)| name.as_str());
    let mut found: Vec<&str> = names.chain(ranges).collect();
    found.sort_unstable();
    Some(json!(found))
}

fn from_bridge(member: BridgeMember, bridge: &Value, release: Option<Release>) -> Option<Value> {
    let family = |v6: bool| {
        let configs = bridge["IPAM"]["Config"].as_array()?;
        configs.iter().find(|it| it["Subnet"].as_str().is_some_and(|net| net.contains(':') == v6))
    };
    let gateway = |v6| {
        let config: &Value = family(v6)?;
        let (_, length) = config["Subnet"].as_str()?.split_once('/')?;
        let gateway = config["Gateway"].as_str()?.split('/').next()?;
        Some(json!(format!("{gateway}/{length}")))
    };
    let range = |v6| Some(text(&family(v6)?["IPRange"]).unwrap_or(Value::Null));
    let beside = |v6, name: &str| {
        Some(text(&family(v6)?["AuxiliaryAddresses"][name]).unwrap_or(Value::Null))
    };
    match member {
        BridgeMember::GatewayV4 => gateway(false),
        BridgeMember::GatewayV6 => gateway(true),
        BridgeMember::RangeV4 => range(false),
        // Without a key for the network itself, the range is all of it.
        BridgeMember::RangeV6 if release.is_some_and(|it| it < HAS_BIP6) => {
            Some(family(true).map_or(Value::Null, |it| it["Subnet"].clone()))
        }
        BridgeMember::RangeV6 => range(true),
        BridgeMember::DefaultGatewayV4 => beside(false, "DefaultGatewayIPv4"),
        BridgeMember::DefaultGatewayV6 => beside(true, "DefaultGatewayIPv6"),
        BridgeMember::EnableIpv6 => bridge["EnableIPv6"].as_bool().map(|it| json!(it)),
    }
}

/// Reads the value off the last reload's event.
fn announced(facts: &DaemonKeyFacts, reload: Option<(&Event, SystemTime)>) -> Option<Value> {
    let (event, _) = reload?;
    typed(facts.kind, event.actor.attributes.get(facts.event?)?)
}

/// Reads a value from text as the engine writes it.
fn typed(kind: ValueKind, text: &str) -> Option<Value> {
    match kind {
        ValueKind::Bool => text.parse::<bool>().ok().map(|it| json!(it)),
        ValueKind::Integer => text.parse::<i64>().ok().map(|it| json!(it)),
        ValueKind::Text(_) | ValueKind::Size => Some(json!(text)),
        ValueKind::TextList => match serde_json::from_str(text).ok()? {
            Value::Null => Some(json!([])),
            list => list.is_array().then_some(list),
        },
        ValueKind::TextMap | ValueKind::BoolMap(_) | ValueKind::Object(_) | ValueKind::Json => {
            match serde_json::from_str(text).ok()? {
                Value::Null => Some(json!({})),
                value => Some(value),
            }
        }
    }
}

/// Says a value as the file or the command line says it, if they mean the same: the engine
/// sorts, adds slashes and counts bytes.
fn respelt(facts: &DaemonKeyFacts, value: Value, given: Given<'_>) -> Value {
    let same = |candidate: &&Value| {
        normal(facts, candidate) == normal(facts, &value)
            || (is_zero(candidate) && facts.default_value().as_ref() == Some(&value))
    };
    let default = facts.default_value();
    [given.file, given.flag, given.variable, default.as_ref()]
        .into_iter()
        .flatten()
        .find(same)
        .cloned()
        .unwrap_or(value)
}

fn normal(facts: &DaemonKeyFacts, value: &Value) -> Value {
    match (facts.kind, value) {
        (ValueKind::Size, Value::String(text)) => {
            Size::parse(text).map_or_else(|| value.clone(), |Size(bytes)| json!(bytes))
        }
        (ValueKind::TextList, Value::Array(items)) => {
            let mut items: Vec<&str> =
                items
                    .iter()
                    .filter_map(Value::as_str)
                    .map(|it| {
                        if facts.name == "registry-mirrors" { it.trim_end_matches('/') } else { it }
                    })
                    .collect();
            // Order matters for mirrors and plugins, which are asked in turn.
            if matches!(facts.name, "labels" | "insecure-registries") {
                items.sort_unstable();
                items.dedup();
            }
            json!(items)
        }
        (ValueKind::Text(_), Value::String(text)) if text.len() > 1 => {
            json!(text.trim_end_matches('/'))
        }
        (ValueKind::Json, Value::Object(members)) if facts.name == "runtimes" => {
            runtimes_without_builtin(members)
        }
        _ => value.clone(),
    }
}

/// Reload events list the built-in runtimes too, and spell empty members out.
fn runtimes_without_builtin(members: &Map<String, Value>) -> Value {
    members
        .iter()
        .filter(|(name, _)| *name != "runc" && !name.starts_with("io.containerd."))
        .map(|(name, runtime)| (name.clone(), runtime["path"].clone()))
        .collect::<Map<_, _>>()
        .into()
}

#[cfg(test)]
mod tests;
