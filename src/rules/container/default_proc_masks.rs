//! What of /proc the engine hides stays hidden.

use crate::{
    model::{
        class::Class,
        container::ContainerSpec,
        edit::ContainerEdit,
        field::Field,
        finding::{Severity, Verdict},
        host_path::is_within,
    },
    rules::{Example, Meta, NoParams, Rule, fails, fails_by_hand, pss_baseline},
};

pub struct DefaultProcMasks;

static META: Meta = Meta {
    id: "container.default-proc-masks",
    title: "Containers do not see what the engine hides in /proc",
    severity: Severity::High,
    docs: "
## Checks
That the paths of `/proc` and `/sys` that every engine since 20.10 hides or makes read-only are among those of this container.
A container that is not there yet gets them when it is created.

## Why
What is hidden there are the kernel's memory, its keys, its timers and switches that act on the whole host.

## What a fix may break
A privileged container is replaced by one that is not; see `container.no-privileged`.
Otherwise nothing is changed: the list was given when the container was created, and its owner creates it again without it.
",
    fix: Some(Class::Recreate),
    references: &[pss_baseline("/proc Mount Type")],
    implies: &[],
    examples: &[
        Example::Passes {
            params: "{}",
            object: "
HostConfig:
  MaskedPaths: [/proc/asound, /proc/acpi, /proc/kcore, /proc/keys, /proc/latency_stats, /proc/timer_list, /proc/timer_stats, /proc/sched_debug, /proc/scsi, /sys/firmware]
  ReadonlyPaths: [/proc/bus, /proc/fs, /proc/irq, /proc/sys, /proc/sysrq-trigger]",
        },
        Example::Passes { params: "{}", object: "{}" },
        Example::Fails { params: "{}", object: "HostConfig: {MaskedPaths: [/proc/kcore]}" },
        Example::Fails { params: "{}", object: "HostConfig: {Privileged: true, MaskedPaths: null}" },
    ],
};

/// What Docker 20.10 hides (moby `oci/defaults.go`); later ones hide more.
const MASKED: &[&str] = &[
    "/proc/acpi",
    "/proc/asound",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/firmware",
];

const READ_ONLY: &[&str] =
    &["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

fn missing<'a>(
    given: &'a Field<Vec<String>>,
    wanted: &'a [&'static str],
) -> impl Iterator<Item = &'static str> {
    let is_open = |path: &&'static str| {
        given.stated().is_some_and(|given| !given.iter().any(|it| is_within(path, it)))
    };
    wanted.iter().copied().filter(is_open)
}

impl Rule for DefaultProcMasks {
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
        let open: Vec<&str> = missing(&container.masked_paths, MASKED)
            .chain(missing(&container.read_only_paths, READ_ONLY))
            .collect();
        if open.is_empty() {
            return Verdict::Pass;
        }
        let advice = "create it again with an engine and options that leave the masks alone";
        fails_by_hand(
            "security_opt",
            format!("open: {}", open.join(", ")),
            "the engine's masks",
            advice,
        )
    }
}
