//! Baselines that follow a published standard: made of the references of rules, so that a rule
//! that refers to it is part of it, and nobody keeps lists.

use serde_json::json;

use crate::{
    declaration::schema::about_host,
    rules::{
        AnyRule, Meta, RULES,
        reference::{CIS, CIS_1_6, CIS_1_8, NIST, OWASP, PSS, Reference},
    },
};

#[derive(Debug)]
pub(super) struct Standard {
    title: &'static str,
    benchmark: &'static str,
    /// As a declaration names them, oldest first.
    pub(super) editions: &'static [&'static str],
    /// The highest level that is part of it.
    level: u8,
    /// The levels of the Pod Security Standards, which are editions of their references.
    profiles: &'static [&'static str],
    /// Rules that are asked for otherwise than by `true`.
    tuned: &'static [(&'static str, &'static str)],
}

/// Rules whose repair breaks ordinary containers until it is tuned for them.
const WITH_CARE: &[(&str, &str)] = &[
    ("container.no-wildcard-publish", "{ mode: warn }"),
    ("container.read-only-rootfs", "{ mode: warn }"),
    ("container.restart-bounded", "{ mode: warn }"),
];

const RESTRICTED: &[(&str, &str)] = &[
    ("container.capabilities-bounded", "{ allow: [NET_BIND_SERVICE] }"),
    ("container.no-wildcard-publish", "{ mode: warn }"),
];

impl Standard {
    pub(super) const fn cis(level: u8) -> Self {
        Self {
            title: "CIS Docker Benchmark",
            benchmark: CIS,
            editions: &["1.6", "1.7", "1.8"],
            level,
            profiles: &[],
            tuned: WITH_CARE,
        }
    }

    pub(super) const NIST: Self = Self::undivided("NIST SP 800-190", NIST);
    pub(super) const OWASP: Self = Self::undivided("OWASP Docker Security Cheat Sheet", OWASP);
    pub(super) const PSS_BASELINE: Self = Self::pss(&["baseline"], WITH_CARE);
    pub(super) const PSS_RESTRICTED: Self = Self::pss(&["baseline", "restricted"], RESTRICTED);

    const fn undivided(title: &'static str, benchmark: &'static str) -> Self {
        Self { title, benchmark, editions: &[], level: 1, profiles: &[], tuned: WITH_CARE }
    }

    const fn pss(
        profiles: &'static [&'static str],
        tuned: &'static [(&'static str, &'static str)],
    ) -> Self {
        let title = "Kubernetes Pod Security Standards";
        Self { title, benchmark: PSS, editions: &[], level: 1, profiles, tuned }
    }

    /// Returns the numbers that a rule has in it.
    pub(super) fn items(&self, meta: &'static Meta, edition: &str) -> Vec<&'static str> {
        let mut items: Vec<_> = meta
            .references
            .iter()
            .filter(|it| it.benchmark == self.benchmark && it.level() <= self.level)
            .filter(|it| self.is_of(it, edition))
            .map(|it| it.item)
            .collect();
        items.dedup();
        items
    }

    fn is_of(&self, reference: &Reference, edition: &str) -> bool {
        match edition {
            "1.6" | "1.7" => reference.edition == CIS_1_6,
            "1.8" => reference.edition == CIS_1_8,
            _ => self.profiles.is_empty() || self.profiles.contains(&reference.edition),
        }
    }

    /// Returns the declaration.
    pub(super) fn text(&self, name: &str, edition: &str) -> String {
        let title = [self.title, edition].join(" ");
        let mut text = format!(
            "\
# {name}: {}, as far as a program can judge it.
#
# Beside each rule stands its number there. What is only warned of (`mode: warn`) breaks ordinary
# containers unless it is tuned for them; name it in your own declaration once it is.
version: 1
",
            title.trim_end(),
        );
        let (of_host, of_containers): (Vec<_>, Vec<_>) = RULES
            .iter()
            .map(|rule| (*rule, self.items(rule.meta(), edition)))
            .filter(|(_, items)| !items.is_empty())
            .partition(|(rule, _)| about_host(*rule));
        if !of_host.is_empty() {
            text.push_str("\nrules:\n");
            text.extend(of_host.iter().map(|(rule, items)| self.line("  ", *rule, items)));
        }
        if !of_containers.is_empty() {
            text.push_str("\ncontainers:\n  - name: every-container\n    rules:\n");
            text.extend(
                of_containers.iter().map(|(rule, items)| self.line("      ", *rule, items)),
            );
        }
        text
    }

    fn line(&self, indent: &str, rule: &'static dyn AnyRule, items: &[&str]) -> String {
        let id = rule.meta().id;
        let numbers = items.join(", ");
        if rule.bind(json!({})).is_err() {
            return format!("{indent}# {id} needs a list that only you have # {numbers}\n");
        }
        let tuned = self.tuned.iter().find(|(tuned, _)| *tuned == id);
        let value = tuned.map_or("true", |(_, value)| value);
        format!("{indent}{id}: {value} # {numbers}\n")
    }
}

#[cfg(test)]
mod tests;
