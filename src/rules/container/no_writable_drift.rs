//! What is in a container is what its image brought.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        container::{ContainerSpec, State},
        detail::Detail,
        field::Field,
        finding::{Severity, Verdict},
        host_path,
    },
    rules::{Example, Meta, ParamError, Rule, fails_by_hand, nist, shortened},
};

pub struct NoWritableDrift;

static META: Meta = Meta {
    id: "container.no-writable-drift",
    title: "Containers change nothing of their image",
    severity: Severity::Medium,
    docs: "
## Checks
That the container has changed, added or deleted no file outside of its volumes, binds and tmpfs (`docker diff`), but for what lies below one of `allow`. Programs and libraries are named first.

## Why
A file that is not from the image was scanned by nobody and signed by nobody: a program that an attacker left, or data that is lost with the container.

## What a fix may break
Nothing is changed: a new container of the same image begins without them. Put data that is to stay on a volume, and see to it that nothing else can be written (`container.read-only-rootfs`).
",
    fix: None,
    references: &[nist("4.4.4")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "Changes: []" },
        Example::Passes { params: "allow: [/var/log, /root/.ash_history]", object: "Changes: [/root, /root/.ash_history, /var/log/app/1]" },
        Example::Fails { params: "allow: [/var/log]", object: "Changes: [/var/log/app, /var/logs]" },
        Example::Fails { params: "{}", object: "{State: {Status: exited}, Changes: [/srv/x, /usr/bin/tool]}" },
        Example::Unknown { params: "{}", object: "State: {Status: running}" },
    ],
};

/// Where changes pass.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Paths of files and directories; what lies in a directory passes too.
    #[serde(default)]
    allow: Vec<String>,
}

/// Programs, and what they are made of, are below these.
const OF_PROGRAMS: [&str; 9] = [
    "/bin",
    "/lib",
    "/lib32",
    "/lib64",
    "/sbin",
    "/usr/bin",
    "/usr/lib",
    "/usr/local",
    "/usr/sbin",
];

impl Rule for NoWritableDrift {
    type View = ContainerSpec;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn needs(&self) -> &'static [Detail] {
        &[Detail::Changes]
    }

    fn check(&self, params: &Params) -> Result<(), ParamError> {
        let relative = params.allow.iter().enumerate().find(|(_, path)| !path.starts_with('/'));
        relative.map_or(Ok(()), |(at, path)| {
            Err(ParamError::new(format!("allow[{at}]"), format!("`{path}` is not absolute")))
        })
    }

    fn judge(&self, container: &ContainerSpec, params: &Params) -> Verdict {
        let changes = match &container.changes {
            Field::Set(changes) => changes,
            _ if container.state == State::Requested => {
                return Verdict::NotApplicable("there is nothing in it yet");
            }
            Field::Unknown(why) => return Verdict::Unknown((*why).into()),
            Field::Inherited(_) => return Verdict::Unknown("what it changed is not known".into()),
        };
        let allowed: Vec<String> = params.allow.iter().map(|it| host_path::clean(it)).collect();
        // Directories are told by what is new in them.
        let above: BTreeSet<&str> = changes
            .iter()
            .flat_map(|path| path.match_indices('/').map(|(slash, _)| &path[..slash]))
            .collect();
        let mut others: Vec<&str> = changes
            .iter()
            .map(String::as_str)
            .filter(|path| !above.contains(path))
            .filter(|path| !allowed.iter().any(|it| host_path::is_within(path, it)))
            .collect();
        if others.is_empty() {
            return Verdict::Pass;
        }
        let is_program = |path: &str| OF_PROGRAMS.iter().any(|it| host_path::is_within(path, it));
        others.sort_by_key(|path| !is_program(path));
        let seen = shortened(&others);
        let advice = format!(
            "`docker diff {}` shows all: find out who wrote them, start a new container of the \
             image, and put data on a volume or the path in the rule: `allow`",
            container.name
        );
        fails_by_hand("writable layer", seen, "nothing that is not from the image", advice)
    }
}
