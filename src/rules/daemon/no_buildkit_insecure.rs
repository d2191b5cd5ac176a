//! What builds may ask for.

use serde_json::{Value, json};

use super::key::{Repair, Wanted};
use crate::{
    model::{
        class::Class,
        daemon::DaemonConfig,
        daemon_keys::{self, Release},
        finding::{Severity, Verdict},
        object::Address,
    },
    rules::{Allow, Example, Meta, Rule},
};

pub struct NoBuildkitInsecure;

static META: Meta = Meta {
    id: "daemon.no-buildkit-insecure",
    title: "Builds get no rights of the host",
    severity: Severity::Medium,
    docs: "
## Checks
That `builder` switches every entitlement off that is not in `allow`: `security-insecure`, `network-host`, and from engine 29.0 on `device`. Where nothing is said, an engine grants the last two.

## Why
Whoever may build can ask for an entitlement in a Dockerfile: with `security-insecure` a step runs privileged, with `network-host` it reaches what listens on the host's loopback, and no rule about containers sees it.

## What a fix may break
The daemon is restarted. Builds that ask for one of them fail: `RUN --security=insecure`, `RUN --network=host`, `docker build --network host`, `RUN --device`.
",
    fix: Some(Class::Outage),
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "in-force: {builder: {entitlements: {security-insecure: false, network-host: false}}}" },
        Example::Passes { params: "{}", object: "in-force: {builder: {Entitlements: {Network-Host: false}}}" },
        Example::Passes { params: "allow: [network-host]", object: "{}" },
        Example::Fails { params: "{}", object: "{}" },
        Example::Fails { params: "allow: [network-host]", object: "in-force: {builder: {entitlements: {security-insecure: true}}}" },
        Example::Fails { params: "allow: [network-host]", object: "engine: '29.2.0'" },
        Example::Unknown { params: "{}", object: "unknown: [builder]" },
    ],
};

/// An entitlement, since when it can be switched off, and whether it is on by itself.
const ENTITLEMENTS: [(&str, Release, bool); 3] = [
    ("device", (29, 0), true),
    ("network-host", (0, 0), true),
    ("security-insecure", (0, 0), false),
];

impl Rule for NoBuildkitInsecure {
    type View = DaemonConfig;
    type Params = Allow;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::daemon_key("builder"))
    }

    fn judge(&self, config: &DaemonConfig, params: &Allow) -> Verdict {
        let release = daemon_keys::release(&config.engine_version);
        let unwanted: Vec<(&str, bool)> = ENTITLEMENTS
            .iter()
            .filter(|(name, since, _)| {
                release.is_none_or(|release| release >= *since) && !params.allows(name)
            })
            .map(|(name, _, by_itself)| (*name, *by_itself))
            .collect();
        if unwanted.is_empty() {
            return Verdict::NotApplicable("every entitlement is allowed");
        }
        let holds = |value: &Value| unwanted.iter().all(|(name, on)| !is_granted(value, name, *on));
        let sides = config.keys.get("builder");
        let there = sides.and_then(|it| it.file.as_ref().or(it.running.stated()));
        let said: Vec<String> = unwanted.iter().map(|(name, _)| format!("{name} off")).collect();
        let repair = Repair::Set(with_off(there.unwrap_or(&Value::Null), &unwanted));
        Wanted { key: "builder", holds: &holds, says: &said.join(", "), repair }.judge(config)
    }
}

/// Whether a builder's settings grant an entitlement.
fn is_granted(builder: &Value, name: &str, by_itself: bool) -> bool {
    match member(builder, "entitlements").and_then(|it| member(it, name)) {
        None | Some(Value::Null) => by_itself,
        Some(granted) => *granted != false,
    }
}

/// Go reads the names of members whatever their case; of several, the last one counts.
fn member<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    let members = object.as_object()?.iter();
    members.filter(|(it, _)| it.eq_ignore_ascii_case(name)).map(|(_, value)| value).next_back()
}

/// Returns the settings with these entitlements off and all else as it is.
fn with_off(builder: &Value, names: &[(&str, bool)]) -> Value {
    let mut builder = builder.as_object().cloned().unwrap_or_default();
    let mut entitlements = member(&Value::Object(builder.clone()), "entitlements")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    builder.retain(|it, _| !it.eq_ignore_ascii_case("entitlements"));
    entitlements.retain(|it, _| !names.iter().any(|(name, _)| it.eq_ignore_ascii_case(name)));
    entitlements.extend(names.iter().map(|(name, _)| ((*name).to_owned(), json!(false))));
    builder.insert("entitlements".into(), Value::Object(entitlements));
    Value::Object(builder)
}
