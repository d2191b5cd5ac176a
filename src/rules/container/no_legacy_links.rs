//! No links.

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule, fails_by_hand},
};

pub struct NoLegacyLinks;

static META: Meta = Meta {
    id: "container.no-legacy-links",
    title: "Containers do not use links of the default bridge",
    severity: Severity::Low,
    docs: "
## Checks
That the container was started without `--link` on the default bridge.

## Why
A link opens the other container's ports through the bridge's packet filter and copies its environment, passwords included, into this one.
It holds on to the other container itself, so that either is hard to replace.

## What a fix may break
Nothing is changed: the containers have to be put on a network of their own together, where they find each other by name.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {NetworkMode: shop}" },
        Example::Fails { params: "{}", object: "HostConfig: {Links: ['/db:/web/db']}" },
    ],
};

impl Rule for NoLegacyLinks {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        if container.links.is_empty() {
            return Verdict::Pass;
        }
        let advice = "put it and the containers that it links to on a network of their own, and \
                      start it without `--link`";
        fails_by_hand("links", container.links.join(", "), "none", advice)
    }
}
