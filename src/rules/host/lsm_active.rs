//! Something beside file permissions holds containers in.

use crate::{
    model::{
        daemon::DaemonConfig,
        finding::{Severity, Verdict},
        object::Address,
    },
    rules::{Example, Meta, NoParams, Rule, fails_by_hand, nist, owasp},
};

pub struct LsmActive;

static META: Meta = Meta {
    id: "host.lsm-active",
    title: "AppArmor or SELinux is at work",
    severity: Severity::High,
    docs: "
## Checks
That the engine says that it uses AppArmor or SELinux, and that the kernel enforces: for AppArmor that the mode for all profiles is not `complain` (`/sys/module/apparmor/parameters/mode`), for SELinux that it is enforcing. What single containers ask for is judged by `container.apparmor-confined` and `container.selinux-confined`.

## Why
Without either, a container's root is held in by capabilities and system calls alone; a fault of the kernel or of runc has nothing left to stop it.

## What a fix may break
Nothing is changed: AppArmor takes its tools and a restart of the daemon; SELinux takes labels on every file, and `selinux-enabled`.
",
    fix: None,
    references: &[nist("4.5.3"), owasp("RULE #6")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{info: {SecurityOptions: ['name=apparmor', 'name=seccomp']}, apparmor-mode: enforce}" },
        Example::Passes { params: "{}", object: "{info: {SecurityOptions: ['name=selinux']}, selinux: true}" },
        Example::Fails { params: "{}", object: "info: {SecurityOptions: ['name=seccomp,profile=builtin']}" },
        Example::Fails { params: "{}", object: "{info: {SecurityOptions: ['name=selinux']}, selinux: false}" },
        Example::Fails { params: "{}", object: "{info: {SecurityOptions: ['name=apparmor']}, apparmor-mode: complain}" },
        Example::Unknown { params: "{}", object: "{info: {SecurityOptions: ['name=apparmor']}}" },
        Example::Unknown { params: "{}", object: "{info: {SecurityOptions: ['name=selinux']}}" },
        Example::Unknown { params: "{}", object: "{}" },
    ],
};

impl Rule for LsmActive {
    type View = DaemonConfig;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::host("kernel"))
    }

    fn judge(&self, config: &DaemonConfig, _: &NoParams) -> Verdict {
        let [Some(apparmor), Some(selinux)] =
            ["apparmor", "selinux"].map(|it| config.engine.has_option(it))
        else {
            return Verdict::Unknown("the engine does not tell its security options".into());
        };
        let enforces = |it: &str| it != "complain";
        let apparmor = apparmor.then(|| config.host.apparmor_mode.as_deref().map(enforces));
        let selinux = selinux.then_some(config.host.selinux_enforcing);
        let fails = |seen: &str, advice: &'static str| {
            fails_by_hand("security-options", seen, "AppArmor or SELinux, enforced", advice)
        };
        match (apparmor, selinux) {
            (Some(Some(true)), _) | (_, Some(Some(true))) => Verdict::Pass,
            (Some(None), _) => {
                Verdict::Unknown("the mode of AppArmor could not be looked at".into())
            }
            (_, Some(None)) => {
                Verdict::Unknown("whether SELinux enforces could not be looked at".into())
            }
            (Some(Some(false)), _) => fails(
                "AppArmor only complains",
                "write `enforce` to /sys/module/apparmor/parameters/mode, and see who set it",
            ),
            (None, Some(Some(false))) => fails(
                "SELinux does not enforce",
                "`setenforce 1`, and `SELINUX=enforcing` in /etc/selinux/config",
            ),
            (None, None) => fails(
                "neither",
                "install AppArmor (`apparmor`) and restart the daemon, or turn SELinux on with \
                 `selinux-enabled`",
            ),
        }
    }
}
