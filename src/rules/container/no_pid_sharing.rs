//! Processes of its own.

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
    },
    rules::{Allow, Example, Meta, Rule, container::sharing_verdict},
};

pub struct NoPidSharing;

static META: Meta = Meta {
    id: "container.no-pid-sharing",
    title: "Containers do not see the processes of other containers",
    severity: Severity::Medium,
    docs: "
## Checks
That the container does not join another one's (`--pid container:NAME`), unless that one's name fits one of `allow`; wildcards are allowed.

## Why
Who sees the processes of another container reads their memory and environment, and stops them, if it has the same user.

## What a fix may break
Nothing is changed: containers that share were made for each other, and one of them stops working alone.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{}" },
        Example::Passes { params: "allow: [web]", object: "HostConfig: {PidMode: 'container:web'}" },
        Example::Fails { params: "{}", object: "HostConfig: {PidMode: 'container:web'}" },
        Example::Fails { params: "allow: [web]", object: "HostConfig: {PidMode: 'container:db'}" },
    ],
};

impl Rule for NoPidSharing {
    type View = ContainerSpec;
    type Params = Allow;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, params: &Allow) -> Verdict {
        sharing_verdict("pid", &container.pid_mode, params)
    }
}
