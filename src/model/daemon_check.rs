//! Settings that the engine does not start with, or starts with and then fails over, judged
//! before anybody writes them. Its own `--validate` finds hardly any of these.

mod needs;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    daemon::DaemonConfig,
    daemon_keys::{
        self, DaemonKeyFacts, Effect, Fault, RELATIONS, Release, Situation, TakesEffect, ValueKind,
    },
    field::Field,
    suggest::{nearest, question},
};

pub use needs::{Need, Thing, needs};

/// A setting that must not be applied, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    pub key: String,
    /// Other keys that have a part in it.
    pub with: Vec<&'static str>,
    /// What the engine does with it, where that is known.
    pub effect: Option<Effect>,
    /// What is wrong, in a sentence without a full stop.
    pub what: String,
}

/// What the checks need to know of the engine. What is not known is never held against a setting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Engine {
    /// As the engine says it: `20.10.24+dfsg1`.
    pub version: String,
    pub release: Option<Release>,
    pub api_version: Option<String>,
    pub swarm_active: bool,
    /// 1 or 2.
    pub cgroup_version: Option<u8>,
    /// `systemd` or `cgroupfs`.
    pub cgroup_driver: Option<String>,
    /// Log drivers that it has, plugins among them; empty if nobody told.
    pub log_drivers: Vec<String>,
    /// Keys that its command line sets.
    pub flags: BTreeSet<String>,
    /// Runtimes that its command line adds to those of the file.
    pub flag_runtimes: BTreeSet<String>,
}

impl Contradiction {
    /// Returns what is wrong and what comes of it, in a sentence without a full stop.
    pub fn says(&self) -> String {
        match self.effect.and_then(Effect::says) {
            Some(effect) => format!("{}; {effect}", self.what),
            None => self.what.clone(),
        }
    }
}

type Settings = BTreeMap<String, Value>;

impl Engine {
    /// Returns what a look at the daemon has told.
    pub fn of(config: &DaemonConfig) -> Self {
        let running = config.keys.get("exec-opts").map(|key| &key.running);
        let cgroup_driver = match running {
            Some(Field::Set(Value::Array(options))) => options
                .iter()
                .filter_map(Value::as_str)
                .find_map(|it| it.strip_prefix("native.cgroupdriver="))
                .map(str::to_owned),
            _ => None,
        };
        Self {
            version: config.engine_version.clone(),
            release: daemon_keys::release(&config.engine_version),
            api_version: Some(config.api_version.clone()).filter(|it| !it.is_empty()),
            swarm_active: config.swarm_active,
            cgroup_version: config.cgroup_version,
            cgroup_driver,
            log_drivers: config.log_drivers.clone(),
            flag_runtimes: config
                .keys
                .get("runtimes")
                .and_then(|key| key.flag.as_ref()?.value.as_object())
                .map(|runtimes| runtimes.keys().cloned().collect())
                .unwrap_or_default(),
            flags: config
                .keys
                .iter()
                .filter(|(_, key)| key.flag.is_some())
                .map(|(name, _)| name.clone())
                .collect(),
        }
    }

    /// Returns what speaks against a key on this engine, whatever its value.
    pub fn does_not_know(&self, facts: &DaemonKeyFacts) -> Option<String> {
        let release = self.release?;
        if facts.known_to(release) {
            return None;
        }
        let name = facts.name;
        Some(match facts.until {
            Some(until) if release >= until => {
                let until = daemon_keys::release_text(until);
                format!(
                    "engine {} no longer knows `{name}`; it is gone since {until}",
                    self.version
                )
            }
            _ => {
                let since = daemon_keys::release_text(facts.since);
                format!("engine {} does not know `{name}`; engines from {since} do", self.version)
            }
        })
    }
}

/// Returns everything that is wrong with settings as they would be in force together: from the
/// file and, for keys that are not in it, from the command line.
pub fn contradictions(settings: &Settings, engine: &Engine) -> Vec<Contradiction> {
    let mut found = Vec::new();
    for (name, value) in settings {
        let Some(key) = daemon_keys::find(name) else { continue };
        let wrong =
            |what| Contradiction { key: name.clone(), with: Vec::new(), effect: None, what };
        found.extend(engine.does_not_know(key).map(wrong));
        found.extend(faults(key, value).into_iter().map(|fault| wrong(fault.says())));
    }
    found.extend(relations(&Situation { settings, engine, is_whole: true }));
    found
}

/// Returns what is wrong among settings that are a part of those in force, on any engine.
pub fn within(settings: &Settings) -> Vec<Contradiction> {
    let engine = Engine::default();
    relations(&Situation { settings, engine: &engine, is_whole: false }).collect()
}

fn relations<'a>(situation: &'a Situation<'a>) -> impl Iterator<Item = Contradiction> + 'a {
    RELATIONS.iter().filter_map(|relation| {
        let what = relation.violation(situation)?;
        let (key, with) = relation.keys.split_first()?;
        Some(Contradiction {
            key: (*key).to_owned(),
            with: with.to_vec(),
            effect: Some(relation.effect),
            what,
        })
    })
}

/// Returns what is wrong with the value of a key by itself; of its type the engine judges.
pub fn faults(key: &DaemonKeyFacts, value: &Value) -> Vec<Fault> {
    let mut faults = key.shape.faults(value);
    if let (ValueKind::BoolMap(known), Value::Object(named)) = (key.kind, value) {
        faults.extend(named.keys().filter_map(|name| misspelt(name, known)));
    }
    faults
}

/// The engine takes any name. Newer ones know more than we do, so only what looks like a known
/// name is held to be one.
fn misspelt(name: &str, known: &'static [&'static str]) -> Option<Fault> {
    if known.contains(&name) {
        return None;
    }
    let instead = question(&nearest(name, known.iter().copied()))?;
    let what = format!("`{name}` is taken and does nothing");
    Some(Fault { path: vec![name.to_owned()], what, instead })
}

impl Fault {
    /// Returns it as one sentence without a full stop.
    pub fn says(&self) -> String {
        match self.path.is_empty() {
            true => format!("{}; {}", self.what, self.instead),
            false => format!("{}: {}; {}", self.path.join("."), self.what, self.instead),
        }
    }
}

/// Returns whether containers that live through the daemon's restart would drop out of its view
/// with this key, and so hold ports and volumes that it does not know of.
pub fn loses_live_containers(key: &str) -> bool {
    key == "exec-root"
        || daemon_keys::find(key).is_some_and(|key| key.takes_effect == TakesEffect::Hides)
}

#[cfg(test)]
mod tests;
