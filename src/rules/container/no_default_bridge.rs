//! Off the network where everybody is.

use crate::{
    model::{
        container::{ContainerSpec, Namespace},
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule, cis6, cis8, fails_by_hand, nist, owasp},
};

pub struct NoDefaultBridge;

static META: Meta = Meta {
    id: "container.no-default-bridge",
    title: "Containers are on networks that were made for them",
    severity: Severity::Low,
    docs: "
## Checks
That the container is not attached to the default bridge, and was not started without a network of its own.

## Why
Everything that is started without a thought ends up on the default bridge, where any container reaches any other one unless `icc` is off.

## What a fix may break
Nothing is changed: which containers have to reach each other is for their owner to say.
",
    fix: None,
    references: &[cis6("5.30"), cis8("5.30"), nist("4.4.3"), owasp("RULE #5")],
    implies: &[],
    examples: &[
        Example::Passes {
            params: "{}",
            object: "{HostConfig: {NetworkMode: shop}, NetworkSettings: {Networks: {shop: {}}}}",
        },
        Example::Passes { params: "{}", object: "HostConfig: {NetworkMode: host}" },
        Example::Passes { params: "{}", object: "HostConfig: {NetworkMode: none}" },
        Example::Fails { params: "{}", object: "HostConfig: {NetworkMode: default}" },
        Example::Fails {
            params: "{}",
            object: "
HostConfig: {NetworkMode: shop}
NetworkSettings: {Networks: {shop: {}, bridge: {}}}",
        },
    ],
};

impl Rule for NoDefaultBridge {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        let is_attached = container.networks.iter().any(|it| it == "bridge");
        if !is_attached && container.network_mode != Namespace::Own {
            return Verdict::Pass;
        }
        let advice = "make a network (`docker network create`) for it and those that it talks to, \
                      and start it there with `--network`";
        fails_by_hand("networks", "the default bridge", "a network of its own", advice)
    }
}
