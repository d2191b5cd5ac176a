//! Not older than it should be.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        container::{ContainerSpec, State},
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, Rule, fails_by_hand},
};

pub struct Age;

static META: Meta = Meta {
    id: "container.age",
    title: "Containers are not older than allowed",
    severity: Severity::Low,
    docs: "
## Checks
That the container was created at most `max-days` days ago, 90 without it, by the engine's clock.

## Why
A container holds the programs of the image that it was made of, with every hole that was closed since.

## What a fix may break
Nothing is changed: create it again from an image of today.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "Created: '2026-11-20T10:00:00.123456789Z'" },
        Example::Passes { params: "max-days: 5", object: "Created: '2026-11-21T10:00:00Z'" },
        Example::Fails { params: "{}", object: "Created: '2026-01-01T10:00:00Z'" },
        Example::Fails { params: "max-days: 4", object: "Created: '2026-11-21T10:00:00Z'" },
        Example::Unknown { params: "{}", object: "{}" },
    ],
};

/// How old containers may become.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// The highest number of whole days that passes.
    #[serde(default = "ninety")]
    max_days: u32,
}

const fn ninety() -> u32 {
    90
}

impl Rule for Age {
    type View = ContainerSpec;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, params: &Params) -> Verdict {
        if container.state == State::Requested {
            return Verdict::NotApplicable("it is not there yet");
        }
        let created: Option<Timestamp> = container.defaulted.created_at.parse().ok();
        let (Some(created), Some(now)) = (created, container.engine.now) else {
            return Verdict::Unknown(
                "when it was created, or the engine's clock, is not known".into(),
            );
        };
        let days = now.duration_since(created).as_hours() / 24;
        if days <= i64::from(params.max_days) {
            return Verdict::Pass;
        }
        let advice = "create it again from an image of today";
        let want = format!("{} days at most", params.max_days);
        fails_by_hand("created", format!("{days} days old"), want, advice)
    }
}
