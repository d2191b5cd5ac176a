//! Single capabilities that lead out of a container, or into its neighbours' traffic. The rules
//! differ in nothing but which.

use crate::{
    model::{
        capability::CapabilitySet,
        class::Class,
        container::ContainerSpec,
        edit::ContainerEdit,
        field::Field,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Reference, Rule, fails, owasp},
};

/// That a container does not hold any of these.
pub struct NoCap {
    denied: CapabilitySet,
    /// In words.
    want: &'static str,
    meta: &'static Meta,
}

impl Rule for NoCap {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        self.meta
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        let held = match container.capabilities {
            Field::Set(held) => held.intersection(self.denied),
            Field::Inherited(_) => {
                return Verdict::Unknown("its capabilities are not known".into());
            }
            Field::Unknown(why) => return Verdict::Unknown(why.into()),
        };
        if held.is_empty() {
            return Verdict::Pass;
        }
        let (field, seen) = if container.privileged {
            ("privileged", format!("{held}, since it is privileged"))
        } else {
            ("cap_add", held.to_string())
        };
        let unprivileged = container.privileged.then_some(ContainerEdit::Privileged(false));
        let bounded = ContainerEdit::BoundCapabilities(CapabilitySet::ALL.without(self.denied));
        fails(field, seen, self.want, unprivileged.into_iter().chain([bounded]))
    }
}

/// Spells a rule of the family out. `$add` is a capability that fails it.
macro_rules! no_cap {
    (
        $rule:ident = [$first:literal $(, $other:literal)* $(,)?],
        $id:literal, $title:literal, $severity:ident, $add:literal,
        why: $why:literal,
        breaks: $breaks:literal,
        references: $references:expr,
        implies: $implies:expr $(,)?
    ) => {
        pub static $rule: NoCap = NoCap {
            denied: CapabilitySet::of_names(&[$first $(, $other)*]),
            want: concat!("none of [", $first, $(", ", $other,)* "]"),
            meta: &Meta {
                id: $id,
                title: $title,
                severity: Severity::$severity,
                docs: concat!(
                    "
## Checks
What is in effect in the end, of privileged, add and drop together; for a running container what the kernel says.

## Why
",
                    $why,
                    "

## What a fix may break
The container is replaced by one without it.
",
                    $breaks,
                    "
"
                ),
                fix: Some(Class::Recreate),
                references: $references,
                implies: $implies,
                examples: &[
                    Example::Passes { params: "{}", object: "HostConfig: {CapDrop: [ALL]}" },
                    Example::Passes {
                        params: "{}",
                        object: concat!("HostConfig: {CapAdd: [ALL], CapDrop: ", $add, "}"),
                    },
                    Example::Fails {
                        params: "{}",
                        object: concat!("HostConfig: {CapAdd: ", $add, "}"),
                    },
                    Example::Fails { params: "{}", object: "HostConfig: {Privileged: true}" },
                ],
            },
        };
    };
}

/// Of the community's checks, which have numbers of their own in docker-bench-security.
const fn docker_bench(item: &'static str) -> Reference {
    Reference { benchmark: "docker-bench-security", edition: "1.6.0", item }
}

no_cap! {
    DAC_READ_SEARCH = ["DAC_READ_SEARCH"],
    "container.no-cap-dac-read-search",
    "Containers cannot open files of the host by handle", Critical, "[dac_read_search]",
    why: "With `DAC_READ_SEARCH` a program opens any file of the file system below by its number, outside of every mount that it was given.",
    breaks: "A backup agent that reads files which its user may not read fails on those.",
    references: &[docker_bench("C.5.3.1"), owasp("RULE #3")],
    implies: &[],
}

no_cap! {
    EQUIVALENTS = [
        "AUDIT_CONTROL", "BPF", "CHECKPOINT_RESTORE", "DAC_READ_SEARCH", "LINUX_IMMUTABLE",
        "MAC_ADMIN", "MAC_OVERRIDE", "PERFMON", "SYSLOG", "SYS_ADMIN", "SYS_BOOT", "SYS_MODULE",
        "SYS_PTRACE", "SYS_RAWIO", "SYS_TIME", "WAKE_ALARM",
    ],
    "container.no-cap-equivalents",
    "Containers hold no capability that amounts to the host's root", Critical, "[SYS_ADMIN, SYS_MODULE, SYS_RAWIO, SYS_PTRACE, SYS_BOOT, DAC_READ_SEARCH, BPF, PERFMON, MAC_ADMIN, MAC_OVERRIDE, CHECKPOINT_RESTORE, SYSLOG, AUDIT_CONTROL, LINUX_IMMUTABLE, SYS_TIME, WAKE_ALARM]",
    why: "Each of these leads to control over the host's kernel, its memory, its clock, its logs or its access rules, and none of them is held by a container that asks for nothing.",
    breaks: "Agents that trace, monitor or set the clock of the host need one of them: give that one in a waiver, or run the agent on the host.",
    references: &[owasp("RULE #3")],
    implies: &[
        "container.no-cap-dac-read-search",
        "container.no-cap-sys-admin",
        "container.no-cap-sys-module",
        "container.no-cap-sys-ptrace",
    ],
}

no_cap! {
    NET_ADMIN = ["NET_ADMIN"],
    "container.no-cap-net-admin",
    "Containers do not administer networks", Medium, "[NET_ADMIN]",
    why: "With `NET_ADMIN` a container sets addresses, routes and packet filters of its network, and listens to everything on it; on the host's network these are the host's.",
    breaks: "VPN clients and servers, DHCP servers and firewalls in containers need it, and stop working.",
    references: &[owasp("RULE #3")],
    implies: &[],
}

no_cap! {
    NET_RAW = ["NET_RAW"],
    "container.no-cap-net-raw",
    "Containers do not make raw packets", Medium, "[NET_RAW]",
    why: "`NET_RAW` is in the engine's default set; with it a container answers for its neighbours on the bridge (ARP and DNS spoofing) and takes their traffic over.",
    breaks: "`ping` in images that need the capability for it, and tools that capture packets, stop working.",
    references: &[owasp("RULE #3")],
    implies: &[],
}

no_cap! {
    SYS_ADMIN = ["SYS_ADMIN"],
    "container.no-cap-sys-admin",
    "Containers do not administer the system", Critical, "[CAP_SYS_ADMIN]",
    why: "`SYS_ADMIN` lets a container mount file systems, enter namespaces and load programs into older kernels: it is most of what privileged gives.",
    breaks: "Programs that mount (FUSE, NFS, nested containers) stop working.",
    references: &[docker_bench("C.5.3.3"), owasp("RULE #3")],
    implies: &[],
}

no_cap! {
    SYS_MODULE = ["SYS_MODULE"],
    "container.no-cap-sys-module",
    "Containers do not load kernel modules", Critical, "[SYS_MODULE]",
    why: "A module is code in the host's kernel: whoever loads one owns the host.",
    breaks: "A container that loads a driver (a VPN, a file system) fails; have the host load it at boot instead.",
    references: &[docker_bench("C.5.3.2"), owasp("RULE #3")],
    implies: &[],
}

no_cap! {
    SYS_PTRACE = ["SYS_PTRACE"],
    "container.no-cap-sys-ptrace",
    "Containers do not trace processes", High, "[SYS_PTRACE]",
    why: "With `SYS_PTRACE` a process takes over every other one that it sees; with the host's processes in sight these are the host's.",
    breaks: "Debuggers and profilers in the container stop working.",
    references: &[docker_bench("C.5.3.4"), owasp("RULE #3")],
    implies: &[],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_names_what_is_denied() {
        let all = [
            &DAC_READ_SEARCH,
            &EQUIVALENTS,
            &NET_ADMIN,
            &NET_RAW,
            &SYS_ADMIN,
            &SYS_MODULE,
            &SYS_PTRACE,
        ];
        for rule in all {
            assert_eq!(rule.want, format!("none of {}", rule.denied));
        }
    }
}
