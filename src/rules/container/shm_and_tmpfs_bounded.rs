//! Memory that is used as a disk has an end.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        class::Class,
        container::{ContainerSpec, Namespace},
        edit::ContainerEdit,
        finding::{Severity, Verdict},
        size::Size,
    },
    rules::{Example, Meta, ParamError, Rule, fails, fails_by_hand},
};

pub struct ShmAndTmpfsBounded;

static META: Meta = Meta {
    id: "container.shm-and-tmpfs-bounded",
    title: "Shared memory and tmpfs of containers are bounded",
    severity: Severity::Low,
    docs: "
## Checks
That `/dev/shm` is not larger than `max-shm` (64m without it), that every tmpfs has a size of at most `max-tmpfs` or the container a limit on memory, which counts what lies there, and that every tmpfs has the mount options of `options`.
The engine mounts a tmpfs `noexec`, `nosuid` and `nodev` unless `exec`, `suid` or `dev` are asked for.

## Why
A tmpfs without a size takes half of the host's memory.

## What a fix may break
The container is replaced by one with a `/dev/shm` of `max-shm`; browsers and databases that fill more fail.
Of a tmpfs nothing is changed: only its owner knows how much lies there.
",
    fix: Some(Class::Recreate),
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {ShmSize: 67108864, Tmpfs: {/run: 'rw,size=16m'}}" },
        Example::Passes { params: "max-tmpfs: 64m", object: "HostConfig: {Memory: 33554432, Tmpfs: {/run: ''}}" },
        Example::Passes { params: "options: [noexec]", object: "HostConfig: {Tmpfs: {/run: 'size=16m'}}" },
        Example::Fails { params: "{}", object: "HostConfig: {ShmSize: 1073741824}" },
        Example::Fails { params: "{}", object: "HostConfig: {Tmpfs: {/run: 'mode=1777'}}" },
        Example::Fails { params: "max-tmpfs: 16m", object: "HostConfig: {Mounts: [{Type: tmpfs, Target: /run, TmpfsOptions: {SizeBytes: 33554432}}]}" },
        Example::Fails { params: "options: [noexec]", object: "HostConfig: {Tmpfs: {/run: 'size=16m,exec'}}" },
    ],
};

/// How much memory may be used as a disk.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// The largest `/dev/shm` that passes, and the one that a fix sets.
    #[serde(default = "engines_own")]
    max_shm: Size,
    /// The largest tmpfs that passes; without it any size does.
    max_tmpfs: Option<Size>,
    /// What every tmpfs has to be: `noexec` for instance.
    #[serde(default)]
    options: Vec<String>,
}

const fn engines_own() -> Size {
    Size(64 << 20)
}

impl Rule for ShmAndTmpfsBounded {
    type View = ContainerSpec;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, params: &Params) -> Result<(), ParamError> {
        if params.max_shm.0 < 1 {
            return Err(ParamError::new("max-shm", "0 is what the engine gives by itself"));
        }
        Ok(())
    }

    fn judge(&self, container: &ContainerSpec, params: &Params) -> Verdict {
        let faults: Vec<String> = container
            .tmpfs
            .iter()
            .filter(|(_, options)| !is_bounded(options, container.memory_bytes, params))
            .map(|(path, options)| match options.as_str() {
                "" => path.clone(),
                options => format!("{path}:{options}"),
            })
            .collect();
        if !faults.is_empty() {
            let size = params.max_tmpfs.map_or("a size".to_owned(), |it| format!("size={it}"));
            let want: Vec<&str> = [size.as_str()]
                .into_iter()
                .chain(params.options.iter().map(String::as_str))
                .collect();
            let advice = "start it with that: `--tmpfs PATH:size=SIZE`";
            return fails_by_hand("tmpfs", faults.join(", "), want.join(","), advice);
        }
        let own_shm = matches!(container.ipc_mode, Namespace::Own | Namespace::Shareable);
        match container.defaulted.shm_bytes {
            Some(bytes) if own_shm && bytes > params.max_shm.0 => {
                let edit = ContainerEdit::ShmSize(params.max_shm.0);
                fails("shm_size", Size(bytes).to_string(), params.max_shm.to_string(), [edit])
            }
            Some(_) | None => Verdict::Pass,
        }
    }
}

fn is_bounded(options: &str, memory: Option<i64>, params: &Params) -> bool {
    let given = || options.split(',').map(str::trim);
    let size = given().find_map(|it| Size::parse(it.strip_prefix("size=")?)).map(|it| it.0);
    let bound = size.filter(|it| *it > 0).or(memory);
    let is_kept = |option: &String| match option.strip_prefix("no") {
        Some(opposite) => !given().any(|it| it == opposite),
        None => given().any(|it| it == *option),
    };
    bound.is_some_and(|it| params.max_tmpfs.is_none_or(|max| it <= max.0))
        && params.options.iter().all(is_kept)
}
