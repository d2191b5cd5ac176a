//! No devices but the allowed ones.

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
    },
    rules::{Allow, Example, Meta, Rule, cis6, cis8, fails_by_hand, nist, owasp, stig},
};

pub struct NoHostDevices;

static META: Meta = Meta {
    id: "container.no-host-devices",
    title: "Containers hold no devices of the host but declared ones",
    severity: Severity::High,
    docs: "
## Checks
That every device given with `--device`, by its path on the host, fits one of `allow`.
`container.no-wildcard-device-rule` and `container.device-requests-declared` are about the other ways to one.

## Why
A device is a way into the kernel's driver, and for disks, memory and virtual machines into everything behind it.

## What a fix may break
Nothing is changed: only its owner knows what the program does without the device.
",
    fix: None,
    references: &[cis6("5.18"), cis8("5.18"), stig("V-235809"), nist("4.4.3"), owasp("RULE #3")],
    implies: &["container.device-classes"],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {Devices: []}" },
        Example::Passes { params: "allow: ['/dev/ttyUSB*']", object: "HostConfig: {Devices: [{PathOnHost: /dev/ttyUSB0}]}" },
        Example::Fails { params: "{}", object: "HostConfig: {Devices: [{PathOnHost: /dev/fuse}]}" },
        Example::Fails { params: "allow: [/dev/fuse]", object: "HostConfig: {Devices: [{PathOnHost: /dev/fuse}, {PathOnHost: /dev/kvm}]}" },
    ],
};

impl Rule for NoHostDevices {
    type View = ContainerSpec;
    type Params = Allow;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, params: &Allow) -> Verdict {
        let Some(seen) = params.others(container.devices.paths.iter().map(String::as_str)) else {
            return Verdict::Pass;
        };
        let advice = "start it without the device, or name it in the rule: `allow`";
        fails_by_hand("devices", seen, "none, or allowed ones", advice)
    }
}
