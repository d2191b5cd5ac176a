//! No way to an engine in the environment.

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
    },
    rules::{Allow, Example, Meta, Rule, fails_by_hand, owasp},
};

pub struct NoEngineEnv;

static META: Meta = Meta {
    id: "container.no-engine-env",
    title: "Containers are not told how to reach an engine",
    severity: Severity::High,
    docs: "
## Checks
That no variable such as `DOCKER_HOST`, `DOCKER_TLS_VERIFY`, `CONTAINER_HOST` or `CONTAINERD_ADDRESS` is set, unless its name fits one of `allow`.

## Why
A container that is told where an engine listens is one that controls it, over the network as well as through a socket; whoever takes the container over has the host.

## What a fix may break
Nothing is changed: the variable is there since the program controls an engine; whether it should, only its owner knows.
",
    fix: None,
    references: &[owasp("RULE #1")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "Config: {Env: ['PATH=/bin', 'DOCKER_HOST=']}" },
        Example::Passes { params: "allow: [DOCKER_HOST]", object: "Config: {Env: ['DOCKER_HOST=tcp://proxy:2375']}" },
        Example::Fails { params: "{}", object: "Config: {Env: ['DOCKER_HOST=tcp://172.17.0.1:2375']}" },
    ],
};

impl Rule for NoEngineEnv {
    type View = ContainerSpec;
    type Params = Allow;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, params: &Allow) -> Verdict {
        let names = container.engine_variables.iter().map(String::as_str);
        let Some(seen) = params.others(names) else { return Verdict::Pass };
        let advice = "start it without the variable, or name it in the rule: `allow`";
        fails_by_hand("environment", seen, "none that leads to an engine", advice)
    }
}
