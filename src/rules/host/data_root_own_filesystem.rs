//! Images and volumes fill a disk of their own.

use crate::{
    model::{
        finding::{Severity, Verdict},
        host_system::{DataRoot, HostSystem},
        object::Address,
    },
    rules::{Example, Meta, NoParams, Rule, cis6, cis8, fails_by_hand, nist},
};

pub struct DataRootOwnFilesystem;

static META: Meta = Meta {
    id: "host.data-root-own-filesystem",
    title: "The engine's data lies on a file system of its own",
    severity: Severity::Low,
    docs: "
## Checks
That the engine's data root (`DockerRootDir`) is where a file system is mounted, and not the one that the directory above lies on: the mount of a directory onto itself, which the daemon makes, does not count. With `userns-remap` the directory above the one of the mapped users counts. Where images are in containerd's store, the same holds for the root of containerd. The mounts are those that the daemon's process sees.

## Why
Images, logs and volumes grow until the disk is full; on the disk of the system, everything else stops with them.

## What a fix may break
Nothing is changed: moving the data takes a stop of the engine, and room for a copy.
",
    fix: None,
    references: &[cis6("1.1.1"), cis8("1.1.1"), nist("4.5.1")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{data-roots: {/var/lib/docker: /var/lib/docker}}" },
        Example::Fails { params: "{}", object: "{data-roots: {/var/lib/docker: /}}" },
        Example::Fails { params: "{}", object: "{data-roots: {/var/lib/docker: /var/lib/docker, /var/lib/containerd: /}}" },
        Example::Unknown { params: "{}", object: "{unseen: the engine is elsewhere}" },
    ],
};

impl Rule for DataRootOwnFilesystem {
    type View = HostSystem;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::host("data-root"))
    }

    fn judge(&self, host: &HostSystem, _: &NoParams) -> Verdict {
        let roots = match &host.data_roots {
            Ok(roots) => roots,
            Err(why) => return Verdict::Unknown(why.clone()),
        };
        let shared: Vec<String> = roots
            .iter()
            .filter(|it| !it.is_own)
            .map(|DataRoot { path, mounted_at, .. }| match mounted_at == path {
                true => format!("{path} is mounted from the file system above it"),
                false => format!("{path} lies on the file system of {mounted_at}"),
            })
            .collect();
        if shared.is_empty() {
            return Verdict::Pass;
        }
        let advice = "stop the engine, copy the data to a file system made for it, mount that in \
            its place (or set `data-root`), and start the engine";
        fails_by_hand("data-root", shared.join("; "), "a file system of its own", advice)
    }
}
