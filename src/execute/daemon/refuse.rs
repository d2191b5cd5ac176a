//! What is refused before anything is touched.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    DaemonContext,
    effects::{DaemonEffects, Step},
    work::Work,
};
use crate::{
    model::{
        class::Class,
        daemon::DaemonConfig,
        daemon_check::{self, Engine},
        daemon_keys::{self, Effect},
    },
    plan::{
        DaemonApply,
        refusal::{Asked, refusal},
    },
    store::Ran,
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
    running: &[Ran],
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
    let lives_through = in_force.get("live-restore") == Some(&Value::Bool(true))
        && !config.service.ends_containers();
    let living: Vec<&str> = match lives_through {
        true => running.iter().map(|it| it.name.as_str()).collect(),
        false => Vec::new(),
    };
    for part in &work.parts {
        let (key, value) = (part.key.as_str(), part.value.as_ref());
        // One reload or restart does for all of them.
        let (apply, daemon) = (work.apply().max(part.apply), config);
        let asked = Asked { key, value, apply, daemon, after: &in_force, living: &living };
        if let Some(why) = refusal(&asked) {
            return Err(format!("{key}: {why}"));
        }
    }
    let stops = work.needs_empty_start() && work.parts.iter().all(|it| it.class < Class::Outage);
    if stops && !living.is_empty() {
        return Err("the default bridge follows only a start at which no container runs, and \
                    with live-restore they all do; allow `outage`"
            .to_owned());
    }
    Ok(())
}

/// Refuses a file that relies on something of the host's which is not there. What the old file
/// relied on is not ours to judge.
pub(super) fn lacking<E: DaemonEffects>(host: &E, (old, new): (&Keys, &Keys)) -> Step<()> {
    let before = daemon_check::needs(old);
    let missing = daemon_check::needs(new)
        .into_iter()
        .find(|need| !before.contains(need) && !host.has(&need.thing));
    missing.map_or(Ok(()), |need| Err(format!("{need}; put it there first")))
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
