//! Settings of the daemon: values that the engine would not take, and names that hide others.

use std::ops::Range;

use super::Checker;
use crate::{
    declaration::{
        problem::Problem,
        yaml::{Entry, Node},
    },
    model::{
        daemon_check,
        daemon_keys::{self, DAEMON_KEYS, WhyUnusable},
        suggest::{every, nearest, question},
    },
};

impl Checker<'_> {
    /// Checks the values of settings whose types are right.
    pub(super) fn daemon_values(&mut self, root: &Node) {
        let settings = root.value_of("daemon").and_then(|daemon| daemon.value_of("settings"));
        for entry in settings.map_or(&[][..], Node::entries) {
            let Some(facts) = daemon_keys::find(&entry.key) else { continue };
            // What the schema has found at a place is not said again.
            let mut faults = daemon_check::faults(facts, &entry.value.to_json());
            faults.retain(|fault| {
                let path = fault.path.iter().fold(String::new(), |path, step| path + "/" + step);
                self.found.is_clean(&format!("/daemon/settings/{}{path}", entry.key))
            });
            for fault in faults {
                let span = self.span_at(entry, &fault.path);
                let message = match fault.what.ends_with("does not do") {
                    true => format!("{} for `{}`", fault.what, entry.key),
                    false => format!("`{}`: {}", entry.key, fault.what),
                };
                let problem = self.problem("decl.bad-value", message, &span).label(fault.instead);
                self.path = ["daemon", "settings", &entry.key].map(str::to_owned).to_vec();
                self.path.extend(fault.path);
                self.fault(problem);
                self.path.clear();
            }
        }
    }

    /// Follows keys and indexes down from a setting, as far as they lead.
    fn span_at(&self, entry: &Entry, path: &[String]) -> Range<usize> {
        let (mut node, mut key_span) = (&entry.value, &entry.key_span);
        for step in path {
            let item = step.parse().ok().and_then(|index: usize| node.items().get(index));
            match (node.get(step), item) {
                (Some(inner), _) => (node, key_span) = (&inner.value, &inner.key_span),
                (None, Some(item)) => node = item,
                (None, None) => break,
            }
        }
        self.span_of(node, key_span)
    }

    /// Reports a name that is no key; `value` is what it is set to, if it is.
    pub(super) fn unknown_daemon_key(
        &self,
        key: &str,
        span: &Range<usize>,
        value: Option<&Node>,
    ) -> Problem {
        if let Some(unusable) = daemon_keys::find_unusable(key) {
            let message = match unusable.why {
                WhyUnusable::Removed => format!("engines no longer know `{key}`"),
                WhyUnusable::Ignored => format!("`{key}` in daemon.json does nothing"),
                WhyUnusable::Refused => format!("engines refuse `{key}` in daemon.json"),
                WhyUnusable::FlagOnly => format!("`{key}` is for the command line only"),
                WhyUnusable::Undocumented => format!("`{key}` is not meant to be set"),
            };
            let problem =
                self.problem("decl.unusable-daemon-key", message, span).note(unusable.advice);
            return match unusable.instead {
                Some(instead) => problem.label(format!("did you mean `{instead}`?")),
                None => problem,
            };
        }
        let problem = self.problem(
            "decl.unknown-daemon-key",
            format!("daemon.json has no key `{key}`"),
            span,
        );
        let grouped: Vec<&str> = value
            .map_or(&[][..], Node::entries)
            .iter()
            .map(|entry| entry.key.as_str())
            .filter(|name| daemon_keys::find(name).is_some())
            .collect();
        if !grouped.is_empty() {
            return problem
                .label("keys are not grouped")
                .note("of a group the engine applies what is true or false once, when it starts, and the rest never")
                .help(format!("write {} directly below `settings`", every(&grouped)));
        }
        match question(&nearest(key, DAEMON_KEYS.iter().map(|it| it.name))) {
            Some(question) => problem.label(question),
            None => self.belongs_elsewhere(problem, key),
        }
    }
}
