//! Mounts that stay what they were when somebody looked.

use crate::{
    model::{
        container::ContainerSpec,
        detail::Detail,
        field::Field,
        finding::{Severity, Verdict},
        mount::MountKind,
    },
    rules::{Example, Meta, NoParams, Rule, fails_by_hand},
};

pub struct NoSymlinkedBindSource;

static META: Meta = Meta {
    id: "container.no-symlinked-bind-source",
    title: "Only root can change where a container's mounts lead",
    severity: Severity::High,
    docs: "
## Checks
That on the way to each directory or file of the host that is mounted there is no symlink that belongs to somebody else than root, and no directory in which everybody may write, unless it is sticky as `/tmp` is.
A directory that belongs to a user is not taken amiss, since homes do.

## Why
The engine follows the path anew at each start: whoever can put a link to `/etc` in its place is handed that, and nobody sees it in the container's configuration.

## What a fix may break
Nothing is changed: a person has to look what is there now.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{HostConfig: {Binds: ['/srv:/srv']}, Exchangeable: []}" },
        Example::Passes { params: "{}", object: "HostConfig: {Binds: ['data:/data']}" },
        Example::Fails { params: "{}", object: "{HostConfig: {Binds: ['/srv/link:/srv']}, Exchangeable: ['/srv/link, a link of user 1000']}" },
        Example::Unknown { params: "{}", object: "HostConfig: {Binds: ['/srv:/srv']}" },
    ],
};

impl Rule for NoSymlinkedBindSource {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn needs(&self) -> &'static [Detail] {
        &[Detail::BindSources]
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        if container.mounts.iter().all(|it| it.kind != MountKind::Bind) {
            return Verdict::Pass;
        }
        match &container.exchangeable {
            Field::Set(found) if found.is_empty() => Verdict::Pass,
            Field::Set(found) => {
                let advice = "look what is there, and mount the directory itself, with root's \
                              directories alone above it";
                fails_by_hand("mounts", found.join("; "), "paths that only root can change", advice)
            }
            Field::Unknown(why) => Verdict::Unknown((*why).into()),
            Field::Inherited(_) => Verdict::Unknown("its mounts were not followed".into()),
        }
    }
}
