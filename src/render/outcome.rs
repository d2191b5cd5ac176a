//! What became of a run.

use std::io::{self, Write};

use super::{
    Style,
    paragraph::{padded, plain, width, wrapped},
    text::is_in_sync,
    values::{counted, took},
};
use crate::plan::{
    Plan,
    run::{Outcome, Run, RunChange},
};

/// Writes a line for every change of a run, what is left, and what a person has to do. `after`
/// is the plan that was made of a fresh look after the run.
pub fn applied(
    out: &mut dyn Write,
    run: &Run,
    after: Option<&Plan>,
    style: &Style,
) -> io::Result<()> {
    steps(out, run, style)?;
    closing(out, run, after, style)
}

/// Writes a line for every change of a run.
pub(super) fn steps(out: &mut dyn Write, run: &Run, style: &Style) -> io::Result<()> {
    let total = run.outcomes.len();
    let mut outcomes: Vec<&RunChange> = run.outcomes.iter().collect();
    // Worst last, where a screen ends.
    outcomes.sort_by_key(|it| badness(&it.outcome));
    let mut said_before = String::new();
    for (index, change) in outcomes.into_iter().enumerate() {
        // Keys of the daemon share one fate, and one reason is enough.
        let (_, text) = said(&change.outcome);
        let is_done = matches!(change.outcome, Outcome::Done { .. });
        let repeated = !is_done && !text.is_empty() && text == said_before;
        let text = if repeated { "for the same reason".to_owned() } else { text };
        step(out, (index + 1, total), change, &text, style)?;
        if !repeated {
            said_before = text;
        }
    }
    Ok(())
}

const fn badness(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Done { .. } => 0,
        Outcome::NotReached => 1,
        Outcome::Failed { .. } => 2,
        Outcome::Undone { .. } => 3,
        Outcome::Stuck { .. } => 4,
    }
}

/// Writes how one change ended, with the text beside or below it.
fn step(
    out: &mut dyn Write,
    (number, total): (usize, usize),
    change: &RunChange,
    text: &str,
    style: &Style,
) -> io::Result<()> {
    let digits = total.to_string().len();
    let (word, _) = said(&change.outcome);
    let colored = match change.outcome {
        Outcome::Done { .. } => style.good(&padded(word, 11)),
        Outcome::NotReached => padded(word, 11),
        Outcome::Failed { .. } | Outcome::Undone { .. } | Outcome::Stuck { .. } => {
            style.bad(&padded(word, 11))
        }
    };
    let room = style.width.saturating_sub(48 + 2 * digits).clamp(16, 32);
    let address = padded(&plain(change.address.as_str()), room);
    let head =
        format!(" {number:>digits$}/{total}  {address}  {colored}  {:>7}", took(change.took_ms));
    let column = 2 * digits + 4 + room + 2 + 11 + 2 + 7 + 2;
    let space = style.width.saturating_sub(column);
    let lines: Vec<String> = text.lines().map(plain).collect();
    match lines.as_slice() {
        [] => writeln!(out, "{}", head.trim_end()),
        [line] if width(line) <= space => writeln!(out, "{head}  {line}"),
        lines => {
            writeln!(out, "{head}")?;
            let room = style.width.saturating_sub(8).max(20);
            for line in lines {
                // What is to be copied stays in one piece.
                let whole = || vec![line.clone()];
                let pieces = if line.starts_with(' ') { whole() } else { wrapped(line, room) };
                for piece in pieces {
                    writeln!(out, "        {piece}")?;
                }
            }
            Ok(())
        }
    }
}

/// Returns one word for it, and its reason or proof.
pub(super) fn said(outcome: &Outcome) -> (&'static str, String) {
    match outcome {
        Outcome::Done { proof } => ("done", proof.clone()),
        Outcome::NotReached => ("not reached", String::new()),
        Outcome::Failed { why } => ("failed", why.clone()),
        Outcome::Undone { why } => ("put back", why.clone()),
        Outcome::Stuck { why, left: _ } => ("stuck", why.clone()),
    }
}

fn closing(out: &mut dyn Write, run: &Run, after: Option<&Plan>, style: &Style) -> io::Result<()> {
    let count =
        |wanted: &str| run.outcomes.iter().filter(|it| said(&it.outcome).0 == wanted).count();
    let done = count("done");
    let total = run.outcomes.len();
    writeln!(out)?;
    let mut parts = vec![format!("{done} of {} done", counted(total, "change"))];
    for (word, text) in [
        ("put back", "put back as it was"),
        ("failed", "failed before anything changed"),
        ("stuck", "stuck"),
        ("not reached", "not reached"),
    ] {
        let number = count(word);
        if number > 0 {
            parts.push(format!("{number} {text}"));
        }
    }
    let line = format!("Run {}: {}", run.id, parts.join(style.dot()));
    writeln!(out, "{}", if done == total { style.good(&line) } else { style.bad(&line) })?;
    if let Some(plan) = after {
        if is_in_sync(plan) {
            writeln!(out, "checked again: in sync")?;
        } else {
            super::text::ledgers(out, plan, style, "checked again: ")?;
            super::status::waiting(out, plan, style)?;
        }
    }
    let stuck = run.outcomes.iter().filter_map(|it| match &it.outcome {
        Outcome::Stuck { left, .. } => Some((&it.address, left)),
        Outcome::Done { .. }
        | Outcome::NotReached
        | Outcome::Failed { .. }
        | Outcome::Undone { .. } => None,
    });
    for (address, left) in stuck {
        writeln!(
            out,
            "{}",
            style.bad(&format!("a person is needed: {}", plain(address.as_str())))
        )?;
        for line in left {
            writeln!(out, "  {}", plain(line))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::object::Address;

    fn change(name: &str, took_ms: u64, outcome: Outcome) -> RunChange {
        RunChange { change: "c-000000".into(), address: Address::container(name), took_ms, outcome }
    }

    #[test]
    fn run_says_what_became_of_each_change_and_who_is_needed() {
        let left = vec!["web.plimsoll-old is stopped".to_owned()];
        let run = Run {
            format_version: "1.0".into(),
            id: 215,
            command: "apply".into(),
            started_at: "2026-11-26T12:00:00Z".into(),
            ended_at: "2026-11-26T12:00:09Z".into(),
            declaration_digest: "d1".into(),
            outcomes: vec![
                change("db", 120, Outcome::Done { proof: "pids_limit is 512".into() }),
                change("api", 5_800, Outcome::Undone { why: "not healthy within 60 s".into() }),
                change("web", 900, Outcome::Stuck { why: "engine went away".into(), left }),
                change("ftp", 0, Outcome::NotReached),
            ],
            settled: Vec::new(),
        };
        let mut out = Vec::new();
        let style = Style { width: 80, ..Style::plain() };
        applied(&mut out, &run, None, &style).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let want = [
            " 1/4  container/db                    done           0.1 s  pids_limit is 512",
            " 2/4  container/ftp                   not reached    0.0 s",
            " 3/4  container/api                   put back       5.8 s",
            "        not healthy within 60 s",
            " 4/4  container/web                   stuck          0.9 s  engine went away",
            "",
            "Run 215: 1 of 4 changes done \u{b7} 1 put back as it was \u{b7} 1 stuck \u{b7} 1 not reached",
            "a person is needed: container/web",
            "  web.plimsoll-old is stopped",
        ];
        assert_eq!(lines, want);
    }
}
