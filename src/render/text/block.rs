//! One change, in full; and one finding, in short.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use crate::{
    model::{class::Class, provenance::Provenance},
    plan::{Action, Change, Held, Note, Plan, SettingChange, groups::Group, lines},
    render::{
        Style,
        paragraph::{labelled, padded, plain, width, wrapped},
        values,
    },
};

const INDENT: usize = 8;

/// Writes everything about one change.
pub(in crate::render) fn change(
    out: &mut dyn Write,
    plan: &Plan,
    change: &Change,
    style: &Style,
) -> io::Result<()> {
    head(out, change, style)?;
    settings(out, &change.settings, style)?;
    if let Some(standing) = &change.standing {
        labelled(out, style, "now", &standing.text)?;
    }
    labelled(out, style, "how", &change.how)?;
    if let Some(group) = change.group.as_ref().filter(|it| it.members.len() > 1) {
        labelled(out, style, "with", &with(plan, change, group))?;
    }
    labelled(out, style, "why", &why(change, style))?;
    if let Some(drift) = &change.drift {
        labelled(out, style, "drift", drift)?;
    }
    if !change.impact.is_empty() {
        labelled(out, style, "impact", &change.impact.join("\n"))?;
    }
    if let Some(lost) = &change.lost {
        labelled(out, style, "lost", &values::lost(lost, change))?;
        labelled(out, style, "keep", &lost.keep.join("\n"))?;
    }
    labelled(out, style, "undo", &change.undo)?;
    if let Some(held) = &change.held {
        labelled(out, style, "needs", &needs(held, change.address.name()))?;
    }
    if !change.after.is_empty() {
        let named =
            |id: &String| plan.changes.iter().find(|it| it.id == *id).map(|it| it.address.as_str());
        let before: Vec<&str> = change.after.iter().filter_map(named).collect();
        labelled(out, style, "after", &plain(&before.join(", ")))?;
    }
    writeln!(out)
}

fn head(out: &mut dyn Write, change: &Change, style: &Style) -> io::Result<()> {
    let mark = symbol(change);
    // Room for the class, the cause and HELD.
    let room = style.width.saturating_sub(38).clamp(18, 56);
    let address = padded(&plain(change.address.as_str()), room);
    let class = style.by_class(change.class, &padded(change.class.word(), 9));
    let mut line = format!(
        "  {} {} {class} [{}]",
        style.by_class(change.class, &padded(mark, 3)),
        style.bold(&address),
        values::cause(change.cause)
    );
    if change.held.is_some() {
        line.push_str("  HELD");
    }
    writeln!(out, "{line}")
}

/// Returns the mark of a change. ASCII, so that it can be searched for in logs.
pub(in crate::render) const fn symbol(change: &Change) -> &'static str {
    if change.held.is_some() {
        return "!";
    }
    match (&change.action, change.class) {
        (Action::ReplaceContainer { .. } | Action::ReplaceAutoRemoved { .. }, _) => "-/+",
        (Action::EvictContainer { .. }, _) => "-",
        (Action::SetFiles { .. }, _)
        | (Action::UpdateContainer { .. } | Action::DaemonKey { .. }, Class::Live) => "~",
        (
            Action::UpdateContainer { .. }
            | Action::RestartContainer { .. }
            | Action::DaemonKey { .. },
            _,
        ) => "~>",
    }
}

/// Writes settings before and after, a line each where it fits.
pub(in crate::render) fn settings(
    out: &mut dyn Write,
    settings: &[SettingChange],
    style: &Style,
) -> io::Result<()> {
    let names = settings.iter().map(|it| width(&it.name)).max().unwrap_or(0).max(15) + 2;
    let rows: Vec<(String, String, String)> = settings
        .iter()
        .map(|it| {
            let (before, after) = values::before_after(&it.before, &it.after);
            let after =
                if before == "(sensitive)" { "(sensitive, changed)".to_owned() } else { after };
            (plain(&it.name), before, after)
        })
        .collect();
    let middles: Vec<usize> =
        rows.iter().map(|(_, before, after)| width(before) + width(after) + 4).collect();
    let room = style.width.saturating_sub(INDENT + names).max(24);
    // Reasons line up behind the longest pair that leaves room for them.
    let column = middles.iter().copied().filter(|it| it + 16 < room).max().unwrap_or(0) + 2;
    for ((row, setting), middle) in rows.iter().zip(settings).zip(middles) {
        let (name, before, after) = row;
        let reason = setting.forces.map(forced).unwrap_or_default();
        let reason = if reason.is_empty() { String::new() } else { format!("<- {reason}") };
        if middle > room {
            // Too long for a line: one side each.
            let lead = format!("{:INDENT$}{}", "", padded(name, names));
            let empty = format!("{:1$}", "", INDENT + names);
            let sides = [before.clone(), format!("-> {after}")];
            let mut first = true;
            for piece in sides.iter().flat_map(|side| wrapped(side, room)) {
                writeln!(out, "{}{piece}", if first { &lead } else { &empty })?;
                first = false;
            }
            if !reason.is_empty() {
                writeln!(out, "{empty}{}", style.dim(&reason))?;
            }
            continue;
        }
        let pair = format!("{before} -> {after}");
        let lead = format!("{:INDENT$}{}", "", padded(name, names));
        if reason.is_empty() {
            writeln!(out, "{lead}{pair}")?;
        } else if width(&padded(&pair, column)) + width(&reason) <= room {
            writeln!(out, "{lead}{}{}", padded(&pair, column), style.dim(&reason))?;
        } else {
            writeln!(out, "{lead}{pair}")?;
            writeln!(out, "{:1$}{2}", "", INDENT + names, style.dim(&reason))?;
        }
    }
    Ok(())
}

const fn forced(class: Class) -> &'static str {
    match class {
        Class::Live => "",
        Class::Restart => "needs a restart",
        Class::Recreate => "fixed at creation",
        Class::Evict => "puts it out of action",
        Class::Outage => "takes the daemon down",
        Class::Loss => "moves the daemon's storage",
    }
}

/// Rules that stand in the same place share a line; what follows from others is named last, and
/// then who takes it along.
fn why(change: &Change, style: &Style) -> String {
    let mut places: BTreeMap<&Provenance, Vec<String>> = BTreeMap::new();
    let mut implied = Vec::new();
    for rule in &change.rules {
        match &rule.implied_by {
            None => places.entry(&rule.from).or_default().push(format!(
                "{} ({})",
                rule.id,
                rule.severity.word()
            )),
            Some(_) => implied.push(&*rule.id),
        }
    }
    let mut lines: Vec<String> = places
        .iter()
        .map(|(from, rules)| format!("{}{}{from}", rules.join(", "), style.dot()))
        .collect();
    if !implied.is_empty() {
        lines.push(format!("and with it {}", implied.join(", ")));
    }
    for it in change.group.iter().flat_map(|group| &group.because) {
        lines.push(format!("recreated with {}, {}", plain(it.address.as_str()), it.shares.whose()));
    }
    lines.join("\n")
}

/// Names those that are replaced in one go with it.
fn with(plan: &Plan, change: &Change, group: &Group) -> String {
    let others =
        plan.changes.iter().filter(|it| it.id != change.id && group.members.contains(&it.id));
    let others: Vec<String> = others.map(|it| plain(it.address.as_str())).collect();
    format!("{}: all of them or none", others.join(", "))
}

fn needs(held: &Held, name: &str) -> String {
    match held {
        Held::AboveCeiling(class) => format!("--allow {class}"),
        Held::WritableLayer => format!(
            "--allow loss, as its writable layer holds changes or nobody could look; or, in \
             `containers`:\n{}",
            lines::entry(name, "writable-layer: discard")
        ),
        Held::ByHand(what)
        | Held::OwnedElsewhere(what)
        | Held::Undone(what)
        | Held::Together(what) => what.clone(),
        Held::Conflict(what) => format!("rules that agree: {what}"),
    }
}

/// Writes a finding that nothing is done about.
pub(super) fn note(
    out: &mut dyn Write,
    mark: &str,
    head: &str,
    kind: &str,
    note: &Note,
    style: &Style,
) -> io::Result<()> {
    let severity = note.rule.severity;
    writeln!(
        out,
        "  {} {}   {} ({})   {kind}",
        padded(mark, 3),
        style.bold(&padded(head, 24)),
        note.rule.id,
        style.by_severity(severity, severity.word()),
    )?;
    labelled(out, style, "seen", &note.text)?;
    labelled(out, style, "why", &note.rule.from.to_string())
}
