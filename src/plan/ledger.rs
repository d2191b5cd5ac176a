//! Two ledgers, objects and checks, and the notes for what no change answers.

use std::collections::HashSet;

use super::{
    Change, Ledger, Note, NoteKind, Objects, WaivedBy,
    build::{Answered, Context},
};
use crate::model::{
    finding::{Checks, Finding, Fix, Mode, Severity, Verdict},
    object::Address,
};

/// Returns what is said about a finding that no change answers.
pub(super) fn note(context: &Context<'_>, finding: &Finding) -> Note {
    let text = match &*finding.verdict {
        Verdict::Fail { field, seen, want, fix: _ } => context
            .mentions
            .text(finding, || [field, ": ", seen.as_str(), ", want ", want].concat()),
        Verdict::Unknown(why) => context.mentions.text(finding, || why.clone()),
        Verdict::Pass | Verdict::NotApplicable(_) => "".into(),
    };
    let advice = match &*finding.verdict {
        Verdict::Fail { fix: Fix::ByHand(what), .. } => Some(what.clone()),
        Verdict::Fail { fix: Fix::Edits(_), .. }
        | Verdict::Unknown(_)
        | Verdict::Pass
        | Verdict::NotApplicable(_) => None,
    };
    Note {
        kind: kind(context, finding),
        address: finding.address.clone(),
        rule: context.mentions.cite(finding),
        mode: finding.mode,
        text,
        advice,
    }
}

fn kind(context: &Context<'_>, finding: &Finding) -> NoteKind {
    if matches!(*finding.verdict, Verdict::Unknown(_)) {
        return NoteKind::Unknown;
    }
    if let Some(id) = finding.waived_by() {
        let waiver = context.policy.waivers.iter().find(|it| it.id == id);
        return NoteKind::Waived(Box::new(WaivedBy {
            waiver: id.to_owned(),
            until: waiver.map(|it| it.expires.to_string()).unwrap_or_default(),
            days_left: waiver.map_or(0, |it| it.days_left(context.report.today)),
            owner: waiver.map(|it| it.owner.clone()).unwrap_or_default(),
            ticket: waiver.and_then(|it| it.ticket.clone()),
        }));
    }
    match finding.mode {
        Mode::Observe | Mode::Warn => NoteKind::Reported,
        Mode::Enforce => NoteKind::ByHand,
    }
}

/// Counts objects and checks. `answered` says by which change an object's findings are answered,
/// as an index.
pub(super) fn ledger(
    context: &Context<'_>,
    objects: &[&Address],
    findings: &[&Finding],
    changes: &[Change],
    notes: &[Note],
    answered: &Answered,
) -> Ledger {
    // Objects and notes stand in the order of addresses.
    let mut noted = notes.chunk_by(|a, b| a.address == b.address).peekable();
    let blind: HashSet<&Address> = context.blind().map(|spot| &spot.address).collect();
    let mut count = Objects { total: objects.len(), ..Objects::default() };
    for address in objects {
        while noted.next_if(|about| about[0].address < **address).is_some() {}
        let about = noted.peek().filter(|about| about[0].address == **address);
        let is_noted = |kind| about.is_some_and(|it| it.iter().any(|note| note.kind == kind));
        let own = || answered.get(*address).into_iter().flatten().map(|at| &changes[*at]);
        if own().any(|change| change.held.is_some()) {
            count.held += 1;
        } else if let Some(class) = own().map(|change| change.class).max() {
            *count.todo.entry(class).or_default() += 1;
        } else if is_noted(NoteKind::ByHand) {
            count.by_hand += 1;
        } else if is_noted(NoteKind::Unknown) || blind.contains(*address) {
            count.unknown += 1;
        } else {
            count.in_sync += 1;
        }
    }
    Ledger { objects: count, checks: checks(context, objects, findings) }
}

fn checks(context: &Context<'_>, objects: &[&Address], findings: &[&Finding]) -> Checks {
    let report = context.report;
    if context.ceiling.is_whole() {
        return report.checks;
    }
    let judged = objects.iter().filter_map(|address| report.objects.binary_search(address).ok());
    let passing = judged.map(|at| report.passing[at]);
    let mut checks = Checks { passing: passing.sum(), ..Checks::default() };
    for finding in findings {
        match *finding.verdict {
            Verdict::Unknown(_) => checks.unknown += 1,
            Verdict::Fail { .. } if finding.waived_by().is_some() => checks.waived += 1,
            Verdict::Fail { .. } => {
                let rank = Severity::ALL.iter().position(|it| *it == finding.severity);
                checks.failing[rank.unwrap_or(0)] += 1;
            }
            Verdict::Pass | Verdict::NotApplicable(_) => {}
        }
    }
    checks
}
