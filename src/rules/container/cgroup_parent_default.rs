//! In the control group that the host's limits are about.

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
    },
    rules::{Allow, Example, Meta, Rule, cis6, cis8, fails_by_hand, nist, stig},
};

pub struct CgroupParentDefault;

static META: Meta = Meta {
    id: "container.cgroup-parent-default",
    title: "Containers are in the control group that the daemon puts them in",
    severity: Severity::Low,
    docs: "
## Checks
That `--cgroup-parent` was not given, or names one of `allow`.

## Why
What limits the daemon's containers together, or tells them apart from the host's own services, goes by their control group; one that is elsewhere is not held by it.

## What a fix may break
Nothing is changed: whether the group carries a limit that the container needs is for its owner to say.
",
    fix: None,
    references: &[cis6("5.25"), cis8("5.25"), stig("V-235815"), nist("4.4.3")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {CgroupParent: ''}" },
        Example::Passes { params: "allow: [shop.slice]", object: "HostConfig: {CgroupParent: shop.slice}" },
        Example::Fails { params: "{}", object: "HostConfig: {CgroupParent: /system.slice}" },
    ],
};

impl Rule for CgroupParentDefault {
    type View = ContainerSpec;
    type Params = Allow;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, params: &Allow) -> Verdict {
        let parent = &container.defaulted.cgroup_parent;
        if parent.is_empty() || params.allows(parent) {
            return Verdict::Pass;
        }
        let advice = "start it without `--cgroup-parent`, or name the group in the rule: `allow`";
        fails_by_hand("cgroup_parent", parent, "the daemon's, or an allowed one", advice)
    }
}
