//! What is root on the host only together.

use crate::{
    model::{
        capability::CapabilitySet,
        container::{ContainerSpec, Namespace},
        field::Field,
        finding::{Severity, Verdict},
        mount::MountKind,
    },
    rules::{
        Example, Meta, NoParams, Rule,
        container::{is_disk, leads_to},
        fails_by_hand,
    },
};

pub struct NoHostRootEquivalentCombo;

static META: Meta = Meta {
    id: "container.no-host-root-equivalent-combo",
    title: "No two options of a container make it root on the host together",
    severity: Severity::Critical,
    docs: "
## Checks
That the container does not have, of what is in effect in the end:
the host's processes and `SYS_PTRACE`; the host's network and `NET_ADMIN`; a disk of the host and `MKNOD`; `SYS_ADMIN` without AppArmor; a mount from the host and `DAC_READ_SEARCH`; writable control groups and root as its user.

## Why
Each of them alone is held to be bearable and may be waived; these pairs lead to root on the host.

## What a fix may break
Nothing is changed: one of the two has to go, and its owner knows which the program needs.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {PidMode: host}" },
        Example::Passes { params: "{}", object: "HostConfig: {CapAdd: [SYS_PTRACE]}" },
        Example::Fails { params: "{}", object: "HostConfig: {PidMode: host, CapAdd: [SYS_PTRACE]}" },
        Example::Fails { params: "{}", object: "HostConfig: {NetworkMode: host, CapAdd: [ALL]}" },
        Example::Fails { params: "{}", object: "HostConfig: {Devices: [{PathOnHost: /dev/sda}]}" },
        Example::Fails { params: "{}", object: "HostConfig: {CapAdd: [SYS_ADMIN], SecurityOpt: [apparmor=unconfined]}" },
        Example::Fails { params: "{}", object: "HostConfig: {CapAdd: [DAC_READ_SEARCH], Binds: ['/srv:/srv']}" },
        Example::Fails { params: "{}", object: "HostConfig: {SecurityOpt: [writable-cgroups=true]}" },
    ],
};

impl Rule for NoHostRootEquivalentCombo {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        let held = match container.capabilities {
            Field::Set(held) => held,
            Field::Inherited(_) => {
                return Verdict::Unknown("its capabilities are not known".into());
            }
            Field::Unknown(why) => return Verdict::Unknown(why.into()),
        };
        let holds = |name: &str| {
            CapabilitySet::named(name).is_some_and(|it| !held.intersection(it).is_empty())
        };
        let has_bind = || {
            container.mounts.iter().any(|mount| {
                mount.kind == MountKind::Bind || leads_to(mount).is_some_and(|it| !it.is_empty())
            })
        };
        let writes_cgroups = container.confinement.writable_cgroups.unwrap_or(container.privileged);
        let is_root = container.uid == Field::Set(0);
        let pairs = [
            (
                "the host's processes and SYS_PTRACE",
                is_host(&container.pid_mode) && holds("SYS_PTRACE"),
            ),
            (
                "the host's network and NET_ADMIN",
                is_host(&container.network_mode) && holds("NET_ADMIN"),
            ),
            (
                "a disk and MKNOD",
                container.devices.paths.iter().any(|it| is_disk(it)) && holds("MKNOD"),
            ),
            ("SYS_ADMIN without AppArmor", holds("SYS_ADMIN") && lacks_apparmor(container)),
            ("a mount from the host and DAC_READ_SEARCH", holds("DAC_READ_SEARCH") && has_bind()),
            ("writable control groups and root", writes_cgroups && is_root),
        ];
        let seen: Vec<&str> =
            pairs.into_iter().filter(|(_, is_so)| *is_so).map(|(pair, _)| pair).collect();
        if seen.is_empty() {
            return Verdict::Pass;
        }
        let advice = "start it without one of the two";
        fails_by_hand("cap_add", seen.join("; "), "none of these pairs", advice)
    }
}

fn is_host(mode: &Namespace) -> bool {
    match mode {
        Namespace::Host => true,
        Namespace::Container { reaches_host, .. } => *reaches_host == Field::Set(true),
        Namespace::Own | Namespace::None | Namespace::Shareable | Namespace::Named(_) => false,
    }
}

fn lacks_apparmor(container: &ContainerSpec) -> bool {
    let confinement = &container.confinement;
    match (container.engine.apparmor, &confinement.apparmor_option) {
        (Some(false), _) => true,
        (_, Some(option)) => option == "unconfined",
        (_, None) => container.privileged || confinement.apparmor_shown == "unconfined",
    }
}
