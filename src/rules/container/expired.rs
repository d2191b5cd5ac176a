//! What was meant for a while ends.

use jiff::{civil::Date, tz::TimeZone};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, Rule, fails_by_hand, nist},
};

pub struct Expired;

static META: Meta = Meta {
    id: "container.expired",
    title: "Containers are not past the day that their label says",
    severity: Severity::Low,
    docs: "
## Checks
That the day in the container's label `label` (`plimsoll.expires` without it), written 2026-12-31, has not passed by the engine's clock in UTC; the day itself still counts.
A container without the label passes; with `owner-label`, one that has the day but not that label fails.

## Why
What was started for a test and forgotten is what nobody patches and nobody misses.

## What a fix may break
Nothing is changed: stop it, or give it another day.
",
    fix: None,
    references: &[nist("4.4.5")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{}" },
        Example::Passes { params: "{}", object: "Config: {Labels: {plimsoll.expires: '2026-11-26'}}" },
        Example::Fails { params: "{}", object: "Config: {Labels: {plimsoll.expires: '2026-11-25'}}" },
        Example::Fails { params: "{label: until, owner-label: owner}", object: "Config: {Labels: {until: '2027-01-01'}}" },
        Example::Unknown { params: "{}", object: "Config: {Labels: {plimsoll.expires: someday}}" },
    ],
};

/// Which labels say until when, and whose it is.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// The label with the last day.
    #[serde(default = "expires")]
    label: String,
    /// The label that says whose it is.
    owner_label: Option<String>,
}

fn expires() -> String {
    "plimsoll.expires".into()
}

impl Rule for Expired {
    type View = ContainerSpec;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, params: &Params) -> Verdict {
        let Some(text) = container.labels.get(&params.label) else { return Verdict::Pass };
        let Ok(last_day) = text.parse::<Date>() else {
            return Verdict::Unknown(format!("its label {} is not a day: {text}", params.label));
        };
        let Some(now) = container.engine.now else {
            return Verdict::Unknown("the engine's clock is not known".into());
        };
        if now.to_zoned(TimeZone::UTC).date() > last_day {
            let advice = "stop it, or give it another day";
            return fails_by_hand("labels", format!("until {last_day}"), "a day ahead", advice);
        }
        match &params.owner_label {
            Some(owner) if container.labels.get(owner).is_none_or(String::is_empty) => {
                let advice = "say whose it is in that label";
                fails_by_hand("labels", "no owner", format!("the label {owner}"), advice)
            }
            _ => Verdict::Pass,
        }
    }
}
