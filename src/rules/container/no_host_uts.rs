//! A host name of its own.

use crate::{
    model::{
        class::Class,
        container::ContainerSpec,
        edit::ContainerEdit,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule, cis6, cis8, container::namespace_verdict, nist, stig},
};

pub struct NoHostUts;

static META: Meta = Meta {
    id: "container.no-host-uts",
    title: "Containers cannot change the host's name",
    severity: Severity::Low,
    docs: "
## Checks
That the UTS mode is not `host`.

## Why
In the host's UTS namespace a container with `SYS_ADMIN` renames the host, which confuses logs, certificates and clusters.

## What a fix may break
The container is replaced and gets a host name of its own, so that a program that reports under the host's name reports under another.
",
    fix: Some(Class::Recreate),
    references: &[cis6("5.21"), cis8("5.21"), stig("V-235811"), nist("4.4.3")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {UTSMode: ''}" },
        Example::Fails { params: "{}", object: "HostConfig: {UTSMode: host}" },
    ],
};

impl Rule for NoHostUts {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        namespace_verdict("uts_mode", &container.uts_mode, Ok(ContainerEdit::PrivateUts))
    }
}
