//! Mounts that stand where one looks for them.

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
    },
    rules::{Allow, Example, Meta, Rule, fails_by_hand},
};

pub struct NoInheritedMounts;

static META: Meta = Meta {
    id: "container.no-inherited-mounts",
    title: "Containers do not take the mounts of others over",
    severity: Severity::High,
    docs: "
## Checks
That `--volumes-from` names nobody but the containers in `allow`, by the name or the ID that it was given.

## Why
A container that takes the mounts of another one over gets all of them, also those that were meant for that one alone, such as a path of the host or the engine's socket.
Before its first start nothing shows which these are.

## What a fix may break
Nothing is changed: only its owner knows which of the mounts are needed.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {Binds: ['data:/data']}" },
        Example::Passes { params: "allow: [data]", object: "HostConfig: {VolumesFrom: ['data:ro']}" },
        Example::Fails { params: "{}", object: "HostConfig: {VolumesFrom: [data]}" },
        Example::Fails { params: "allow: [data]", object: "HostConfig: {VolumesFrom: [data, backup]}" },
    ],
};

impl Rule for NoInheritedMounts {
    type View = ContainerSpec;
    type Params = Allow;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, params: &Allow) -> Verdict {
        let Some(seen) = params.others(container.volumes_from.iter().map(String::as_str)) else {
            return Verdict::Pass;
        };
        let advice = "start it with the mounts that it needs instead of `--volumes-from`";
        fails_by_hand("volumes_from", seen, "none, or allowed ones", advice)
    }
}
