//! A bound on restarts.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        class::Class,
        container::{ContainerSpec, RestartName},
        edit::ContainerEdit,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, ParamError, Rule, cis6, cis8, fails, nist, owasp, stig},
};

pub struct RestartBounded;

static META: Meta = Meta {
    id: "container.restart-bounded",
    title: "Containers that fail are not restarted for ever",
    severity: Severity::Low,
    docs: "
## Checks
That the restart policy is `no`, or `on-failure` with a count from 1 to `max-retries`.
`on-failure` without a count restarts for ever, as `always` and `unless-stopped` do.

## Why
A container that fails and is restarted without end wears the host out and hides that it fails.

## What a fix may break
A service that fails more often than `max-retries` in a row stays down until somebody starts it.
A service that ends without an error, or is running when the engine restarts, is not started again by itself.
Docker changes this setting while the container runs.
",
    fix: Some(Class::Live),
    references: &[cis6("5.15"), cis8("5.15"), stig("V-235843"), nist("4.4.3"), owasp("RULE #7")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {RestartPolicy: {Name: ''}}" },
        Example::Passes {
            params: "{}",
            object: "HostConfig: {RestartPolicy: {Name: on-failure, MaximumRetryCount: 5}}",
        },
        Example::Fails {
            params: "max-retries: 3",
            object: "HostConfig: {RestartPolicy: {Name: on-failure, MaximumRetryCount: 5}}",
        },
        Example::Fails { params: "{}", object: "HostConfig: {RestartPolicy: {Name: on-failure}}" },
        Example::Fails { params: "{}", object: "HostConfig: {RestartPolicy: {Name: always}}" },
    ],
};

/// How often a container may be restarted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// The highest count that passes, and the one that a fix sets.
    #[serde(default = "five")]
    #[schemars(range(min = 1))]
    max_retries: u32,
}

const fn five() -> u32 {
    5
}

impl Rule for RestartBounded {
    type View = ContainerSpec;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, params: &Params) -> Result<(), ParamError> {
        if params.max_retries == 0 {
            let message = "0 retries mean without end; the least is 1";
            return Err(ParamError::new("max-retries", message));
        }
        Ok(())
    }

    fn judge(&self, container: &ContainerSpec, params: &Params) -> Verdict {
        let policy = &container.restart_policy;
        let is_bounded = match policy.name {
            RestartName::No => true,
            RestartName::OnFailure => (1..=params.max_retries).contains(&policy.max_retries),
            RestartName::Always | RestartName::UnlessStopped | RestartName::Other(_) => false,
        };
        if is_bounded {
            return Verdict::Pass;
        }
        let edit = ContainerEdit::RestartPolicy {
            name: "on-failure".into(),
            max_retries: params.max_retries,
        };
        fails("restart", policy.text(), format!("on-failure:{}", params.max_retries), [edit])
    }
}
