//! A limit on memory.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        class::Class,
        container::ContainerSpec,
        edit::ContainerEdit,
        finding::{Severity, Verdict},
        size::Size,
    },
    rules::{Example, Meta, ParamError, Rule, cis6, cis8, fails, fails_by_hand, nist, owasp, stig},
};

pub struct MemoryLimit;

/// The engine refuses less.
const LEAST: Size = Size(6 << 20);

static META: Meta = Meta {
    id: "container.memory-limit",
    title: "Containers have a limit on memory",
    severity: Severity::Medium,
    docs: "
## Checks
That the container may not use more memory than `max`; without `max`, that it has any limit.

## Why
Without a limit, one container can use up the host's memory, and the kernel kills whatever it finds.

## What a fix may break
A program that needs more is killed by the kernel.
Docker changes this setting while the container runs; swap is set along with it in the proportion it had.
Without `max` nothing is changed, since no limit fits every program.
",
    fix: Some(Class::Live),
    references: &[cis6("5.11"), cis8("5.11"), stig("V-235806"), nist("4.4.3"), owasp("RULE #7")],
    implies: &[],
    examples: &[
        Example::Passes { params: "max: 512m", object: "HostConfig: {Memory: 536870912}" },
        Example::Passes { params: "{}", object: "HostConfig: {Memory: 99999999999}" },
        Example::Fails { params: "max: 512m", object: "HostConfig: {Memory: 536870913}" },
        Example::Fails { params: "max: 1g", object: "HostConfig: {Memory: 0}" },
        Example::Fails { params: "{}", object: "HostConfig: {Memory: null}" },
    ],
};

/// How much memory one container may have.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The highest limit that passes, and the one that a fix sets: `512m`. At least 6m.
    max: Option<Size>,
}

impl Rule for MemoryLimit {
    type View = ContainerSpec;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, params: &Params) -> Result<(), ParamError> {
        match params.max {
            Some(max) if max < LEAST => Err(ParamError::new(
                "max",
                format!("{max} is less than {LEAST}, the engine's least"),
            )),
            _ => Ok(()),
        }
    }

    fn judge(&self, container: &ContainerSpec, params: &Params) -> Verdict {
        let seen = container.memory_bytes.map_or("none".to_owned(), |it| Size(it).to_string());
        match (container.memory_bytes, params.max) {
            (Some(limit), Some(max)) if limit <= max.0 => Verdict::Pass,
            (Some(_), None) => Verdict::Pass,
            (_, Some(max)) => {
                fails("memory", seen, max.to_string(), [ContainerEdit::Memory(max.0)])
            }
            (None, None) => fails_by_hand(
                "memory",
                seen,
                "a limit",
                "give the container a limit, or name one in the rule: `max: 512m`",
            ),
        }
    }
}
