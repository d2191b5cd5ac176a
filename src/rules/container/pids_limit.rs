//! A limit on processes.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        class::Class,
        container::ContainerSpec,
        edit::ContainerEdit,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, ParamError, Rule, cis6, cis8, fails, nist, owasp, stig},
};

pub struct PidsLimit;

static META: Meta = Meta {
    id: "container.pids-limit",
    title: "Containers have a limit on processes",
    severity: Severity::Medium,
    docs: "
## Checks
That the container may not have more than `max` processes and threads.

## Why
Without a limit, one container can fill the host's process table, and nothing else starts.

## What a fix may break
A program that wants more threads than the limit cannot start them.
Docker changes this setting while the container runs.
",
    fix: Some(Class::Live),
    references: &[cis6("5.29"), cis8("5.29"), stig("V-235828"), nist("4.4.3"), owasp("RULE #7")],
    implies: &[],
    examples: &[
        Example::Passes { params: "max: 512", object: "HostConfig: {PidsLimit: 100}" },
        Example::Fails { params: "max: 512", object: "HostConfig: {PidsLimit: 513}" },
        Example::Fails { params: "max: 512", object: "HostConfig: {PidsLimit: -1}" },
        Example::Fails { params: "{}", object: "HostConfig: {PidsLimit: null}" },
    ],
};

/// How many processes one container may have.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The highest limit that passes, and the one that a fix sets.
    #[serde(default = "default_max")]
    #[schemars(range(min = 1))]
    max: i64,
}

const fn default_max() -> i64 {
    4096
}

impl Rule for PidsLimit {
    type View = ContainerSpec;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, params: &Params) -> Result<(), ParamError> {
        if params.max < 1 {
            let message = format!("{} is no limit; the least is 1", params.max);
            return Err(ParamError::new("max", message));
        }
        Ok(())
    }

    fn judge(&self, container: &ContainerSpec, params: &Params) -> Verdict {
        let seen = match container.pids_limit {
            Some(limit) if limit <= params.max => return Verdict::Pass,
            Some(limit) => limit.to_string(),
            None => "none".to_owned(),
        };
        fails("pids_limit", seen, params.max.to_string(), [ContainerEdit::PidsLimit(params.max)])
    }
}
