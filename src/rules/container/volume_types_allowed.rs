//! Storage of the kinds that are allowed.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
        host_path::{clean_on_host, is_within},
        mount::{Mount, MountKind},
    },
    rules::{
        Example, Meta, ParamError, Rule,
        container::{leads_to, mount_text},
        fails_by_hand, pss_restricted,
    },
};

pub struct VolumeTypesAllowed;

static META: Meta = Meta {
    id: "container.volume-types-allowed",
    title: "Containers mount nothing but allowed kinds of storage",
    severity: Severity::Medium,
    docs: "
## Checks
That every mount is a volume of a driver in `drivers` (without it: `local`), a tmpfs, files of an image, or a directory of the host in one of `binds`.

## Why
The stricter Pod Security Standard leaves directories of the host to the host, and other storage to those who look after it.

## What a fix may break
Nothing is changed: where the data should be, only its owner knows.
",
    fix: None,
    references: &[pss_restricted("Volume Types")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {Binds: ['data:/data'], Tmpfs: {/run: ''}}" },
        Example::Passes { params: "binds: [/srv/shop]", object: "HostConfig: {Binds: ['/srv/shop/data:/data']}" },
        Example::Passes { params: "drivers: [local, nfs]", object: "Mounts: [{Type: volume, Name: data, Destination: /data, Driver: nfs}]" },
        Example::Fails { params: "{}", object: "Mounts: [{Type: volume, Name: data, Destination: /data, Driver: nfs}]" },
        Example::Fails { params: "binds: [/srv/shop]", object: "HostConfig: {Binds: ['/srv/shopping:/data']}" },
        Example::Unknown { params: "{}", object: "Mounts: [{Type: hologram, Destination: /data}]" },
    ],
};

/// What may be mounted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Directories of the host that may be mounted, with what is in them.
    #[serde(default)]
    binds: Vec<String>,
    /// Drivers whose volumes may be mounted.
    #[serde(default = "local")]
    drivers: Vec<String>,
}

fn local() -> Vec<String> {
    vec!["local".into()]
}

impl Rule for VolumeTypesAllowed {
    type View = ContainerSpec;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, params: &Params) -> Result<(), ParamError> {
        match params.binds.iter().position(|it| !it.starts_with('/')) {
            Some(at) => Err(ParamError::new(format!("binds[{at}]"), "has to be an absolute path")),
            None => Ok(()),
        }
    }

    fn judge(&self, container: &ContainerSpec, params: &Params) -> Verdict {
        let is_allowed = |mount: &Mount| match mount.kind {
            MountKind::Bind => {
                let path = leads_to(mount).unwrap_or_default();
                params.binds.iter().any(|it| is_within(&path, &clean_on_host(it)))
            }
            // Before it is made, what is asked for is a volume of the engine's own driver.
            MountKind::Volume => {
                let driver = if mount.driver.is_empty() { "local" } else { &mount.driver };
                params.drivers.iter().any(|it| it == driver)
            }
            MountKind::Image | MountKind::Other => true,
        };
        let others: Vec<String> =
            container.mounts.iter().filter(|it| !is_allowed(it)).map(mount_text).collect();
        if !others.is_empty() {
            let advice = "give it a volume, or name the directory or driver in the rule: `binds`, \
                          `drivers`";
            return fails_by_hand("volumes", others.join(", "), "allowed kinds of storage", advice);
        }
        if !container.mounts_listed {
            let why = "mounts that it takes from others are listed from its first start on";
            return Verdict::Unknown(why.into());
        }
        match container.mounts.iter().find(|it| it.kind == MountKind::Other) {
            Some(mount) => Verdict::Unknown(format!(
                "{}: a kind of mount that is not known",
                mount_text(mount)
            )),
            None => Verdict::Pass,
        }
    }
}
