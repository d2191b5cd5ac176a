//! Control groups of its own.

use crate::{
    model::{
        class::Class,
        container::ContainerSpec,
        edit::ContainerEdit,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule, fails},
};

pub struct PrivateCgroupns;

static META: Meta = Meta {
    id: "container.private-cgroupns",
    title: "Containers see their own control groups only",
    severity: Severity::Medium,
    docs: "
## Checks
That the cgroup namespace is `private`.
Engines before 20.10 have no such setting; there the rule does not apply.

## Why
In the host's cgroup namespace a container sees the names of every control group, and with them which services and containers there are; with a way to write there it changes their limits.

## What a fix may break
The container is replaced.
A monitoring agent in it sees its own figures only.
Where the host has control groups of version 1, the daemon's default is `host`: set `default-cgroupns-mode` too, or every new container fails.
",
    fix: Some(Class::Recreate),
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {CgroupnsMode: private}" },
        Example::Fails { params: "{}", object: "HostConfig: {CgroupnsMode: host}" },
        Example::NotApplicable { params: "{}", object: "HostConfig: {CgroupnsMode: ''}" },
    ],
};

impl Rule for PrivateCgroupns {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        match container.defaulted.cgroupns.as_str() {
            "private" => Verdict::Pass,
            "" => Verdict::NotApplicable("this engine has no cgroup namespaces"),
            other => {
                let edit = ContainerEdit::CgroupnsMode("private".into());
                fails("cgroup", other, "private", [edit])
            }
        }
    }
}
