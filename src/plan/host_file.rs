//! Settings as they would be in force together, and what speaks against them: as the host has
//! them now, and as they would be after the plan.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::{
    daemon::{DaemonConfig, FileFinding},
    daemon_check::{Contradiction, Engine, contradictions},
    daemon_keys::Effect,
};

/// Returns what the daemon's file holds that its owner should know of, by line.
pub(super) fn findings(daemon: &DaemonConfig) -> Vec<FileFinding> {
    let mut findings = daemon.file_findings.clone();
    let in_file = |key: &str| daemon.keys.get(key).is_some_and(|it| it.file.is_some());
    for found in against_now(daemon) {
        let Contradiction { key, with, .. } = &found;
        let is_known = findings.iter().any(|it| it.key == *key);
        if is_known || !(in_file(key) || with.iter().any(|it| in_file(it))) {
            continue;
        }
        let advice = "put it right before the daemon is next started or reloaded".to_owned();
        let what = match found.what.contains(&format!("`{key}")) {
            true => found.says(),
            false => format!("`{key}`: {}", found.says()),
        };
        let key = key.clone();
        findings.push(FileFinding { key, line: None, what, advice });
    }
    findings
}

/// What speaks against the changes that are wanted.
pub(super) struct Against {
    found: Vec<Contradiction>,
    wanted: BTreeSet<String>,
}

impl Against {
    /// `wanted` has `None` for keys that are to leave the file. What was wrong before is not
    /// held against a change: the daemon runs with it.
    pub(super) fn new<'w>(
        daemon: &DaemonConfig,
        wanted: impl Iterator<Item = (&'w str, Option<&'w Value>)>,
    ) -> Self {
        let before = against_now(daemon);
        let mut settings = daemon.settings();
        let mut keys = BTreeSet::new();
        for (key, value) in wanted {
            keys.insert(key.to_owned());
            match value {
                Some(value) => settings.insert(key.to_owned(), value.clone()),
                None => settings.remove(key),
            };
        }
        let mut found = contradictions(&settings, &Engine::of(daemon));
        found.retain(|it| !before.contains(it) || it.effect == Some(Effect::DoesNotReload));
        Self { found, wanted: keys }
    }

    /// Returns why a change must not be made: because of its key, or because of one that has a
    /// part in it, or because no reload succeeds.
    pub(super) fn says(&self, key: &str, reloads: bool) -> Option<String> {
        let concerns = |it: &&Contradiction| it.key == key || it.with.contains(&key);
        let stops = |it: &&Contradiction| reloads && it.effect == Some(Effect::DoesNotReload);
        let found = self.found.iter().find(|it| concerns(it) || stops(it))?;
        // Where the key at fault is not a part of the plan, it stands in the file or among flags.
        let whose = match found.key == key || self.wanted.contains(&found.key) {
            true => String::new(),
            false => format!("`{}` is set on this host: ", found.key),
        };
        Some(format!("{whose}{}", found.says()))
    }
}

fn against_now(daemon: &DaemonConfig) -> Vec<Contradiction> {
    contradictions(&daemon.settings(), &Engine::of(daemon))
}
