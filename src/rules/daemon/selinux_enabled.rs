//! Labels for containers.

use serde_json::{Value, json};

use super::key::{Repair, Wanted};
use crate::{
    model::{
        class::Class,
        daemon::DaemonConfig,
        finding::{Severity, Verdict},
        object::Address,
    },
    rules::{Example, Meta, NoParams, Rule},
};

pub struct SelinuxEnabled;

static META: Meta = Meta {
    id: "daemon.selinux-enabled",
    title: "Where the kernel enforces SELinux, containers are labelled",
    severity: Severity::High,
    docs: "
## Checks
Where the kernel enforces SELinux: that `selinux-enabled` is on.

## Why
Without it containers have no label of their own, and nothing keeps one that got out from the host's files.

## What a fix may break
The daemon is restarted. Containers that are made from then on reach bind mounts only with `:z` or `:Z`.
",
    fix: Some(Class::Outage),
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{selinux: true, in-force: {selinux-enabled: true}}" },
        Example::NotApplicable { params: "{}", object: "selinux: false" },
        Example::Fails { params: "{}", object: "selinux: true" },
        Example::Unknown { params: "{}", object: "{}" },
    ],
};

impl Rule for SelinuxEnabled {
    type View = DaemonConfig;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::daemon_key("selinux-enabled"))
    }

    fn judge(&self, config: &DaemonConfig, _: &NoParams) -> Verdict {
        match config.host.selinux_enforcing {
            Some(true) => {}
            Some(false) => return Verdict::NotApplicable("the kernel does not enforce SELinux"),
            None => {
                return Verdict::Unknown(
                    "whether the kernel enforces SELinux cannot be seen".into(),
                );
            }
        }
        let holds = |value: &Value| *value == true;
        let repair = Repair::Set(json!(true));
        Wanted { key: "selinux-enabled", holds: &holds, says: "true", repair }.judge(config)
    }
}
