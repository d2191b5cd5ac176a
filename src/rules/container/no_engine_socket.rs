//! No way to the engine through its socket.

use crate::{
    model::{
        class::Class,
        container::ContainerSpec,
        finding::{Severity, Verdict},
        mount::SocketReach,
    },
    rules::{
        Example, Meta, NoParams, Rule, cis6, cis8, container::mounts_verdict, nist, owasp, stig,
    },
};

pub struct NoEngineSocket;

static META: Meta = Meta {
    id: "container.no-engine-socket",
    title: "Containers do not hold the socket of an engine",
    severity: Severity::Critical,
    docs: "
## Checks
That no mount is a socket of Docker, containerd, Podman, CRI-O or BuildKit, after symlinks, and also where a volume is a bind in disguise.
Read-only changes nothing: a socket that can be seen can be spoken to.

## Why
Whoever reaches the engine can start a privileged container, which is root on the host.

## What a fix may break
The container is replaced by one without the mount.
A program that drives the engine, such as a dashboard, a reverse proxy that discovers services or an updater, stops doing so.
",
    fix: Some(Class::Recreate),
    references: &[cis6("5.32"), cis8("5.32"), stig("V-235818"), nist("4.4.3"), owasp("RULE #1")],
    implies: &["container.engine-proxy-is-narrow"],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {Binds: ['/srv:/srv']}" },
        Example::Fails {
            params: "{}",
            object: "HostConfig: {Binds: ['/var/run/docker.sock:/docker.sock:ro']}",
        },
        Example::Fails {
            params: "{}",
            object: "
HostConfig:
  Mounts: [{Type: bind, Source: /run/containerd/containerd.sock, Target: /c.sock}]",
        },
        Example::Unknown {
            params: "{}",
            object: "HostConfig: {Binds: ['/elsewhere/link:/data']}",
        },
    ],
};

impl Rule for NoEngineSocket {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        mounts_verdict(container, "no socket of an engine", |mount| {
            matches!(mount.reach, SocketReach::Is(_))
        })
    }
}
