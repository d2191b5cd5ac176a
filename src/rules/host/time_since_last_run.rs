//! Somebody keeps this host as it is declared, and still does.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        finding::{Severity, Verdict},
        object::Address,
        upkeep::Upkeep,
    },
    rules::{Example, Meta, ParamError, Rule, fails_by_hand},
};

pub struct TimeSinceLastRun;

/// How long it may be.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Age {
    /// Hours since the last run that succeeded; a few times what lies between two runs.
    #[serde(default = "a_day")]
    max_hours: u32,
}

const fn a_day() -> u32 {
    24
}

static META: Meta = Meta {
    id: "host.time-since-last-run",
    title: "The host was put right, or found right, not long ago",
    severity: Severity::Medium,
    docs: "
## Checks
That the last `apply` or `enforce` on this host which left nothing to do, or failed at nothing of what it did, was at most `max-hours` ago, 24 without it. That is written down in the state directory (`--state-dir`) for this rule alone, so that the first run after it was declared begins to count. A run itself sees how long it had been before it.

## Why
A timer that was turned off, or a service that fails with every start, is silent: what drifts since then stays as it is.

## What a fix may break
Nothing is changed: the timer or the service that runs `enforce` is looked after by a person.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "minutes-since: 90" },
        Example::Passes { params: "max-hours: 1", object: "minutes-since: 60" },
        Example::Fails { params: "max-hours: 1", object: "minutes-since: 61" },
        Example::Fails { params: "{}", object: "minutes-since: 14400" },
        Example::Fails { params: "{}", object: "{}" },
        Example::Unknown { params: "{}", object: "minutes-since: -90" },
        Example::Unknown { params: "{}", object: "unseen: no permission" },
    ],
};

impl Rule for TimeSinceLastRun {
    type View = Upkeep;
    type Params = Age;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::host("upkeep"))
    }

    fn check(&self, params: &Age) -> Result<(), ParamError> {
        match params.max_hours {
            0 => Err(ParamError::new("max-hours", "the least is 1")),
            _ => Ok(()),
        }
    }

    fn judge(&self, upkeep: &Upkeep, params: &Age) -> Verdict {
        let want = format!("at most {} hours ago", params.max_hours);
        let advice = "look at the timer or the service that runs `plimsoll enforce`, and at \
            `plimsoll status`";
        match &upkeep.since {
            Err(why) => Verdict::Unknown(why.clone()),
            Ok(None) => fails_by_hand("last-run", "none that succeeded", want, advice),
            Ok(Some(since)) if since.is_negative() => {
                Verdict::Unknown("the last run lies ahead: the clock was put back".into())
            }
            Ok(Some(since)) if since.as_mins() <= i64::from(params.max_hours) * 60 => Verdict::Pass,
            Ok(Some(since)) => {
                fails_by_hand("last-run", format!("{} hours ago", since.as_hours()), want, advice)
            }
        }
    }
}
