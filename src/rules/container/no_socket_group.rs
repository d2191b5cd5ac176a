//! No groups that lead to an engine or a disk.

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule, fails_by_hand},
};

pub struct NoSocketGroup;

static META: Meta = Meta {
    id: "container.no-socket-group",
    title: "Containers are in no group that controls the host",
    severity: Severity::High,
    docs: "
## Checks
That neither the group of the container's user nor one of `--group-add` is a group that may write to the engine's sockets, nor `docker`, `disk`, `kvm`, `shadow`, `libvirt`, `lxd` or `incus` by name, nor 6 or 42, which are `disk` and `shadow` on many hosts.
Root's group is `container.no-root-group`'s.

## Why
A group that may talk to the engine is root on the host as soon as the socket is in reach, and nobody who looks for root sees it.

## What a fix may break
Nothing is changed: a program that talks to an engine or to a disk needs the group; whether it should, only its owner knows.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{Config: {User: '1000:1000'}, HostConfig: {GroupAdd: ['44', audio]}}" },
        Example::Fails { params: "{}", object: "HostConfig: {GroupAdd: ['998']}" },
        Example::Fails { params: "{}", object: "HostConfig: {GroupAdd: [docker]}" },
        Example::Fails { params: "{}", object: "Config: {User: '1000:6'}" },
    ],
};

const NAMES: &[&str] = &["disk", "docker", "incus", "kvm", "libvirt", "lxd", "shadow"];

/// Of `disk` and `shadow` on Debian and its descendants.
const NUMBERS: &[u32] = &[6, 42];

impl Rule for NoSocketGroup {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        let user = container.user.stated().map_or("", String::as_str);
        let of_user = user.split_once(':').map(|(_, group)| group);
        let groups = container.groups.iter().map(String::as_str).chain(of_user);
        let numbers: Vec<u32> = groups.clone().filter_map(|it| it.parse().ok()).collect();
        let of_sockets = container.engine.socket_groups.as_ref();
        let controls = |group: &&str| match group.parse::<u32>() {
            Ok(0) => false,
            Ok(id) => NUMBERS.contains(&id) || of_sockets.is_some_and(|it| it.contains(&id)),
            Err(_) => NAMES.contains(group),
        };
        let seen: Vec<&str> = groups.filter(controls).collect();
        if !seen.is_empty() {
            let advice = "start it without that group";
            return fails_by_hand("group_add", seen.join(", "), "no group of the host's", advice);
        }
        if of_sockets.is_none() && numbers.iter().any(|id| *id != 0) {
            return Verdict::Unknown("which group the engine's sockets have is not known".into());
        }
        Verdict::Pass
    }
}
