//! The changes of the daemon's settings: one a key, in an order that spares the containers.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Action, Change, DaemonApply, Held, Lost, SettingChange, Shown,
    build::{Context, cited, listed},
    cause::cause,
    flags::{argument, excluding_flag},
    host_file::{Against, in_force},
    identity::{change_id, digest_of_policy, key_fingerprint},
    refusal::{Asked, hosts_drop_in, makes_remap_user, refusal},
    remarks::stands,
};
use crate::{
    model::{
        class::Class,
        container::RestartName,
        daemon::{DaemonConfig, Service},
        daemon_check::Engine,
        daemon_keys::{self, DaemonKeyFacts, Pickup, TakesEffect, ValueKind},
        edit::Edit,
        finding::{Finding, Fix, Verdict},
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
    let mut after = in_force(&context.snapshot.daemon);
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
        let Verdict::Fail { fix: Fix::Edits(edits), .. } = &finding.verdict else { continue };
        for edit in edits {
            let (key, value) = match edit {
                Edit::DaemonKey { key, value } => (key, Some(value.clone())),
                Edit::DaemonKeyAbsent { key } => (key, None),
                Edit::Container(_) | Edit::Restart { .. } | Edit::Evict { .. } => continue,
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

/// Whether containers keep running while the daemon restarts.
enum Survival {
    /// Only a reload is at stake.
    NotAsked,
    NothingRuns,
    /// Live restore is in force.
    InForce,
    /// Live restore is in force once this change is done.
    After(String),
    No,
}

fn survival(context: &Context<'_>, live_restore: Option<&Change>) -> Survival {
    let daemon = &context.snapshot.daemon;
    if daemon.running_containers == 0 {
        return Survival::NothingRuns;
    }
    if daemon.service.ends_containers() {
        return Survival::No;
    }
    match live_restore.filter(|change| change.held.is_none()) {
        Some(change) => match &change.action {
            Action::DaemonKey { value: Some(Value::Bool(true)), .. } => {
                Survival::After(change.id.clone())
            }
            Action::DaemonKey { .. }
            | Action::UpdateContainer { .. }
            | Action::ReplaceContainer { .. }
            | Action::RestartContainer { .. }
            | Action::EvictContainer { .. } => Survival::No,
        },
        None => {
            let key = daemon.keys.get(LIVE_RESTORE);
            let on = |value: Option<&Value>| value == Some(&Value::Bool(true));
            let running = on(key.and_then(|it| it.running.stated()));
            // The stopping daemon goes by what it runs with, the starting one by what it reads.
            let stays = on(key.and_then(|it| it.file.as_ref()))
                || on(key.and_then(|it| it.flag.as_ref()).map(|flag| &flag.value));
            if running && stays { Survival::InForce } else { Survival::No }
        }
    }
}

/// What a key needs, and how bad that is.
struct Price {
    apply: DaemonApply,
    class: Class,
    after: Vec<String>,
}

fn price(takes_effect: TakesEffect, reloads: bool, survival: &Survival) -> Price {
    let live = Price { apply: DaemonApply::Reload, class: Class::Live, after: vec![] };
    let restart = |class, after| Price { apply: DaemonApply::Restart, class, after };
    let spared = match survival {
        Survival::After(id) => vec![id.clone()],
        Survival::NotAsked | Survival::NothingRuns | Survival::InForce | Survival::No => vec![],
    };
    match takes_effect {
        TakesEffect::Reload { .. } if reloads => live,
        TakesEffect::Reload { .. } | TakesEffect::Restart => match survival {
            Survival::NotAsked | Survival::No => restart(Class::Outage, spared),
            Survival::NothingRuns | Survival::InForce | Survival::After(_) => {
                restart(Class::Restart, spared)
            }
        },
        TakesEffect::EmptyStart => match survival {
            Survival::NothingRuns => restart(Class::Restart, spared),
            // Those that would live through it are stopped for it.
            Survival::NotAsked | Survival::No | Survival::InForce | Survival::After(_) => {
                restart(Class::Outage, vec![])
            }
        },
        TakesEffect::Hides => restart(Class::Loss, vec![]),
        TakesEffect::Breaks => restart(Class::Outage, spared),
    }
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
        .or_else(|| context.undone(&id))
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
        rules: cited(&wanted.findings),
        how: how(apply, write),
        interrupts: stops,
        impact: [
            impact(context, facts, apply, stops, takes_effect),
            aftermath(daemon, key, value.as_ref()),
        ]
        .concat(),
        lost: lost(context, takes_effect, class),
        undo: undo(apply, write),
        action: Action::DaemonKey { key: key.into(), value, apply, sensitive, write },
        id,
        address,
        class,
        cause,
        held,
        drift,
        standing: stands(daemon, key),
        after,
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

/// Returns what has to be put right before the key can be changed at all.
fn forbidden(
    context: &Context<'_>,
    key: &str,
    facts: Option<&DaemonKeyFacts>,
    value: Option<&Value>,
    apply: DaemonApply,
) -> Option<Held> {
    let daemon = &context.snapshot.daemon;
    let text = if let Some(why) = &daemon.file_error {
        format!("{} cannot be read: {why}", daemon.file_path)
    } else if let Some(flag) = excluding_flag(daemon, key) {
        let drop_in = hosts_drop_in(daemon).filter(|_| key == "hosts");
        format!(
            "the daemon's command line has `{}` ({}); with the key in the file too it does not \
             start: take the flag out first{}",
            argument(key, flag),
            flag.origin.as_deref().unwrap_or("of unknown origin"),
            drop_in.map_or(String::new(), |how| format!("; {how}")),
        )
    } else if let Some(why) = unknown_to_engine(daemon, facts) {
        why
    } else if daemon.swarm_active && key == LIVE_RESTORE && value == Some(&Value::Bool(true)) {
        "this host is a Swarm node, and the daemon does not start with both; leave the Swarm or \
         drop the key"
            .into()
    } else {
        unreachable_service(context, apply)?
    };
    Some(Held::ByHand(text))
}

/// Returns what has to be put right before the file can be written.
fn unwritable(daemon: &DaemonConfig, key: &str) -> Option<Held> {
    let text = match (daemon.file_given_twice.get(key), &daemon.file_obstacle) {
        (Some(places), _) => daemon_file::ambiguous(key, places),
        (None, Some(why)) => format!("{} cannot be replaced: {why}", daemon.file_path),
        (None, None) => return None,
    };
    Some(Held::ByHand(text))
}

fn unknown_to_engine(daemon: &DaemonConfig, facts: Option<&DaemonKeyFacts>) -> Option<String> {
    Engine::of(daemon).does_not_know(facts?)
}

fn unreachable_service(context: &Context<'_>, apply: DaemonApply) -> Option<String> {
    let (command, name) = match apply {
        DaemonApply::Reload => (&context.policy.reload_command, "reload"),
        DaemonApply::Restart => (&context.policy.restart_command, "restart"),
    };
    if command.is_some() {
        return None;
    }
    let service = &context.snapshot.daemon.service;
    match (service, apply) {
        (Service::Process { pid }, DaemonApply::Restart) => Some(format!(
            "no service manager that plimsoll knows looks after the daemon (process {pid}); \
             declare the command that restarts it, below `daemon:`\n  \
             restart-command: [/path/to/restart-docker]"
        )),
        (Service::NotFound, _) => Some(format!(
            "the daemon's process is not visible from here; run on its host as root, or declare \
             the command that does the {name}"
        )),
        (
            Service::Systemd { .. }
            | Service::SystemdUser { .. }
            | Service::OpenRc { .. }
            | Service::SysVInit { .. }
            | Service::Snap { .. },
            _,
        )
        | (Service::Process { .. }, DaemonApply::Reload) => None,
    }
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

fn impact(
    context: &Context<'_>,
    facts: Option<&DaemonKeyFacts>,
    apply: DaemonApply,
    stops: bool,
    takes_effect: TakesEffect,
) -> Vec<String> {
    let running = context.snapshot.daemon.running_containers;
    let mut lines = Vec::new();
    if apply == DaemonApply::Reload && forgets_addresses(&context.snapshot.daemon) {
        let containers = context.snapshot.containers.iter();
        let name_it: Vec<&str> = containers
            .filter(|it| it.spec.names_host_gateway)
            .map(|it| it.spec.name.as_str())
            .collect();
        if !name_it.is_empty() {
            lines.push(format!(
                "engine 28 forgets `host-gateway` at a reload, so that these do not start again \
                 until the daemon is restarted: {}",
                listed(&name_it)
            ));
        }
    }
    if apply == DaemonApply::Restart {
        if running == 0 {
            lines.push("daemon restart; no container runs".to_owned());
        } else if stops {
            let (all, stay): (Vec<&str>, Vec<&str>) = stopped(context);
            // Paused ones are among them.
            let number = count(all.len());
            lines.push(format!("daemon restart, which stops {number}: {}", listed(&all)));
            if takes_effect == TakesEffect::EmptyStart {
                lines.push(
                    "the default bridge is rebuilt only when the daemon starts while no container \
                     runs, so that they are stopped for it and started again"
                        .into(),
                );
            } else if !stay.is_empty() && takes_effect != TakesEffect::Hides {
                let stay = listed(&stay);
                lines.push(format!("no restart policy, so started again by plimsoll: {stay}"));
            }
        } else {
            lines.push(format!(
                "daemon restart; containers keep running ({running}), published ports pause for \
                 a moment"
            ));
        }
    }
    match facts.map(|it| (it.takes_effect, it.pickup)) {
        Some((TakesEffect::Breaks, _)) => {
            lines.push("clients of the daemon may be locked out".into());
        }
        Some((_, Pickup::ContainerCreation)) => {
            lines.push("containers that exist keep the old value until they are replaced".into());
        }
        Some((_, Pickup::ContainerStart)) => {
            lines.push("containers that exist follow at their next start".into());
        }
        Some((_, Pickup::NewNetworks)) => {
            lines.push("networks that exist keep the old value".into());
        }
        Some((
            TakesEffect::Reload { .. }
            | TakesEffect::Restart
            | TakesEffect::EmptyStart
            | TakesEffect::Hides,
            Pickup::NotAboutContainers
            | Pickup::EmptyStart
            | Pickup::DaemonStart
            | Pickup::OutOfView,
        ))
        | None => {}
    }
    lines
}

/// Returns what a value brings with it that shows later, or elsewhere.
fn aftermath(daemon: &DaemonConfig, key: &str, value: Option<&Value>) -> Vec<String> {
    let line = match (key, value) {
        ("iptables", Some(Value::Bool(false))) => {
            "rules that are there stay until the host is next started; from then on containers \
             reach nothing outside, and are kept apart by nothing, unless you write the rules"
                .to_owned()
        }
        ("userns-remap", Some(value)) if makes_remap_user(value, &daemon.host) => {
            "the engine makes the user dockremap when it starts; its own check of the file would \
             make it too, and is left out"
                .to_owned()
        }
        ("min-api-version", Some(Value::String(version))) => {
            format!("clients that speak no API from {version} on are refused")
        }
        _ => return Vec::new(),
    };
    vec![line]
}

/// A fault of theirs: the copy that a reload makes of the settings has no addresses. Tried with
/// 28.5; 26.1 has it not.
fn forgets_addresses(daemon: &DaemonConfig) -> bool {
    daemon_keys::release(&daemon.engine_version).is_some_and(|release| release.0 == 28)
}

/// Returns who runs, and of those who is not brought back by a restart policy.
fn stopped<'a>(context: &Context<'a>) -> (Vec<&'a str>, Vec<&'a str>) {
    let running = || context.snapshot.containers.iter().filter(|it| it.spec.state.has_processes());
    // Those of `--rm` are gone for good.
    let stay = running().filter(|it| !it.spec.auto_remove).filter(|it| {
        match it.spec.restart_policy.name {
            RestartName::Always | RestartName::UnlessStopped => false,
            RestartName::No | RestartName::OnFailure | RestartName::Other(_) => true,
        }
    });
    (
        running().map(|it| it.spec.name.as_str()).collect(),
        stay.map(|it| it.spec.name.as_str()).collect(),
    )
}

fn lost(context: &Context<'_>, takes_effect: TakesEffect, class: Class) -> Option<Lost> {
    if class < Class::Outage {
        return None;
    }
    let mut also: Vec<String> = Vec::new();
    if takes_effect == TakesEffect::Hides {
        let host = &context.snapshot.daemon.host;
        let some = |number: usize, name: &str| match number {
            1 => format!("1 {name}"),
            many => format!("{many} {name}s"),
        };
        let volumes = host.volumes.map_or("volumes".to_owned(), |it| some(it, "volume"));
        let is_empty = host.images == 0 && host.containers == 0;
        let all = format!(
            "{}, {} and {volumes}",
            some(host.images, "image"),
            some(host.containers, "container"),
        );
        also.push(format!(
            "{} drop out of the daemon's view; they stay on disk",
            if is_empty { "images, containers and volumes" } else { &all },
        ));
    }
    // The engine removes them with their anonymous volumes when they stop.
    let removed: Vec<&str> = context
        .snapshot
        .containers
        .iter()
        .filter(|it| it.spec.auto_remove && it.spec.state.has_processes())
        .map(|it| it.spec.name.as_str())
        .collect();
    if !removed.is_empty() {
        also.push(format!("started with --rm, so deleted when they stop: {}", listed(&removed)));
    }
    Some(Lost { files: Some(Vec::new()), layer_bytes: None, also })
}

fn count(containers: usize) -> String {
    match containers {
        1 => "1 container".into(),
        many => format!("{many} containers"),
    }
}
