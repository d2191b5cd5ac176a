//! Single values: words, numbers, days.

use std::ops::Range;

use jiff::civil::Date;
use serde_json::Value;

use super::{Checker, ways::expectation};
use crate::{
    declaration::{
        limits, probes,
        problem::Problem,
        schema,
        yaml::{Kind, Node},
    },
    model::{size::Size, suggest::either},
    rules,
};

/// The one pattern that stands without a format.
const NOT_BLANK: &str = r"\S";

impl Checker<'_> {
    /// Checks a single value against the ways that are open to values of its type.
    pub(super) fn scalar(
        &mut self,
        fitting: &[&'static Value],
        ways: &[&'static Value],
        node: &Node,
        key_span: &Range<usize>,
    ) {
        let value = node.to_json();
        if fitting.iter().any(|way| allows(way, &value)) {
            return;
        }
        let span = self.span_of(node, key_span);
        if let Some(id) = self.rule_of_value() {
            let problem = self.rule_value(&id, ways, node, &span);
            return self.fault(problem);
        }
        let words: Vec<&str> = fitting
            .iter()
            .flat_map(|way| {
                way.get("const").into_iter().chain(way["enum"].as_array().into_iter().flatten())
            })
            .filter_map(Value::as_str)
            .collect();
        match &node.kind {
            Kind::Text(text) if !words.is_empty() => {
                self.unknown_word(&words, text, node, key_span)
            }
            Kind::Null
            | Kind::Bool(_)
            | Kind::Number(_)
            | Kind::Text(_)
            | Kind::List(_)
            | Kind::Map(_) => {
                let problem = self.bad_value(fitting, ways, &value, &span);
                self.fault(problem);
            }
        }
    }

    fn bad_value(
        &self,
        fitting: &[&'static Value],
        ways: &[&'static Value],
        value: &Value,
        span: &Range<usize>,
    ) -> Problem {
        let subject = self.subject();
        let way = fitting.first().copied().unwrap_or(&Value::Null);
        let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if self.path.len() == 1 && self.name() == "version" {
            return self
                .problem(
                    "decl.version",
                    format!("version {shown} of the declaration is not known"),
                    span,
                )
                .label("this plimsoll reads version 1")
                .help("write `version: 1`, or use a newer plimsoll");
        }
        if way["format"] == "date" {
            return self.bad_date(span, &why_no_day(&shown));
        }
        if way["pattern"] == NOT_BLANK && shown.trim().is_empty() {
            return self
                .problem("decl.bad-value", format!("{subject} is empty"), span)
                .label("has to say something");
        }
        let problem =
            self.problem("decl.bad-value", format!("`{shown}` does not do for {subject}"), span);
        match (way["minimum"].as_f64(), way["maximum"].as_f64()) {
            (Some(least), Some(most)) => problem.label(format!("from {least} to {most}")),
            (Some(least), None) => problem.label(format!("at least {least}")),
            (None, Some(most)) => problem.label(format!("at most {most}")),
            (None, None) => problem.label(format!("must be {}", expectation(ways))),
        }
    }

    pub(super) fn bad_date(&self, span: &Range<usize>, label: &str) -> Problem {
        let message = format!("{} is not a calendar date", self.subject());
        let (code, help) = match self.path.first().map(String::as_str) {
            Some("waivers") => {
                ("waiver.bad-date", "use YYYY-MM-DD; a waiver without a valid end does not apply")
            }
            _ => ("decl.bad-date", "use YYYY-MM-DD"),
        };
        self.problem(code, message, span).label(label).help(help)
    }

    /// A rule set to something that is neither `true`, `off` nor parameters.
    pub(super) fn rule_value(
        &self,
        id: &str,
        ways: &[&'static Value],
        node: &Node,
        span: &Range<usize>,
    ) -> Problem {
        let needed: Vec<&str> = ways.iter().flat_map(|way| schema::required(way)).collect();
        let word = node.text().unwrap_or_default().to_ascii_lowercase();
        match &node.kind {
            Kind::Bool(false) => self
                .problem(
                    "decl.rule-value",
                    format!("`{id}` is turned off with `off`, not `false`"),
                    span,
                )
                .label("write `off`"),
            Kind::Text(_) if ["no", "false", "disabled", "disable"].contains(&word.as_str()) => {
                self.problem("decl.rule-value", format!("`{id}` is turned off with `off`"), span)
                    .label("write `off`")
            }
            Kind::Bool(true) if !needed.is_empty() => self
                .problem("decl.rule-value", format!("`{id}` has no defaults"), span)
                .label("needs its parameters")
                .help(format!("give it {}: `{id}: {{ {}: … }}`", either(&needed), needed[0])),
            Kind::Text(_) if ["on", "yes", "enabled", "enable"].contains(&word.as_str()) => self
                .problem("decl.rule-value", format!("`{id}` is turned on with `true`"), span)
                .label("write `true`"),
            Kind::Text(_) if ["observe", "warn", "enforce"].contains(&word.as_str()) => self
                .problem(
                    "decl.rule-value",
                    format!("`{word}` is a mode, and `{id}` takes parameters"),
                    span,
                )
                .label(format!("write `{{ mode: {word} }}`")),
            Kind::Null
            | Kind::Bool(_)
            | Kind::Number(_)
            | Kind::Text(_)
            | Kind::List(_)
            | Kind::Map(_) => {
                let on = if needed.is_empty() { "`true`, " } else { "" };
                let problem = self.problem(
                    "decl.rule-value",
                    format!("`{id}` must be {on}`off` or its parameters"),
                    span,
                );
                match rules::find(id) {
                    Some(rule) => problem.note(format!("what it asks for: {}", rule.meta().title)),
                    None => problem,
                }
            }
        }
    }
}

fn allows(way: &'static Value, value: &Value) -> bool {
    if let Some(only) = way.get("const") {
        return only == value;
    }
    if let Some(words) = way["enum"].as_array() {
        return words.contains(value);
    }
    let number = value.as_f64();
    let fits_format = |text: &str| match way["format"].as_str() {
        Some("date") => is_day(text),
        Some("percent") => limits::percent(text).is_some(),
        Some("days") => limits::days(text).is_some(),
        Some("size") => Size::parse(text).is_some(),
        Some("time-span") => probes::time(text).is_some(),
        // Other notations are the rules' own and checked when parameters are bound.
        _ => true,
    };
    number.is_none_or(|it| way["minimum"].as_f64().is_none_or(|least| it >= least))
        && number.is_none_or(|it| way["maximum"].as_f64().is_none_or(|most| it <= most))
        && value.as_str().is_none_or(|it| {
            (way["pattern"] != NOT_BLANK || !it.trim().is_empty()) && fits_format(it)
        })
}

/// Three numbers of four, two and two digits.
fn day_parts(text: &str) -> Option<(i16, i8, i8)> {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return None };
    let digits =
        |part: &str, count| part.len() == count && part.bytes().all(|it| it.is_ascii_digit());
    (digits(year, 4) && digits(month, 2) && digits(day, 2)).then_some((
        year.parse().ok()?,
        month.parse().ok()?,
        day.parse().ok()?,
    ))
}

fn is_day(text: &str) -> bool {
    day_parts(text).is_some_and(|(year, month, day)| Date::new(year, month, day).is_ok())
}

fn why_no_day(text: &str) -> String {
    match day_parts(text) {
        None => "not written as YYYY-MM-DD".to_owned(),
        Some((_, month, _)) if !(1..=12).contains(&month) => format!("month {month}"),
        Some((year, month, day)) => {
            let days = Date::new(year, month, 1).map_or(0, |first| first.days_in_month());
            format!("day {day} of a month with {days} days")
        }
    }
}
