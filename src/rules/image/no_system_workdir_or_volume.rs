//! Images that leave the system's directories to the system.

use crate::{
    model::{
        container::ContainerSpec,
        detail::Detail,
        finding::{Severity, Verdict},
        host_path,
    },
    rules::{Example, Meta, NoParams, Rule, fails_by_hand, image::facts},
};

pub struct NoSystemWorkdirOrVolume;

static META: Meta = Meta {
    id: "image.no-system-workdir-or-volume",
    title: "Images work and keep data outside the system's directories",
    severity: Severity::Low,
    docs: "
## Checks
That neither the image's working directory nor one of its volumes is `/etc` or `/usr`, or is or lies in `/dev`, `/proc` or `/sys`.

## Why
A volume over `/etc` or `/usr` keeps yesterday's programs and accounts when the image is updated, and what a program writes where it works must not be read as the system's own.

## What a fix may break
Nothing is changed: the image has to be built with other directories.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "OfImage: {Config: {WorkingDir: /usr/src/app, Volumes: {/data: {}}}}" },
        Example::Fails { params: "{}", object: "OfImage: {Config: {WorkingDir: /usr/}}" },
        Example::Fails { params: "{}", object: "OfImage: {Config: {Volumes: {/etc: {}, /data: {}}}}" },
        Example::Fails { params: "{}", object: "OfImage: {Config: {WorkingDir: /proc/1}}" },
        Example::Unknown { params: "{}", object: "Config: {Image: nginx}" },
    ],
};

/// With what lies in them.
const KERNELS: &[&str] = &["/dev", "/proc", "/sys"];
/// Programs have directories of their own in these.
const SHARED: &[&str] = &["/etc", "/usr"];

impl Rule for NoSystemWorkdirOrVolume {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn needs(&self) -> &'static [Detail] {
        &[Detail::Image]
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        let image = match facts(container) {
            Ok(image) => image,
            Err(unknown) => return unknown,
        };
        let is_systems = |path: &str| {
            let path = host_path::clean(path);
            SHARED.contains(&&*path) || KERNELS.iter().any(|it| host_path::is_within(&path, it))
        };
        let directory = Some(&image.working_directory).filter(|it| is_systems(it));
        let volumes = image.volume_paths.iter().filter(|it| is_systems(it));
        let seen: Vec<String> = directory
            .map(|it| format!("working directory {it}"))
            .into_iter()
            .chain(volumes.map(|it| format!("volume {it}")))
            .collect();
        if seen.is_empty() {
            return Verdict::Pass;
        }
        let advice = "build it with a directory of its own for each";
        fails_by_hand("image", seen.join(", "), "directories of its own", advice)
    }
}
