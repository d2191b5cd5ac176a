//! What a change of a key does to everybody else, and what it loses.

use serde_json::Value;

use crate::{
    model::{
        class::Class,
        container::RestartName,
        daemon::DaemonConfig,
        daemon_keys::{self, DaemonKeyFacts, Pickup, TakesEffect},
    },
    plan::{
        DaemonApply, Lost,
        build::{Context, listed},
        refusal::makes_remap_user,
    },
};

pub(super) fn impact(
    context: &Context<'_>,
    facts: Option<&DaemonKeyFacts>,
    apply: DaemonApply,
    stops: bool,
    takes_effect: TakesEffect,
) -> Vec<String> {
    let running = context.snapshot.daemon.running_containers;
    let mut lines = Vec::new();
    if apply == DaemonApply::Reload && forgets_addresses(&context.snapshot.daemon) {
        let containers = context.snapshot.containers.iter();
        let name_it: Vec<&str> = containers
            .filter(|it| it.spec.names_host_gateway)
            .map(|it| it.spec.name.as_str())
            .collect();
        if !name_it.is_empty() {
            lines.push(format!(
                "engine 28 forgets `host-gateway` at a reload, so that these do not start again \
                 until the daemon is restarted: {}",
                listed(&name_it)
            ));
        }
    }
    if apply == DaemonApply::Restart {
        if running == 0 {
            lines.push("daemon restart; no container runs".to_owned());
        } else if stops {
            let (all, stay): (Vec<&str>, Vec<&str>) = stopped(context);
            // Paused ones are among them.
            let number = count(all.len());
            lines.push(format!("daemon restart, which stops {number}: {}", listed(&all)));
            if takes_effect == TakesEffect::EmptyStart {
                lines.push(
                    "the default bridge is rebuilt only when the daemon starts while no container \
                     runs, so that they are stopped for it and started again"
                        .into(),
                );
            } else if !stay.is_empty() && takes_effect != TakesEffect::Hides {
                let stay = listed(&stay);
                lines.push(format!("no restart policy, so started again by plimsoll: {stay}"));
            }
        } else {
            lines.push(format!(
                "daemon restart; containers keep running ({running}), published ports pause for \
                 a moment"
            ));
        }
    }
    match facts.map(|it| (it.takes_effect, it.pickup)) {
        Some((TakesEffect::Breaks, _)) => {
            lines.push("clients of the daemon may be locked out".into());
        }
        Some((_, Pickup::ContainerCreation)) => {
            lines.push("containers that exist keep the old value until they are replaced".into());
        }
        Some((_, Pickup::ContainerStart)) => {
            lines.push("containers that exist follow at their next start".into());
        }
        Some((_, Pickup::NewNetworks)) => {
            lines.push("networks that exist keep the old value".into());
        }
        Some((
            TakesEffect::Reload { .. }
            | TakesEffect::Restart
            | TakesEffect::EmptyStart
            | TakesEffect::Hides,
            Pickup::NotAboutContainers
            | Pickup::EmptyStart
            | Pickup::DaemonStart
            | Pickup::OutOfView,
        ))
        | None => {}
    }
    lines
}

/// Returns what a value brings with it that shows later, or elsewhere.
pub(super) fn aftermath(daemon: &DaemonConfig, key: &str, value: Option<&Value>) -> Vec<String> {
    let line = match (key, value) {
        ("iptables", Some(Value::Bool(false))) => {
            "rules that are there stay until the host is next started; from then on containers \
             reach nothing outside, and are kept apart by nothing, unless you write the rules"
                .to_owned()
        }
        ("userns-remap", Some(value)) if makes_remap_user(value, &daemon.host) => {
            "the engine makes the user dockremap when it starts; its own check of the file would \
             make it too, and is left out"
                .to_owned()
        }
        ("min-api-version", Some(Value::String(version))) => {
            format!("clients that speak no API from {version} on are refused")
        }
        _ => return Vec::new(),
    };
    vec![line]
}

/// A fault of theirs: the copy that a reload makes of the settings has no addresses. Tried with
/// 28.5; 26.1 has it not.
fn forgets_addresses(daemon: &DaemonConfig) -> bool {
    daemon_keys::release(&daemon.engine_version).is_some_and(|release| release.0 == 28)
}

/// Returns who runs, and of those who is not brought back by a restart policy.
pub(super) fn stopped<'a>(context: &Context<'a>) -> (Vec<&'a str>, Vec<&'a str>) {
    let running = || context.snapshot.containers.iter().filter(|it| it.spec.state.has_processes());
    // Those of `--rm` are gone for good.
    let stay = running().filter(|it| !it.spec.auto_remove).filter(|it| {
        match it.spec.restart_policy.name {
            RestartName::Always | RestartName::UnlessStopped => false,
            RestartName::No | RestartName::OnFailure | RestartName::Other(_) => true,
        }
    });
    (
        running().map(|it| it.spec.name.as_str()).collect(),
        stay.map(|it| it.spec.name.as_str()).collect(),
    )
}

pub(super) fn lost(context: &Context<'_>, takes_effect: TakesEffect, class: Class) -> Option<Lost> {
    if class < Class::Outage {
        return None;
    }
    let mut also: Vec<String> = Vec::new();
    if takes_effect == TakesEffect::Hides {
        let host = &context.snapshot.daemon.host;
        let some = |number: usize, name: &str| match number {
            1 => format!("1 {name}"),
            many => format!("{many} {name}s"),
        };
        let volumes = host.volumes.map_or("volumes".to_owned(), |it| some(it, "volume"));
        let is_empty = host.images == 0 && host.containers == 0;
        let all = format!(
            "{}, {} and {volumes}",
            some(host.images, "image"),
            some(host.containers, "container"),
        );
        also.push(format!(
            "{} drop out of the daemon's view; they stay on disk",
            if is_empty { "images, containers and volumes" } else { &all },
        ));
    }
    // The engine removes them with their anonymous volumes when they stop.
    let removed: Vec<&str> = context
        .snapshot
        .containers
        .iter()
        .filter(|it| it.spec.auto_remove && it.spec.state.has_processes())
        .map(|it| it.spec.name.as_str())
        .collect();
    if !removed.is_empty() {
        also.push(format!("started with --rm, so deleted when they stop: {}", listed(&removed)));
    }
    Some(Lost { files: Some(Vec::new()), layer_bytes: None, also, keep: Vec::new() })
}

fn count(containers: usize) -> String {
    match containers {
        1 => "1 container".into(),
        many => format!("{many} containers"),
    }
}
