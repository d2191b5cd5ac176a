//! Which assignments hold for which container, prepared once for many containers.

use std::{
    cell::{OnceCell, RefCell},
    collections::HashMap,
    rc::Rc,
};

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
    /// By which selectors select: of thousands of containers most are chosen the same for.
    chosen: RefCell<HashMap<Vec<bool>, Rc<Chosen<'p>>>>,
}

/// What holds for a container.
pub struct Chosen<'p> {
    /// Sorted by rule.
    pub assignments: Vec<&'p Assignment>,
    digest: OnceCell<String>,
}

impl Chosen<'_> {
    /// Returns the digest of all of it, made once.
    pub fn digest(&self, make: impl FnOnce(&[&Assignment]) -> String) -> &str {
        self.digest.get_or_init(|| make(&self.assignments))
    }
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
        let matchers = selectors.into_iter().map(Matcher::new).collect();
        Self { matchers, rules, chosen: RefCell::default() }
    }

    /// Returns what holds for a container: for each rule the last choice that selects it wins.
    pub fn for_container(&self, container: &ContainerSpec) -> Rc<Chosen<'p>> {
        let selected: Vec<bool> =
            self.matchers.iter().map(|matcher| matcher.selects(container)).collect();
        let mut known = self.chosen.borrow_mut();
        if let Some(chosen) = known.get(&selected) {
            return Rc::clone(chosen);
        }
        let choose = |last_first: &Vec<(usize, Option<&'p Assignment>)>| {
            last_first.iter().find(|(index, _)| selected[*index]).and_then(|(_, it)| *it)
        };
        let assignments = self.rules.iter().filter_map(choose).collect();
        let chosen = Rc::new(Chosen { assignments, digest: OnceCell::new() });
        known.insert(selected, Rc::clone(&chosen));
        chosen
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
