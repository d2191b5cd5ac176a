//! Volumes that are what they look like.

use crate::{
    model::{
        container::ContainerSpec,
        field::Field,
        finding::{Severity, Verdict},
        mount::{Mount, MountKind},
    },
    rules::{Allow, Example, Meta, Rule, container::mount_text, fails_by_hand, pss_baseline},
};

pub struct NoBindThroughVolume;

static META: Meta = Meta {
    id: "container.no-bind-through-volume",
    title: "No volume of a container is a directory of the host in disguise",
    severity: Severity::High,
    docs: "
## Checks
That no volume was made with a directory of the host as its device (`type=none`, `o=bind`), unless the volume's name fits one of `allow`.
Where such a volume leads to something sensitive, `container.no-sensitive-bind` says so as well.

## Why
Such a volume looks harmless in every list, and can be `/etc` or the whole host.

## What a fix may break
Nothing is changed: the data is the container's, and only its owner knows where it should be.
",
    fix: None,
    references: &[pss_baseline("HostPath Volumes")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {Binds: ['data:/data', '/srv:/srv']}" },
        Example::Passes { params: "allow: ['etc-*']", object: "HostConfig: {Binds: ['etc-in-disguise:/data']}" },
        Example::Fails { params: "{}", object: "HostConfig: {Binds: ['etc-in-disguise:/data']}" },
    ],
};

impl Rule for NoBindThroughVolume {
    type View = ContainerSpec;
    type Params = Allow;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, params: &Allow) -> Verdict {
        let is_disguised = |mount: &&Mount| {
            mount.kind == MountKind::Volume
                && mount.real_source.stated().is_some_and(|path| !path.is_empty())
                && !params.allows(&mount.source)
        };
        let seen: Vec<String> =
            container.mounts.iter().filter(is_disguised).map(mount_text).collect();
        if !seen.is_empty() {
            let advice = "mount the directory itself, where everybody sees it, or name the volume \
                          in the rule: `allow`";
            return fails_by_hand("volumes", seen.join(", "), "volumes of the engine", advice);
        }
        let is_volume = |mount: &&Mount| mount.kind == MountKind::Volume;
        let unknown =
            container.mounts.iter().filter(is_volume).find_map(|mount| match &mount.real_source {
                Field::Set(_) => None,
                Field::Inherited(_) => Some("where its volumes lead is not known"),
                Field::Unknown(why) => Some(*why),
            });
        unknown.map_or(Verdict::Pass, |why| Verdict::Unknown(why.into()))
    }
}
