//! A plan as people read it: details worst last, one screen of summary, and what to do next.

mod block;
mod host_file;
mod summary;

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
};

use jiff::Timestamp;

pub(super) use self::block::settings;
use super::{
    Style,
    paragraph::{labelled, padded, plain},
    values::{ago, counted},
};
use crate::{
    model::{finding::Mode, object::Address},
    plan::{Change, Note, NoteKind, Plan, WaivedBy},
};

/// What of a plan is shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlanOptions<'a> {
    /// For ages; without it, times stand as they are.
    pub now: Option<Timestamp>,
    /// The summary alone.
    pub summary: bool,
    /// The difference of the daemon's file, as [`super::diff::daemon_file`] makes it.
    pub diff: Option<&'a str>,
    /// Objects to list as in sync, where no change and no note names them.
    pub unchanged: &'a [Address],
}

/// Writes a plan. One that asks for nothing is two lines.
pub fn plan(
    out: &mut dyn Write,
    plan: &Plan,
    style: &Style,
    options: &PlanOptions<'_>,
) -> io::Result<()> {
    header(out, plan, style, options.now)?;
    if is_in_sync(plan) && options.unchanged.is_empty() {
        summary::in_sync(out, plan, style)?;
        if !plan.remarks.is_empty() || !plan.host_file.findings.is_empty() {
            writeln!(out)?;
        }
        remarks(out, plan, style)?;
        return host_file::findings(out, plan, style);
    }
    writeln!(out)?;
    if !options.summary {
        details(out, plan, style, options)?;
    }
    summary::summary(out, plan, style)
}

/// Whether there is nothing to do, to hold, to report or to find out.
pub(super) fn is_in_sync(plan: &Plan) -> bool {
    plan.changes.is_empty()
        && plan.blind_spots.is_empty()
        && plan.notes.iter().all(|note| match note.kind {
            NoteKind::Waived(_) => true,
            NoteKind::ByHand | NoteKind::Reported | NoteKind::Unknown => false,
        })
}

pub(super) fn header(
    out: &mut dyn Write,
    plan: &Plan,
    style: &Style,
    now: Option<Timestamp>,
) -> io::Result<()> {
    let engine = match plan.host.engine_name.as_str() {
        "" => "Docker",
        name => name,
    };
    let last = match &plan.declaration.last_run {
        None => "nothing applied yet".to_owned(),
        Some((run, ended)) => {
            let when = now.and_then(|now| ago(ended, now)).unwrap_or_else(|| ended.clone());
            format!("last apply {when} (run {run})")
        }
    };
    let facts = [
        style.bold(&plain(&plan.host.name)),
        plain(&format!("{engine} {}", plan.host.engine_version)),
        plain(&plan.declaration.path),
        last,
    ];
    writeln!(out, "{}", facts.join(style.dot()))?;
    if !plan.narrowed_to.is_empty() {
        writeln!(out, "narrowed to {}", plain(&plan.narrowed_to.join(", ")))?;
    }
    Ok(())
}

fn details(
    out: &mut dyn Write,
    plan: &Plan,
    style: &Style,
    options: &PlanOptions<'_>,
) -> io::Result<()> {
    unchanged(out, plan, style, options.unchanged)?;
    // What nobody acts on comes first, so that the worst of what is done stands last.
    if !plan.remarks.is_empty() {
        remarks(out, plan, style)?;
        writeln!(out)?;
    }
    waived(out, plan, style)?;
    reported(out, plan, style)?;
    unknown(out, plan, style)?;
    host_file::findings(out, plan, style)?;
    by_hand(out, plan, style)?;
    for change in worst_last(plan) {
        block::change(out, plan, change, style)?;
    }
    if let Some(diff) = options.diff.filter(|it| !it.is_empty()) {
        for line in diff.lines() {
            let line = plain(line);
            let line = match line.as_bytes().first() {
                Some(b'+') => style.good(&line),
                Some(b'-') => style.bad(&line),
                _ => line,
            };
            writeln!(out, "  {line}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Changes as they are shown: by class, worst last; inside a class by address.
pub(super) fn worst_last(plan: &Plan) -> Vec<&Change> {
    let mut changes: Vec<&Change> = plan.changes.iter().collect();
    changes.sort_by(|a, b| (a.class, &a.address).cmp(&(b.class, &b.address)));
    changes
}

fn unchanged(
    out: &mut dyn Write,
    plan: &Plan,
    style: &Style,
    objects: &[Address],
) -> io::Result<()> {
    let mut named: BTreeSet<&Address> = plan.changes.iter().map(|it| &it.address).collect();
    named.extend(plan.notes.iter().map(|it| &it.address));
    named.extend(plan.blind_spots.iter().map(|(address, _)| address));
    let mut any = false;
    for address in objects.iter().filter(|it| !named.contains(it)) {
        writeln!(out, "  {}", style.dim(&format!("=   {}", plain(address.as_str()))))?;
        any = true;
    }
    if any { writeln!(out) } else { Ok(()) }
}

/// One entry a waiver: what is excused takes no more room than that.
fn waived(out: &mut dyn Write, plan: &Plan, style: &Style) -> io::Result<()> {
    let mut entries: BTreeMap<(&str, String), BTreeSet<String>> = BTreeMap::new();
    for note in &plan.notes {
        let NoteKind::Waived(by) = &note.kind else { continue };
        let WaivedBy { waiver, until, days_left, owner, ticket } = &**by;
        let days = match days_left {
            0 => "today is its last day".to_owned(),
            1 => "1 day".to_owned(),
            days => format!("{days} days"),
        };
        let whose = ticket.iter().chain([owner]).map(|it| plain(it)).collect::<Vec<_>>();
        let end = format!(
            "{} until {until} ({days}){}{}",
            plain(waiver),
            style.dot(),
            whose.join(style.dot())
        );
        let objects = entries.entry((&note.rule.id, end)).or_default();
        objects.insert(plain(note.address.as_str()));
    }
    for ((rule, end), objects) in &entries {
        let objects: Vec<&str> = objects.iter().map(String::as_str).collect();
        let head = match objects.as_slice() {
            [one] => (*one).to_owned(),
            many => counted(many.len(), "object"),
        };
        let line = format!("w   {}   {rule}", padded(&head, 24));
        writeln!(out, "  {}", style.dim(&line))?;
        labelled(out, style, "waiver", end)?;
        if objects.len() > 1 {
            labelled(out, style, "objects", &objects.join(", "))?;
        }
    }
    if entries.is_empty() { Ok(()) } else { writeln!(out) }
}

/// One entry a rule: nothing is done about these, so the objects are enough.
fn reported(out: &mut dyn Write, plan: &Plan, style: &Style) -> io::Result<()> {
    let mut rules: BTreeMap<(&str, Mode), Vec<&Note>> = BTreeMap::new();
    for note in plan.notes.iter().filter(|it| it.kind == NoteKind::Reported) {
        rules.entry((&note.rule.id, note.mode)).or_default().push(note);
    }
    for ((rule, mode), notes) in &rules {
        let word = match mode {
            Mode::Observe => "observed",
            Mode::Warn => "warning",
            Mode::Enforce => "reported",
        };
        let severity = notes[0].rule.severity;
        let severity = style.by_severity(severity, severity.word());
        let names: BTreeSet<String> = notes.iter().map(|it| plain(it.address.as_str())).collect();
        let names: Vec<String> = names.into_iter().collect();
        writeln!(out, "  *   {rule} ({severity})   {word} at {}", counted(names.len(), "object"))?;
        labelled(out, style, "objects", &names.join(", "))?;
    }
    if rules.is_empty() { Ok(()) } else { writeln!(out) }
}

/// Writes what no rule asks about.
pub(super) fn remarks(out: &mut dyn Write, plan: &Plan, style: &Style) -> io::Result<()> {
    for remark in &plan.remarks {
        let head = format!("i   {}", plain(remark.address.as_str()));
        writeln!(out, "  {}", style.bold(&head))?;
        labelled(out, style, "now", &remark.stands.text)?;
    }
    Ok(())
}

/// One entry a rule and what was seen: what is wrong with one container is often wrong with all.
fn by_hand(out: &mut dyn Write, plan: &Plan, style: &Style) -> io::Result<()> {
    let mut entries: BTreeMap<(&str, &str), Vec<&Note>> = BTreeMap::new();
    for note in plan.notes.iter().filter(|it| it.kind == NoteKind::ByHand) {
        entries.entry((&note.rule.id, &note.text)).or_default().push(note);
    }
    let mut entries: Vec<Vec<&Note>> = entries.into_values().collect();
    // By severity, worst last.
    entries.sort_by_key(|notes| notes[0].rule.severity);
    for notes in &entries {
        let first = notes[0];
        let head = match notes.as_slice() {
            [_] => plain(first.address.as_str()),
            many => counted(many.len(), "object"),
        };
        block::note(out, "!", &head, "by hand", first, style)?;
        if let Some(advice) = &first.advice {
            let same = notes.iter().all(|it| it.advice == first.advice);
            let others = if same { "" } else { "; the others likewise" };
            labelled(out, style, "needs", &format!("{advice}{others}"))?;
        }
        if notes.len() > 1 {
            let names: Vec<String> = notes.iter().map(|it| plain(it.address.as_str())).collect();
            labelled(out, style, "objects", &names.join(", "))?;
        }
    }
    if entries.is_empty() { Ok(()) } else { writeln!(out) }
}

/// One entry a reason: what cannot be seen at one container can often be seen at none.
fn unknown(out: &mut dyn Write, plan: &Plan, style: &Style) -> io::Result<()> {
    let mut by_object: BTreeMap<(&Address, &str), Vec<&str>> = BTreeMap::new();
    for (address, why) in &plan.blind_spots {
        by_object.entry((address, why)).or_default();
    }
    for note in plan.notes.iter().filter(|it| it.kind == NoteKind::Unknown) {
        by_object.entry((&note.address, &note.text)).or_default().push(&note.rule.id);
    }
    let mut reasons: BTreeMap<(&str, &[&str]), Vec<String>> = BTreeMap::new();
    for ((address, why), rules) in &by_object {
        reasons.entry((why, rules)).or_default().push(plain(address.as_str()));
    }
    for ((why, rules), objects) in &reasons {
        let head = match objects.as_slice() {
            [one] => one.clone(),
            many => counted(many.len(), "object"),
        };
        writeln!(out, "  {}   unknown", style.bold(&format!("?   {}", padded(&head, 24))))?;
        labelled(out, style, "why", why)?;
        if !rules.is_empty() {
            labelled(out, style, "rules", &rules.join(", "))?;
        }
        if objects.len() > 1 {
            labelled(out, style, "objects", &objects.join(", "))?;
        }
    }
    if reasons.is_empty() { Ok(()) } else { writeln!(out) }
}

/// Writes both ledgers.
pub(super) fn ledgers(
    out: &mut dyn Write,
    plan: &Plan,
    style: &Style,
    lead: &str,
) -> io::Result<()> {
    write!(out, "{lead}")?;
    summary::ledgers(out, plan, style)
}

/// Writes everything about one change.
pub(super) fn change_block(
    out: &mut dyn Write,
    plan: &Plan,
    change: &Change,
    style: &Style,
) -> io::Result<()> {
    block::change(out, plan, change, style)
}

/// Writes what there is to say about waivers, if anything.
pub(super) fn waivers(out: &mut dyn Write, plan: &Plan) -> io::Result<()> {
    summary::waivers(out, plan)
}
