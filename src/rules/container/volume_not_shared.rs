//! Data of one's own.

use crate::{
    model::{
        container::{ContainerSpec, State},
        finding::{Severity, Verdict},
        mount::Mount,
    },
    rules::{
        Allow, Example, Meta, Rule,
        container::{leads_to, mount_text},
        fails_by_hand,
    },
};

pub struct VolumeNotShared;

static META: Meta = Meta {
    id: "container.volume-not-shared",
    title: "Containers do not share writable storage with others",
    severity: Severity::Medium,
    docs: "
## Checks
That no volume and no directory of the host that the container mounts is mounted by another container as well, if one of them writes there; volumes and paths that fit one of `allow` pass.
What all of them only read does not count.

## Why
Storage that two containers write to is a way from one to the other that no network rule sees.

## What a fix may break
Nothing is changed: which of them the data belongs to, only its owner knows.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {Binds: ['data:/data']}" },
        Example::Passes { params: "allow: [shared-with-db]", object: "HostConfig: {Binds: ['shared-with-db:/data']}" },
        Example::Fails { params: "{}", object: "HostConfig: {Binds: ['shared-with-db:/data']}" },
    ],
};

impl Rule for VolumeNotShared {
    type View = ContainerSpec;
    type Params = Allow;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, params: &Allow) -> Verdict {
        if container.state == State::Requested {
            return Verdict::Unknown("what other containers mount was not looked at".into());
        }
        let is_shared = |mount: &&Mount| {
            mount.shared_with.count > 0
                && !params.allows(&mount.source)
                && !leads_to(mount).is_some_and(|path| params.allows(&path))
        };
        let seen: Vec<String> = container
            .mounts
            .iter()
            .filter(is_shared)
            .map(|mount| format!("{} with {}", mount_text(mount), mount.shared_with))
            .collect();
        if seen.is_empty() {
            return Verdict::Pass;
        }
        let advice = "give each its own, mount it read-only in all of them, or name it in the \
                      rule: `allow`";
        fails_by_hand("volumes", seen.join("; "), "storage of its own", advice)
    }
}
