//! One screen: is the host as declared, and what waits.

use std::io::{self, Write};

use jiff::Timestamp;

use super::{
    Style,
    paragraph::{padded, plain, width, wrapped},
    text,
    values::{ago, counted},
};
use crate::{
    model::snapshot::Kept,
    plan::{
        Held, NoteKind, Plan, leftovers,
        run::{Outcome, Run, WATCHER},
    },
};

/// Longer addresses push their own line only.
const WIDEST: usize = 40;

/// What a status is about.
pub struct Status<'a> {
    pub plan: &'a Plan,
    pub last_run: Option<&'a Run>,
    /// Predecessors that are kept for the way back.
    pub kept: &'a [Kept],
    /// For ages.
    pub now: Option<Timestamp>,
}

/// Writes a status.
pub fn status(out: &mut dyn Write, status: &Status<'_>, style: &Style) -> io::Result<()> {
    let plan = status.plan;
    text::header(out, plan, style, status.now)?;
    if text::is_in_sync(plan) {
        writeln!(out, "{}", style.good("In sync."))?;
    }
    text::ledgers(out, plan, style, "")?;
    waiting(out, plan, style)?;
    let by_hand = plan.notes.iter().filter(|it| it.kind == NoteKind::ByHand);
    for note in by_hand {
        writeln!(out, "  {}  by hand  {}", plain(note.address.as_str()), note.rule.id)?;
    }
    for remark in &plan.remarks {
        let address = plain(remark.address.as_str());
        writeln!(out, "  {address}  {}", plain(&words(&remark.stands.word)))?;
        if remark.stands.word == leftovers::WORD {
            told(out, &remark.stands.text, style)?;
        }
    }
    for it in &plan.host_file.findings {
        let short = it.what.split(';').next().unwrap_or(&it.what);
        writeln!(out, "  daemon/{}  {}", plain(&it.key), plain(short))?;
    }
    for (address, why) in &plan.blind_spots {
        writeln!(out, "  {}  unknown  {}", plain(address.as_str()), plain(why))?;
    }
    text::waivers(out, plan)?;
    if let Some(run) = status.last_run {
        last_run(out, run, status.now)?;
    }
    // Of the others the remarks tell.
    for kept in status.kept.iter().filter(|it| it.replaced_by.is_some()) {
        let since = status.now.and_then(|now| ago(&kept.since, now));
        let since = since.unwrap_or_else(|| kept.since.clone());
        writeln!(out, "kept: {} (replaced {})", plain(&kept.name), plain(&since))?;
    }
    Ok(())
}

/// Writes a text below its line; commands stay whole.
fn told(out: &mut dyn Write, text: &str, style: &Style) -> io::Result<()> {
    for line in text.lines() {
        let pieces = match line.starts_with(' ') {
            true => vec![line.to_owned()],
            false => wrapped(line, style.width.saturating_sub(6)),
        };
        for piece in pieces {
            writeln!(out, "      {}", plain(&piece))?;
        }
    }
    Ok(())
}

/// Writes what is not done yet and why, a line each, worst last.
pub(super) fn waiting(out: &mut dyn Write, plan: &Plan, style: &Style) -> io::Result<()> {
    let changes = text::worst_last(plan);
    let longest = changes.iter().map(|it| width(it.address.as_str())).max().unwrap_or_default();
    for change in changes {
        let address = padded(&plain(change.address.as_str()), longest.min(WIDEST));
        let class = style.by_class(change.class, &padded(change.class.word(), 8));
        let state = match &change.held {
            None => "to do",
            Some(held) => waits_for(held),
        };
        let standing = change.standing.as_ref().map(|it| format!(" ({})", words(&it.word)));
        let standing = standing.unwrap_or_default();
        writeln!(out, "  {address}  {class}  {state}{standing}")?;
    }
    Ok(())
}

/// `restart-pending` as people say it.
fn words(word: &str) -> String {
    word.replace('-', " ")
}

fn waits_for(held: &Held) -> &'static str {
    match held {
        Held::AboveCeiling(_) => "held: above the ceiling",
        Held::WritableLayer => "held: its writable layer holds changes",
        Held::ByHand(_) => "held: something has to be done by hand first",
        Held::OwnedElsewhere(_) => "held: somebody else starts it",
        Held::Conflict(_) => "held: two rules do not agree",
        Held::Together(_) => "held: replaced with others, one of which is held",
        Held::Undone(_) => "held: undone before; `plimsoll explain` says why",
    }
}

/// Writes what a run left half done, and what became of it.
fn cut_off(out: &mut dyn Write, run: &Run, when: &str) -> io::Result<()> {
    let command = plain(&run.command);
    writeln!(out, "last run: {command} {} was cut off {when}; {}", run.id, who_settled(run))?;
    for it in &run.settled {
        writeln!(out, "  {}: {}", plain(&it.what), plain(&it.text))?;
    }
    Ok(())
}

/// Returns, a line each, what a watcher did about a run that was cut off; nothing for other runs.
pub fn told_by_watcher(run: &Run, now: Timestamp) -> Vec<String> {
    if run.settled.iter().all(|it| it.by != WATCHER) {
        return Vec::new();
    }
    let when = ago(&run.ended_at, now).unwrap_or_else(|| run.ended_at.clone());
    let head = format!(
        "note: {} {} was cut off {when}; {}",
        plain(&run.command),
        run.id,
        who_settled(run)
    );
    let each = run.settled.iter().map(|it| format!("  {}: {}", plain(&it.what), plain(&it.text)));
    std::iter::once(head).chain(each).collect()
}

/// Says who put right what a run left half done: `its watcher put right what it left`.
fn who_settled(run: &Run) -> String {
    let by_watcher = run.settled.iter().all(|it| it.by == WATCHER);
    let who = if by_watcher { "its watcher" } else { "a later command" };
    if run.settled.iter().all(|it| it.settled) {
        format!("{who} put right what it left")
    } else {
        format!("{who} could not put right all that it left")
    }
}

fn last_run(out: &mut dyn Write, run: &Run, now: Option<Timestamp>) -> io::Result<()> {
    let when = now.and_then(|now| ago(&run.ended_at, now)).unwrap_or_else(|| run.ended_at.clone());
    if !run.settled.is_empty() {
        return cut_off(out, run, &when);
    }
    let done = run.outcomes.iter().filter(|it| matches!(it.outcome, Outcome::Done { .. })).count();
    writeln!(
        out,
        "last run: {} {} {when}, {done} of {} done",
        plain(&run.command),
        run.id,
        counted(run.outcomes.len(), "change"),
    )
}
