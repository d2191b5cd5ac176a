//! Settings of the daemon that do not go together, wherever they are declared.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

use super::files::File;
use crate::{
    declaration::{
        check::Checked,
        problem::{Place, Problem},
        yaml::Node,
    },
    model::daemon_check,
};

/// What all files say so far, as later ones win.
#[derive(Default)]
pub(super) struct Together {
    values: BTreeMap<String, Value>,
    places: BTreeMap<String, Place>,
}

impl Together {
    /// Takes over what one file says without fault.
    pub(super) fn take(&mut self, file: &File, checked: &Checked) {
        let Some(daemon) = file.root.value_of("daemon") else { return };
        for name in daemon.value_of("absent").map_or(&[][..], Node::items) {
            self.values.remove(name.text().unwrap_or_default());
        }
        for entry in daemon.value_of("settings").map_or(&[][..], Node::entries) {
            if !checked.is_clean(&format!("/daemon/settings/{}", entry.key)) {
                // What is at fault by itself is not judged beside others, nor is what it replaces.
                self.values.remove(&entry.key);
                continue;
            }
            let place = Place { source: Arc::clone(&file.source), span: entry.key_span.clone() };
            self.values.insert(entry.key.clone(), entry.value.to_json());
            self.places.insert(entry.key.clone(), place);
        }
    }

    /// Returns what does not go together on any engine.
    pub(super) fn problems(&self) -> Vec<Problem> {
        daemon_check::within(&self.values).into_iter().filter_map(|it| self.problem(&it)).collect()
    }

    fn problem(&self, found: &daemon_check::Contradiction) -> Option<Problem> {
        let at = self.places.get(&found.key)?.clone();
        let mut problem = Problem::new("decl.keys-do-not-go-together", found.what.as_str(), at);
        if let Some(effect) = found.effect.and_then(|effect| effect.says()) {
            problem = problem.label(effect);
        }
        for key in found.with.iter().filter(|key| self.values.contains_key(**key)) {
            let place = self.places.get(*key)?;
            let (line, _) = place.line_column();
            problem = problem.note(format!("`{key}` is set in {}:{line}", place.source.name));
        }
        Some(problem.help("change one of them, or leave it out"))
    }
}
