//! A root file system that cannot be written.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        class::Class,
        container::ContainerSpec,
        edit::ContainerEdit,
        finding::{Severity, Verdict},
        host_path,
    },
    rules::{Example, Meta, ParamError, Rule, cis6, cis8, fails, nist, owasp, stig},
};

pub struct ReadOnlyRootfs;

static META: Meta = Meta {
    id: "container.read-only-rootfs",
    title: "Containers cannot write to their root file system",
    severity: Severity::Medium,
    docs: "
## Checks
That the container's root file system is read-only.

## Why
An intruder cannot put a program into the container or change one that is there, and what the container does leaves nothing behind.

## What a fix may break
The container is replaced, with a tmpfs at each path of `tmpfs` where nothing is mounted yet.
A program that writes anywhere else fails, often at its start; the files to look for are those that `docker diff` shows.
What is written to a tmpfs is gone when the container stops.
",
    fix: Some(Class::Recreate),
    references: &[cis6("5.13"), cis8("5.13"), stig("V-235808"), nist("4.4.3"), nist("4.4.4"), owasp("RULE #8")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {ReadonlyRootfs: true}" },
        Example::Fails { params: "{}", object: "HostConfig: {ReadonlyRootfs: false}" },
        Example::Fails {
            params: "tmpfs: [/run, '/var/cache/nginx:size=64m']",
            object: "HostConfig: {Tmpfs: {/run: ''}}",
        },
    ],
};

/// Where a container may still write.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Paths at which a fix mounts a tmpfs, with options behind a colon as Docker writes them:
    /// `/run:size=64m,mode=1777`.
    #[serde(default)]
    #[schemars(inner(pattern(r"^/")))]
    tmpfs: Vec<String>,
}

fn path_and_options(entry: &str) -> (&str, &str) {
    entry.split_once(':').unwrap_or((entry, ""))
}

impl Rule for ReadOnlyRootfs {
    type View = ContainerSpec;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, params: &Params) -> Result<(), ParamError> {
        for (at, entry) in params.tmpfs.iter().enumerate() {
            let (path, _) = path_and_options(entry);
            if !path.starts_with('/') || host_path::clean(path) == "/" {
                let message = format!("`{entry}` is not an absolute path below `/`");
                return Err(ParamError::new(format!("tmpfs[{at}]"), message));
            }
        }
        Ok(())
    }

    fn judge(&self, container: &ContainerSpec, params: &Params) -> Verdict {
        if container.read_only_rootfs {
            return Verdict::Pass;
        }
        let mut edits = vec![ContainerEdit::ReadOnlyRootfs(true)];
        for entry in &params.tmpfs {
            let (path, options) = path_and_options(entry);
            let path = host_path::clean(path);
            let is_mounted = container.tmpfs.contains_key(&path)
                || container.mounts.iter().any(|mount| mount.destination == path);
            if !is_mounted {
                edits.push(ContainerEdit::Tmpfs { path, options: options.to_owned() });
            }
        }
        fails("read_only", "false", "true", edits)
    }
}
