//! No kernel settings but harmless ones.

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
    },
    rules::{Allow, Example, Meta, Rule, fails_by_hand, pss_baseline},
};

pub struct SafeSysctls;

static META: Meta = Meta {
    id: "container.safe-sysctls",
    title: "Containers set no kernel settings but those that stay within them",
    severity: Severity::Medium,
    docs: "
## Checks
That every `--sysctl` is one of those that the Pod Security Standards call safe, or fits one of `allow`.

## Why
Most kernel settings that a container may set are the namespace's own, but not all of them are well kept apart, and some weaken what the host relies on.

## What a fix may break
Nothing is changed: only its owner knows what the program needs.
",
    fix: None,
    references: &[pss_baseline("Sysctls")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {Sysctls: {net.ipv4.ip_unprivileged_port_start: '0'}}" },
        Example::Passes { params: "allow: ['net.core.*']", object: "HostConfig: {Sysctls: {net.core.somaxconn: '1024'}}" },
        Example::Fails { params: "{}", object: "HostConfig: {Sysctls: {net.core.somaxconn: '1024'}}" },
        Example::Fails { params: "{}", object: "HostConfig: {Sysctls: {kernel.msgmax: '65536'}}" },
    ],
};

/// Pod Security Standards, baseline, as of Kubernetes 1.34.
const SAFE: &[&str] = &[
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_notsent_lowat",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_slow_start_after_idle",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
];

impl Rule for SafeSysctls {
    type View = ContainerSpec;
    type Params = Allow;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, params: &Allow) -> Verdict {
        let names = container.sysctls.keys().map(String::as_str);
        let Some(seen) = params.others(names.filter(|it| !SAFE.contains(it))) else {
            return Verdict::Pass;
        };
        let advice = "start it without the setting, or name it in the rule: `allow`";
        fails_by_hand("sysctls", seen, "safe ones, or allowed ones", advice)
    }
}
