//! Shared memory of its own.

use crate::{
    model::{
        container::{ContainerSpec, Namespace},
        finding::{Severity, Verdict},
    },
    rules::{Allow, Example, Meta, Rule, container::sharing_verdict, fails_by_hand},
};

pub struct NoIpcSharing;

static META: Meta = Meta {
    id: "container.no-ipc-sharing",
    title: "Containers do not share memory with other containers",
    severity: Severity::Low,
    docs: "
## Checks
That the container does not join another one's (`--ipc container:NAME`), unless that one's name fits one of `allow`; wildcards are allowed.
A container that lets others join (`--ipc shareable`) fails as well, unless its own name fits.

## Why
Shared memory is often how programs hand over what they protect elsewhere: databases keep their pages there.

## What a fix may break
Nothing is changed: containers that share were made for each other, and one of them stops working alone.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{}" },
        Example::Passes { params: "allow: [web]", object: "HostConfig: {IpcMode: 'container:web'}" },
        Example::Fails { params: "{}", object: "HostConfig: {IpcMode: 'container:web'}" },
        Example::Fails { params: "allow: [web]", object: "HostConfig: {IpcMode: 'container:db'}" },
        Example::Fails { params: "{}", object: "HostConfig: {IpcMode: shareable}" },
        Example::Passes { params: "allow: [web]", object: "{Name: /web, HostConfig: {IpcMode: shareable}}" },
    ],
};

impl Rule for NoIpcSharing {
    type View = ContainerSpec;
    type Params = Allow;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, params: &Allow) -> Verdict {
        if container.ipc_mode == Namespace::Shareable && !params.allows(&container.name) {
            let advice = "start it without `--ipc shareable`, or name it in the rule: `allow`";
            return fails_by_hand("ipc", "shareable", "private", advice);
        }
        sharing_verdict("ipc", &container.ipc_mode, params)
    }
}
