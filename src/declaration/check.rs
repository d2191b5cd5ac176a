//! A file against the schema: every fault at once, each with its place and a way out.
//!
//! Understands the keywords that `schema` writes, and no others.

mod daemon;
mod scalar;
mod unknown;
mod ways;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};

use serde_json::Value;

use self::ways::{branch, expectation, fits, type_names, ways, what};
use crate::declaration::{
    problem::{Place, Problem, SourceText},
    schema,
    yaml::{Entry, Kind, Node},
};
use crate::model::suggest::{either, every, nearest, question};

/// What the check found.
pub(crate) struct Checked {
    pub(crate) problems: Vec<Problem>,
    /// Where values are at fault, as paths.
    faulty: BTreeSet<String>,
}

impl Checked {
    /// Returns whether nothing at this path or below it is at fault.
    pub(crate) fn is_clean(&self, path: &str) -> bool {
        let below = format!("{path}/");
        let next = self.faulty.range(below.clone()..).next();
        !self.faulty.contains(path) && !next.is_some_and(|at| at.starts_with(&below))
    }
}

/// Checks one file.
pub(crate) fn check(source: &Arc<SourceText>, root: &Node) -> Checked {
    let mut checker = Checker {
        source,
        path: Vec::new(),
        around: Vec::new(),
        found: Checked { problems: Vec::new(), faulty: BTreeSet::new() },
    };
    checker.duplicates(root);
    checker.value(schema::schema(), root, &(0..0));
    checker.daemon_values(root);
    checker.found
}

struct Checker<'a> {
    source: &'a Arc<SourceText>,
    /// Keys and indexes down to the value being checked.
    path: Vec<String>,
    /// Schemas of the mappings around it, outermost first.
    around: Vec<&'static Value>,
    found: Checked,
}

impl Checker<'_> {
    /// Checks a value; `key_span` is where its key stands, if it has one.
    fn value(&mut self, schema: &'static Value, node: &Node, key_span: &Range<usize>) {
        let ways = ways(schema);
        let mut fitting = ways.iter().filter(|way| fits(way, &node.kind)).peekable();
        if fitting.peek().is_none() {
            self.wrong_type(&ways, node, key_span);
            return;
        }
        match &node.kind {
            Kind::Null => {}
            // The shapes of the schema never offer two lists or two mappings.
            Kind::Map(entries) => {
                for way in fitting.take(1) {
                    self.mapping(way, node, entries, key_span);
                }
            }
            Kind::List(items) => {
                for way in fitting.take(1) {
                    self.list(way, node, items, key_span);
                }
            }
            Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) => {
                let fitting: Vec<&Value> = fitting.copied().collect();
                self.scalar(&fitting, &ways, node, key_span);
            }
        }
    }

    fn mapping(
        &mut self,
        schema: &'static Value,
        node: &Node,
        entries: &[Entry],
        key_span: &Range<usize>,
    ) {
        self.around.push(schema);
        for entry in entries {
            let known = schema["properties"].get(&entry.key);
            let inner = known.or_else(|| schema.get("additionalProperties"));
            match inner {
                Some(Value::Bool(false)) => self.unknown_key(schema, entry),
                Some(inner) => self.within(&entry.key, |it| {
                    it.value(inner, &entry.value, &entry.key_span);
                }),
                None => {}
            }
        }
        self.around.pop();
        let branch = branch(schema, node);
        let missing: Vec<&str> = schema::required(schema)
            .into_iter()
            .chain(schema::required(branch))
            .filter(|name| node.get(name).is_none())
            .collect();
        for entry in entries {
            if branch["properties"].get(&entry.key) == Some(&Value::Bool(false)) {
                self.unwanted_key(entry);
            }
        }
        if !missing.is_empty() {
            self.missing_keys(&missing, node, key_span);
        } else if schema["minProperties"].as_u64().is_some_and(|least| least > entries.len() as u64)
        {
            self.empty_match(node, key_span);
        }
    }

    fn list(
        &mut self,
        schema: &'static Value,
        node: &Node,
        items: &[Node],
        key_span: &Range<usize>,
    ) {
        if let Some(inner) = schema.get("items") {
            for (index, item) in items.iter().enumerate() {
                self.within(&index.to_string(), |it| it.value(inner, item, &(0..0)));
            }
        }
        let count = items.len() as u64;
        if schema["maxItems"].as_u64().is_some_and(|most| count > most) {
            let problem = self
                .problem(
                    "decl.not-supported",
                    format!("`{}` is not supported yet", self.name()),
                    key_span,
                )
                .label("has to stay empty")
                .help(format!("write `{}: []`, or leave it out", self.name()));
            self.fault(problem);
        } else if schema["minItems"].as_u64().is_some_and(|least| count < least) {
            let span = self.span_of(node, key_span);
            let problem = self
                .problem("decl.bad-value", format!("`{}` is empty", self.name()), &span)
                .label("needs at least one entry");
            self.fault(problem);
        }
    }

    fn missing_keys(&mut self, missing: &[&str], node: &Node, key_span: &Range<usize>) {
        let span = self.span_of(node, key_span);
        let at_top = self.path.is_empty();
        let problem = match missing {
            ["version"] if at_top => self
                .problem("decl.version", "the declaration does not say its version", &span)
                .help("start the file with `version: 1`"),
            _ => {
                let verb = if missing.len() == 1 { "is" } else { "are" };
                let message = format!("{} {verb} missing {}", every(missing), self.place_name());
                let problem = self.problem("decl.missing-key", message, &span);
                match self.path.first().map(String::as_str) {
                    Some("waivers") => problem.note(
                        "a waiver says which rule need not hold for what, why, who answers for it, and until when",
                    ),
                    _ => problem,
                }
            }
        };
        self.fault(problem);
    }

    /// The keys that another key's value forbids are those of a waiver that are about containers.
    fn unwanted_key(&mut self, entry: &Entry) {
        let problem = self
            .problem(
                "waiver.match-of-host-rule",
                format!("`{}` is about containers, and this rule is about the host", entry.key),
                &entry.key_span,
            )
            .help("take it out: the rule is waived for this host");
        let key = entry.key.clone();
        self.within(&key, |it| it.fault(problem));
    }

    fn empty_match(&mut self, node: &Node, key_span: &Range<usize>) {
        let span = self.span_of(node, key_span);
        let problem = self
            .problem("waiver.empty-match", "a waiver for every container is no waiver", &span)
            .label("selects everything")
            .help("name the containers: `match: { name: legacy-ftp }`; to stop asking for a rule, write `off` where it is declared");
        self.fault(problem);
    }

    fn wrong_type(&mut self, ways: &[&'static Value], node: &Node, key_span: &Range<usize>) {
        let span = self.span_of(node, key_span);
        let problem = match self.rule_of_value() {
            Some(id) => self.rule_value(&id, ways, node, &span),
            None if ways.iter().any(|way| way["format"] == "date") => {
                self.bad_date(&span, "not written as YYYY-MM-DD")
            }
            None => {
                let expected = expectation(ways);
                let seen = what(&node.kind);
                let message = format!("{} must be {expected}, not {seen}", self.subject());
                let problem = self.problem("decl.wrong-type", message, &span);
                match self.way_out(ways, node) {
                    Some(help) => problem.help(help),
                    None => problem,
                }
            }
        };
        self.fault(problem);
    }

    /// How the value would have to be written, where that is plain.
    fn way_out(&self, ways: &[&'static Value], node: &Node) -> Option<String> {
        let takes = |name: &str| ways.iter().any(|way| type_names(way).any(|it| it == name));
        let takes_any_text = ways.iter().any(|way| {
            way["type"] == "string"
                && way.get("enum").is_none()
                && way.get("const").is_none()
                && way.get("format").is_none()
        });
        let takes_size = ways.iter().any(|way| way["format"] == "size");
        let takes_texts = ways.iter().any(|way| {
            let items = self::ways::ways(&way["items"]);
            items.iter().any(|item| item["type"] == "string")
        });
        let written = self.source.text.get(node.span.clone()).unwrap_or_default().trim();
        match &node.kind {
            _ if self.path.is_empty() => Some("a declaration starts with `version: 1`".to_owned()),
            Kind::Number(_) if takes_size => {
                Some(format!("write it with its unit: `{written}M`, or whatever it is"))
            }
            Kind::Bool(_) | Kind::Number(_) if takes_any_text && !written.is_empty() => {
                Some(format!("write it in quotes: `\"{written}\"`"))
            }
            Kind::Text(text) if takes("boolean") => match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "y" => Some("write `true`".to_owned()),
                "false" | "no" | "off" | "n" => Some("write `false`".to_owned()),
                _ => None,
            },
            Kind::Text(text) if takes("integer") && text.parse::<i64>().is_ok() => {
                Some(format!("write it without quotes: `{text}`"))
            }
            Kind::Text(_) if self.name().ends_with("command") => {
                let words: Vec<&str> = written.split_whitespace().collect();
                Some(format!("write it as a list of words: `[{}]`", words.join(", ")))
            }
            Kind::Text(_) if takes_texts && !written.is_empty() => {
                Some(format!("write it as a list: `[{written}]`"))
            }
            Kind::Null if self.path.first().is_some_and(|it| it == "daemon") => {
                Some("to take a key out of the file, name it under `absent`".to_owned())
            }
            Kind::Null
            | Kind::Bool(_)
            | Kind::Number(_)
            | Kind::Text(_)
            | Kind::List(_)
            | Kind::Map(_) => None,
        }
    }

    fn unknown_word(&mut self, words: &[&str], text: &str, node: &Node, key_span: &Range<usize>) {
        let span = self.span_of(node, key_span);
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let problem = match path.as_slice() {
            ["waivers", _, "rule"] => self.unwaivable(text, words, &span),
            ["daemon", "absent", _] => self.unknown_daemon_key(text, &span, None),
            _ => {
                let problem = self
                    .problem(
                        "decl.unknown-value",
                        format!("unknown value `{text}` for {}", self.subject()),
                        &span,
                    )
                    .label(question(&nearest(text, words.iter().copied())).unwrap_or_default());
                problem.help(format!("it is {}", either(words)))
            }
        };
        self.fault(problem);
    }

    fn duplicates(&mut self, node: &Node) {
        let mut seen: BTreeMap<&str, &Range<usize>> = BTreeMap::new();
        for entry in node.entries() {
            match seen.get(entry.key.as_str()) {
                None => {
                    seen.insert(&entry.key, &entry.key_span);
                }
                Some(first) => {
                    let (line, _) = self.place(first).line_column();
                    let problem = self
                        .problem(
                            "decl.duplicate-key",
                            format!("`{}` is given twice", entry.key),
                            &entry.key_span,
                        )
                        .label("again here")
                        .note(format!("first given in line {line}"));
                    self.found.problems.push(problem);
                }
            }
            self.duplicates(&entry.value);
        }
        for item in node.items() {
            self.duplicates(item);
        }
    }

    fn within(&mut self, step: &str, check: impl FnOnce(&mut Self)) {
        self.path.push(step.to_owned());
        check(self);
        self.path.pop();
    }

    fn place(&self, span: &Range<usize>) -> Place {
        Place { source: Arc::clone(self.source), span: span.clone() }
    }

    fn problem(
        &self,
        code: &'static str,
        message: impl Into<String>,
        span: &Range<usize>,
    ) -> Problem {
        Problem::new(code, message, self.place(span))
    }

    /// Records a problem with the value at the present path.
    fn fault(&mut self, problem: Problem) {
        let path = self.path.iter().fold(String::new(), |path, step| path + "/" + step);
        self.found.faulty.insert(path);
        self.found.problems.push(problem);
    }

    /// The best thing to underline: a scalar itself; for a mapping or a list its key, or else the
    /// first key in it.
    fn span_of(&self, node: &Node, key_span: &Range<usize>) -> Range<usize> {
        let is_scalar = node.entries().is_empty() && node.items().is_empty();
        if is_scalar && !node.span.is_empty() {
            return node.span.clone();
        }
        if !key_span.is_empty() {
            return key_span.clone();
        }
        node.entries().first().map_or_else(|| node.span.clone(), |entry| entry.key_span.clone())
    }

    /// The last key on the path, for people.
    fn name(&self) -> &str {
        let is_key = |step: &&String| step.parse::<usize>().is_err();
        self.path.iter().rev().find(is_key).map_or("the declaration", String::as_str)
    }

    /// "`max`", or "an entry of `absent`".
    fn subject(&self) -> String {
        match self.path.last() {
            None => "the declaration".to_owned(),
            Some(step) if step.parse::<usize>().is_ok() => format!("an entry of `{}`", self.name()),
            Some(_) => format!("`{}`", self.name()),
        }
    }

    /// "in `limits`", "in an entry of `waivers`", "at the top level".
    fn place_name(&self) -> String {
        if self.path.is_empty() {
            "at the top level".to_owned()
        } else {
            format!("in {}", self.subject())
        }
    }

    /// The rule's ID, if the present value is what a rule is set to.
    fn rule_of_value(&self) -> Option<String> {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["rules", id] | ["containers", _, "rules", id] => Some((*id).to_owned()),
            _ => None,
        }
    }
}
