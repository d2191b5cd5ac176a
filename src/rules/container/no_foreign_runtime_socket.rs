//! No sockets of whoever else rules the host.

use crate::{
    model::{
        class::Class,
        container::ContainerSpec,
        finding::{Severity, Verdict},
        host_path::is_within,
    },
    rules::{
        Allow, Example, Meta, Rule,
        container::{leads_to, mounts_verdict},
        owasp,
    },
};

pub struct NoForeignRuntimeSocket;

static META: Meta = Meta {
    id: "container.no-foreign-runtime-socket",
    title: "Containers get no socket that controls the host",
    severity: Severity::Critical,
    docs: "
## Checks
That no mount is, or holds, a socket that takes orders for the whole host beside those of container engines: systemd, the system's D-Bus, libvirt, LXD and Incus, snapd, the kubelet, the engine's plugins, rootless engines of users.
Paths that fit one of `allow` pass; wildcards are allowed.
Sockets of container engines are `container.no-engine-socket`'s.

## Why
Whoever may talk to one of these starts a service, a virtual machine or a plugin with root's rights on the host. Mounted read-only, a socket takes orders all the same.

## What a fix may break
The container is replaced by one without the mount.
A program that talks to the service no longer can.
",
    fix: Some(Class::Recreate),
    references: &[owasp("RULE #1")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {Binds: ['/run/app:/run/app']}" },
        Example::Passes { params: "allow: [/run/dbus/system_bus_socket]", object: "HostConfig: {Binds: ['/run/dbus/system_bus_socket:/bus']}" },
        Example::Fails { params: "{}", object: "HostConfig: {Binds: ['/var/run/dbus/system_bus_socket:/bus:ro']}" },
        Example::Fails { params: "{}", object: "HostConfig: {Binds: ['/run/libvirt:/libvirt']}" },
        Example::Fails { params: "{}", object: "HostConfig: {Binds: ['/run/user/1000/docker.sock:/docker.sock']}" },
    ],
};

/// After symlinks.
const SOCKETS: &[&str] = &[
    "/run/dbus/system_bus_socket",
    "/run/libvirt/libvirt-sock",
    "/run/libvirt/virtqemud-sock",
    "/run/snapd.socket",
    "/run/systemd/private",
    "/var/lib/incus/unix.socket",
    "/var/lib/kubelet/device-plugins/kubelet.sock",
    "/var/lib/kubelet/pod-resources/kubelet.sock",
    "/var/lib/lxd/unix.socket",
    "/var/snap/lxd/common/lxd/unix.socket",
];

/// Everything in here is the socket of a plugin.
const PLUGINS: &str = "/run/docker/plugins";

impl Rule for NoForeignRuntimeSocket {
    type View = ContainerSpec;
    type Params = Allow;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, params: &Allow) -> Verdict {
        mounts_verdict(container, "no socket that controls the host", |mount| {
            leads_to(mount).is_some_and(|path| controls_host(&path) && !params.allows(&path))
        })
    }
}

fn controls_host(path: &str) -> bool {
    let of_user = path.strip_prefix("/run/user/").and_then(|it| it.split_once('/'));
    SOCKETS.iter().any(|socket| is_within(socket, path))
        || is_within(path, PLUGINS)
        || is_within(PLUGINS, path)
        || of_user.is_some_and(|(_, it)| matches!(it, "docker.sock" | "podman/podman.sock"))
}
