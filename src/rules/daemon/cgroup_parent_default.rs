//! Where containers are counted.

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
    rules::{Example, Meta, Rule, cis_moved},
};

pub struct CgroupParentDefault;

static META: Meta = Meta {
    id: "daemon.cgroup-parent-default",
    title: "New containers are in the control group that they are expected in",
    severity: Severity::Low,
    docs: "
## Checks
That `cgroup-parent` is not set, or is `parent`; with the systemd driver it has to end in `.slice`.

## Why
Limits and accounting of the host go by control groups; containers that are put elsewhere escape them.

## What a fix may break
The daemon is restarted. Containers that are made from then on are in the other group; those that exist stay.
",
    fix: Some(Class::Outage),
    references: &cis_moved("2.10", "2.11"),
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{}" },
        Example::Passes { params: "parent: apps.slice", object: "in-force: {cgroup-parent: apps.slice}" },
        Example::Fails { params: "{}", object: "{in-force: {cgroup-parent: /x}, file: {cgroup-parent: /x}}" },
        Example::Fails { params: "parent: apps.slice", object: "in-force: {cgroup-parent: /x}" },
        Example::Unknown { params: "{}", object: "unknown: [cgroup-parent]" },
    ],
};

/// Which group.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// The group that new containers belong in; the engine's own choice, if left out.
    parent: Option<String>,
}

impl Rule for CgroupParentDefault {
    type View = DaemonConfig;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::daemon_key("cgroup-parent"))
    }

    fn judge(&self, config: &DaemonConfig, params: &Params) -> Verdict {
        let wanted = params.parent.as_deref().unwrap_or_default();
        let holds = |value: &Value| {
            let parent = value.as_str().unwrap_or_default();
            parent.is_empty() || parent == wanted
        };
        let (says, repair) = match wanted {
            "" => ("not set", Repair::Remove),
            parent => (parent, Repair::Set(json!(parent))),
        };
        Wanted { key: "cgroup-parent", holds: &holds, says, repair }.judge(config)
    }
}
