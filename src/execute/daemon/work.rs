//! What a run has to do to the daemon, put together from its changes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::effects::Step;
use crate::{
    model::{
        class::Class,
        daemon::DaemonConfig,
        daemon_keys::{self, DaemonKeyFacts, Pickup, TakesEffect},
        object::Address,
    },
    plan::{Action, Change, DaemonApply, daemon_file},
};

/// One key of one change.
#[derive(Debug)]
pub(super) struct Part {
    pub change: String,
    pub address: Address,
    pub class: Class,
    pub key: String,
    pub facts: Option<&'static DaemonKeyFacts>,
    /// `None` takes the key out.
    pub value: Option<Value>,
    pub apply: DaemonApply,
    pub sensitive: bool,
    pub write: bool,
}

impl Part {
    /// Returns what the daemon is to go by, where that is known.
    pub(super) fn wanted(&self) -> Option<Value> {
        self.value.clone().or_else(|| self.facts?.default_value())
    }
}

#[derive(Debug)]
pub(super) struct Work {
    pub parts: Vec<Part>,
}

impl Work {
    pub(super) fn of(changes: &[&Change]) -> Self {
        let parts = changes.iter().filter_map(|change| match &change.action {
            Action::DaemonKey { key, value, apply, sensitive, write } => Some(Part {
                change: change.id.clone(),
                address: change.address.clone(),
                class: change.class,
                key: key.clone(),
                facts: daemon_keys::find(key),
                value: value.clone(),
                apply: *apply,
                sensitive: *sensitive,
                write: *write,
            }),
            Action::UpdateContainer { .. }
            | Action::ReplaceContainer { .. }
            | Action::ReplaceAutoRemoved { .. }
            | Action::RestartContainer { .. }
            | Action::EvictContainer { .. }
            | Action::SetFiles { .. } => None,
        });
        Self { parts: parts.collect() }
    }

    /// Returns whether the file has to be written at all.
    pub(super) fn writes(&self) -> bool {
        self.parts.iter().any(|part| part.write)
    }

    /// Returns what makes all of it take effect. A restart applies what a reload would.
    pub(super) fn apply(&self) -> DaemonApply {
        self.parts.iter().map(|part| part.apply).max().unwrap_or(DaemonApply::Reload)
    }

    pub(super) fn touches(&self, key: &str) -> bool {
        self.parts.iter().any(|part| part.key == key)
    }

    /// The default bridge follows only a start at which no container runs.
    pub(super) fn needs_empty_start(&self) -> bool {
        self.parts.iter().filter_map(|part| part.facts).any(|key| {
            key.takes_effect == TakesEffect::EmptyStart || key.pickup == Pickup::EmptyStart
        })
    }

    /// Returns the file's text with all keys as they are to be.
    pub(super) fn edited(&self, text: Option<&str>) -> Step<String> {
        let written = || self.parts.iter().filter(|part| part.write);
        if !self.writes() {
            return Ok(text.unwrap_or_default().to_owned());
        }
        let set: BTreeMap<String, Value> =
            written().filter_map(|part| Some((part.key.clone(), part.value.clone()?))).collect();
        let remove: BTreeSet<String> =
            written().filter(|part| part.value.is_none()).map(|part| part.key.clone()).collect();
        daemon_file::edited(text, &set, &remove)
    }

    /// Returns values from before of keys that were not in the file, and that a reload does not
    /// reset by leaving them out.
    pub(super) fn values_before(
        &self,
        old: &BTreeMap<String, Value>,
        config: &DaemonConfig,
    ) -> BTreeMap<String, Value> {
        self.parts
            .iter()
            .filter(|part| !old.contains_key(&part.key) && !part.sensitive)
            .filter(|part| part.facts.is_some_and(DaemonKeyFacts::kept_when_absent))
            .filter_map(|part| {
                let key = config.keys.get(&part.key);
                // A flag excludes the key, so that it cannot be written even for a moment.
                if key.is_some_and(|key| key.flag.is_some()) {
                    return None;
                }
                let running = key.and_then(|key| key.running.stated().cloned());
                Some((part.key.clone(), running.or_else(|| part.facts?.default_value())?))
            })
            .collect()
    }
}

/// Reads the members of the file. No text, or an empty one, has none.
pub(super) fn parsed(text: Option<&str>) -> Step<BTreeMap<String, Value>> {
    let values = daemon_file::values(text.unwrap_or_default())
        .map_err(|why| format!("the daemon's file cannot be edited: {why}"))?;
    Ok(values.into_iter().collect())
}
