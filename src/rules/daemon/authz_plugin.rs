//! Somebody is asked before the engine does what it is told.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::key::{Repair, Wanted, texts};
use crate::{
    model::{
        class::Class,
        daemon::DaemonConfig,
        finding::{Severity, Verdict},
        object::Address,
    },
    rules::{Example, Meta, Rule, cis6, cis8, nist},
};

pub struct AuthzPlugin;

static META: Meta = Meta {
    id: "daemon.authz-plugin",
    title: "An authorization plugin decides what the engine does",
    severity: Severity::Medium,
    docs: "
## Checks
That `authorization-plugins` names a plugin; with `plugins`, exactly these, in this order. After a reload the engine still shows the list of its start, so the file decides then.

## Why
Whoever reaches the socket may do everything; a plugin can say no. By itself it is no wall: it has to be right about every request.

## What a fix may break
The daemon is reloaded. A plugin that does not answer blocks every request, and one that is not there ends the daemon at the reload: the plan holds the change until the plugin answers.
",
    fix: Some(Class::Live),
    references: &[cis6("2.12"), cis8("2.13"), nist("4.3.2")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "in-force: {authorization-plugins: [opa]}" },
        Example::Passes { params: "plugins: [opa]", object: "in-force: {authorization-plugins: [opa]}" },
        Example::Fails { params: "{}", object: "{}" },
        Example::Fails { params: "plugins: [opa, audit]", object: "in-force: {authorization-plugins: [audit, opa]}" },
        Example::Unknown { params: "{}", object: "unknown: [authorization-plugins]" },
    ],
};

/// Which plugins.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// The plugins that are asked, in order; any will do, if left out.
    #[serde(default)]
    plugins: Vec<String>,
}

impl Rule for AuthzPlugin {
    type View = DaemonConfig;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::daemon_key("authorization-plugins"))
    }

    fn judge(&self, config: &DaemonConfig, params: &Params) -> Verdict {
        let (says, repair) = match params.plugins.as_slice() {
            [] => (
                "a plugin".to_owned(),
                Repair::ByHand("install a plugin, and name it under `plugins` of this rule".into()),
            ),
            plugins => (plugins.join(", "), Repair::Set(json!(plugins))),
        };
        let holds = |value: &Value| match params.plugins.as_slice() {
            [] => !texts(value).is_empty(),
            plugins => texts(value) == plugins,
        };
        Wanted { key: "authorization-plugins", holds: &holds, says: &says, repair }.judge(config)
    }
}
