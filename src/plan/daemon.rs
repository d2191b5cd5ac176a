//! The changes of the daemon's settings: one a key, in an order that spares the containers.

mod forbidden;
mod impact;
mod price;

use std::collections::BTreeMap;

use serde_json::Value;

use self::{
    forbidden::{forbidden, unwritable},
    impact::{aftermath, impact, lost, stopped},
    price::{Price, Survival, price, survival},
};
use super::{
    Action, Change, DaemonApply, Held, SettingChange, Shown, WayBack,
    build::Context,
    cause::cause,
    host_file::Against,
    identity::{change_id, digest_of_policy, key_fingerprint},
    refusal::{Asked, refusal},
    remarks::stands,
};
use crate::{
    model::{
        class::Class,
        daemon_keys::{self, DaemonKeyFacts, TakesEffect, ValueKind},
        edit::Edit,
        finding::Finding,
        object::Address,
        standing::{NotTaken, Standing},
    },
    plan::daemon_file,
};

const LIVE_RESTORE: &str = "live-restore";

/// Everything that is wanted for one key.
struct Wanted<'a> {
    /// `None` takes the key out.
    value: Option<Value>,
    findings: Vec<&'a Finding>,
    conflict: Option<String>,
}

/// Returns the daemon's changes and, for each, the findings it answers.
pub(super) fn changes<'a>(
    context: &Context<'_>,
    findings: &[&'a Finding],
) -> Vec<(Change, Vec<&'a Finding>)> {
    let wanted = wanted(findings);
    let against = Against::new(
        &context.snapshot.daemon,
        wanted.iter().map(|(key, it)| (key.as_str(), it.value.as_ref())),
    );
    let mut after = context.snapshot.daemon.settings();
    for (key, it) in &wanted {
        match &it.value {
            Some(value) => after.insert(key.clone(), value.clone()),
            None => after.remove(key),
        };
    }
    let mut changes: Vec<(Change, Vec<&'a Finding>)> = Vec::new();
    // Whether containers live through a restart has to be known before the restarts.
    let live_restore = wanted.get_key_value(LIVE_RESTORE).map(|(key, it)| {
        let change = change(context, key, it, (&Survival::NotAsked, &against, &after));
        (change, it.findings.clone())
    });
    let survival = survival(context, live_restore.as_ref().map(|(change, _)| change));
    changes.extend(live_restore);
    for (key, it) in wanted.iter().filter(|(key, _)| key.as_str() != LIVE_RESTORE) {
        changes
            .push((change(context, key, it, (&survival, &against, &after)), it.findings.clone()));
    }
    changes.sort_by(|(a, _), (b, _)| (a.class, &a.address).cmp(&(b.class, &b.address)));
    changes
}

fn wanted<'a>(findings: &[&'a Finding]) -> BTreeMap<String, Wanted<'a>> {
    let mut wanted: BTreeMap<String, Wanted<'a>> = BTreeMap::new();
    for finding in findings {
        for edit in finding.verdict.edits() {
            let (key, value) = match edit {
                Edit::DaemonKey { key, value } => (key, Some(value.clone())),
                Edit::DaemonKeyAbsent { key } => (key, None),
                Edit::Container(_)
                | Edit::Restart { .. }
                | Edit::Evict { .. }
                | Edit::HostFile(_) => continue,
            };
            match wanted.get_mut(key) {
                None => {
                    let findings = vec![*finding];
                    wanted.insert(key.clone(), Wanted { value, findings, conflict: None });
                }
                Some(there) => {
                    if there.value != value {
                        there.conflict = Some(format!(
                            "{} and {} want different values of {key}",
                            there.findings[0].rule, finding.rule
                        ));
                    }
                    there.findings.push(finding);
                }
            }
        }
    }
    wanted
}

fn change(
    context: &Context<'_>,
    key: &str,
    wanted: &Wanted<'_>,
    (survival, against, after_all): (&Survival, &Against, &BTreeMap<String, Value>),
) -> Change {
    let daemon = &context.snapshot.daemon;
    let address = Address::daemon_key(key);
    let facts = daemon_keys::find(key);
    let (value, reloads) = target(facts, wanted.value.clone());
    // What one reload has ignored, the next one ignores.
    let ignored = daemon.standing(key) == Standing::NotTaken(NotTaken::ByReload);
    let reloads = reloads && !ignored;

    let sides = daemon.keys.get(key);
    let file = sides.and_then(|it| it.file.clone());
    let running = sides.and_then(|it| it.running.stated()).filter(|it| !it.is_null());
    let before = running.cloned().filter(|it| Some(it) != value.as_ref()).or_else(|| file.clone());
    let takes_effect = facts
        .map_or(TakesEffect::Restart, |it| it.takes_effect_from(before.as_ref(), value.as_ref()));
    let Price { apply, class, after } = price(takes_effect, reloads, survival);

    let hides = |it: &Option<Value>| {
        it.as_ref().is_some_and(|it| facts.is_some_and(|facts| facts.holds_secret(it)))
    };
    let sensitive = facts.is_some_and(|it| it.sensitive) || hides(&before) || hides(&value);
    let write = file != value;

    // A start without containers has to be made by stopping them.
    let needs_none = takes_effect == TakesEffect::EmptyStart || class == Class::Loss;
    let stops = class > Class::Restart
        && daemon.running_containers > 0
        && (needs_none || !matches!(survival, Survival::InForce | Survival::After(_)));

    let safe = value.as_ref().map(|it| daemon_file::redact(key, it));
    let id = change_id(&address, &safe);
    let policy = digest_of_policy(context.policy, &context.chooser, context.snapshot, &address);
    let applied = context.last.objects.get(&address);
    let (cause, drift) = cause(&wanted.findings, applied, &key_fingerprint(daemon, key), &policy);
    let living = match survival {
        Survival::InForce | Survival::After(_) => stopped(context).0,
        Survival::NotAsked | Survival::NothingRuns | Survival::No => Vec::new(),
    };
    let asked =
        Asked { key, value: value.as_ref(), apply, daemon, after: after_all, living: &living };
    let held = wanted
        .conflict
        .clone()
        .map(Held::Conflict)
        .or_else(|| forbidden(context, key, facts, value.as_ref(), apply))
        .or_else(|| refusal(&asked).map(Held::ByHand))
        .or_else(|| against.says(key, apply == DaemonApply::Reload).map(Held::ByHand))
        .or_else(|| unwritable(daemon, key).filter(|_| write))
        .or_else(|| context.undone(&id, &Address::daemon_key(key)))
        .or_else(|| context.above_ceiling(class));
    let shown = |it: Option<&Value>| match it {
        None => Shown::Absent,
        Some(_) if sensitive => Shown::Sensitive,
        Some(value) => Shown::Value(daemon_file::redact(key, value)),
    };
    Change {
        settings: vec![SettingChange {
            name: key.into(),
            before: shown(before.as_ref()),
            after: shown(value.as_ref()),
            forces: (class > Class::Live).then_some(class),
        }],
        rules: context.cited(&wanted.findings),
        how: how(apply, write),
        interrupts: stops,
        impact: [
            impact(context, facts, apply, stops, takes_effect),
            aftermath(daemon, key, value.as_ref()),
        ]
        .concat(),
        lost: lost(context, takes_effect, class),
        undo: undo(apply, write),
        way_back: if class == Class::Live { WayBack::File } else { WayBack::RestartBack },
        group: None,
        action: Action::DaemonKey { key: key.into(), value, apply, sensitive, write },
        id,
        address,
        class,
        cause,
        held,
        drift,
        standing: stands(daemon, key),
        after,
        commit: false,
        probes: Vec::new(),
    }
}

/// Returns what is to be written, and whether a reload then does it. A reload keeps the old value
/// of most keys that leave the file, so such a key is written as empty instead.
fn target(facts: Option<&DaemonKeyFacts>, value: Option<Value>) -> (Option<Value>, bool) {
    let Some(facts) = facts else { return (value, false) };
    if value.is_some() || !facts.kept_when_absent() {
        return (value, facts.reloads());
    }
    let empty = match facts.kind {
        ValueKind::Bool => facts.default_value(),
        ValueKind::TextList => Some(Value::Array(Vec::new())),
        ValueKind::TextMap | ValueKind::BoolMap(_) | ValueKind::Object(_) => {
            Some(Value::Object(serde_json::Map::new()))
        }
        ValueKind::Json => facts.default_value(),
        // The engine takes an empty word or number for the old value.
        ValueKind::Integer | ValueKind::Text(_) | ValueKind::Size => None,
    };
    let reloads = empty.is_some();
    (empty, reloads)
}

fn how(apply: DaemonApply, write: bool) -> String {
    match (apply, write) {
        (DaemonApply::Reload, true) => {
            "write daemon.json, reload; done when the reload event says so".into()
        }
        (DaemonApply::Reload, false) => "reload; the file says so already".into(),
        (DaemonApply::Restart, true) => {
            "write daemon.json, restart the daemon; put back if it does not start".into()
        }
        (DaemonApply::Restart, false) => "restart the daemon; the file says so already".into(),
    }
}

fn undo(apply: DaemonApply, write: bool) -> String {
    let file = if write { "previous daemon.json, owner and mode included" } else { "none needed" };
    match apply {
        DaemonApply::Reload => file.into(),
        DaemonApply::Restart if write => format!("{file}, and another restart"),
        DaemonApply::Restart => file.into(),
    }
}
