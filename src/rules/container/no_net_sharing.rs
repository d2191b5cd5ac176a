//! A network of its own.

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
    },
    rules::{Allow, Example, Meta, Rule, container::sharing_verdict},
};

pub struct NoNetSharing;

static META: Meta = Meta {
    id: "container.no-net-sharing",
    title: "Containers do not use the network of other containers",
    severity: Severity::Medium,
    docs: "
## Checks
That the container does not join another one's (`--network container:NAME`), unless that one's name fits one of `allow`; wildcards are allowed.

## Why
A container in the network of another one listens on its ports, reaches what only it may reach, and sees its traffic to itself.

## What a fix may break
Nothing is changed: containers that share were made for each other, and one of them stops working alone.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{}" },
        Example::Passes { params: "allow: [web]", object: "HostConfig: {NetworkMode: 'container:web'}" },
        Example::Fails { params: "{}", object: "HostConfig: {NetworkMode: 'container:web'}" },
        Example::Fails { params: "allow: [web]", object: "HostConfig: {NetworkMode: 'container:db'}" },
    ],
};

impl Rule for NoNetSharing {
    type View = ContainerSpec;
    type Params = Allow;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, params: &Allow) -> Verdict {
        sharing_verdict("network_mode", &container.network_mode, params)
    }
}
