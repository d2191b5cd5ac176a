//! A share of the disks.

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule, fails_by_hand},
};

pub struct BlkioLimits;

static META: Meta = Meta {
    id: "container.blkio-limits",
    title: "Containers have a share of the disks, or a limit there",
    severity: Severity::Low,
    docs: "
## Checks
That the container has a weight (`--blkio-weight`) or a rate for at least one disk (`--device-read-bps`, `--device-write-bps`, `--device-read-iops`, `--device-write-iops`).

## Why
A container that reads or writes without end makes every other one wait for the disk.

## What a fix may break
Nothing is changed: which disk matters and how fast it is, only its owner knows. `docker update --blkio-weight` changes the weight while the container runs.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {BlkioWeight: 300}" },
        Example::Passes { params: "{}", object: "HostConfig: {BlkioDeviceWriteIOps: [{Path: /dev/sda, Rate: 100}]}" },
        Example::Fails { params: "{}", object: "HostConfig: {BlkioWeight: 0, BlkioDeviceReadBps: []}" },
    ],
};

impl Rule for BlkioLimits {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        let blkio = &container.limits.blkio;
        if blkio.has_weight || blkio.has_rate {
            return Verdict::Pass;
        }
        let advice = format!("`docker update --blkio-weight 300 {}`", container.name);
        fails_by_hand("blkio_config", "none", "a weight or a rate", advice)
    }
}
