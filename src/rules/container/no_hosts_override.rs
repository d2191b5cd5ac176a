//! No names that mean something else.

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
    },
    rules::{Allow, Example, Meta, Rule, fails_by_hand},
};

pub struct NoHostsOverride;

static META: Meta = Meta {
    id: "container.no-hosts-override",
    title: "Containers are given no host names but declared ones",
    severity: Severity::Low,
    docs: "
## Checks
That every entry of `--add-host` fits one of `allow`, as it was typed: `db:10.0.0.5`.

## Why
An entry makes a name mean another machine for this container alone, past every name server; `host-gateway` makes one mean the host, with whatever listens there.

## What a fix may break
Nothing is changed: only its owner knows who has to be found under the name.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {ExtraHosts: []}" },
        Example::Passes { params: "allow: ['db:*']", object: "HostConfig: {ExtraHosts: ['db:10.0.0.5']}" },
        Example::Fails { params: "allow: ['db:*']", object: "HostConfig: {ExtraHosts: ['host.docker.internal:host-gateway']}" },
    ],
};

impl Rule for NoHostsOverride {
    type View = ContainerSpec;
    type Params = Allow;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, params: &Allow) -> Verdict {
        let Some(seen) = params.others(container.extra_hosts.iter().map(String::as_str)) else {
            return Verdict::Pass;
        };
        let advice = "start it without the entry, or name it in the rule: `allow`";
        fails_by_hand("extra_hosts", seen, "none, or allowed ones", advice)
    }
}
