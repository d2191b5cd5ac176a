//! What is known about a key of the daemon's file, wherever the daemon is.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{
    Style,
    paragraph::{labelled, wrapped},
};
use crate::model::{
    class::Class,
    daemon_keys::{
        BridgeMember, DaemonKeyFacts, InfoMember, LiveSource, Member, Pickup, RELATIONS, Relation,
        TakesEffect, UnusableKey, ValueKind, VersionMember, WhyUnusable, release_text,
    },
};

/// Writes a key's whole row.
pub fn row(out: &mut dyn Write, key: &DaemonKeyFacts, style: &Style) -> io::Result<()> {
    writeln!(out, "{}", style.bold(&format!("daemon/{}", key.name)))?;
    labelled(out, style, "type", &form(key))?;
    labelled(out, style, "default", &default(key))?;
    labelled(out, style, "engines", &engines(key))?;
    labelled(out, style, "flag", &flag(key))?;
    labelled(out, style, "change", &change(key))?;
    labelled(out, style, "follows", follows(key.pickup))?;
    labelled(out, style, "read", &read(key))?;
    labelled(out, style, "secret", secret(key))?;
    labelled(out, style, "safety", key.about)?;
    if let Some(note) = key.note {
        labelled(out, style, "note", note)?;
    }
    let mut label = "rules";
    for relation in relations(key) {
        labelled(out, style, label, &rule(relation))?;
        label = "";
    }
    Ok(())
}

/// Writes why a name is no setting, and what is.
pub fn unusable(out: &mut dyn Write, key: &UnusableKey, style: &Style) -> io::Result<()> {
    let why = match key.why {
        WhyUnusable::Removed => "engines no longer know it",
        WhyUnusable::Ignored => key.advice,
        WhyUnusable::Refused => "the engine refuses it, and does not start",
        WhyUnusable::FlagOnly => "it is for the command line only",
        WhyUnusable::Undocumented => "it is documented nowhere",
    };
    let until = key.until.map_or_else(String::new, |it| format!(" from {} on", release_text(it)));
    let instead = key.instead.map_or_else(String::new, |it| format!(" The key is `{it}`."));
    let advice = match key.why {
        WhyUnusable::Ignored => String::new(),
        _ => format!(" To know: {}.", key.advice),
    };
    let line = format!("`{}` is no setting: {why}{until}.{instead}{advice}", key.name);
    for piece in wrapped(&line, style.width) {
        writeln!(out, "{piece}")?;
    }
    Ok(())
}

/// Returns a key's row as JSON.
pub fn row_json(key: &DaemonKeyFacts) -> Value {
    json!({
        "name": key.name,
        "type": form(key),
        "default": key.default_value(),
        "since": release_text(key.since),
        "until": key.until.map(release_text),
        "flag": key.flag,
        "flag_merges": key.flag_merges,
        "class": class(key.takes_effect).word(),
        "change": change(key),
        "reload": key.reloads(),
        "follows": follows(key.pickup),
        "read": read(key),
        "event": key.event,
        "sensitive": key.sensitive,
        "security": key.about,
        "note": key.note,
        "rules": relations(key).map(|it| json!({"keys": it.keys, "rule": rule(it)})).collect::<Value>(),
    })
}

fn relations(key: &DaemonKeyFacts) -> impl Iterator<Item = &'static Relation> {
    let name = key.name;
    RELATIONS.iter().filter(move |it| it.keys.contains(&name))
}

fn rule(relation: &Relation) -> String {
    match relation.effect.says() {
        Some(effect) => format!("{}, or else {effect}", relation.rule),
        None => relation.rule.to_owned(),
    }
}

fn form(key: &DaemonKeyFacts) -> String {
    let kind = match key.kind {
        ValueKind::Bool => "true or false".to_owned(),
        ValueKind::Integer => "a whole number".to_owned(),
        ValueKind::Text([]) => "text".to_owned(),
        ValueKind::Text(words) => words.join(", "),
        ValueKind::Size => "a size in text, such as 64M; a bare number is refused".to_owned(),
        ValueKind::TextList => "a list of texts".to_owned(),
        ValueKind::TextMap => "names with texts; numbers have to stand in quotes".to_owned(),
        ValueKind::BoolMap(names) => format!("true or false for {}", names.join(", ")),
        ValueKind::Object(members) => format!("an object of {}", named(members)),
        ValueKind::Json => return key.shape.says().unwrap_or_else(|| "an object or a list".into()),
    };
    match key.shape.says() {
        Some(shape) => format!("{kind}: {shape}"),
        None => kind,
    }
}

fn named(members: &[Member]) -> String {
    members.iter().map(|it| it.name).collect::<Vec<_>>().join(", ")
}

fn default(key: &DaemonKeyFacts) -> String {
    match key.default_value() {
        Some(Value::String(text)) => text,
        Some(value) => value.to_string(),
        None => "not set, or what suits the host".to_owned(),
    }
}

fn engines(key: &DaemonKeyFacts) -> String {
    let since = release_text(key.since);
    match key.until {
        Some(until) => format!("from {since}, until {} dropped it", release_text(until)),
        None => format!("from {since}"),
    }
}

fn flag(key: &DaemonKeyFacts) -> String {
    let Some(flag) = key.flag else { return "none".to_owned() };
    let short = key.short_flag.map_or_else(String::new, |it| format!(", -{it}"));
    let both = match key.flag_merges {
        true => "both are merged",
        false => "with both, the daemon does not start or reload",
    };
    format!("--{flag}{short}; {both}")
}

/// The class of a change where containers run that no live-restore keeps running.
const fn class(takes_effect: TakesEffect) -> Class {
    match takes_effect {
        TakesEffect::Reload { .. } => Class::Live,
        TakesEffect::Restart | TakesEffect::EmptyStart | TakesEffect::Breaks => Class::Outage,
        TakesEffect::Hides => Class::Loss,
    }
}

fn change(key: &DaemonKeyFacts) -> String {
    if key.name == "features" {
        return "live for `buildkit`, loss for `containerd-snapshotter`, and for the others a \
                restart of the daemon"
            .to_owned();
    }
    match key.takes_effect {
        TakesEffect::Reload { kept_when_absent: true } => {
            "live: a reload applies it; left out, it stays as it was"
        }
        TakesEffect::Reload { kept_when_absent: false } => {
            "live: a reload applies it; left out, it is reset, even if a flag had set it"
        }
        TakesEffect::Restart => {
            "restart of the daemon; an outage if containers run without live-restore"
        }
        TakesEffect::EmptyStart => {
            "restart while no container runs; an outage if they have to be stopped for it"
        }
        TakesEffect::Hides => {
            "loss: after the restart, images, containers or volumes are out of view"
        }
        TakesEffect::Breaks => "outage: a restart, after which somebody may be cut off",
    }
    .to_owned()
}

const fn follows(pickup: Pickup) -> &'static str {
    match pickup {
        Pickup::NotAboutContainers => "no container is involved",
        Pickup::ContainerStart => "containers that exist, at their next start",
        Pickup::ContainerCreation => "new containers; those that exist have to be replaced",
        Pickup::EmptyStart => "the default bridge, when the daemon starts while no container runs",
        Pickup::DaemonStart => "all containers, when the daemon starts",
        Pickup::NewNetworks => "new networks; those that exist have to be replaced",
        Pickup::OutOfView => "nobody: containers that exist drop out of view",
    }
}

fn secret(key: &DaemonKeyFacts) -> &'static str {
    match key.kind {
        _ if key.sensitive => "yes; its value is never shown or stored",
        ValueKind::TextMap | ValueKind::Object(_) | ValueKind::Json => {
            "what is named like a token or password is never shown or stored"
        }
        ValueKind::Bool
        | ValueKind::Integer
        | ValueKind::Text(_)
        | ValueKind::Size
        | ValueKind::TextList
        | ValueKind::BoolMap(_) => "no",
    }
}

fn read(key: &DaemonKeyFacts) -> String {
    let source = match key.live {
        LiveSource::Info(member) => format!("docker info: {}", info(member)),
        LiveSource::Version(VersionMember::MinApiVersion) => "docker version: MinAPIVersion".into(),
        LiveSource::Version(VersionMember::Experimental) => "docker version: Experimental".into(),
        LiveSource::BridgeOption(option) => format!("network bridge: {option}"),
        LiveSource::Bridge(member) => format!("network bridge: {}", bridge(member)),
        LiveSource::SocketGroup => "group of the API's socket".into(),
        LiveSource::ReloadEvent => "the engine's event of its last reload".into(),
        LiveSource::Nowhere => "nowhere: the file, the flags and when the daemon started".into(),
    };
    match (key.event, key.live) {
        (Some(_), LiveSource::ReloadEvent) | (None, _) => source,
        (Some(_), _) => format!("{source}, and the reload event"),
    }
}

const fn bridge(member: BridgeMember) -> &'static str {
    match member {
        BridgeMember::GatewayV4 | BridgeMember::GatewayV6 => "IPAM gateway and subnet",
        BridgeMember::RangeV4 | BridgeMember::RangeV6 => "IPAM range",
        BridgeMember::DefaultGatewayV4 | BridgeMember::DefaultGatewayV6 => {
            "IPAM auxiliary addresses"
        }
        BridgeMember::EnableIpv6 => "EnableIPv6",
    }
}

const fn info(member: InfoMember) -> &'static str {
    match member {
        InfoMember::AuthorizationPlugins => "Plugins.Authorization, as at the start",
        InfoMember::CdiSpecDirs => "CDISpecDirs",
        InfoMember::CgroupnsPrivate => "SecurityOptions, name=cgroupns",
        InfoMember::CgroupDriver => "CgroupDriver",
        InfoMember::ContainerdAddress => "Containerd.Address (from 27.0)",
        InfoMember::ContainerdNamespace => "Containerd.Namespaces (from 27.0)",
        InfoMember::Debug => "Debug",
        InfoMember::DefaultAddressPools => "DefaultAddressPools",
        InfoMember::DefaultRuntime => "DefaultRuntime",
        InfoMember::DockerRootDir => "DockerRootDir",
        InfoMember::FirewallBackend => "FirewallBackend (from 28.1)",
        InfoMember::GenericResources => "GenericResources",
        InfoMember::InitBinary => "InitBinary",
        InfoMember::InsecureRegistries => "RegistryConfig",
        InfoMember::Labels => "Labels",
        InfoMember::LiveRestore => "LiveRestoreEnabled",
        InfoMember::LoggingDriver => "LoggingDriver",
        InfoMember::NoNewPrivileges => "SecurityOptions, name=no-new-privileges (from 24.0)",
        InfoMember::Nri => "NRI (from 29.2)",
        InfoMember::Proxies => "HttpProxy, HttpsProxy, NoProxy",
        InfoMember::RegistryMirrors => "RegistryConfig.Mirrors",
        InfoMember::Rootless => "SecurityOptions, name=rootless",
        InfoMember::Runtimes => "Runtimes",
        InfoMember::SeccompProfile => "SecurityOptions, name=seccomp",
        InfoMember::Selinux => "SecurityOptions, name=selinux",
        InfoMember::StorageDriver => "Driver",
        InfoMember::UsernsRemap => "SecurityOptions, name=userns",
        InfoMember::UserlandProxy | InfoMember::UserlandProxyPath => {
            "FirewallBackend.Info (from 29.5)"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::daemon_keys::{DAEMON_KEYS, REMOVED_OR_IGNORED};

    #[test]
    fn every_row_fits_one_screen_of_80_columns() {
        let style = Style { width: 80, ..Style::plain() };
        for key in DAEMON_KEYS {
            let mut out = Vec::new();
            row(&mut out, key, &style).unwrap();
            let text = String::from_utf8(out).unwrap();
            assert!(text.lines().count() <= 20, "{text}");
            assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
            for part in [key.name, "type", "engines", "change", "follows", "safety"] {
                assert!(text.contains(part), "{part} in {text}");
            }
        }
    }

    #[test]
    fn a_name_that_is_no_setting_says_what_is() {
        for key in REMOVED_OR_IGNORED {
            let mut out = Vec::new();
            unusable(&mut out, key, &Style::plain()).unwrap();
            let text = String::from_utf8(out).unwrap();
            assert!(text.contains(key.name), "{text}");
            assert!(key.instead.is_none_or(|it| text.contains(&format!("`{it}`"))), "{text}");
        }
    }
}
