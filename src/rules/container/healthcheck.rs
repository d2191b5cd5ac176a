//! Somebody asks whether it works.

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule, cis6, cis8, fails_by_hand, nist},
};

pub struct Healthcheck;

static META: Meta = Meta {
    id: "container.healthcheck",
    title: "Containers have a health check",
    severity: Severity::Low,
    docs: "
## Checks
That the container has a health check, of its own or of its image, that is not `NONE`.

## Why
Without one, a program that hangs counts as running, and nobody hears of it.
plimsoll itself waits for a health check before it believes a replacement.

## What a fix may break
Nothing is changed: only its owner knows what the program has to answer.
",
    fix: None,
    references: &[cis6("5.27"), cis8("5.27"), nist("4.4.3")],
    implies: &[],
    examples: &[
        Example::Passes {
            params: "{}",
            object: "Config: {Healthcheck: {Test: [CMD, /bin/check]}}",
        },
        Example::Fails { params: "{}", object: "Config: {Healthcheck: {Test: [NONE]}}" },
        Example::Fails { params: "{}", object: "{}" },
    ],
};

impl Rule for Healthcheck {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        if container.has_healthcheck {
            return Verdict::Pass;
        }
        let advice = "give it one with `--health-cmd`, in its Compose file, or with HEALTHCHECK in \
                      its image";
        fails_by_hand("healthcheck", "none", "a health check", advice)
    }
}
