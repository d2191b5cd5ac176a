//! Hidden as the engine of today hides it.

use crate::{
    model::{
        class::Class,
        container::ContainerSpec,
        edit::ContainerEdit,
        field::Field,
        finding::{Severity, Verdict},
        host_path::is_within,
    },
    rules::{Example, Meta, NoParams, Rule, fails, fails_by_hand},
};

pub struct MaskedPathsCurrent;

static META: Meta = Meta {
    id: "container.masked-paths-current",
    title: "Containers hide what their engine hides today",
    severity: Severity::High,
    docs: "
## Checks
That the container hides what engines learned to hide later: `/sys/devices/virtual/powercap` from 24.0.7 on, `/proc/interrupts` from 28.0.2 on.
The list is written into a container when it is created, so that an older one lacks what its engine hides from new ones by now.

## Why
From the power that a processor draws, and from its interrupts, keys and keystrokes of others can be told.

## What a fix may break
A privileged container is replaced by one that is not; see `container.no-privileged`.
Otherwise nothing is changed: created again by the engine of today, the container has the list of today; a container that measures power then finds nothing.
",
    fix: Some(Class::Recreate),
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {MaskedPaths: [/proc/interrupts, /sys/devices/virtual/powercap]}" },
        Example::Passes { params: "{}", object: "{}" },
        Example::Fails { params: "{}", object: "HostConfig: {MaskedPaths: [/proc/kcore, /sys/firmware]}" },
        Example::Fails { params: "{}", object: "HostConfig: {Privileged: true}" },
    ],
};

/// What engines hide, and since when (moby `oci/defaults.go`); what all of them hide is
/// `container.default-proc-masks`'s.
const LATER: &[(&str, [u32; 3])] =
    &[("/proc/interrupts", [28, 0, 2]), ("/sys/devices/virtual/powercap", [24, 0, 7])];

impl Rule for MaskedPathsCurrent {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        if container.privileged {
            let edit = ContainerEdit::Privileged(false);
            return fails("privileged", "nothing is hidden", "the engine's masks", [edit]);
        }
        // Left to the engine, it gets the list of today.
        let Field::Set(masked) = &container.masked_paths else { return Verdict::Pass };
        let Some(version) = container.engine.version else {
            return Verdict::Unknown("the version of the engine is not known".into());
        };
        let hidden = |path: &str| masked.iter().any(|it| is_within(path, it));
        let open: Vec<&str> = LATER
            .iter()
            .filter(|(path, since)| version >= *since && !hidden(path))
            .map(|(path, _)| *path)
            .collect();
        if open.is_empty() {
            return Verdict::Pass;
        }
        let seen = format!("open: {}", open.join(", "));
        let advice = "create it again: the engine writes its list of today into it";
        fails_by_hand("security_opt", seen, "the engine's masks of today", advice)
    }
}
