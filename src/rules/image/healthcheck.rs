//! Images that bring a health check.

use crate::{
    model::{
        container::ContainerSpec,
        detail::Detail,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule, cis6, cis8, fails_by_hand, image::facts, nist},
};

pub struct Healthcheck;

static META: Meta = Meta {
    id: "image.healthcheck",
    title: "Images bring a health check",
    severity: Severity::Low,
    docs: "
## Checks
That the image has a health check that is not `NONE`, whatever the container was given beside it.

## Why
Who builds the image knows best how its program says that it works, and everybody who starts it gets the check without asking.

## What a fix may break
Nothing is changed: the image has to be built with one.
",
    fix: None,
    references: &[cis6("4.6"), cis8("4.6"), nist("4.1.2")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "OfImage: {Config: {Healthcheck: {Test: [CMD, /bin/check]}}}" },
        Example::Fails { params: "{}", object: "{Config: {Healthcheck: {Test: [CMD, /bin/check]}}, OfImage: {Config: {}}}" },
        Example::Fails { params: "{}", object: "OfImage: {Config: {Healthcheck: {Test: [NONE]}}}" },
        Example::Unknown { params: "{}", object: "Config: {Image: nginx}" },
    ],
};

impl Rule for Healthcheck {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn needs(&self) -> &'static [Detail] {
        &[Detail::Image]
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        match facts(container) {
            Err(unknown) => unknown,
            Ok(image) if image.has_healthcheck => Verdict::Pass,
            Ok(_) => {
                let advice = "build it with HEALTHCHECK";
                fails_by_hand("image health check", "none", "a health check", advice)
            }
        }
    }
}
