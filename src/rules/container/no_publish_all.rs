//! Ports that somebody chose.

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule, fails_by_hand},
};

pub struct NoPublishAll;

static META: Meta = Meta {
    id: "container.no-publish-all",
    title: "Containers do not publish every port that their image names",
    severity: Severity::Medium,
    docs: "
## Checks
That the container was not started with `-P` (`--publish-all`).

## Why
What is published is then up to the image, on ports of the host that change with every start: nobody can say what has to be open.

## What a fix may break
Nothing is changed: only its owner knows which ports are needed.
",
    fix: None,
    references: &[],
    implies: &["container.no-wildcard-publish", "container.ports-declared"],
    examples: &[
        Example::Passes {
            params: "{}",
            object: "HostConfig: {PortBindings: {80/tcp: [{HostPort: '80'}]}}",
        },
        Example::Fails { params: "{}", object: "HostConfig: {PublishAllPorts: true}" },
    ],
};

impl Rule for NoPublishAll {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        if !container.publish_all_ports {
            return Verdict::Pass;
        }
        let advice = "start it without `-P`, with the ports that it needs by themselves";
        fails_by_hand("ports", "all", "chosen ports", advice)
    }
}
