//! Containers that the daemon's defaults have not reached.
//!
//! Bound for every key of `daemon.settings` that containers follow, whether a declaration names
//! the rule or not.

mod at_creation;
mod at_start;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    model::{
        class::Class,
        container::{ContainerSpec, State},
        daemon_keys::{self, Pickup},
        detail::Detail,
        edit::Edit,
        finding::{Fix, Severity, Verdict},
    },
    rules::{Example, Meta, ParamError, Rule},
};

/// The rule's ID, for those that bind it.
pub const ID: &str = "container.follows-daemon-defaults";

pub struct FollowsDaemonDefaults;

/// Keys that are judged together: options go with their driver.
const GROUPS: &[&[&str]] = &[&["log-driver", "log-opts"]];

static META: Meta = Meta {
    id: ID,
    title: "Containers follow the daemon's defaults",
    severity: Severity::Medium,
    docs: "
## Checks
That a container has what `daemon.settings` declares as default for containers. This is asked of every container without being named; name it to turn it off, or to give it another severity or mode, for some of them.
Some defaults are copied into a container when it is created and never change: `no-new-privileges`, `log-driver`, `log-opts`, `default-ipc-mode`, `default-cgroupns-mode`, `default-shm-size`, `default-runtime`, SELinux labels. Others are looked up at each of its starts: `seccomp-profile`, `default-ulimits`, `init`, `cgroup-parent`, `dns` and the like.
What inspect does not show, or shows wrongly, is read from the kernel: `no-new-privileges`, seccomp, limits, the first process, control groups.
A container that chose for itself is not left behind. Where its own choice and an old default look the same (`json-file`, `private`, 64 MiB), it counts as the old default.
`defaults` names values for a daemon that is set up elsewhere.

## Why
A hardened default reaches nothing that runs: restarting the daemon with `live-restore` changes no container at all, and without it only what is looked up at a start.

## What a fix may break
Containers are replaced, or stopped and started again, after the daemon's own change.
A log driver that cannot be read back ends `docker logs` for them.
",
    fix: Some(Class::Recreate),
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes {
            params: "defaults: {log-driver: local, log-opts: {max-size: 10m}}",
            object: "HostConfig: {LogConfig: {Type: local, Config: {max-size: 10m, tag: x}}}",
        },
        Example::Fails {
            params: "defaults: {log-driver: local}",
            object: "HostConfig: {LogConfig: {Type: json-file, Config: {}}}",
        },
        Example::NotApplicable {
            params: "defaults: {log-driver: local}",
            object: "HostConfig: {LogConfig: {Type: syslog, Config: {}}}",
        },
        Example::Fails {
            params: "defaults: {default-shm-size: 128M}",
            object: "HostConfig: {ShmSize: 67108864}",
        },
        Example::NotApplicable {
            params: "defaults: {no-new-privileges: true}",
            object: "HostConfig: {SecurityOpt: ['no-new-privileges=false']}",
        },
        Example::Unknown {
            params: "defaults: {no-new-privileges: true}",
            object: "State: {Status: running, Pid: 7}",
        },
    ],
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Keys of `daemon.json` with values that containers must have; those of `daemon.settings`
    /// need not be repeated.
    #[serde(default)]
    defaults: Map<String, Value>,
}

impl Rule for FollowsDaemonDefaults {
    type View = ContainerSpec;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, params: &Params) -> Result<(), ParamError> {
        match params.defaults.keys().find(|key| !is_followed(key)) {
            Some(key) => Err(ParamError::new(
                "defaults",
                format!("`{key}` is no key of daemon.json that containers follow"),
            )),
            None => Ok(()),
        }
    }

    fn needs(&self) -> &'static [Detail] {
        &[Detail::Process]
    }

    fn judge(&self, container: &ContainerSpec, params: &Params) -> Verdict {
        if container.state == State::Requested {
            return Verdict::NotApplicable("it takes the daemon's defaults when it is created");
        }
        if container.daemon_defaults.is_missing {
            return Verdict::NotApplicable("this engine has no daemon that gives defaults");
        }
        let mut verdicts: Vec<Verdict> = Vec::new();
        for group in groups(params.defaults.keys().map(String::as_str)) {
            let want = |key: &str| params.defaults.get(key).filter(|_| group.contains(&key));
            let verdict = match group.first().copied() {
                Some("log-driver" | "log-opts") => at_creation::log(
                    container,
                    want("log-driver").and_then(Value::as_str),
                    want("log-opts").and_then(Value::as_object),
                ),
                Some(key) => match want(key) {
                    Some(want) => one(container, key, want),
                    None => continue,
                },
                None => continue,
            };
            verdicts.push(verdict);
        }
        worst(verdicts)
    }
}

fn one(container: &ContainerSpec, key: &str, want: &Value) -> Verdict {
    match key {
        "no-new-privileges" => at_creation::no_new_privileges(container, want),
        "default-ipc-mode" => at_creation::ipc_mode(container, want),
        "default-cgroupns-mode" => at_creation::cgroupns_mode(container, want),
        "default-shm-size" => at_creation::shm_size(container, want),
        "default-runtime" => at_creation::runtime(container, want),
        "selinux-enabled" => at_creation::selinux(container, want),
        "seccomp-profile" => at_start::seccomp(container, want),
        "default-ulimits" => at_start::ulimits(container, want),
        "init" => at_start::init(container, want),
        "cgroup-parent" => at_start::cgroup_parent(container, want),
        "dns" | "dns-opts" | "dns-search" => at_start::dns(container, key, want),
        _ => at_start::by_times(container, key, want),
    }
}

/// What these give a container cannot be read off it.
const NOT_JUDGED: [&str; 4] = ["cdi-spec-dirs", "nri-opts", "runtimes", "storage-opts"];

/// Returns whether containers follow a key of the daemon, and can be judged by it.
pub fn is_followed(key: &str) -> bool {
    let pickup = daemon_keys::find(key).map(|facts| facts.pickup);
    matches!(pickup, Some(Pickup::ContainerStart | Pickup::ContainerCreation))
        && !NOT_JUDGED.contains(&key)
}

/// Puts those of the keys that containers follow together as they are judged.
pub fn groups<'a>(keys: impl Iterator<Item = &'a str>) -> Vec<Vec<&'a str>> {
    let mut groups: Vec<Vec<&str>> = Vec::new();
    for key in keys.filter(|key| is_followed(key)) {
        let together = GROUPS.iter().find(|group| group.contains(&key));
        let there = together.and_then(|group| {
            groups.iter_mut().find(|it| it.iter().any(|other| group.contains(other)))
        });
        match there {
            Some(there) => there.push(key),
            None => groups.push(vec![key]),
        }
    }
    groups
}

/// One verdict for all keys: what fails counts more than what is not known.
fn worst(verdicts: Vec<Verdict>) -> Verdict {
    let mut verdicts = verdicts.into_iter();
    let Some(mut worst) = verdicts.next() else {
        return Verdict::NotApplicable("no default of the daemon is declared");
    };
    for next in verdicts {
        worst = match (worst, next) {
            (
                Verdict::Fail { field, seen, want, fix: Fix::Edits(mut edits) },
                Verdict::Fail { seen: also, want: and, fix: Fix::Edits(more), .. },
            ) => {
                edits.extend(more);
                let (seen, want) = (format!("{seen}, {also}"), format!("{want}, {and}"));
                Verdict::Fail { field, seen, want: want.into(), fix: Fix::Edits(edits) }
            }
            (fail @ Verdict::Fail { .. }, _) | (_, fail @ Verdict::Fail { .. }) => fail,
            (unknown @ Verdict::Unknown(_), _) | (_, unknown @ Verdict::Unknown(_)) => unknown,
            (Verdict::Pass, _) | (_, Verdict::Pass) => Verdict::Pass,
            (why @ Verdict::NotApplicable(_), Verdict::NotApplicable(_)) => why,
        };
    }
    worst
}

/// A container that took an earlier default at its start.
fn left_until_restarted(key: &str, seen: String, want: String) -> Verdict {
    let field = daemon_keys::find(key).map_or("daemon.json", |it| it.name);
    let fix = Fix::Edits(vec![Edit::Restart { key: key.to_owned() }]);
    Verdict::Fail { field, seen, want: want.into(), fix }
}
