//! A limit on what a container writes.

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule, fails_by_hand},
};

pub struct StorageQuota;

static META: Meta = Meta {
    id: "container.storage-quota",
    title: "Containers have a limit on what they write",
    severity: Severity::Low,
    docs: "
## Checks
That the writable layer has a size (`--storage-opt size=10G`), or the container's file system is read-only.
Most engines cannot limit it: overlay2 only on XFS with project quotas; there the rule does not apply.

## Why
A container that writes without end fills the disk of every other one, and of the engine.

## What a fix may break
Nothing is changed: how much the program writes, only its owner knows.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {StorageOpt: {size: 10G}}" },
        Example::Passes { params: "{}", object: "HostConfig: {ReadonlyRootfs: true}" },
        Example::Fails { params: "{}", object: "{}" },
    ],
};

impl Rule for StorageQuota {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        if !container.limits.layer_size.is_empty() || container.read_only_rootfs {
            return Verdict::Pass;
        }
        match container.engine.limits_layers {
            Some(true) => {
                let advice = "start it with `--storage-opt size=SIZE`, or read-only";
                fails_by_hand("storage_opt", "none", "a size", advice)
            }
            Some(false) => Verdict::NotApplicable("the engine's storage driver knows no limit"),
            None => Verdict::Unknown("whether the storage driver can limit it is not known".into()),
        }
    }
}
