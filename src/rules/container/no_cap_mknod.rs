//! No device files for wide device rules.

use crate::{
    model::{
        capability::CapabilitySet,
        class::Class,
        container::ContainerSpec,
        edit::ContainerEdit,
        field::Field,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule, fails, owasp},
};

pub struct NoCapMknod;

static META: Meta = Meta {
    id: "container.no-cap-mknod",
    title: "Containers that may use devices by rule cannot make device files",
    severity: Severity::Medium,
    docs: "
## Checks
That a container with lines of `--device-cgroup-rule` does not hold `MKNOD`, which is in the engine's default set.
Without such a line the capability makes no device that works.

## Why
The two together give a container devices that nobody put into it.

## What a fix may break
The container is replaced by one without `MKNOD`.
A program that makes its device files itself (udev in a container) fails; give it the files with `--device`.
",
    fix: Some(Class::Recreate),
    references: &[owasp("RULE #3")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{}" },
        Example::Passes { params: "{}", object: "HostConfig: {DeviceCgroupRules: ['c 188:* rmw'], CapDrop: [MKNOD]}" },
        Example::Fails { params: "{}", object: "HostConfig: {DeviceCgroupRules: ['c 188:* rmw']}" },
    ],
};

const MKNOD: CapabilitySet = CapabilitySet::of_names(&["MKNOD"]);

impl Rule for NoCapMknod {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        let held = match container.capabilities {
            _ if container.devices.rules.is_empty() => return Verdict::Pass,
            Field::Set(held) => held.intersection(MKNOD),
            Field::Inherited(_) => {
                return Verdict::Unknown("its capabilities are not known".into());
            }
            Field::Unknown(why) => return Verdict::Unknown(why.into()),
        };
        if held.is_empty() {
            return Verdict::Pass;
        }
        let unprivileged = container.privileged.then_some(ContainerEdit::Privileged(false));
        let bounded = ContainerEdit::BoundCapabilities(CapabilitySet::ALL.without(MKNOD));
        let edits = unprivileged.into_iter().chain([bounded]);
        fails("cap_add", "MKNOD", "no MKNOD beside device rules", edits)
    }
}
