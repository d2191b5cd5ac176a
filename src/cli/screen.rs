//! From what the library returns to the bytes of one screen.

use std::{fs, io};

use jiff::Timestamp;
use plimsoll::{
    pipeline::Look,
    plan::{Plan, daemon_file, run::Run},
    render::{
        Style, diff, events, json, outcome,
        text::{self, PlanOptions},
    },
};
use serde_json::Value;

use crate::{failure::Failure, output, terminal::Terminal};

/// What of a plan is shown.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Shown {
    pub(crate) full_diff: bool,
    pub(crate) summary: bool,
    pub(crate) unchanged: bool,
}

pub(crate) fn style(terminal: &Terminal) -> Style {
    Style { color: terminal.stdout_color, width: terminal.width, unicode: terminal.unicode }
}

/// Writes into memory, which does not fail for want of space.
pub(crate) fn bytes(
    write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>,
) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    write(&mut text).map_err(|error| Failure::io("put the result together", &error))?;
    Ok(text)
}

pub(crate) fn plan(look: &Look, terminal: &Terminal, shown: Shown) -> Result<Vec<u8>, Failure> {
    let diff = if shown.full_diff { daemon_diff(look) } else { None };
    let options = PlanOptions {
        now: Some(Timestamp::now()),
        summary: shown.summary,
        diff: diff.as_deref(),
        unchanged: if shown.unchanged { &look.report.objects } else { &[] },
    };
    bytes(|out| text::plan(out, &look.plan, &style(terminal), &options))
}

pub(crate) fn plan_events(look: &Look) {
    for event in events::plan(&look.plan, Timestamp::now()) {
        output::event(&event);
    }
}

pub(crate) fn plan_json(look: &Look) -> Value {
    json::plan(&look.plan, Timestamp::now())
}

/// `after` is how the host looks now, if anybody could look.
pub(crate) fn run(
    run: &Run,
    after: Option<&Plan>,
    terminal: &Terminal,
) -> Result<Vec<u8>, Failure> {
    bytes(|out| outcome::applied(out, run, after, &style(terminal)))
}

pub(crate) fn run_json(run: &Run, after: Option<&Plan>) -> Value {
    json::run(run, after)
}

/// Returns whether anything is not as declared, or not known to be.
pub(crate) fn differs(plan: &Plan) -> bool {
    let objects = &plan.ledger.objects;
    !plan.changes.is_empty() || objects.by_hand > 0 || objects.unknown > 0
}

/// Returns the difference that the plan makes to the daemon's file; `None` without one.
fn daemon_diff(look: &Look) -> Option<String> {
    look.plan.todo().find(|change| change.address.kind() == "daemon")?;
    let before = fs::read_to_string(&look.snapshot.daemon.file_path).ok();
    let after = daemon_file::after(&look.plan, before.as_deref()).ok()?;
    Some(diff::daemon_file(before.as_deref().unwrap_or_default(), &after))
}
