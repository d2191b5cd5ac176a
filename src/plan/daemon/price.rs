//! What a change of a key takes, and whether containers keep running meanwhile.

use serde_json::Value;

use super::LIVE_RESTORE;
use crate::{
    model::{class::Class, daemon_keys::TakesEffect},
    plan::{Action, Change, DaemonApply, build::Context},
};

/// Whether containers keep running while the daemon restarts.
pub(super) enum Survival {
    /// Only a reload is at stake.
    NotAsked,
    NothingRuns,
    /// Live restore is in force.
    InForce,
    /// Live restore is in force once this change is done.
    After(String),
    No,
}

pub(super) fn survival(context: &Context<'_>, live_restore: Option<&Change>) -> Survival {
    let daemon = &context.snapshot.daemon;
    if daemon.running_containers == 0 {
        return Survival::NothingRuns;
    }
    if daemon.service.ends_containers() {
        return Survival::No;
    }
    match live_restore.filter(|change| change.held.is_none()) {
        Some(change) => match &change.action {
            Action::DaemonKey { value: Some(Value::Bool(true)), .. } => {
                Survival::After(change.id.clone())
            }
            Action::DaemonKey { .. }
            | Action::UpdateContainer { .. }
            | Action::ReplaceContainer { .. }
            | Action::ReplaceAutoRemoved { .. }
            | Action::RestartContainer { .. }
            | Action::EvictContainer { .. }
            | Action::SetFiles { .. } => Survival::No,
        },
        None => {
            let key = daemon.keys.get(LIVE_RESTORE);
            let on = |value: Option<&Value>| value == Some(&Value::Bool(true));
            let running = on(key.and_then(|it| it.running.stated()));
            // The stopping daemon goes by what it runs with, the starting one by what it reads.
            let stays = on(key.and_then(|it| it.file.as_ref()))
                || on(key.and_then(|it| it.flag.as_ref()).map(|flag| &flag.value));
            if running && stays { Survival::InForce } else { Survival::No }
        }
    }
}

/// What a key needs, and how bad that is.
pub(super) struct Price {
    pub(super) apply: DaemonApply,
    pub(super) class: Class,
    pub(super) after: Vec<String>,
}

pub(super) fn price(takes_effect: TakesEffect, reloads: bool, survival: &Survival) -> Price {
    let live = Price { apply: DaemonApply::Reload, class: Class::Live, after: vec![] };
    let restart = |class, after| Price { apply: DaemonApply::Restart, class, after };
    let spared = match survival {
        Survival::After(id) => vec![id.clone()],
        Survival::NotAsked | Survival::NothingRuns | Survival::InForce | Survival::No => vec![],
    };
    match takes_effect {
        TakesEffect::Reload { .. } if reloads => live,
        TakesEffect::Reload { .. } | TakesEffect::Restart => match survival {
            Survival::NotAsked | Survival::No => restart(Class::Outage, spared),
            Survival::NothingRuns | Survival::InForce | Survival::After(_) => {
                restart(Class::Restart, spared)
            }
        },
        TakesEffect::EmptyStart => match survival {
            Survival::NothingRuns => restart(Class::Restart, spared),
            // Those that would live through it are stopped for it.
            Survival::NotAsked | Survival::No | Survival::InForce | Survival::After(_) => {
                restart(Class::Outage, vec![])
            }
        },
        TakesEffect::Hides => restart(Class::Loss, vec![]),
        TakesEffect::Breaks => restart(Class::Outage, spared),
    }
}
