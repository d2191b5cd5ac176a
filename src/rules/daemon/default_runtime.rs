//! What starts containers.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::key::{Repair, Wanted};
use crate::{
    model::{
        class::Class,
        daemon::DaemonConfig,
        finding::{Severity, Verdict},
        object::Address,
    },
    rules::{Example, Meta, Rule},
};

pub struct DefaultRuntime;

static META: Meta = Meta {
    id: "daemon.default-runtime",
    title: "Containers are started by the expected program",
    severity: Severity::Medium,
    docs: "
## Checks
That `default-runtime` is `runtime`.

## Why
The runtime sets every wall of a container up; another one may leave some out, or be a program that somebody else put there.

## What a fix may break
The daemon is reloaded. Containers that are made from then on are started by the other runtime.
",
    fix: Some(Class::Live),
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "in-force: {default-runtime: runc}" },
        Example::Passes { params: "runtime: runsc", object: "in-force: {default-runtime: runsc}" },
        Example::Fails { params: "{}", object: "in-force: {default-runtime: sneaky}" },
        Example::Fails { params: "{}", object: "{in-force: {default-runtime: runc}, file: {default-runtime: sneaky}}" },
        Example::Unknown { params: "{}", object: "unknown: [default-runtime]" },
    ],
};

/// Which runtime.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Its name.
    #[serde(default = "runc")]
    runtime: String,
}

fn runc() -> String {
    "runc".to_owned()
}

impl Rule for DefaultRuntime {
    type View = DaemonConfig;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::daemon_key("default-runtime"))
    }

    fn judge(&self, config: &DaemonConfig, params: &Params) -> Verdict {
        let holds = |value: &Value| value.as_str() == Some(&params.runtime);
        let repair = Repair::Set(json!(params.runtime));
        Wanted { key: "default-runtime", holds: &holds, says: &params.runtime, repair }
            .judge(config)
    }
}
