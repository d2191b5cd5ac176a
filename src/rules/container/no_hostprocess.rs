//! On Windows: not a process like any other.

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule, fails_by_hand, pss_baseline},
};

pub struct NoHostprocess;

static META: Meta = Meta {
    id: "container.no-hostprocess",
    title: "Windows containers are isolated from the host",
    severity: Severity::High,
    docs: "
## Checks
That a Windows container does not share the host's kernel (`--isolation process`).
It does not apply to Linux containers.

## Why
Such a container is a process of the host, in a namespace of its own but under the same kernel.

## What a fix may break
Nothing is changed: with Hyper-V a container starts slower and takes more memory.
",
    fix: None,
    references: &[pss_baseline("HostProcess")],
    implies: &[],
    examples: &[
        Example::Passes {
            params: "{}",
            object: "{Platform: windows, HostConfig: {Isolation: hyperv}}",
        },
        Example::Fails {
            params: "{}",
            object: "{Platform: windows, HostConfig: {Isolation: process}}",
        },
        Example::Unknown {
            params: "{}",
            object: "{Platform: windows, HostConfig: {Isolation: default}}",
        },
        Example::NotApplicable {
            params: "{}",
            object: r#"{Platform: linux, HostConfig: {Isolation: ""}}"#,
        },
    ],
};

impl Rule for NoHostprocess {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        let confinement = &container.confinement;
        if confinement.platform != "windows" {
            return Verdict::NotApplicable("it is not a Windows container");
        }
        match confinement.isolation.to_ascii_lowercase().as_str() {
            "hyperv" => Verdict::Pass,
            "process" => {
                let advice = "start it with `--isolation hyperv`";
                fails_by_hand("isolation", "process", "hyperv", advice)
            }
            _ => Verdict::Unknown("the daemon's default decides, and it is not known".into()),
        }
    }
}
