//! Limits stay out of reach.

use crate::{
    model::{
        class::Class,
        container::ContainerSpec,
        edit::ContainerEdit,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule, fails, fails_by_hand},
};

pub struct NoWritableCgroups;

static META: Meta = Meta {
    id: "container.no-writable-cgroups",
    title: "Containers do not write their control groups",
    severity: Severity::High,
    docs: "
## Checks
That the container neither asks for writable control groups (`--security-opt writable-cgroups=true`, engine 28 and later) nor is privileged.

## Why
Whoever writes its control group lifts every limit on memory, processes and devices; with version 1 it also runs a program of its choice on the host.

## What a fix may break
A privileged container is replaced by one that is not; see `container.no-privileged`.
Otherwise nothing is changed: systemd and container engines in containers need it.
",
    fix: Some(Class::Recreate),
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {SecurityOpt: [writable-cgroups=false]}" },
        Example::Fails { params: "{}", object: "HostConfig: {SecurityOpt: [writable-cgroups=true]}" },
        Example::Fails { params: "{}", object: "HostConfig: {Privileged: true}" },
    ],
};

impl Rule for NoWritableCgroups {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        let want = "read-only";
        if container.confinement.writable_cgroups == Some(true) {
            let advice = "start it without `--security-opt writable-cgroups=true`";
            return fails_by_hand("security_opt", "writable-cgroups=true", want, advice);
        }
        // Privileged ones can, unless they say themselves that they do not want to.
        if container.privileged && container.confinement.writable_cgroups.is_none() {
            let seen = "writable, since it is privileged";
            return fails("privileged", seen, want, [ContainerEdit::Privileged(false)]);
        }
        Verdict::Pass
    }
}
