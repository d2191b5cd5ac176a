//! Somebody who buries the dead.

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule, fails_by_hand},
};

pub struct InitProcess;

static META: Meta = Meta {
    id: "container.init-process",
    title: "Containers have an init process",
    severity: Severity::Low,
    docs: "
## Checks
That the container was started with `--init`, or that the daemon gives containers one.

## Why
A program that was not made to be the first process does not clean up after others that end, which fills the process table, and often does not hear when it is asked to stop.

## What a fix may break
Nothing is changed: images with an init of their own (`tini`, `s6`) need no second one.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {Init: true}" },
        Example::Fails { params: "{}", object: "HostConfig: {Init: false}" },
        Example::Unknown { params: "{}", object: "{}" },
    ],
};

impl Rule for InitProcess {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        let advice = "start it with `--init`, or declare the daemon setting `init: true`";
        let init = container
            .defaulted
            .init
            .or_else(|| container.daemon_defaults.goes_by("init", &serde_json::Value::Bool(true)));
        match init {
            Some(true) => Verdict::Pass,
            Some(false) => fails_by_hand("init", "false", "true", advice),
            None => Verdict::Unknown("whether the daemon gives it one is not known".into()),
        }
    }
}
