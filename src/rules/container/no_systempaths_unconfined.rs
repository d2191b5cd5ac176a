//! Nothing of /proc laid open.

use crate::{
    model::{
        container::ContainerSpec,
        field::Field,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule, fails_by_hand},
};

pub struct NoSystempathsUnconfined;

static META: Meta = Meta {
    id: "container.no-systempaths-unconfined",
    title: "Containers see no more of the kernel than usual",
    severity: Severity::High,
    docs: "
## Checks
That the container was not started with `--security-opt systempaths=unconfined`, which leaves nothing of `/proc` and `/sys` hidden or read-only.
A privileged container is `container.no-privileged`'s.

## Why
What the engine hides there are the kernel's memory, its keys, its timers and switches that act on the whole host.

## What a fix may break
Nothing is changed: only its owner knows what the program looks for there.
",
    fix: None,
    references: &[],
    implies: &["container.default-proc-masks", "container.masked-paths-current"],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {MaskedPaths: [/proc/kcore]}" },
        Example::Passes { params: "{}", object: "HostConfig: {Privileged: true, MaskedPaths: null}" },
        Example::Fails { params: "{}", object: "HostConfig: {MaskedPaths: [], ReadonlyPaths: []}" },
    ],
};

impl Rule for NoSystempathsUnconfined {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        let is_open = |paths: &Field<Vec<String>>| paths.stated().is_some_and(Vec::is_empty);
        if !is_open(&container.masked_paths) && !is_open(&container.read_only_paths) {
            return Verdict::Pass;
        }
        let advice = "start it without `systempaths=unconfined`";
        fails_by_hand("security_opt", "systempaths=unconfined", "the engine's masks", advice)
    }
}
