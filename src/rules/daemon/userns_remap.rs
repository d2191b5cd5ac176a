//! Root in a container is nobody outside.

use crate::{
    model::{
        daemon::DaemonConfig,
        finding::{Severity, Verdict},
        object::Address,
    },
    rules::{Example, Meta, NoParams, Rule, cis6, cis8, fails_by_hand, nist, owasp},
};

pub struct UsernsRemap;

static META: Meta = Meta {
    id: "daemon.userns-remap",
    title: "Root in a container is not root on the host",
    severity: Severity::High,
    docs: "
## Checks
That the engine says that it maps users, or that it is rootless.

## Why
Whoever breaks out of a container as root is root on the host, unless users are mapped to others.

## What a fix may break
Nothing is changed: all images, containers and volumes drop out of view when it is turned on, containerd's image store is turned off, and containers that are privileged or share the host's network no longer start. Plan it as a move to a new host.
",
    fix: None,
    references: &[cis6("2.9"), cis8("2.10"), nist("4.5.2"), owasp("RULE #2")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "info: {SecurityOptions: ['name=userns']}" },
        Example::Passes { params: "{}", object: "info: {SecurityOptions: ['name=seccomp,profile=builtin', name=rootless]}" },
        Example::Fails { params: "{}", object: "info: {SecurityOptions: ['name=seccomp,profile=builtin']}" },
        Example::Unknown { params: "{}", object: "{}" },
    ],
};

impl Rule for UsernsRemap {
    type View = DaemonConfig;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::daemon_key("userns-remap"))
    }

    fn judge(&self, config: &DaemonConfig, _: &NoParams) -> Verdict {
        match ["userns", "rootless"].map(|it| config.engine.has_option(it)) {
            [None, _] | [_, None] => {
                Verdict::Unknown("the engine does not tell its security options".into())
            }
            [Some(false), Some(false)] => {
                let advice = "move to a host or a data root where `userns-remap` is set from the \
                    start: images, containers and volumes that exist drop out of view";
                fails_by_hand("userns-remap", "off", "on, or a rootless engine", advice)
            }
            _ => Verdict::Pass,
        }
    }
}
