//! No way to the engine through a directory that holds its socket.

use crate::{
    model::{
        class::Class,
        container::ContainerSpec,
        finding::{Severity, Verdict},
        mount::SocketReach,
    },
    rules::{Example, Meta, NoParams, Rule, cis6, cis8, container::mounts_verdict, owasp},
};

pub struct NoEngineSocketAncestor;

static META: Meta = Meta {
    id: "container.no-engine-socket-ancestor",
    title: "Containers do not hold a directory in which an engine's socket lies",
    severity: Severity::Critical,
    docs: "
## Checks
That no mount is a directory above a socket of Docker, containerd, Podman, CRI-O or BuildKit, after symlinks: `/`, `/run`, `/var/run` and the like, and also where a volume is a bind in disguise.

## Why
A socket is reached through the directory it lies in as well as by itself, and searches for `docker.sock` miss that.

## What a fix may break
The container is replaced by one without the mount.
A program that reads other things in that directory, such as a monitoring agent, has to be given those by themselves.
",
    fix: Some(Class::Recreate),
    references: &[cis6("5.32"), cis8("5.32"), owasp("RULE #1")],
    implies: &["container.no-foreign-runtime-socket"],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {Binds: ['/runner:/run']}" },
        Example::Fails { params: "{}", object: "HostConfig: {Binds: ['/:/host:ro']}" },
        Example::Fails { params: "{}", object: "HostConfig: {Binds: ['/var/run/:/host']}" },
        Example::Fails {
            params: "{}",
            object: "
HostConfig: {Binds: ['run-in-disguise:/host']}",
        },
    ],
};

impl Rule for NoEngineSocketAncestor {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        mounts_verdict(container, "no directory above a socket of an engine", |mount| {
            matches!(mount.reach, SocketReach::Holds(_))
        })
    }
}
