//! Not failing over and over.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, Rule, fails_by_hand},
};

pub struct RestartStorm;

static META: Meta = Meta {
    id: "container.restart-storm",
    title: "Containers are not restarted over and over",
    severity: Severity::Medium,
    docs: "
## Checks
That its restart policy has not started the container again more than `max` times, 5 without it, since somebody last started it.

## Why
A container that fails again and again uses the host up, and whatever it does in its first moments it does again and again.

## What a fix may break
Nothing is changed: why it fails, its log says.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "RestartCount: 5" },
        Example::Fails { params: "{}", object: "RestartCount: 6" },
        Example::Fails { params: "max: 0", object: "RestartCount: 1" },
    ],
};

/// How often a container may have failed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The highest count that passes.
    #[serde(default = "five")]
    max: u32,
}

const fn five() -> u32 {
    5
}

impl Rule for RestartStorm {
    type View = ContainerSpec;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, params: &Params) -> Verdict {
        let restarts = container.condition.restarts;
        if restarts <= i64::from(params.max) {
            return Verdict::Pass;
        }
        let advice = format!("look why it ends: `docker logs {}`", container.name);
        let seen = format!("started again {restarts} times");
        fails_by_hand("restart", seen, format!("{} times at most", params.max), advice)
    }
}
