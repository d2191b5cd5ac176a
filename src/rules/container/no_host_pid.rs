//! Processes of its own.

use crate::{
    model::{
        class::Class,
        container::ContainerSpec,
        edit::ContainerEdit,
        finding::{Severity, Verdict},
    },
    rules::{
        Example, Meta, NoParams, Rule, cis6, cis8, container::namespace_verdict, nist,
        pss_baseline, stig,
    },
};

pub struct NoHostPid;

static META: Meta = Meta {
    id: "container.no-host-pid",
    title: "Containers do not see the host's processes",
    severity: Severity::High,
    docs: "
## Checks
That the PID mode is not `host`, also not by joining a container in the host's PID namespace.

## Why
In the host's PID namespace a container sees every process with its arguments and, through `/proc`, what it may of their files and environment; with `SYS_PTRACE` it takes them over.

## What a fix may break
The container is replaced.
A monitoring agent or debugger in it sees its own processes only.
",
    fix: Some(Class::Recreate),
    references: &[cis6("5.16"), cis8("5.16"), stig("V-235784"), nist("4.4.3"), pss_baseline("Host Namespaces")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {PidMode: ''}" },
        Example::Fails { params: "{}", object: "HostConfig: {PidMode: host}" },
        Example::Unknown { params: "{}", object: "HostConfig: {PidMode: 'container:abc'}" },
    ],
};

impl Rule for NoHostPid {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        namespace_verdict("pid_mode", &container.pid_mode, Ok(ContainerEdit::PrivatePid))
    }
}
