//! On the declared networks and no other.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        container::{ContainerSpec, Namespace},
        finding::{Severity, Verdict},
        glob::Glob,
    },
    rules::{Example, Meta, ParamError, Rule, fails_by_hand, nist, require_entries},
};

pub struct NetworksDeclared;

static META: Meta = Meta {
    id: "container.networks-declared",
    title: "Containers are on no networks but declared ones",
    severity: Severity::Medium,
    docs: "
## Checks
That every network the container is attached to, or will be at its start, fits one of `allow`; wildcards are allowed.
`bridge` is the default bridge, `host` the host's own network.

## Why
A container on two networks is a way from one to the other that no packet filter sees.

## What a fix may break
Nothing is changed: `docker network disconnect` takes a running container off a network, and whoever reached it there no longer does.
",
    fix: None,
    references: &[
        nist("4.3.3"),
        nist("4.4.2"),
    ],
    implies: &[],
    examples: &[
        Example::Passes {
            params: "allow: ['shop-*']",
            object: "
HostConfig: {NetworkMode: shop-front}
NetworkSettings: {Networks: {shop-front: {}, shop-back: {}}}",
        },
        Example::Passes { params: "allow: [shop]", object: "HostConfig: {NetworkMode: none}" },
        Example::Passes {
            params: "allow: [shop]",
            object: "{HostConfig: {NetworkMode: 8d7f2c1e9a04}, NetworkSettings: {Networks: {shop: {}}}}",
        },
        Example::Fails {
            params: "allow: [shop]",
            object: "{HostConfig: {NetworkMode: shop}, NetworkSettings: {Networks: {shop: {}, office: {}}}}",
        },
        Example::Fails { params: "allow: [shop]", object: "HostConfig: {NetworkMode: host}" },
        Example::Fails { params: "allow: [shop]", object: "HostConfig: {NetworkMode: default}" },
    ],
};

/// Where containers may be.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Names of networks, with wildcards.
    #[serde(default)]
    #[schemars(required)]
    allow: Vec<Glob>,
}

impl Rule for NetworksDeclared {
    type View = ContainerSpec;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, params: &Params) -> Result<(), ParamError> {
        require_entries("allow", &params.allow, "[shop]")
    }

    fn judge(&self, container: &ContainerSpec, params: &Params) -> Verdict {
        let started_on = match &container.network_mode {
            Namespace::Own => Some("bridge"),
            Namespace::Host => Some("host"),
            // One that was named by its ID stands among the attached by its name.
            Namespace::Named(id) if is_id(id) && !container.networks.is_empty() => None,
            Namespace::Named(network) => Some(network.as_str()),
            // What it shares is judged where it is.
            Namespace::None | Namespace::Shareable | Namespace::Container { .. } => None,
        };
        let attached = container.networks.iter().map(String::as_str);
        let mut others: Vec<&str> = attached
            .chain(started_on)
            .filter(|network| *network != "none")
            .filter(|network| !params.allow.iter().any(|it| it.fits(network)))
            .collect();
        others.sort_unstable();
        others.dedup();
        if others.is_empty() {
            return Verdict::Pass;
        }
        let advice = "take it off with `docker network disconnect`, or name the network in the \
                      rule: `allow`";
        fails_by_hand("networks", others.join(", "), params.allow.join(", "), advice)
    }
}

fn is_id(network: &str) -> bool {
    network.len() >= 12 && network.chars().all(|it| it.is_ascii_hexdigit())
}
