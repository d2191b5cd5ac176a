//! Nobody is let into a container with more than it has.

use crate::{
    model::{
        container::ContainerSpec,
        detail::Detail,
        finding::{Severity, Verdict},
    },
    rules::{
        Example, Meta, NoParams, Rule, cis6, cis8, container::looked_at, fails_by_hand, nist, stig,
    },
};

pub struct NoPrivilegedExec;

static META: Meta = Meta {
    id: "container.no-privileged-exec",
    title: "No privileged program was started in a running container",
    severity: Severity::High,
    docs: "
## Checks
That no program runs in the container that was started from outside with `docker exec --privileged`.
What has ended is not seen.

## Why
Such a program has every capability, whatever its container was denied, and leads to the host from there.

## What a fix may break
Nothing is changed: the session ends by itself, or with the container.
",
    fix: None,
    references: &[cis6("5.23"), cis8("5.23"), stig("V-235813"), nist("4.4.3")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{State: {Status: running}, Sessions: []}" },
        Example::Passes { params: "{}", object: "{State: {Status: running}, Sessions: [{Running: true, ProcessConfig: {privileged: false}}, {Running: false, ProcessConfig: {privileged: true}}]}" },
        Example::Fails { params: "{}", object: "{State: {Status: running}, Sessions: [{Running: true, ProcessConfig: {privileged: true, user: '1000'}}]}" },
        Example::Unknown { params: "{}", object: "State: {Status: running}" },
        Example::NotApplicable { params: "{}", object: "State: {Status: exited}" },
    ],
};

impl Rule for NoPrivilegedExec {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn needs(&self) -> &'static [Detail] {
        &[Detail::Execs]
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        if !container.state.has_processes() {
            return Verdict::NotApplicable("it does not run");
        }
        let sessions = match looked_at(&container.inside.sessions) {
            Ok(sessions) => sessions,
            Err(unknown) => return unknown,
        };
        match sessions.iter().filter(|it| it.privileged).count() {
            0 => Verdict::Pass,
            count => {
                let seen = format!("{count} with `--privileged`");
                let advice = format!("`docker top {}` shows what it is", container.name);
                fails_by_hand("exec", seen, "none", advice)
            }
        }
    }
}
