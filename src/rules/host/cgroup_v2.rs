//! Control groups are those of version 2.

use crate::{
    model::{
        daemon::DaemonConfig,
        finding::{Severity, Verdict},
        object::Address,
    },
    rules::{Example, Meta, NoParams, Rule, fails_by_hand},
};

pub struct CgroupV2;

static META: Meta = Meta {
    id: "host.cgroup-v2",
    title: "The host has control groups of version 2",
    severity: Severity::Medium,
    docs: "
## Checks
That the engine says version 2 (`CgroupVersion`). Engines before 20.10 do not tell.

## Why
On version 1 containers see the control groups of the whole machine by default, limits for swap and processes can be missing, and one that may write there can escape (`release_agent`). It is no longer worked on.

## What a fix may break
Nothing is changed: the kernel is started with `systemd.unified_cgroup_hierarchy=1`, after which old runtimes and tools that read version 1 fail.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "cgroup: 2" },
        Example::Fails { params: "{}", object: "cgroup: 1" },
        Example::Unknown { params: "{}", object: "{}" },
    ],
};

impl Rule for CgroupV2 {
    type View = DaemonConfig;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::host("cgroups"))
    }

    fn judge(&self, config: &DaemonConfig, _: &NoParams) -> Verdict {
        match config.cgroup_version {
            Some(2) => Verdict::Pass,
            Some(version) => fails_by_hand(
                "cgroup-version",
                version.to_string(),
                "2",
                "start the kernel with `systemd.unified_cgroup_hierarchy=1`, on a distribution \
                 whose engine knows version 2 (20.10 or later)",
            ),
            None => Verdict::Unknown("the engine does not tell".into()),
        }
    }
}
