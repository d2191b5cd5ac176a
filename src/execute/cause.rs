//! Why a replacement may have failed: which of the changed settings fits what it said and did.
//!
//! Programs word the same refusal of the kernel in many ways; most of them carry the C library's
//! text for it. A setting that was not changed is never the cause.

mod files;
mod limits;
mod privileges;

use serde_json::Value;

use super::seen::Seen;
use crate::{model::edit::ContainerEdit, plan::lines};

/// Characters of a log line that are shown.
const SHOWN: usize = 200;
/// Shorter values of the environment are no secrets, and would blot out half the text.
const SECRET: usize = 4;

/// What points to a cause.
struct Case<'a> {
    twin: &'a Seen,
    edits: &'a [ContainerEdit],
    /// Its log, redacted, oldest line first.
    lines: Vec<&'a str>,
}

/// A changed setting that fits, and what to declare instead.
struct Cause {
    what: String,
    /// One rule's setting, as it stands below `rules`.
    instead: Option<String>,
    /// What to know about that setting, or what else to do.
    note: Option<String>,
}

impl Cause {
    fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), instead: None, note: None }
    }

    fn instead(mut self, setting: impl Into<String>) -> Self {
        self.instead = Some(setting.into());
        self
    }

    fn note(mut self, text: impl Into<String>) -> Self {
        self.note = Some(text.into());
        self
    }
}

/// What is asked for, the most telling first.
const CAUSES: &[fn(&Case<'_>) -> Option<Cause>] = &[
    files::read_only_root,
    files::no_programs_on_tmpfs,
    files::mount_taken_away,
    limits::memory,
    limits::processes,
    privileges::no_new_privileges,
    privileges::capability,
    files::user,
    privileges::any_of_them,
    limits::network,
];

/// Returns the changed setting that its end points to, what to declare instead, and its last
/// words; a line each, the first one beginning with a line break.
pub(super) fn last_words(twin: &Seen, log: &str, edits: &[ContainerEdit], name: &str) -> String {
    let log = redacted(log, &twin.0["Config"]["Env"]);
    let lines: Vec<&str> = log.lines().map(str::trim).filter(|it| !it.is_empty()).collect();
    let last = lines.last().copied();
    // Why the engine could not start it is in nobody's log.
    let start = redacted(twin.start_error(), &twin.0["Config"]["Env"]);
    let case = Case { twin, edits, lines: lines.into_iter().chain(start.lines()).collect() };
    let mut text = String::new();
    if let Some(cause) = CAUSES.iter().find_map(|fits| fits(&case)) {
        text.push_str(&format!("\nlikely cause: {}", printable(&cause.what)));
        if let Some(setting) = &cause.instead {
            let entry = lines::entry(name, &lines::rule(setting));
            text.push_str(&format!("\nto allow for it, at the end of `containers`:\n{entry}"));
        }
        if let Some(note) = &cause.note {
            text.push_str(&format!("\n{}", printable(note)));
        }
    }
    if let Some(last) = last {
        text.push_str(&format!("\nits last words: {}", printable(last)));
    }
    text
}

fn printable(text: &str) -> String {
    text.chars().filter(|it| !it.is_control()).take(SHOWN).collect()
}

impl Case<'_> {
    fn has(&self, fits: impl Fn(&ContainerEdit) -> bool) -> bool {
        self.edits.iter().any(fits)
    }

    /// Returns the last line in which one of these stands, in any case.
    fn said(&self, words: &[&str]) -> Option<&str> {
        self.lines
            .iter()
            .rev()
            .find(|line| {
                let line = line.to_lowercase();
                words.iter().any(|word| line.contains(word))
            })
            .copied()
    }
}

/// Returns the last absolute path of a line: programs name themselves first.
fn path_in(line: &str) -> Option<&str> {
    line.split([' ', '\'', '"', '`', '(', ')', '[', ']', ',', '=', '\u{2018}', '\u{2019}'])
        .map(|word| word.trim_end_matches([':', '.', ';']))
        .map(|word| word.strip_prefix("unix://").unwrap_or(word))
        .rfind(|word| word.len() > 1 && word.starts_with('/') && !word.starts_with("//"))
}

/// Values of the environment never leave the engine, whoever prints them.
fn redacted(log: &str, environment: &Value) -> String {
    let mut values: Vec<&str> = environment
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.as_str()?.split_once('='))
        .filter(|(name, value)| value.len() >= SECRET && !is_place(name, value))
        .map(|(_, value)| value)
        .collect();
    // Longer ones first: one value may be part of another.
    values.sort_by_key(|value| std::cmp::Reverse(value.len()));
    values.iter().fold(log.to_owned(), |log, value| log.replace(value, "(sensitive)"))
}

/// Directories are no secrets, and would hide the paths that matter here.
fn is_place(name: &str, value: &str) -> bool {
    let says_so = ["PATH", "HOME", "DIR", "DATA", "PGDATA", "PWD", "ROOT", "TMP"];
    let is_path = value.starts_with('/')
        && value.chars().all(|c| c.is_ascii_alphanumeric() || "/._-:".contains(c));
    name == "PATH" || (is_path && says_so.iter().any(|word| name.ends_with(word)))
}

#[cfg(test)]
mod tests;
