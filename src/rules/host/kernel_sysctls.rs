//! Settings of the kernel that take tools out of the hands of whoever gets out of a container.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        finding::{Severity, Verdict},
        host_system::{HARDENING_SYSCTLS, HostSystem},
        object::Address,
    },
    rules::{Example, Meta, ParamError, Rule, fails_by_hand, nist},
};

pub struct KernelSysctls;

static META: Meta = Meta {
    id: "host.kernel-sysctls",
    title: "The kernel keeps its own secrets and tools to root",
    severity: Severity::Medium,
    docs: "
## Checks
That each of these settings, as the kernel has it (`/proc/sys`), is at least the value that `at-least` gives it. By itself all are 1: `kernel.dmesg_restrict`, `kernel.kptr_restrict`, `kernel.unprivileged_bpf_disabled`, `kernel.kexec_load_disabled` and `kernel.yama.ptrace_scope`. What `at-least` does not name keeps that; 0 asks for nothing. A setting that this kernel does not have is not judged.

## Why
Containers share the kernel: its messages, its addresses, its programs for tracing and its way to start another kernel are what exploits are built with.

## What a fix may break
Nothing is changed. Debuggers need root or a parent's right then, tracing tools root; `kernel.kexec_load_disabled` cannot be taken back before the next boot, and kdump has to load its kernel before it.
",
    fix: None,
    references: &[nist("4.5.3")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "sysctls: {kernel.dmesg_restrict: 1, kernel.kptr_restrict: 2}" },
        Example::Passes { params: "at-least: {kernel.kexec_load_disabled: 0}", object: "sysctls: {kernel.kexec_load_disabled: 0, kernel.dmesg_restrict: 1}" },
        Example::Fails { params: "{}", object: "sysctls: {kernel.dmesg_restrict: 0}" },
        Example::Fails { params: "at-least: {kernel.kptr_restrict: 2}", object: "sysctls: {kernel.kptr_restrict: 1}" },
        Example::Unknown { params: "{}", object: "{unseen: the engine is elsewhere}" },
    ],
};

/// How high they have to be.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Floors {
    /// Name of a setting to the lowest value that passes.
    #[serde(default)]
    at_least: BTreeMap<String, i64>,
}

impl Rule for KernelSysctls {
    type View = HostSystem;
    type Params = Floors;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::host("kernel"))
    }

    fn check(&self, params: &Floors) -> Result<(), ParamError> {
        let unknown = params.at_least.keys().find(|it| !HARDENING_SYSCTLS.contains(&it.as_str()));
        unknown.map_or(Ok(()), |name| {
            let known = HARDENING_SYSCTLS.join(", ");
            Err(ParamError::new(
                "at-least",
                format!("`{name}` is not looked at; known are {known}"),
            ))
        })
    }

    fn judge(&self, host: &HostSystem, params: &Floors) -> Verdict {
        let sysctls = match &host.sysctls {
            Ok(sysctls) => sysctls,
            Err(why) => return Verdict::Unknown(why.clone()),
        };
        let low: Vec<(&str, i64, i64)> = sysctls
            .iter()
            .map(|(name, value)| {
                (name.as_str(), *value, params.at_least.get(name).copied().unwrap_or(1))
            })
            .filter(|(_, value, wanted)| value < wanted)
            .collect();
        if low.is_empty() {
            return Verdict::Pass;
        }
        let text = |value: fn(&(&str, i64, i64)) -> i64| {
            let all: Vec<String> = low.iter().map(|it| format!("{}={}", it.0, value(it))).collect();
            all.join(", ")
        };
        let advice = "write it to a file under /etc/sysctl.d, and `sysctl --system`";
        fails_by_hand("sysctl", text(|it| it.1), text(|it| it.2), advice)
    }
}
