//! What taking back a run does and did.

use std::io::{self, Write};

use jiff::Timestamp;

use super::{
    Style,
    outcome::steps,
    paragraph::{labelled, padded, plain, wrapped},
    text::settings,
    values::{ago, bytes, counted},
};
use crate::plan::{
    Lost,
    rollback::{Rollback, Undo, Way},
    run::{Outcome, Run},
};

/// Writes what would be done and at what price, what needs nothing, and what cannot be done.
/// `retention_days` is how long kept containers stay.
pub fn preview(
    out: &mut dyn Write,
    rollback: &Rollback,
    retention_days: u32,
    style: &Style,
    now: Timestamp,
) -> io::Result<()> {
    let record = match &rollback.record {
        Some((command, ended_at)) => {
            let when = ago(ended_at, now).unwrap_or_else(|| ended_at.clone());
            format!("{}, {}", plain(command), plain(&when))
        }
        None => "which did not come to its end".to_owned(),
    };
    let narrowed = match rollback.narrowed_to.as_slice() {
        [] => String::new(),
        only => format!("{}only {}", style.dot(), plain(&only.join(", "))),
    };
    writeln!(out, "Taking back run {} ({record}){narrowed}", rollback.run)?;
    writeln!(out)?;
    for undo in &rollback.undos {
        block(out, undo, retention_days, style)?;
    }
    for (mark, objects) in [("=", &rollback.settled), ("!", &rollback.blocked)] {
        for (address, text) in objects {
            let line = format!("  {mark:<3} {}", plain(address.as_str()));
            let line = if mark == "!" { style.bad(&line) } else { line };
            writeln!(out, "{line}")?;
            for piece in wrapped(&plain(text), style.width.saturating_sub(8).max(20)) {
                writeln!(out, "        {piece}")?;
            }
        }
    }
    if !rollback.settled.is_empty() || !rollback.blocked.is_empty() {
        writeln!(out)?;
    }
    let mut parts = vec![format!("{} to take back", counted(rollback.undos.len(), "change"))];
    if !rollback.settled.is_empty() {
        parts.push(format!("{} with nothing to do", rollback.settled.len()));
    }
    if !rollback.blocked.is_empty() {
        parts.push(format!("{} that cannot be taken back", rollback.blocked.len()));
    }
    writeln!(out, "{}", parts.join(style.dot()))
}

fn block(out: &mut dyn Write, undo: &Undo, days: u32, style: &Style) -> io::Result<()> {
    let mark = match undo.way {
        Way::PutBack { .. } | Way::Renew { .. } => "-/+",
        Way::Update { .. } | Way::SetFiles(_) => "~",
        Way::Release { .. } => "+",
    };
    let room = style.width.saturating_sub(24).clamp(18, 56);
    let address = padded(&plain(undo.address.as_str()), room);
    writeln!(
        out,
        "  {} {} {}",
        style.by_class(undo.class, &padded(mark, 3)),
        style.bold(&address),
        style.by_class(undo.class, undo.class.word()),
    )?;
    settings(out, &undo.settings, style)?;
    labelled(out, style, "how", &plain(&undo.how))?;
    if !undo.impact.is_empty() {
        labelled(out, style, "impact", &undo.impact.join("\n"))?;
    }
    if let Some(aside) = &undo.aside {
        labelled(out, style, "lost", &layer(aside, days))?;
    }
    let back = match &undo.way {
        Way::PutBack { .. } | Way::Renew { .. } if days == 0 => {
            "none: containers that are put aside are kept for 0 days".to_owned()
        }
        Way::Renew { of, .. } => format!("`plimsoll rollback {of}`"),
        Way::PutBack { .. } => format!(
            "what goes out of office is kept, stopped, for {days} days; `plimsoll rollback` with \
             this run's number takes it back"
        ),
        Way::Update { .. } | Way::SetFiles(_) => {
            "`plimsoll rollback` with this run's number".to_owned()
        }
        Way::Release { .. } => "`plimsoll apply --retry` puts it out of action again".to_owned(),
    };
    labelled(out, style, "undo", &back)?;
    writeln!(out)
}

/// Says what the container that goes out of office has in its own layer.
fn layer(aside: &Lost, days: u32) -> String {
    let stays = if days == 0 { "goes with it" } else { "stays in the kept container" };
    let first = match (&aside.files, aside.layer_bytes) {
        (None, _) => "unknown: nobody could look at the writable layer".to_owned(),
        (Some(files), _) if files.is_empty() => "nothing found".to_owned(),
        (Some(files), size) => {
            let some: Vec<String> = files.iter().take(3).map(|it| plain(it)).collect();
            let size = size.map_or(String::new(), |it| format!(" ({})", bytes(it)));
            let more = if files.len() > some.len() { " and more" } else { "" };
            format!(
                "what it wrote to its own layer {stays}: {}{size}, {}{more}",
                counted(files.len(), "file"),
                some.join(", ")
            )
        }
    };
    [vec![first], aside.also.clone()].concat().join("\n")
}

/// Writes what became of it.
pub fn ended(out: &mut dyn Write, rollback: &Rollback, run: &Run, style: &Style) -> io::Result<()> {
    steps(out, run, style)?;
    writeln!(out)?;
    let total = run.outcomes.len();
    let done = run.outcomes.iter().filter(|it| matches!(it.outcome, Outcome::Done { .. })).count();
    if done == total {
        let what = match total {
            1 => "it is as it was before".to_owned(),
            _ => format!("all {total} are as they were before"),
        };
        let line = format!("Run {} took back run {}: {what}.", run.id, rollback.run);
        writeln!(out, "{}", style.good(&line))?;
        if rollback.renews {
            return Ok(());
        }
        writeln!(
            out,
            "plimsoll does not try it again until the declaration changes, or until you ask:\n  \
             plimsoll apply --retry"
        )?;
        return Ok(());
    }
    let line =
        format!("Run {} took back {done} of {total} changes of run {}", run.id, rollback.run);
    writeln!(out, "{}", style.bad(&line))?;
    for outcome in &run.outcomes {
        let Outcome::Stuck { left, .. } = &outcome.outcome else { continue };
        let who = plain(outcome.address.as_str());
        writeln!(out, "{}", style.bad(&format!("a person is needed: {who}")))?;
        for line in left {
            writeln!(out, "  {}", plain(line))?;
        }
    }
    writeln!(out, "what was put back or not reached is as it was before this rollback;")?;
    writeln!(out, "try again with: plimsoll rollback {}", rollback.run)
}
