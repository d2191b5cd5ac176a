//! Shared memory of its own.

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

pub struct NoHostIpc;

static META: Meta = Meta {
    id: "container.no-host-ipc",
    title: "Containers do not share the host's memory segments",
    severity: Severity::High,
    docs: "
## Checks
That the IPC mode is not `host`, also not by joining a container in the host's IPC namespace.

## Why
In the host's IPC namespace a container reads and writes shared memory, semaphores and message queues of programs on the host.

## What a fix may break
The container is replaced.
A program that shares memory with one on the host, or with another container through the host, no longer finds it.
",
    fix: Some(Class::Recreate),
    references: &[cis6("5.17"), cis8("5.17"), stig("V-235785"), nist("4.4.3"), pss_baseline("Host Namespaces")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {IpcMode: shareable}" },
        Example::Fails { params: "{}", object: "HostConfig: {IpcMode: host}" },
        Example::Unknown { params: "{}", object: "HostConfig: {IpcMode: 'container:abc'}" },
    ],
};

impl Rule for NoHostIpc {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        namespace_verdict("ipc_mode", &container.ipc_mode, Ok(ContainerEdit::PrivateIpc))
    }
}
