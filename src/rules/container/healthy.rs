//! Well by its own account.

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule, fails_by_hand},
};

pub struct Healthy;

static META: Meta = Meta {
    id: "container.healthy",
    title: "Containers with a health check are healthy",
    severity: Severity::Low,
    docs: "
## Checks
That the health check of a running container says that it is well.
It does not apply to one without a health check, which is `container.healthcheck`'s, or that does not run.

## Why
A program that does not do its work is often one that was changed, or is under attack.

## What a fix may break
Nothing is changed: what the check says is in `docker inspect`.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "State: {Status: running, Health: {Status: healthy}}" },
        Example::Fails { params: "{}", object: "State: {Status: running, Health: {Status: unhealthy}}" },
        Example::Unknown { params: "{}", object: "State: {Status: running, Health: {Status: starting}}" },
        Example::NotApplicable { params: "{}", object: "State: {Status: running}" },
    ],
};

impl Rule for Healthy {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        if !container.state.has_processes() {
            return Verdict::NotApplicable("it does not run");
        }
        match container.condition.health.as_str() {
            "healthy" => Verdict::Pass,
            "unhealthy" => {
                let advice = format!(
                    "see what its check says: `docker inspect -f '{{{{json .State.Health}}}}' {}`",
                    container.name
                );
                fails_by_hand("healthcheck", "unhealthy", "healthy", advice)
            }
            "" | "none" => Verdict::NotApplicable("it has no health check"),
            _ => Verdict::Unknown("its health check has not answered yet".into()),
        }
    }
}
