//! Started by whom it should be.

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
        glob::Glob,
        owner::{Claim, Owner},
    },
    rules::{Allow, Example, Meta, Rule, fails_by_hand},
};

pub struct CreatedByDeclaredTool;

static META: Meta = Meta {
    id: "container.created-by-declared-tool",
    title: "Containers are started by the tools that should start them",
    severity: Severity::Low,
    docs: "
## Checks
That a tool owns the container by its labels and what speaks for them: Compose, Swarm, Kubernetes, Nomad, ECS, a systemd unit or another; with `allow`, one of these by name.
Where the engine says otherwise than the label, the rule fails.

## Why
A container that somebody started by hand is in no file: nobody can say how it should be, and nobody will update it.

## What a fix may break
Nothing is changed: put it into the file of the tool, and start it from there.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "Config: {Labels: {com.docker.compose.project: shop, com.docker.compose.service: web}}" },
        Example::Passes { params: "allow: [swarm]", object: "Config: {Labels: {com.docker.swarm.service.id: x1, com.docker.swarm.task.id: y2}}" },
        Example::Fails { params: "{}", object: "{}" },
        Example::Fails { params: "allow: [swarm]", object: "Config: {Labels: {com.docker.compose.project: shop}}" },
    ],
};

impl Rule for CreatedByDeclaredTool {
    type View = ContainerSpec;
    type Params = Allow;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, params: &Allow) -> Verdict {
        let who = container.owner.who();
        let advice = "put it into the file of the tool, and start it from there";
        if container.owner == Owner::Nobody {
            return fails_by_hand("container", "started by hand", "started by a tool", advice);
        }
        match &container.claim {
            Claim::False(why) => {
                return fails_by_hand(
                    "container",
                    format!("not {who}\'s: {why}"),
                    "its owner\'s",
                    advice,
                );
            }
            Claim::Doubtful(why) => {
                return Verdict::Unknown(format!("whether {who} owns it is in doubt: {why}"));
            }
            Claim::Unchecked | Claim::Confirmed(_) => {}
        }
        let is_allowed = |it: &Glob| it.as_str().eq_ignore_ascii_case(who);
        if params.allow.is_empty() || params.allow.iter().any(is_allowed) {
            return Verdict::Pass;
        }
        fails_by_hand("container", who, params.allow.join(", "), advice)
    }
}
