//! Nobody is inside.

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule, fails_by_hand, nist},
};

pub struct NoLiveExec;

static META: Meta = Meta {
    id: "container.no-live-exec",
    title: "Nobody works inside a running container",
    severity: Severity::Medium,
    docs: "
## Checks
That no program runs in the container that was started from outside (`docker exec`).
Its health check is such a program too: one alone in a container that has a health check cannot be told from it.

## Why
Somebody who works inside a container changes what runs, and nothing that happens there is in any file.

## What a fix may break
Nothing is changed: the session ends by itself, or with the container.
",
    fix: None,
    references: &[nist("4.5.4")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{State: {Status: running}, ExecIDs: null}" },
        Example::Fails { params: "{}", object: "{State: {Status: running}, ExecIDs: [a1]}" },
        Example::Fails { params: "{}", object: "{State: {Status: running}, ExecIDs: [a1, b2], Config: {Healthcheck: {Test: [CMD, probe]}}}" },
        Example::Unknown { params: "{}", object: "{State: {Status: running}, ExecIDs: [a1], Config: {Healthcheck: {Test: [CMD, probe]}}}" },
        Example::NotApplicable { params: "{}", object: "State: {Status: exited}" },
    ],
};

impl Rule for NoLiveExec {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        if !container.state.has_processes() {
            return Verdict::NotApplicable("it does not run");
        }
        match container.condition.execs {
            0 => Verdict::Pass,
            1 if container.has_healthcheck => {
                Verdict::Unknown("what runs in it may be its health check".into())
            }
            execs => {
                let seen = format!("{execs} started from outside");
                let advice = format!("`docker top {}` shows what it is", container.name);
                fails_by_hand("exec", seen, "none", advice)
            }
        }
    }
}
