//! What happens as a stream of JSON objects, one a line, that other programs may rely on.
//!
//! Every object has `type`, `time`, `level`, `message`, `run`, `address` and `change`, the last
//! three `null` where there is none. The first is a `hello` with the version of the stream, whose
//! minor part grows with what is added; who does not know a type shows its `message`.
//!
//! | type | further members |
//! | --- | --- |
//! | `hello` | `stream`, `stream_version`, `tool` |
//! | `plan` | `host`, `declaration`, `narrowed_to`, `summary` as in a plan |
//! | `change_planned` | `planned`: the change as in a plan, or the `undo` as in a rollback |
//! | `action_start` | |
//! | `action_progress` | |
//! | `gate` | `at_least_s` or `at_most_s` |
//! | `rollback_start`, `rollback_done` | |
//! | `action_done`, `action_failed` | `outcome`, `took_ms`, and `proof`, `why`, `left` |
//! | `summary` | `outcomes`, `settled`, `after` as in a run |
//! | `diagnostic` | `code`, `notes`, `help` |
//!
//! Values that may not be shown are never in them.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{json as document, outcome::said, values::counted};
use crate::{
    declaration::problem::Problem,
    model::object::Address,
    plan::{
        Plan,
        rollback::Rollback,
        run::{Outcome, Run},
        step::{Step, Wait},
    },
};

const STREAM_VERSION: &str = "1.0";

/// One object of the stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    kind: &'static str,
    level: &'static str,
    message: String,
    address: Option<String>,
    change: Option<String>,
    more: Map<String, Value>,
}

impl Event {
    fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind,
            level: "info",
            message: message.into(),
            address: None,
            change: None,
            more: Map::new(),
        }
    }

    fn level(self, level: &'static str) -> Self {
        Self { level, ..self }
    }

    fn of(mut self, change: &str, address: &Address) -> Self {
        self.address = Some(address.as_str().to_owned());
        self.change = Some(change.to_owned()).filter(|it| !it.is_empty());
        self
    }

    /// Takes the members of an object, or some of them.
    fn with(mut self, object: Value, only: Option<&[&str]>) -> Self {
        if let Value::Object(members) = object {
            let wanted =
                members.into_iter().filter(|(key, _)| only.is_none_or(|it| it.contains(&&**key)));
            self.more.extend(wanted);
        }
        self
    }

    /// Returns the object.
    pub fn document(&self, time: Timestamp, run: Option<u64>) -> Value {
        let mut all = json!({
            "type": self.kind,
            "time": time.to_string(),
            "level": self.level,
            "message": self.message,
            "run": run,
            "address": self.address,
            "change": self.change,
        });
        if let Some(members) = all.as_object_mut() {
            members.extend(self.more.clone());
        }
        all
    }
}

/// The first of a stream.
pub fn hello() -> Event {
    Event::new("hello", concat!("plimsoll ", env!("CARGO_PKG_VERSION"))).with(
        json!({
            "stream": "plimsoll.events",
            "stream_version": STREAM_VERSION,
            "tool": document::tool(),
        }),
        None,
    )
}

/// A plan, and all of its changes, also those that are held back.
pub fn plan(plan: &Plan, now: Timestamp) -> Vec<Event> {
    let whole = document::plan(plan, now);
    let (todo, held) = (plan.todo().count(), plan.held().count());
    let message = format!("{} to make, {held} held", counted(todo, "change"));
    let head = Event::new("plan", message)
        .with(json!({ "narrowed_to": plan.narrowed_to }), None)
        .with(whole, Some(&["host", "declaration", "summary"]));
    let changes = plan.changes.iter().map(|change| {
        let held = if change.held.is_some() { ", held" } else { "" };
        Event::new("change_planned", format!("{}: {}{held}", change.address, change.class))
            .of(&change.id, &change.address)
            .with(json!({ "planned": document::change(change) }), None)
    });
    [head].into_iter().chain(changes).collect()
}

/// What taking a run back would do.
pub fn rollback(rollback: &Rollback) -> Vec<Event> {
    let whole = document::rollback(rollback, None);
    let undos = whole["undos"].as_array().cloned().unwrap_or_default();
    let message =
        format!("{} of run {} to take back", counted(rollback.undos.len(), "change"), rollback.run);
    let keys: &[&str] = &["takes_back", "narrowed_to", "settled", "blocked"];
    let head = Event::new("plan", message).with(whole, Some(keys));
    let undos = rollback.undos.iter().zip(undos).map(|(undo, planned)| {
        Event::new("change_planned", format!("{}: {}", undo.address, undo.how))
            .of(&undo.change, &undo.address)
            .with(json!({ "planned": planned }), None)
    });
    [head].into_iter().chain(undos).collect()
}

pub fn action_start(change: &str, address: &Address, what: &str) -> Event {
    Event::new("action_start", format!("{address}: {what}")).of(change, address)
}

pub fn step(change: &str, address: &Address, step: &Step) -> Event {
    let message = format!("{address}: {step}");
    let event = match step {
        Step::Doing(_) => Event::new("action_progress", message),
        Step::Withdrawing(_) => Event::new("rollback_start", message).level("warning"),
        Step::Watching(Wait::AtLeast(all)) => {
            Event::new("gate", message).with(json!({ "at_least_s": all.as_secs_f64() }), None)
        }
        Step::Watching(Wait::AtMost(all)) => {
            Event::new("gate", message).with(json!({ "at_most_s": all.as_secs_f64() }), None)
        }
    };
    event.of(change, address)
}

pub fn ended(change: &str, address: &Address, outcome: &Outcome, took: Duration) -> Vec<Event> {
    let (word, text) = said(outcome);
    let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let message = match text.as_str() {
        "" => format!("{address}: {word}"),
        text => format!("{address}: {word}: {text}"),
    };
    let (kind, level) = match outcome {
        Outcome::Done { .. } => ("action_done", "info"),
        Outcome::NotReached => ("action_failed", "warning"),
        Outcome::Failed { .. } | Outcome::Undone { .. } | Outcome::Stuck { .. } => {
            ("action_failed", "error")
        }
    };
    let event = Event::new(kind, message)
        .level(level)
        .of(change, address)
        .with(json!(outcome), None)
        .with(json!({ "took_ms": took_ms }), None);
    let back = Event::new("rollback_done", format!("{address}: as it was")).of(change, address);
    let is_back = matches!(outcome, Outcome::Undone { .. });
    is_back.then_some(back).into_iter().chain([event]).collect()
}

/// The end: what became of a run, or of one that had nothing to do.
pub fn summary(run: Option<&Run>, after: Option<&Plan>) -> Event {
    let Some(run) = run else { return Event::new("summary", "nothing to do") };
    let done = run.outcomes.iter().filter(|it| matches!(it.outcome, Outcome::Done { .. })).count();
    let total = run.outcomes.len();
    let message = format!("run {}: {done} of {} done", run.id, counted(total, "change"));
    Event::new("summary", message)
        .level(if done == total { "info" } else { "error" })
        .with(document::run(run, after), Some(&["outcomes", "settled", "after"]))
}

pub fn problem(problem: &Problem) -> Event {
    let place = problem.at.as_ref().map(|at| {
        let start = at.span.start.min(at.source.text.len());
        let line = at.source.text.as_bytes()[..start].iter().filter(|it| **it == b'\n').count() + 1;
        json!({ "file": at.source.name, "line": line })
    });
    Event::new("diagnostic", problem.message.clone()).level("error").with(
        json!({
            "code": problem.code,
            "location": place,
            "notes": problem.notes,
            "help": problem.help,
        }),
        None,
    )
}

/// What is said beside all that.
pub fn note(text: &str) -> Event {
    Event::new("diagnostic", text).level("note")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_have_what_every_reader_needs_and_name_what_failed() {
        let web = Address::container("web");
        let gate = Step::Watching(Wait::AtMost(Duration::from_secs(245)));
        let outcome = Outcome::Undone { why: "it stopped".into() };
        let took = Duration::from_millis(1500);
        let all =
            [vec![hello(), step("c-1", &web, &gate)], ended("c-1", &web, &outcome, took)].concat();
        let time = "2026-11-26T12:00:00Z".parse().unwrap();
        let documents: Vec<Value> = all.iter().map(|it| it.document(time, Some(7))).collect();
        for document in &documents {
            for member in ["type", "time", "level", "message", "run", "address", "change"] {
                assert!(document.get(member).is_some(), "{member}: {document}");
            }
        }
        let kinds: Vec<&str> = documents.iter().filter_map(|it| it["type"].as_str()).collect();
        assert_eq!(kinds, ["hello", "gate", "rollback_done", "action_failed"]);
        assert_eq!(documents[1]["at_most_s"], 245.0);
        let failed = &documents[3];
        assert_eq!(failed["outcome"], "undone");
        assert_eq!((&failed["why"], &failed["took_ms"]), (&json!("it stopped"), &json!(1500)));
        assert_eq!((&failed["run"], &failed["change"]), (&json!(7), &json!("c-1")));
    }
}
