//! What is refused before anything is touched.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{DaemonContext, effects::Step, work::Work};
use crate::{
    model::{
        class::Class,
        daemon::DaemonConfig,
        daemon_check::{self, Engine},
        daemon_keys::{self, Effect, TakesEffect},
    },
    plan::DaemonApply,
};

type Keys = BTreeMap<String, Value>;

/// Refuses a file that is not the one the plan was made on.
pub(super) fn stale(now: &Keys, config: &DaemonConfig) -> Step<()> {
    if let Some(why) = &config.file_error {
        return Err(format!("{} could not be read: {why}", config.file_path));
    }
    let planned: BTreeMap<&str, &Value> = config
        .keys
        .iter()
        .filter_map(|(name, key)| Some((name.as_str(), key.file.as_ref()?)))
        .collect();
    let moved = planned
        .iter()
        .filter(|(name, value)| now.get(**name) != Some(**value))
        .map(|(name, _)| *name)
        .chain(now.keys().map(String::as_str).filter(|name| !planned.contains_key(name)))
        .next();
    match moved {
        Some(key) => Err(format!(
            "{} was changed since the plan was made ({key}); plan again",
            config.file_path
        )),
        None => Ok(()),
    }
}

/// Refuses what the engine would not start with, or would do harm with.
pub(super) fn unsound(
    work: &Work,
    (old, new): (&Keys, &Keys),
    context: DaemonContext<'_>,
    running: usize,
) -> Step<()> {
    let config = context.config;
    given_twice(new, config)?;
    let engine = Engine::of(config);
    let in_force = in_force(new, config);
    // What was wrong before is not ours to judge: the daemon runs with it. But a file that no
    // engine reloads stays as it is.
    let known = daemon_check::contradictions(&self::in_force(old, config), &engine);
    let reloads = work.apply() == DaemonApply::Reload;
    for found in daemon_check::contradictions(&in_force, &engine) {
        if !known.contains(&found) || (reloads && found.effect == Some(Effect::DoesNotReload)) {
            return Err(format!("{}: {}", found.key, found.says()));
        }
    }
    if work.apply() == DaemonApply::Restart && !context.can_restart {
        return Err("nobody known to plimsoll restarts this daemon; say how with \
                    `daemon.restart-command`"
            .to_owned());
    }
    if work.apply() == DaemonApply::Reload || work.touches("live-restore") {
        dropped_by_reload(config)?;
    }
    let lives_through = in_force.get("live-restore") == Some(&Value::Bool(true));
    if lives_through && running > 0 {
        with_living_containers(work)?;
    }
    Ok(())
}

/// Returns the settings of a file together with those of the command line.
pub(super) fn in_force(new: &Keys, config: &DaemonConfig) -> Keys {
    let mut settings: Keys = config
        .keys
        .iter()
        .filter_map(|(name, key)| Some((name.clone(), key.flag.as_ref()?.value.clone())))
        .collect();
    settings.extend(new.iter().map(|(name, value)| (name.clone(), value.clone())));
    settings
}

fn given_twice(new: &Keys, config: &DaemonConfig) -> Step<()> {
    for (name, key) in &config.keys {
        let Some(flag) = &key.flag else { continue };
        let merges = daemon_keys::find(name).is_some_and(|facts| facts.flag_merges);
        if new.contains_key(name) && !merges {
            let from = flag.origin.as_ref().map_or(String::new(), |it| format!(" (from {it})"));
            return Err(format!(
                "the daemon is started with {}{from}; with `{name}` in the file as well it does \
                 not start",
                flag.argument
            ));
        }
    }
    Ok(())
}

/// A reload reads the file alone, and resets these to their defaults: plugins that guard the API
/// would be gone without a word.
fn dropped_by_reload(config: &DaemonConfig) -> Step<()> {
    for (name, key) in &config.keys {
        let resets = daemon_keys::find(name).is_some_and(|facts| {
            facts.takes_effect == TakesEffect::Reload { kept_when_absent: false }
        });
        if let (Some(flag), true) = (&key.flag, resets) {
            return Err(format!(
                "the daemon is started with {}, and any reload would drop it; move it into the \
                 file first",
                flag.argument
            ));
        }
    }
    Ok(())
}

fn with_living_containers(work: &Work) -> Step<()> {
    for part in &work.parts {
        if daemon_check::loses_live_containers(&part.key) {
            return Err(format!(
                "containers live through the restart (live-restore) and would be lost from view \
                 with a new {}; stop them first",
                part.key
            ));
        }
    }
    let stops = work.needs_empty_start() && work.parts.iter().all(|it| it.class < Class::Outage);
    if stops {
        return Err(
            "the default bridge follows only a start at which no container runs, and with \
                    live-restore they all do; allow `outage`"
                .to_owned(),
        );
    }
    Ok(())
}
