//! Names that are not known where they stand, and what was probably meant.

use std::ops::Range;

use serde_json::Value;

use super::{Checker, ways::ways};
use crate::{
    declaration::{problem::Problem, schema::about_containers, yaml::Entry},
    model::suggest::{every, nearest, question},
    rules::{self, RULES},
};

/// Problems in one file after which unknown keys are only named.
const MAX_GUESSES: usize = 500;

impl Checker<'_> {
    pub(super) fn unknown_key(&mut self, schema: &'static Value, entry: &Entry) {
        let (key, span) = (entry.key.as_str(), &entry.key_span);
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let problem = match path.as_slice() {
            // Guessing takes time, and nobody reads the thousandth guess.
            _ if self.found.problems.len() > MAX_GUESSES => {
                self.problem("decl.unknown-key", format!("unknown key `{key}`"), span)
            }
            ["rules"] | ["containers", _, "rules"] => self.unknown_rule(schema, key, span),
            ["rules", id] | ["containers", _, "rules", id] => {
                let id = (*id).to_owned();
                self.unknown_parameter(&id, schema, key, span)
            }
            ["daemon", "settings"] => self.unknown_daemon_key(key, span, Some(&entry.value)),
            _ => self.unknown_other(schema, key, span),
        };
        let key = key.to_owned();
        self.within(&key, |it| it.fault(problem));
    }

    fn unknown_rule(&self, schema: &'static Value, key: &str, span: &Range<usize>) -> Problem {
        if let Some(rule) = rules::find(key) {
            let (about, section) = if about_containers(rule) {
                ("containers", "`rules` of an entry of `containers`")
            } else {
                ("the host", "the `rules` at the top level")
            };
            return self
                .problem("decl.wrong-section", format!("`{key}` is about {about}"), span)
                .label(format!("belongs in {section}"));
        }
        let problem = self.problem("decl.unknown-rule", format!("unknown rule `{key}`"), span);
        let here = names(schema);
        let elsewhere = RULES.iter().map(|rule| rule.meta().id).filter(|id| !here.contains(id));
        let candidates = nearest(key, here.iter().copied().chain(elsewhere));
        match question(&candidates) {
            Some(question) => problem.label(question),
            None => self.belongs_elsewhere(problem, key).help("run `plimsoll rules` for the list"),
        }
    }

    fn unknown_parameter(
        &self,
        id: &str,
        schema: &'static Value,
        key: &str,
        span: &Range<usize>,
    ) -> Problem {
        let known = names(schema);
        let problem = self
            .problem("decl.unknown-parameter", format!("`{id}` has no parameter `{key}`"), span)
            .help(format!("it takes {}", every(&known)));
        match question(&nearest(key, known)) {
            Some(question) => problem.label(question),
            None => problem,
        }
    }

    fn unknown_other(&self, schema: &'static Value, key: &str, span: &Range<usize>) -> Problem {
        let known = names(schema);
        let problem = self.problem(
            "decl.unknown-key",
            format!("unknown key `{key}` {}", self.place_name()),
            span,
        );
        if let Some(question) = question(&nearest(key, known.iter().copied())) {
            return problem.label(question);
        }
        let problem = self.belongs_elsewhere(problem, key);
        if problem.label.is_empty() {
            problem.help(format!("known here: {}", every(&known)))
        } else {
            problem
        }
    }

    pub(super) fn unwaivable(&self, id: &str, known: &[&str], span: &Range<usize>) -> Problem {
        if rules::meta(id).is_some() {
            return self
                .problem("waiver.not-a-rule", format!("`{id}` cannot be waived"), span)
                .label("not declared among rules")
                .note("what the `daemon` section asks for is changed where it is declared");
        }
        let problem = self.problem("waiver.unknown-rule", format!("unknown rule `{id}`"), span);
        match question(&nearest(id, known.iter().copied())) {
            Some(question) => problem.label(question),
            None => problem.help("run `plimsoll rules` for the list"),
        }
    }

    /// Says where a key belongs that is known further out or further in.
    pub(super) fn belongs_elsewhere(&self, problem: Problem, key: &str) -> Problem {
        let outside = self
            .around
            .iter()
            .enumerate()
            .rev()
            // The innermost is the mapping that does not know it.
            .skip(1)
            .find(|(_, schema)| has(schema, key))
            .map(|(depth, _)| match depth {
                0 => "belongs at the top level".to_owned(),
                _ => format!("belongs further out, {}", self.outside(depth)),
            });
        let inside = || self.inside(self.around.last()?, key, 2).map(|steps| belongs_in(&steps));
        // From one section into another: `icc` among the rules belongs in `daemon.settings`.
        let across = || self.inside(self.around.first()?, key, 2).map(|steps| belongs_in(&steps));
        match outside.or_else(inside).or_else(across) {
            Some(label) => problem.label(label),
            None => problem,
        }
    }

    fn outside(&self, depth: usize) -> String {
        // Lists add a step to the path and no mapping; count the keys instead.
        let keys: Vec<&str> = self
            .path
            .iter()
            .filter(|step| step.parse::<usize>().is_err())
            .map(String::as_str)
            .collect();
        keys.get(depth - 1).map_or_else(String::new, |name| format!("in `{name}`"))
    }

    /// The keys that lead from a mapping to one that knows the key.
    fn inside(&self, schema: &'static Value, key: &str, levels: usize) -> Option<Vec<Step>> {
        let direct =
            children(schema).find(|(_, child)| has(child, key)).map(|(step, _)| vec![step]);
        if direct.is_some() || levels <= 1 {
            return direct;
        }
        children(schema).find_map(|(step, child)| {
            // A rule's parameters are not where a stray key was meant to be.
            if rules::find(step.name).is_some() {
                return None;
            }
            let mut steps = self.inside(child, key, levels - 1)?;
            steps.insert(0, step);
            Some(steps)
        })
    }
}

/// A key on the way inwards.
#[derive(Clone, Copy)]
struct Step {
    name: &'static str,
    is_list: bool,
}

/// The mappings below a mapping, those in lists too.
fn children(schema: &'static Value) -> impl Iterator<Item = (Step, &'static Value)> {
    schema["properties"].as_object().into_iter().flatten().flat_map(|(name, inner)| {
        ways(inner).into_iter().flat_map(|way| {
            let items = way.get("items");
            let step = Step { name, is_list: items.is_some() };
            items.map_or_else(|| vec![way], ways).into_iter().map(move |child| (step, child))
        })
    })
}

/// "belongs in `daemon.settings`", "belongs in `rules` of an entry of `containers`".
fn belongs_in(steps: &[Step]) -> String {
    let dotted = |steps: &[Step]| {
        let names: Vec<&str> = steps.iter().map(|step| step.name).collect();
        format!("`{}`", names.join("."))
    };
    match steps.iter().rposition(|step| step.is_list) {
        None => format!("belongs in {}", dotted(steps)),
        Some(at) if at + 1 == steps.len() => format!("belongs in an entry of {}", dotted(steps)),
        Some(at) => {
            let (list, inner) = steps.split_at(at + 1);
            format!("belongs in {} of an entry of {}", dotted(inner), dotted(list))
        }
    }
}

fn names(schema: &'static Value) -> Vec<&'static str> {
    schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect()
}

fn has(schema: &'static Value, key: &str) -> bool {
    schema["properties"].get(key).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::declaration::schema::about_host;

    #[test]
    fn every_rule_belongs_somewhere() {
        for rule in RULES {
            assert!(about_containers(*rule) || about_host(*rule), "{}", rule.meta().id);
        }
    }
}
