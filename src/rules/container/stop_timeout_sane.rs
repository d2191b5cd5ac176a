//! Time enough to end, and not for ever.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, ParamError, Rule, fails_by_hand},
};

pub struct StopTimeoutSane;

static META: Meta = Meta {
    id: "container.stop-timeout-sane",
    title: "Containers get a sensible time to stop",
    severity: Severity::Low,
    docs: "
## Checks
That the time a container gets to end by itself (`--stop-timeout`) is between `min` and `max` seconds, 1 and 120 without them; without an option the engine gives 10.

## Why
Without time a program is killed in the middle of its work; with too much of it nothing that has to be stopped is stopped, a restart of the host included.

## What a fix may break
Nothing is changed: how long the program takes, only its owner knows.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{}" },
        Example::Passes { params: "{}", object: "Config: {StopTimeout: 60}" },
        Example::Fails { params: "{}", object: "Config: {StopTimeout: 0}" },
        Example::Fails { params: "{}", object: "Config: {StopTimeout: -1}" },
        Example::Fails { params: "max: 30", object: "Config: {StopTimeout: 60}" },
    ],
};

/// How long containers may take.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Seconds.
    #[serde(default = "one")]
    min: u32,
    /// Seconds.
    #[serde(default = "two_minutes")]
    max: u32,
}

const fn one() -> u32 {
    1
}

const fn two_minutes() -> u32 {
    120
}

impl Rule for StopTimeoutSane {
    type View = ContainerSpec;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, params: &Params) -> Result<(), ParamError> {
        if params.min > params.max {
            let message = format!("{} is less than `min`, which is {}", params.max, params.min);
            return Err(ParamError::new("max", message));
        }
        Ok(())
    }

    fn judge(&self, container: &ContainerSpec, params: &Params) -> Verdict {
        let Some(seconds) = container.limits.stop_seconds else { return Verdict::Pass };
        let allowed = i64::from(params.min)..=i64::from(params.max);
        if allowed.contains(&seconds) {
            return Verdict::Pass;
        }
        let seen = if seconds < 0 { "for ever".to_owned() } else { format!("{seconds}s") };
        let want = format!("{}s to {}s", params.min, params.max);
        let advice = "start it with another `--stop-timeout`";
        fails_by_hand("stop_grace_period", seen, want, advice)
    }
}
