//! No devices by the dozen.

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule, fails_by_hand},
};

pub struct NoWildcardDeviceRule;

static META: Meta = Meta {
    id: "container.no-wildcard-device-rule",
    title: "Containers are not let at whole classes of devices",
    severity: Severity::Critical,
    docs: "
## Checks
That no line of `--device-cgroup-rule` is about all devices (`a`), all of a kind (`c *:*`), or any block device.

## Why
With such a line a container that holds `MKNOD` makes itself the device file of any disk of the host.

## What a fix may break
Nothing is changed: only its owner knows which devices are needed.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {DeviceCgroupRules: ['c 188:* rmw']}" },
        Example::Fails { params: "{}", object: "HostConfig: {DeviceCgroupRules: ['a *:* rwm']}" },
        Example::Fails { params: "{}", object: "HostConfig: {DeviceCgroupRules: ['c *:* r']}" },
        Example::Fails { params: "{}", object: "HostConfig: {DeviceCgroupRules: ['b 8:0 r']}" },
    ],
};

impl Rule for NoWildcardDeviceRule {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        let is_wide = |rule: &&str| {
            let mut words = rule.split_whitespace();
            let kind = words.next().unwrap_or_default();
            let number = words.next().unwrap_or("*:*");
            kind != "c" || number.starts_with('*')
        };
        let rules = container.devices.rules.iter().map(String::as_str);
        let wide: Vec<&str> = rules.filter(is_wide).collect();
        if wide.is_empty() {
            return Verdict::Pass;
        }
        let advice = "give it the devices that it needs by themselves, with `--device`";
        fails_by_hand("device_cgroup_rules", wide.join(", "), "single character devices", advice)
    }
}
