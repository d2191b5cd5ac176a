//! Limits for containers that ask for none.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

use super::key::{Repair, Wanted};
use crate::{
    model::{
        class::Class,
        daemon::DaemonConfig,
        finding::{Severity, Verdict},
        object::Address,
    },
    rules::{Example, Meta, Rule, cis6, cis8, nist},
};

pub struct DefaultUlimits;

static META: Meta = Meta {
    id: "daemon.default-ulimits",
    title: "New containers have limits of open files and core dumps",
    severity: Severity::Low,
    docs: "
## Checks
That `default-ulimits` has each limit of `max`, with a hard limit of no more than that. By itself: no core dumps, and 1048576 open files.

## Why
Without a limit one container takes all file descriptors of the host, and a core dump puts the memory of a program, secrets and all, into a file.

## What a fix may break
The daemon is restarted. Containers that are made from then on and need more have to ask for it.
",
    fix: Some(Class::Outage),
    references: &[cis6("2.8"), cis8("2.9"), nist("4.4.3")],
    implies: &[],
    examples: &[
        Example::Passes { params: "max: {nofile: 1024}", object: "in-force: {default-ulimits: {nofile: {Name: nofile, Hard: 1024, Soft: 512}}}" },
        Example::Fails { params: "{}", object: "{}" },
        Example::Fails { params: "max: {nofile: 1024}", object: "in-force: {default-ulimits: {nofile: {Name: nofile, Hard: 4096, Soft: 512}}}" },
        Example::Fails { params: "max: {nofile: 1024}", object: "in-force: {default-ulimits: {nofile: {Name: nofile, Hard: -1, Soft: 512}}}" },
        Example::Unknown { params: "{}", object: "unknown: [default-ulimits]" },
    ],
};

/// How much.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Name of a limit to the largest hard limit.
    #[serde(default = "ordinary")]
    max: BTreeMap<String, u64>,
}

fn ordinary() -> BTreeMap<String, u64> {
    [("core".to_owned(), 0), ("nofile".to_owned(), 1_048_576)].into()
}

impl Rule for DefaultUlimits {
    type View = DaemonConfig;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::daemon_key("default-ulimits"))
    }

    fn judge(&self, config: &DaemonConfig, params: &Params) -> Verdict {
        let within = |value: &Value, name: &str, max: u64| {
            value[name]["Hard"].as_u64().is_some_and(|hard| hard <= max)
        };
        let holds = |value: &Value| params.max.iter().all(|(name, max)| within(value, name, *max));
        let sides = config.keys.get("default-ulimits");
        let there = sides.and_then(|it| it.file.as_ref().or(it.running.stated()));
        let mut limits = there.and_then(Value::as_object).cloned().unwrap_or_default();
        for (name, max) in &params.max {
            let there = limits.get(name).cloned().unwrap_or_default();
            if !within(&json!({ name.as_str(): there }), name, *max) {
                let soft = there["Soft"].as_u64().unwrap_or(*max).min(*max);
                limits.insert(name.clone(), json!({ "Name": name, "Hard": max, "Soft": soft }));
            }
        }
        let says: Vec<String> =
            params.max.iter().map(|(name, max)| format!("{name} at most {max}")).collect();
        let repair = Repair::Set(Value::Object(limits));
        Wanted { key: "default-ulimits", holds: &holds, says: &says.join(", "), repair }
            .judge(config)
    }
}
