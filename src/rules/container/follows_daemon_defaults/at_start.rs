//! Defaults that the daemon looks up whenever a container starts.

use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;

use super::left_until_restarted;
use crate::{
    model::{
        container::{ContainerSpec, Namespace},
        daemon_value::text,
        edit::ContainerEdit,
        field::Field,
        finding::Verdict,
        process::ProcessDetails,
    },
    rules::fails,
};

const OWN: Verdict = Verdict::NotApplicable("it has a value of its own");

/// moby `seccomp_linux.go`, `WithSeccomp`: a start under an unconfined daemon writes
/// `unconfined` into the container for good, where inspect does not show it.
pub(super) fn seccomp(container: &ContainerSpec, want: &Value) -> Verdict {
    if container.seccomp_option.is_some() || container.privileged {
        return OWN;
    }
    if want.as_str() == Some("unconfined") {
        return Verdict::NotApplicable("what it has from before is stricter");
    }
    match &container.process {
        Field::Set(process) if process.seccomp == 0 => fails(
            "security_opt",
            "seccomp is off, and stays off for this container since a start under a daemon \
             without a profile",
            "the daemon's profile",
            [ContainerEdit::DefaultSeccomp],
        ),
        Field::Set(_) => by_times(container, "seccomp-profile", want),
        Field::Inherited(_) | Field::Unknown(_) if !container.state.has_processes() => STOPPED,
        Field::Inherited(_) => Verdict::Unknown("its process was not looked at".into()),
        Field::Unknown(why) => Verdict::Unknown(format!("only the kernel shows it: {why}")),
    }
}

/// moby `oci_linux.go`, `withRlimits`. Inspect shows the daemon's default of today, whatever the
/// process has.
pub(super) fn ulimits(container: &ContainerSpec, want: &Value) -> Verdict {
    let defaults = container.daemon_defaults.value("default-ulimits");
    let Some(want) = want.as_object() else {
        return Verdict::Unknown("the declared limits cannot be read".into());
    };
    let is_own = |name: &str| {
        container.defaulted.ulimits.iter().filter(|it| it.name == name).any(|it| {
            let given = defaults.and_then(|all| all.get(name)).or_else(|| want.get(name));
            given.is_none_or(|given| {
                given["Soft"].as_i64() != Some(it.soft) || given["Hard"].as_i64() != Some(it.hard)
            })
        })
    };
    let asked: Vec<(&String, &Value)> = want.iter().filter(|(name, _)| !is_own(name)).collect();
    if asked.is_empty() {
        return OWN;
    }
    by_kernel(container, "default-ulimits", &Value::Object(want.clone()), |details| {
        let wrong: Vec<String> = asked
            .iter()
            .filter_map(|(name, limit)| {
                let Some((soft, hard)) = details.ulimits.get(*name) else {
                    return Some(format!("{name} unknown"));
                };
                let number = |it: &Value| it.as_i64().and_then(|it| u64::try_from(it).ok());
                // Programs written in Go raise the soft limit of open files to the hard one.
                let soft_fits = *soft == number(&limit["Soft"]) || soft == hard;
                let fits = *hard == number(&limit["Hard"]) && soft_fits;
                let said = |it: &Option<u64>| it.map_or("unlimited".into(), |it| it.to_string());
                (!fits).then(|| format!("{name} {}:{}", said(soft), said(hard)))
            })
            .collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join(", ")) }
    })
}

/// Only a container with a PID namespace of its own gets one.
pub(super) fn init(container: &ContainerSpec, want: &Value) -> Verdict {
    if container.defaulted.init.is_some() {
        return OWN;
    }
    if container.pid_mode != Namespace::Own {
        return Verdict::NotApplicable("it has no PID namespace of its own");
    }
    by_kernel(container, "init", want, |details| {
        match (details.command == "docker-init", want == &Value::Bool(true)) {
            (true, true) | (false, false) => Ok(()),
            (true, false) => Err("docker-init runs first".into()),
            (false, true) => Err(format!("{} runs first", details.command)),
        }
    })
}

pub(super) fn cgroup_parent(container: &ContainerSpec, want: &Value) -> Verdict {
    if !container.defaulted.cgroup_parent.is_empty() {
        return OWN;
    }
    let Some(parent) = want.as_str().and_then(|it| Path::new(it).file_name()) else {
        return Verdict::Unknown("the declared control group cannot be read".into());
    };
    by_kernel(container, "cgroup-parent", want, |details| {
        let within = |path: &String| Path::new(path).iter().any(|part| part == parent);
        match details.cgroups.iter().any(within) {
            true => Ok(()),
            false => Err(details.cgroups.first().cloned().unwrap_or_default()),
        }
    })
}

pub(super) fn dns(container: &ContainerSpec, key: &str, want: &Value) -> Verdict {
    if container.defaulted.dns { OWN } else { by_times(container, key, want) }
}

const STOPPED: Verdict = Verdict::NotApplicable("it takes the daemon's default at its next start");

/// What the kernel shows is so, whenever the container started; otherwise times decide.
/// `shows` says what the process has if that is not what is wanted.
fn by_kernel(
    container: &ContainerSpec,
    key: &str,
    want: &Value,
    shows: impl Fn(&ProcessDetails) -> Result<(), String>,
) -> Verdict {
    match container.process.stated().and_then(|it| it.details.as_ref()).map(shows) {
        Some(Ok(())) => Verdict::Pass,
        // The kernel shows something else, and the daemon's own change is still to come.
        Some(Err(has)) if container.daemon_defaults.goes_by(key, want).is_none() => {
            left_until_restarted(key, has, said(key, want))
        }
        Some(Err(has)) => after_its_start(container, key, want, has),
        None => by_times(container, key, want),
    }
}

/// Judges by when the container and the daemon started, for what shows nowhere else.
pub(super) fn by_times(container: &ContainerSpec, key: &str, want: &Value) -> Verdict {
    after_its_start(container, key, want, "what the daemon gave it at its start".into())
}

/// A container that started after the daemon that goes by the value was given it.
fn after_its_start(container: &ContainerSpec, key: &str, want: &Value, has: String) -> Verdict {
    if !container.state.has_processes() {
        return STOPPED;
    }
    let defaults = &container.daemon_defaults;
    match defaults.goes_by(key, want) {
        None => Verdict::Unknown(format!("what the daemon goes by for {key} is not known")),
        Some(false) => left_until_restarted(key, has, said(key, want)),
        Some(true) => {
            let started = container.started_at.parse::<Timestamp>().ok();
            match started.zip(defaults.started_at) {
                Some((container, daemon)) if container >= daemon => Verdict::Pass,
                Some(_) => left_until_restarted(key, has, said(key, want)),
                None => Verdict::Unknown("when it and the daemon started is not known".into()),
            }
        }
    }
}

/// Says a value as people write it on a command line.
fn said(key: &str, want: &Value) -> String {
    match want.as_object().filter(|_| key == "default-ulimits") {
        Some(limits) => {
            let one = |(name, limit): (&String, &Value)| {
                format!("{name} {}:{}", limit["Soft"], limit["Hard"])
            };
            limits.iter().map(one).collect::<Vec<_>>().join(", ")
        }
        None => text(key, want),
    }
}
