//! Which assignments hold for which container, prepared once for many containers.

use crate::model::{
    container::ContainerSpec,
    selector::{Matcher, Selector},
};

use super::policy::{Assignment, Policy};

/// A policy's container rules, with every distinct selector read once.
pub struct Chooser<'p> {
    matchers: Vec<Matcher>,
    /// One entry a rule, sorted by rule; within it the last choice comes first.
    rules: Vec<Vec<(usize, Option<&'p Assignment>)>>,
}

impl<'p> Chooser<'p> {
    pub fn new(policy: &'p Policy) -> Self {
        let mut selectors: Vec<&Selector> = Vec::new();
        let mut rules: Vec<_> = policy.containers.iter().collect();
        rules.sort_by_key(|choices| choices.meta.id);
        let rules = rules
            .into_iter()
            .map(|choices| {
                let last_first = choices.choices.iter().rev().map(|choice| {
                    let known = selectors.iter().position(|it| **it == choice.on);
                    let index = known.unwrap_or_else(|| {
                        selectors.push(&choice.on);
                        selectors.len() - 1
                    });
                    (index, choice.assignment.as_ref())
                });
                last_first.collect()
            })
            .collect();
        Self { matchers: selectors.into_iter().map(Matcher::new).collect(), rules }
    }

    /// Iterates over what holds for a container, sorted by rule: for each rule the last choice
    /// that selects it wins.
    pub fn for_container(
        &self,
        container: &ContainerSpec,
    ) -> impl Iterator<Item = &'p Assignment> + use<'_, 'p> {
        let selected: Vec<bool> =
            self.matchers.iter().map(|matcher| matcher.selects(container)).collect();
        self.rules.iter().filter_map(move |last_first| {
            last_first.iter().find(|(index, _)| selected[*index]).and_then(|(_, it)| *it)
        })
    }

    /// Iterates over what may hold for a container that could not be read.
    pub fn for_name(&self, name: &str) -> impl Iterator<Item = &'p Assignment> + use<'_, 'p> {
        let selected: Vec<Option<bool>> =
            self.matchers.iter().map(|matcher| matcher.selects_name(name)).collect();
        self.rules.iter().filter_map(move |last_first| {
            for (index, assignment) in last_first {
                match (selected[*index], assignment) {
                    (Some(false), _) | (None, None) => {}
                    (Some(true), None) => return None,
                    (Some(true) | None, Some(it)) => return Some(*it),
                }
            }
            None
        })
    }
}
