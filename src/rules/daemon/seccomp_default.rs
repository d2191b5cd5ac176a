//! System calls that containers get.

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
    rules::{Example, Meta, Rule, cis6, cis8, fails_by_hand, owasp},
};

pub struct SeccompDefault;

static META: Meta = Meta {
    id: "daemon.seccomp-default",
    title: "Containers are kept to a seccomp profile by default",
    severity: Severity::High,
    docs: "
## Checks
That the engine has seccomp, and that its profile is the built-in one or `profile`, never `unconfined`.

## Why
The profile keeps containers off the parts of the kernel where most ways out were found.

## What a fix may break
The daemon is restarted. Containers that start from then on and use other system calls fail.
",
    fix: Some(Class::Outage),
    references: &[cis6("2.17"), cis8("2.18"), owasp("RULE #6")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "info: {SecurityOptions: ['name=seccomp,profile=builtin']}" },
        Example::Passes { params: "profile: /etc/docker/seccomp.json", object: "in-force: {seccomp-profile: /etc/docker/seccomp.json}" },
        Example::Fails { params: "{}", object: "in-force: {seccomp-profile: unconfined}" },
        Example::Fails { params: "{}", object: "in-force: {seccomp-profile: /tmp/all.json}" },
        Example::Fails { params: "{}", object: "info: {SecurityOptions: ['name=apparmor']}" },
        Example::Unknown { params: "{}", object: "unknown: [seccomp-profile]" },
    ],
};

/// Which profile.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Path of a profile that passes beside the built-in one.
    profile: Option<String>,
}

impl Rule for SeccompDefault {
    type View = DaemonConfig;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::daemon_key("seccomp-profile"))
    }

    fn judge(&self, config: &DaemonConfig, params: &Params) -> Verdict {
        if config.engine.has_option("seccomp") == Some(false) {
            let advice =
                "run the engine on a kernel with seccomp, and a runtime that was built with it";
            return fails_by_hand("seccomp-profile", "no seccomp", "a profile", advice);
        }
        let holds = |value: &Value| {
            let profile = value.as_str().unwrap_or_default();
            matches!(profile, "" | "builtin" | "default")
                || params.profile.as_deref() == Some(profile)
        };
        let (says, repair) = match &params.profile {
            None => ("builtin", Repair::Remove),
            Some(profile) => (profile.as_str(), Repair::Set(json!(profile))),
        };
        Wanted { key: "seccomp-profile", holds: &holds, says, repair }.judge(config)
    }
}
