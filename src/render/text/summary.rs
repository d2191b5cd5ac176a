//! The screen that closes every plan.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use super::{block::symbol, worst_last};
use crate::{
    model::{class::Class, edit::Eviction, finding::Severity},
    plan::{Action, Cause, Change, Held, NoteKind, Plan, WayBack},
    render::{
        Style,
        paragraph::{padded, plain},
        table::table,
        values::{self, bytes, counted},
    },
};

/// Writes the one line of a host that is as it should be.
pub(super) fn in_sync(out: &mut dyn Write, plan: &Plan, style: &Style) -> io::Result<()> {
    let ends = plan
        .notes
        .iter()
        .filter_map(|note| match &note.kind {
            NoteKind::Waived(by) => Some(by.days_left),
            NoteKind::ByHand | NoteKind::Reported | NoteKind::Unknown => None,
        })
        .min();
    let ends = ends.map_or(String::new(), |days| match days {
        0 => " (ends today)".into(),
        days => format!(" (ends in {})", counted(usize::try_from(days).unwrap_or(0), "day")),
    });
    let checks = &plan.ledger.checks;
    writeln!(
        out,
        "{} {}, {}, {} waived{ends}, {} unknown.",
        style.good("In sync."),
        counted(plan.ledger.objects.total, "object"),
        counted(checks.total(), "check"),
        checks.waived,
        checks.unknown,
    )?;
    // What ends soon is said above.
    if plan.waivers.unused.is_empty() && plan.waivers.ended.is_empty() {
        return Ok(());
    }
    waivers(out, plan)
}

pub(super) fn summary(out: &mut dyn Write, plan: &Plan, style: &Style) -> io::Result<()> {
    if !plan.changes.is_empty() {
        objects(out, plan, style)?;
        writeln!(out)?;
    }
    ledgers(out, plan, style)?;
    causes(out, plan)?;
    waivers(out, plan)?;
    if !plan.narrowed_to.is_empty() {
        writeln!(out, "narrowed to {}", plain(&plan.narrowed_to.join(", ")))?;
    }
    next(out, plan, style)
}

fn objects(out: &mut dyn Write, plan: &Plan, style: &Style) -> io::Result<()> {
    let title = format!("Summary for {}", plain(&plan.host.name));
    let mut rows =
        vec![[title.as_str(), "class", "down", "lost", "undo"].map(str::to_owned).to_vec()];
    for change in worst_last(plan) {
        rows.push(vec![
            format!("  {} {}", padded(symbol(change), 3), plain(change.address.as_str())),
            change.class.word().to_owned(),
            down(change).to_owned(),
            lost(change),
            way_back(change).to_owned(),
        ]);
    }
    table(out, style, &rows)
}

fn down(change: &Change) -> &'static str {
    if !change.interrupts {
        return "-";
    }
    match &change.action {
        Action::DaemonKey { .. } => "all",
        Action::UpdateContainer { .. } | Action::SetFiles { .. } => "-",
        Action::RestartContainer { .. }
        | Action::ReplaceContainer { .. }
        | Action::ReplaceAutoRemoved { .. } => "unknown",
        Action::EvictContainer { until: Eviction::Stop, .. } => "stopped",
        Action::EvictContainer { until: Eviction::Pause | Eviction::Disconnect, .. } => "paused",
    }
}

fn lost(change: &Change) -> String {
    match &change.lost {
        None => "-".into(),
        Some(lost) => match (&lost.files, lost.layer_bytes) {
            (None, _) => "unknown".into(),
            (Some(files), size) if !files.is_empty() => {
                size.map_or_else(|| counted(files.len(), "file"), bytes)
            }
            (Some(_), _) if lost.also.is_empty() => "nothing".into(),
            (Some(_), _) => "see above".into(),
        },
    }
}

const fn way_back(change: &Change) -> &'static str {
    match change.way_back {
        WayBack::None => "none",
        WayBack::File => "file",
        WayBack::RestartBack => "restart back",
        WayBack::UpdateBack => "update back",
        WayBack::Kept => "kept",
        WayBack::OwnersFile => "its file",
        WayBack::SetBack => "set back",
    }
}

/// Writes both ledgers; each adds up.
pub(in crate::render) fn ledgers(
    out: &mut dyn Write,
    plan: &Plan,
    style: &Style,
) -> io::Result<()> {
    let dot = style.dot();
    let objects = &plan.ledger.objects;
    let classes: Vec<String> =
        objects.todo.iter().map(|(class, count)| format!("{count} {class}")).collect();
    let todo: usize = objects.todo.values().sum();
    let todo = if todo == 0 {
        "0 to do".to_owned()
    } else {
        style.bold(&format!("{todo} to do ({})", classes.join(", ")))
    };
    let by_hand = match objects.by_hand {
        0 => String::new(),
        count => format!("{dot}{count} by hand"),
    };
    writeln!(
        out,
        "{}: {todo}{dot}{} held{by_hand}{dot}{} in sync{dot}{} unknown",
        counted(objects.total, "object"),
        objects.held,
        objects.in_sync,
        objects.unknown,
    )?;
    let checks = &plan.ledger.checks;
    let severities: Vec<String> = Severity::ALL
        .iter()
        .zip(checks.failing)
        .filter(|(_, count)| *count > 0)
        .map(|(severity, count)| format!("{count} {severity}"))
        .collect();
    let failing = match checks.failing_total() {
        0 => "0 failing".to_owned(),
        count => format!("{count} failing ({})", severities.join(", ")),
    };
    writeln!(
        out,
        "{}: {failing}{dot}{} waived{dot}{} passing{dot}{} unknown",
        counted(checks.total(), "check"),
        checks.waived,
        checks.passing,
        checks.unknown,
    )
}

fn causes(out: &mut dyn Write, plan: &Plan) -> io::Result<()> {
    let mut causes: BTreeMap<Cause, usize> = BTreeMap::new();
    for change in &plan.changes {
        *causes.entry(change.cause).or_default() += 1;
    }
    if causes.is_empty() {
        return Ok(());
    }
    let causes: Vec<String> =
        causes.iter().map(|(it, count)| format!("{count} {}", values::cause(*it))).collect();
    writeln!(out, "causes: {}", causes.join(", "))
}

pub(in crate::render) fn waivers(out: &mut dyn Write, plan: &Plan) -> io::Result<()> {
    let said = &plan.waivers;
    let ending = said.ending.iter().map(|(id, days)| match days {
        0 => format!("{} ends today", plain(id)),
        days => {
            format!("{} ends in {}", plain(id), counted(usize::try_from(*days).unwrap_or(0), "day"))
        }
    });
    let ended = said.ended.iter().map(|id| format!("{} has ended", plain(id)));
    let unused = said.unused.iter().map(|id| format!("{} covers nothing", plain(id)));
    let all: Vec<String> = ending.chain(ended).chain(unused).collect();
    if all.is_empty() { Ok(()) } else { writeln!(out, "waivers: {}", all.join(", ")) }
}

fn next(out: &mut dyn Write, plan: &Plan, style: &Style) -> io::Result<()> {
    let mut steps: Vec<(String, &str)> = Vec::new();
    let todo = plan.todo().count();
    if todo > 0 {
        steps.push(("plimsoll apply".into(), "asks first"));
    }
    let of_daemon = plan.todo().filter(|it| it.address.kind() == "daemon").count();
    if of_daemon > 0 && of_daemon < todo {
        steps.push(("plimsoll apply --only 'daemon/*'".into(), "just the daemon"));
    }
    let above = plan.held().filter_map(|change| match &change.held {
        Some(Held::AboveCeiling(class)) => Some(*class),
        Some(Held::WritableLayer) => Some(Class::Loss),
        Some(
            Held::ByHand(_)
            | Held::OwnedElsewhere(_)
            | Held::Conflict(_)
            | Held::Undone(_)
            | Held::Together(_),
        )
        | None => None,
    });
    if let Some(class) = above.min() {
        steps.push((format!("plimsoll apply --allow {class}"), "also what is held for its class"));
    }
    if let Some(worst) = worst_last(plan).last() {
        steps.push((format!("plimsoll explain {}", plain(worst.address.as_str())), "more on one"));
    }
    if steps.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    let mut rows = Vec::new();
    for (index, (command, what)) in steps.into_iter().enumerate() {
        let lead = if index == 0 { "Next:" } else { "" };
        rows.push(vec![lead.to_owned(), command, what.to_owned()]);
    }
    table(out, style, &rows)
}
