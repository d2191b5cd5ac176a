//! Plans, runs and rules as JSON that other programs may rely on.
//!
//! The shapes here are their own, so that a change inside cannot move them by accident. Values
//! that may not be shown are never in them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::{rules::Numbered, values};
use crate::{
    model::{
        class::Class,
        daemon::{DaemonConfig, FileFinding},
        edit::Eviction,
        finding::Severity,
        object::Address,
        provenance::Provenance,
    },
    plan::{
        Action, Cited, DaemonApply, FORMAT_VERSION, Held, Lost, Note, NoteKind, Plan, Remark,
        Shown, Stands, WaivedBy,
        groups::Group,
        rollback::{Rollback, Way},
        run::Run,
    },
    rules::listing::{Changed, Listed},
};

/// Returns a plan as a document of format `plimsoll.plan`.
pub fn plan(plan: &Plan, made_at: Timestamp) -> Value {
    document(&PlanDocument {
        format: "plimsoll.plan",
        format_version: &plan.format_version,
        tool: tool(),
        run: json!({
            "mode": "plan",
            "started_at": made_at.to_string(),
            "complete": plan.blind_spots.is_empty(),
            "narrowed_to": plan.narrowed_to,
            "waivers_applied": true,
        }),
        host: json!({
            "name": plan.host.name,
            "id": plan.host.engine_id,
            "engine": plan.host.engine_name,
            "docker": {"version": plan.host.engine_version, "api": plan.host.api_version},
        }),
        declaration: json!({
            "path": plan.declaration.path,
            "digest": plan.declaration.digest,
            "files": plan.declaration.files.iter().map(|(path, digest)| {
                json!({"path": path, "digest": digest})
            }).collect::<Value>(),
        }),
        basis: json!({
            "last_run": plan.declaration.last_run.as_ref().map(|(run, _)| run),
            "objects": plan.basis,
        }),
        changes: plan.changes.iter().map(change).collect(),
        waived: plan.notes.iter().filter_map(waived).collect(),
        unknown: unknown(plan),
        findings: plan.notes.iter().filter_map(finding).collect(),
        remarks: &plan.remarks,
        waivers: json!({
            "unused": plan.waivers.unused,
            "ended": plan.waivers.ended,
            "ending": plan.waivers.ending.iter().map(|(id, days)| {
                json!({"id": id, "days_left": days})
            }).collect::<Value>(),
        }),
        diagnostics: plan
            .host_file
            .findings
            .iter()
            .map(|it| file_finding(&plan.host_file.path, it))
            .collect(),
        summary: summary(plan),
    })
}

/// Returns a run as a document of format `plimsoll.run`. `after` is the plan that was made of a
/// fresh look after it.
pub fn run(run: &Run, after: Option<&Plan>) -> Value {
    json!({
        "format": "plimsoll.run",
        "format_version": FORMAT_VERSION,
        "tool": tool(),
        "run": {
            "id": run.id,
            "mode": run.command,
            "started_at": run.started_at,
            "ended_at": run.ended_at,
        },
        "declaration": {"digest": run.declaration_digest},
        "outcomes": run.outcomes,
        "settled": run.settled,
        "after": after.map(summary),
    })
}

/// Returns a rollback as a document of format `plimsoll.rollback`. `run` is what became of it, if
/// it was carried out.
pub fn rollback(rollback: &Rollback, run: Option<&Run>) -> Value {
    let reasons = |objects: &[(Address, String)]| -> Value {
        objects.iter().map(|(address, why)| json!({"address": address, "why": why})).collect()
    };
    let undos: Vec<Value> = rollback
        .undos
        .iter()
        .map(|undo| {
            let settings: Vec<_> = undo.settings.iter().map(setting).collect();
            json!({
                "change": undo.change,
                "address": undo.address,
                "do": match undo.way {
                    Way::PutBack { .. } => "put-back",
                    Way::Renew { .. } => "renew",
                    Way::Update { .. } => "update",
                    Way::Release { .. } => "release",
                    Way::SetFiles(_) => "set",
                },
                "class": undo.class.word(),
                "settings": settings,
                "how": undo.how,
                "impact": undo.impact,
                "aside": undo.aside.as_ref().map(lost),
            })
        })
        .collect();
    json!({
        "format": "plimsoll.rollback",
        "format_version": FORMAT_VERSION,
        "tool": tool(),
        "takes_back": {
            "run": rollback.run,
            "mode": rollback.record.as_ref().map(|(command, _)| command),
            "ended_at": rollback.record.as_ref().map(|(_, at)| at),
        },
        "narrowed_to": rollback.narrowed_to,
        "undos": undos,
        "settled": reasons(&rollback.settled),
        "blocked": reasons(&rollback.blocked),
        "run": run.map(|run| json!({
            "id": run.id,
            "started_at": run.started_at,
            "ended_at": run.ended_at,
            "outcomes": run.outcomes,
        })),
    })
}

/// Returns rules as a document of format `plimsoll.rules`.
pub fn rules(rules: &[Numbered], baseline: Option<&str>) -> Value {
    let rules: Vec<Value> = rules
        .iter()
        .map(|(meta, items)| {
            let references: Vec<Value> = meta
                .references
                .iter()
                .map(
                    |it| json!({"benchmark": it.benchmark, "edition": it.edition, "item": it.item}),
                )
                .collect();
            json!({
                "id": meta.id,
                "title": meta.title,
                "severity": meta.severity.word(),
                "fix": meta.fix.map(Class::word),
                "implies": meta.implies,
                "references": references,
                "items": items,
            })
        })
        .collect();
    json!({
        "format": "plimsoll.rules",
        "format_version": FORMAT_VERSION,
        "tool": tool(),
        "baseline": baseline,
        "rules": rules,
    })
}

/// Returns what has changed between two listings as a document of format
/// `plimsoll.rules-changed`.
pub fn rules_changed(changed: &Changed, since: &str) -> Value {
    let rule = |it: &Listed, what: Option<&str>| {
        json!({
            "id": it.id,
            "title": it.title,
            "severity": it.severity.word(),
            "fix": it.fix.map(Class::word),
            "items": it.items,
            "what": what,
        })
    };
    let all = |rules: &[Listed]| -> Value { rules.iter().map(|it| rule(it, None)).collect() };
    json!({
        "format": "plimsoll.rules-changed",
        "format_version": FORMAT_VERSION,
        "tool": tool(),
        "since": since,
        "retired": all(&changed.retired),
        "moved": changed.moved.iter().map(|(it, what)| rule(it, Some(what))).collect::<Value>(),
        "added": all(&changed.added),
    })
}

/// Returns what is known about a name of a key as a document of format `plimsoll.explain`. `key`
/// is the row of that key, or of the one that was meant if `said` tells why the name is none.
pub fn explanation(name: &str, key: Option<Value>, said: Option<&str>, here: Value) -> Value {
    json!({
        "format": "plimsoll.explain",
        "format_version": FORMAT_VERSION,
        "tool": tool(),
        "subject": Address::daemon_key(name),
        "no_key": said,
        "key": key,
        "here": here,
    })
}

/// Returns how a key of the daemon stands on one host. Secrets are not in it.
pub fn daemon_key(plan: &Plan, daemon: &DaemonConfig, address: &Address) -> Value {
    let standing = daemon.standing(address.name());
    let sides = daemon.sides(address.name());
    let changes = plan.changes.iter().filter(|it| it.address == *address);
    let findings = plan.host_file.findings.iter().filter(|it| it.top_key() == address.name());
    json!({
        "engine": daemon.engine_version,
        "sides": sides.iter().map(|(side, said)| ((*side).replace(' ', "_"), json!(said)))
            .collect::<serde_json::Map<_, _>>(),
        "standing": standing.word(),
        "so": daemon.says(address.name(), &standing),
        "changes": changes.map(change).map(|it| json!(it)).collect::<Value>(),
        "file": findings.map(|it| file_finding(&plan.host_file.path, it)).collect::<Value>(),
    })
}

/// What the daemon's file holds that makes no change.
fn file_finding(path: &str, finding: &FileFinding) -> Value {
    json!({
        "code": "daemon-file",
        "address": Address::daemon_key(finding.top_key()),
        "key": finding.key,
        "location": {"file": path, "line": finding.line},
        "message": finding.what,
        "advice": finding.advice,
    })
}

pub(super) fn tool() -> Value {
    json!({"name": "plimsoll", "version": env!("CARGO_PKG_VERSION")})
}

#[derive(Serialize)]
struct PlanDocument<'a> {
    format: &'static str,
    format_version: &'a str,
    tool: Value,
    run: Value,
    host: Value,
    declaration: Value,
    basis: Value,
    changes: Vec<ChangeDocument<'a>>,
    waived: Vec<Value>,
    unknown: Vec<Value>,
    findings: Vec<Value>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    remarks: &'a [Remark],
    waivers: Value,
    diagnostics: Vec<Value>,
    summary: Value,
}

#[derive(Serialize)]
pub(super) struct ChangeDocument<'a> {
    id: &'a str,
    address: &'a str,
    kind: &'a str,
    actions: &'static [&'static str],
    /// IDs of those that are replaced with it, in order, and which of them it refers to.
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'a Group>,
    class: &'static str,
    cause: &'static str,
    held: Option<Value>,
    settings: Vec<SettingDocument<'a>>,
    rules: Vec<Value>,
    location: Option<Value>,
    how: &'a str,
    drift: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    standing: Option<&'a Stands>,
    impact: Value,
    undo: Value,
    after: &'a [String],
}

#[derive(Serialize)]
struct SettingDocument<'a> {
    /// A JSON pointer.
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<&'a Value>,
    sensitive: bool,
    forces: Option<&'static str>,
}

fn document(it: &impl Serialize) -> Value {
    serde_json::to_value(it).expect("maps have text for keys")
}

pub(super) fn change(change: &crate::plan::Change) -> ChangeDocument<'_> {
    ChangeDocument {
        id: &change.id,
        address: change.address.as_str(),
        kind: change.address.kind(),
        actions: actions(&change.action),
        group: change.group.as_ref(),
        class: change.class.word(),
        cause: values::cause(change.cause),
        held: change.held.as_ref().map(held),
        settings: change.settings.iter().map(setting).collect(),
        rules: change.rules.iter().map(|it| cited(it)).collect(),
        location: change.rules.first().map(|rule| location(&rule.from)),
        how: &change.how,
        drift: change.drift.as_deref(),
        standing: change.standing.as_ref(),
        impact: json!({
            "interrupts": change.interrupts,
            "downtime_s": null,
            "affects": change.impact,
            "lost": change.lost.as_ref().map(lost),
        }),
        undo: json!({ "text": change.undo }),
        after: &change.after,
    }
}

const fn actions(action: &Action) -> &'static [&'static str] {
    match action {
        Action::DaemonKey { apply: DaemonApply::Reload, write: true, .. } => &["write", "reload"],
        Action::DaemonKey { apply: DaemonApply::Reload, write: false, .. } => &["reload"],
        Action::DaemonKey { apply: DaemonApply::Restart, write: true, .. } => &["write", "restart"],
        Action::DaemonKey { apply: DaemonApply::Restart, write: false, .. } => &["restart"],
        Action::UpdateContainer { .. } => &["update"],
        Action::SetFiles { .. } => &["set"],
        Action::ReplaceContainer { .. } => &["create", "stop", "start", "keep-old"],
        Action::ReplaceAutoRemoved { .. } => &["create", "stop", "start", "keep-copy"],
        Action::RestartContainer { .. } => &["restart"],
        Action::EvictContainer { until: Eviction::Pause, .. } => &["pause"],
        Action::EvictContainer { until: Eviction::Disconnect, .. } => &["pause", "disconnect"],
        Action::EvictContainer { until: Eviction::Stop, .. } => &["pause", "disconnect", "stop"],
    }
}

fn held(held: &Held) -> Value {
    let (why, what) = match held {
        Held::AboveCeiling(class) => ("above-ceiling", class.word()),
        Held::WritableLayer => ("writable-layer", ""),
        Held::ByHand(what) => ("by-hand", what.as_str()),
        Held::OwnedElsewhere(what) => ("owned-elsewhere", what.as_str()),
        Held::Conflict(what) => ("conflict", what.as_str()),
        Held::Undone(what) => ("undone", what.as_str()),
        Held::Together(what) => ("together", what.as_str()),
    };
    json!({"why": why, "what": what})
}

fn setting(setting: &crate::plan::SettingChange) -> SettingDocument<'_> {
    let sensitive = [&setting.before, &setting.after].contains(&&Shown::Sensitive);
    fn shown(side: &Shown, sensitive: bool) -> Option<&Value> {
        match side {
            Shown::Absent => (!sensitive).then_some(&Value::Null),
            Shown::Value(value) => (!sensitive).then_some(value),
            Shown::Sensitive => None,
        }
    }
    SettingDocument {
        path: format!("/{}", setting.name),
        before: shown(&setting.before, sensitive),
        after: shown(&setting.after, sensitive),
        sensitive,
        forces: setting.forces.map(Class::word),
    }
}

fn cited(rule: &Cited) -> Value {
    json!({
        "id": rule.id,
        "severity": rule.severity.word(),
        "implied_by": rule.implied_by,
        "location": location(&rule.from),
    })
}

fn location(from: &Provenance) -> Value {
    json!({"file": &*from.source, "line": from.line, "column": from.column})
}

fn lost(lost: &Lost) -> Value {
    json!({
        "layer_bytes": lost.layer_bytes,
        "files": lost.files.as_ref().map(Vec::len),
        "paths": lost.files,
        "also": lost.also,
        "keep": lost.keep,
    })
}

fn waived(note: &Note) -> Option<Value> {
    let NoteKind::Waived(by) = &note.kind else { return None };
    let WaivedBy { waiver, until, days_left, owner, ticket } = &**by;
    Some(json!({
        "rule": note.rule.id,
        "severity": note.rule.severity.word(),
        "address": note.address,
        "waiver": waiver,
        "ends": until,
        "days_left": days_left,
        "owner": owner,
        "ticket": ticket,
        "text": note.text,
    }))
}

fn unknown(plan: &Plan) -> Vec<Value> {
    let blind = plan
        .blind_spots
        .iter()
        .map(|(address, why)| json!({"rule": null, "address": address, "why": why}));
    let checks = plan
        .notes
        .iter()
        .filter(|note| note.kind == NoteKind::Unknown)
        .map(|note| json!({"rule": note.rule.id, "address": note.address, "why": note.text}));
    blind.chain(checks).collect()
}

fn finding(note: &Note) -> Option<Value> {
    let kind = match note.kind {
        NoteKind::ByHand => "by-hand",
        NoteKind::Reported => "reported",
        NoteKind::Waived(_) | NoteKind::Unknown => return None,
    };
    Some(json!({
        "rule": note.rule.id,
        "severity": note.rule.severity.word(),
        "implied_by": note.rule.implied_by,
        "address": note.address,
        "kind": kind,
        "mode": note.mode.word(),
        "text": note.text,
        "advice": note.advice,
        "location": location(&note.rule.from),
    }))
}

fn summary(plan: &Plan) -> Value {
    let objects = &plan.ledger.objects;
    let todo: BTreeMap<&str, usize> =
        objects.todo.iter().map(|(class, count)| (class.word(), *count)).collect();
    let checks = &plan.ledger.checks;
    let failing: serde_json::Map<String, Value> = Severity::ALL
        .iter()
        .zip(checks.failing)
        .map(|(severity, count)| (severity.word().to_owned(), count.into()))
        .collect();
    let mut causes: BTreeMap<&str, usize> = BTreeMap::new();
    for change in &plan.changes {
        *causes.entry(values::cause(change.cause)).or_default() += 1;
    }
    json!({
        "objects": {
            "total": objects.total,
            "todo": todo,
            "held": objects.held,
            "by_hand": objects.by_hand,
            "in_sync": objects.in_sync,
            "unknown": objects.unknown,
        },
        "checks": {
            "total": checks.total(),
            "failing": failing,
            "waived": checks.waived,
            "passing": checks.passing,
            "unknown": checks.unknown,
        },
        "causes": causes,
    })
}
