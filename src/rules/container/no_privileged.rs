//! No privileged containers.

use crate::{
    model::{
        class::Class, container::ContainerSpec, edit::ContainerEdit, finding::Severity,
        finding::Verdict,
    },
    rules::{Example, Meta, NoParams, Rule, cis6, cis8, fails, nist, owasp, pss_baseline, stig},
};

pub struct NoPrivileged;

static META: Meta = Meta {
    id: "container.no-privileged",
    title: "Containers do not run privileged",
    severity: Severity::Critical,
    docs: "
## Checks
That the container was not started with `--privileged`.

## Why
A privileged container holds every capability and every device, has no seccomp filter and no masked paths.
Whoever is root in it is root on the host.

## What a fix may break
The container is replaced by one without the flag, with the capabilities and options it asks for by name.
A program that needs a device, a mount or a kernel setting fails until that one thing is given to it.
",
    fix: Some(Class::Recreate),
    references: &[cis6("5.5"), cis8("5.5"), stig("V-235802"), nist("4.4.3"), owasp("RULE #3"), pss_baseline("Privileged Containers")],
    implies: &[
        "container.apparmor-confined",
        "container.capabilities-bounded",
        "container.default-proc-masks",
        "container.masked-paths-current",
        "container.no-cap-dac-read-search",
        "container.no-cap-equivalents",
        "container.no-cap-mknod",
        "container.no-cap-net-admin",
        "container.no-cap-net-raw",
        "container.no-cap-sys-admin",
        "container.no-cap-sys-module",
        "container.no-cap-sys-ptrace",
        "container.no-host-root-equivalent-combo",
        "container.no-writable-cgroups",
        "container.seccomp-confined",
        "container.selinux-confined",
    ],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {Privileged: false}" },
        Example::Passes { params: "{}", object: "HostConfig: {CapAdd: [ALL]}" },
        Example::Fails { params: "{}", object: "HostConfig: {Privileged: true}" },
    ],
};

impl Rule for NoPrivileged {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        if !container.privileged {
            return Verdict::Pass;
        }
        fails("privileged", "true", "false", [ContainerEdit::Privileged(false)])
    }
}
