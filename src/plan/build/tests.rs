use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::{patterns_without_object, plan, replacements};
use crate::{
    declaration::{
        policy::{Allowance, ComposeContainers, Policy},
        samples::{
            DaemonWants, Wants, about_key, assignment, choices, meta, named, policy, waiver, wants,
        },
    },
    evaluate::evaluate,
    model::{
        class::Class,
        container::{ContainerSpec, Namespace, State},
        daemon::{DaemonKey, Flag, Service},
        edit::{ContainerEdit, Edit, Eviction},
        field::Field,
        finding::Severity,
        object::Address,
        owner::Owner,
        samples::{container, snapshot},
        selector::Selector,
        snapshot::{BlindSpot, Kept, Snapshot},
    },
    plan::{
        Action, Ceiling, Change, DaemonApply, Held, Lost, NoteKind, Plan, WaivedBy, leftovers,
        run::{LastApplied, Undone},
    },
};

static ONE: Wants = Wants(&meta("container.one", Severity::Critical, &["container.two"]));
static TWO: Wants = Wants(&meta("container.two", Severity::High, &[]));
static KEYS: DaemonWants = DaemonWants(&meta("daemon.settings", Severity::Medium, &[]));

struct Case {
    policy: Policy,
    snapshot: Snapshot,
    last: LastApplied,
    layers: BTreeMap<Address, Lost>,
    ceiling: Ceiling,
}

/// A case in which everything is allowed and every writable layer is clean.
fn case(policy: Policy, snapshot: Snapshot) -> Case {
    let clean = |it: &crate::model::snapshot::Observed| {
        let lost = Lost { files: Some(Vec::new()), ..Lost::default() };
        (Address::container(&it.spec.name), lost)
    };
    let layers = snapshot.containers.iter().map(clean).collect();
    let ceiling = Ceiling::at(Class::Outage);
    Case { policy, snapshot, last: LastApplied::default(), layers, ceiling }
}

impl Case {
    fn plan(&self) -> Plan {
        let report = evaluate(&self.policy, "2026-11-26".parse().unwrap(), &self.snapshot);
        let plan =
            plan(&self.policy, &report, &self.snapshot, &self.last, &self.layers, &self.ceiling);
        assert_adds_up(&plan);
        plan
    }

    fn only_change(&self) -> Change {
        let mut plan = self.plan();
        assert_eq!(plan.changes.len(), 1, "{:?}", plan.changes);
        plan.changes.remove(0)
    }
}

fn assert_adds_up(plan: &Plan) {
    let objects = &plan.ledger.objects;
    let todo: usize = objects.todo.values().sum();
    let parts = todo + objects.held + objects.in_sync + objects.by_hand + objects.unknown;
    assert_eq!(objects.total, parts);
    assert!(plan.changes.iter().all(|it| plan.basis.contains_key(&it.address)));
    let ids: std::collections::BTreeSet<_> = plan.changes.iter().map(|it| &it.id).collect();
    assert_eq!(ids.len(), plan.changes.len());
}

fn asking(edits: &[ContainerEdit]) -> Policy {
    let edits: Vec<Edit> = edits.iter().cloned().map(Edit::Container).collect();
    let mut policy = policy();
    policy.containers = vec![choices(&ONE, vec![(Selector::default(), Some(wants(&ONE, &edits)))])];
    policy
}

fn evicting() -> Policy {
    let mut policy = policy();
    let assignment = wants(&ONE, &[Edit::Evict { until: Eviction::Stop }]);
    policy.containers = vec![choices(&ONE, vec![(Selector::default(), Some(assignment))])];
    policy
}

const IN_PLACE: &[ContainerEdit] = &[ContainerEdit::PidsLimit(512)];
const REPLACING: &[ContainerEdit] =
    &[ContainerEdit::PidsLimit(512), ContainerEdit::ReadOnlyRootfs(true)];

/// Checks what holds a change of one container back.
fn check_held(policy: Policy, spec: ContainerSpec, want: Option<&str>) {
    let held = case(policy, snapshot([spec])).only_change().held;
    let said = held.map(|held| format!("{held:?}"));
    match (want, said) {
        (None, said) => assert_eq!(said, None),
        (Some(want), said) => {
            let said = said.unwrap_or_default();
            assert!(said.contains(want), "{said} has no {want}");
        }
    }
}

fn owned_by(owner: Owner) -> ContainerSpec {
    ContainerSpec { owner, ..container("web") }
}

fn compose(oneoff: bool) -> ContainerSpec {
    owned_by(Owner::Compose { project: "shop".into(), service: "web".into(), oneoff })
}

#[test]
fn limits_alone_are_updated_and_anything_else_replaces_the_container_once() {
    let update = case(asking(IN_PLACE), snapshot([container("web")])).only_change();
    assert_eq!(update.class, Class::Live);
    assert!(matches!(update.action, Action::UpdateContainer { .. }));
    let replace = case(asking(REPLACING), snapshot([container("web")])).only_change();
    assert_eq!(replace.class, Class::Recreate);
    let Action::ReplaceContainer { edits, .. } = replace.action else { panic!() };
    assert_eq!(edits.len(), 2);
    let forces: Vec<_> = replace.settings.iter().map(|it| it.forces).collect();
    assert_eq!(forces, [Some(Class::Recreate), None]);
}

#[test]
fn owners_keep_their_containers() {
    let swarm = || owned_by(Owner::Swarm { service: "shop_web".into() });
    check_held(asking(IN_PLACE), swarm(), Some("--limit-pids 512 shop_web"));
    check_held(evicting(), swarm(), Some("docker service rm shop_web"));
    let pod = owned_by(Owner::Kubernetes { pod: "web-0".into() });
    check_held(asking(IN_PLACE), pod, Some("makes pod web-0"));
    check_held(asking(REPLACING), compose(false), Some("read_only: true"));
    check_held(asking(IN_PLACE), compose(false), None);
}

#[test]
fn compose_containers_are_replaced_where_that_is_declared_but_never_one_offs() {
    let policy = || {
        let mut policy = asking(REPLACING);
        policy.limits.compose = ComposeContainers::Recreate;
        policy
    };
    check_held(policy(), compose(false), None);
    check_held(policy(), compose(true), Some("one-off"));
}

#[test]
fn state_can_speak_against_a_replacement() {
    let with = |state| ContainerSpec { state, ..container("web") };
    check_held(asking(REPLACING), with(State::Paused), Some("evidence"));
    check_held(asking(IN_PLACE), with(State::Paused), None);
    check_held(asking(REPLACING), with(State::Restarting), None);
    check_held(asking(IN_PLACE), with(State::Removing), Some("removing"));
    check_held(asking(REPLACING), with(State::Exited), None);
    let auto_remove = || ContainerSpec { auto_remove: true, ..container("web") };
    check_held(asking(REPLACING), auto_remove(), Some("--rm"));
    check_held(evicting(), auto_remove(), Some("--rm"));
    check_held(asking(IN_PLACE), auto_remove(), None);
}

/// `vpn`, `web` in its network and `proxy` that links to `web`; only `vpn` is to be replaced.
fn group_of_three() -> Case {
    let vpn = container("vpn");
    let network_mode = Namespace::from_word(&format!("container:{}", vpn.id));
    let web = ContainerSpec { network_mode, ..container("web") };
    let proxy = ContainerSpec { links: vec!["web".into()], ..container("proxy") };
    let mut policy = asking(REPLACING);
    policy.containers[0].choices[0].on = named("vpn");
    case(policy, snapshot([proxy, vpn, web]))
}

fn held_of(plan: &Plan) -> Vec<(&str, Option<&Held>)> {
    plan.changes.iter().map(|it| (it.address.name(), it.held.as_ref())).collect()
}

#[test]
fn those_that_hold_on_to_a_replaced_container_come_with_it() {
    let case = group_of_three();
    let plan = case.plan();
    assert_eq!(held_of(&plan), [("vpn", None), ("web", None), ("proxy", None)]);
    assert_eq!(plan.ledger.objects.todo[&Class::Recreate], 3);
    let ids: Vec<String> = plan.changes.iter().map(|it| it.id.clone()).collect();
    for (change, because) in plan.changes.iter().zip([None, Some("vpn"), Some("web")]) {
        let group = change.group.as_ref().unwrap();
        assert_eq!(group.members, ids);
        let named: Vec<&str> = group.because.iter().map(|it| it.address.name()).collect();
        assert_eq!(named, Vec::from_iter(because));
        let Action::ReplaceContainer { edits, .. } = &change.action else { panic!() };
        assert_eq!(edits.is_empty(), because.is_some());
        assert_eq!(change.settings.is_empty(), because.is_some());
        assert!(change.interrupts && change.lost.is_some());
    }
    let report = evaluate(&case.policy, "2026-11-26".parse().unwrap(), &case.snapshot);
    let looked_at = replacements(&report, &case.snapshot, &case.policy);
    assert_eq!(looked_at.len(), 3, "{looked_at:?}");
}

#[test]
fn what_one_needs_itself_is_done_as_the_group_is_replaced() {
    let mut case = group_of_three();
    let limit = wants(&TWO, &[Edit::Container(ContainerEdit::PidsLimit(7))]);
    case.policy.containers.push(choices(&TWO, vec![(named("web"), Some(limit))]));
    let plan = case.plan();
    let Action::ReplaceContainer { edits, .. } = &plan.changes[1].action else { panic!() };
    assert_eq!(edits, &[ContainerEdit::PidsLimit(7)]);
    assert_eq!(plan.changes[1].class, Class::Recreate);
}

#[test]
fn group_is_held_by_any_of_its_members_which_is_named() {
    let mut case = group_of_three();
    case.snapshot.containers[2].spec.state = State::Paused;
    let plan = case.plan();
    // The others need nothing and would not be touched: they are as they should be.
    let [("vpn", Some(Held::Together(text)))] = held_of(&plan)[..] else { panic!("{plan:?}") };
    assert!(text.contains("container/web") && text.contains("evidence"), "{text}");
    assert_eq!(plan.ledger.objects.held, 1);

    let mut case = group_of_three();
    case.snapshot.containers[0].spec.owner = Owner::Swarm { service: "shop".into() };
    let plan = case.plan();
    let [("vpn", Some(Held::Together(text)))] = held_of(&plan)[..] else { panic!("{plan:?}") };
    assert!(text.contains("container/proxy") && text.contains("Swarm"), "{text}");
}

#[test]
fn group_that_is_a_flag_away_shows_its_whole_price() {
    let mut case = group_of_three();
    let lost = Lost { files: Some(vec!["/app/a".into()]), ..Lost::default() };
    case.layers.insert(Address::container("web"), lost);
    let plan = case.plan();
    let [("vpn", Some(Held::Together(_))), ("web", Some(Held::WritableLayer)), ("proxy", Some(_))] =
        held_of(&plan)[..]
    else {
        panic!("{plan:?}")
    };
    case.ceiling.class = Class::Loss;
    assert!(case.plan().held().next().is_none());
    case.ceiling.class = Class::Restart;
    let held = case.plan();
    let above = |it: &Change| it.held == Some(Held::AboveCeiling(Class::Recreate));
    assert!(above(&held.changes[0]) && above(&held.changes[2]), "{held:?}");
}

#[test]
fn group_of_which_a_part_is_left_out_of_the_view_is_held() {
    let mut case = group_of_three();
    case.ceiling.exclude = vec!["container/proxy".into()];
    let plan = case.plan();
    let [("vpn", Some(Held::Together(text)))] = held_of(&plan)[..] else { panic!("{plan:?}") };
    assert!(text.contains("--only container/proxy"), "{text}");
}

#[test]
fn group_with_one_that_is_put_out_of_action_waits_for_that() {
    let mut case = group_of_three();
    let evict = wants(&TWO, &[Edit::Evict { until: Eviction::Pause }]);
    case.policy.containers.push(choices(&TWO, vec![(named("web"), Some(evict))]));
    let plan = case.plan();
    let [("vpn", Some(Held::Together(text))), ("web", None)] = held_of(&plan)[..] else {
        panic!("{plan:?}")
    };
    assert!(text.contains("put out of action"), "{text}");
    assert!(matches!(plan.changes[1].action, Action::EvictContainer { .. }));
}

#[test]
fn undone_group_stays_undone() {
    let mut case = group_of_three();
    let id = case.plan().changes[1].id.clone();
    let undone = Undone {
        declaration_digest: case.policy.digest.clone(),
        why: "it goes with container/proxy".into(),
        run: 7,
        at: String::new(),
    };
    case.last.undone.insert(id, undone);
    let plan = case.plan();
    assert!(matches!(held_of(&plan)[..], [("vpn", Some(Held::Together(_)))]), "{plan:?}");
}

#[test]
fn writable_layer_with_changes_needs_a_word() {
    let mut case = case(asking(REPLACING), snapshot([container("web")]));
    let lost = Lost { files: Some(vec!["/app/a".into()]), ..Lost::default() };
    case.layers.insert(Address::container("web"), lost);
    assert_eq!(case.only_change().held, Some(Held::WritableLayer));
    case.ceiling.class = Class::Loss;
    assert_eq!(case.only_change().held, None);
    case.ceiling.class = Class::Recreate;
    case.policy.allowances = vec![Allowance {
        on: named("web"),
        discard_writable_layer: Some(true),
        ..Allowance::default()
    }];
    assert_eq!(case.only_change().held, None);
    // Nobody looked, so nobody knows.
    case.policy.allowances.clear();
    case.layers.clear();
    assert_eq!(case.only_change().held, Some(Held::WritableLayer));
}

#[test]
fn ceiling_own_container_and_undone_changes_hold() {
    let mut case = case(asking(REPLACING), snapshot([container("web")]));
    case.ceiling.class = Class::Restart;
    assert_eq!(case.only_change().held, Some(Held::AboveCeiling(Class::Recreate)));
    case.ceiling.class = Class::Recreate;
    let undone = Undone {
        declaration_digest: "d1".into(),
        why: "not healthy".into(),
        run: 7,
        at: "2026-11-26T10:00:00Z".into(),
    };
    case.last.undone.insert(case.only_change().id, undone);
    let Some(Held::Undone(text)) = case.only_change().held else { panic!("not held") };
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[1], "  plimsoll apply --retry --only container/web");
    assert_eq!(lines[2], "undone in run 7, 2026-11-26T10:00:00Z: not healthy");
    case.policy.digest = "d2".into();
    assert_eq!(case.only_change().held, None);
    case.ceiling.own_container = Some(case.snapshot.containers[0].spec.id.clone());
    assert!(matches!(case.only_change().held, Some(Held::ByHand(_))));
}

#[test]
fn container_that_carries_the_connection_is_never_stopped() {
    let carries =
        |on, carries| Allowance { on, carries_connection: Some(carries), ..Allowance::default() };
    let mut case = case(asking(REPLACING), snapshot([container("web")]));
    case.policy.allowances = vec![carries(named("web"), true)];
    let Some(Held::ByHand(text)) = case.only_change().held else { panic!("not held") };
    assert!(text.contains("reaches the engine through it"), "{text}");
    // What an entry does not speak of, it does not take back.
    case.policy.allowances.push(Allowance { on: named("web"), ..Allowance::default() });
    assert!(case.only_change().held.is_some());
    case.policy.allowances.push(carries(Selector::default(), false));
    assert_eq!(case.only_change().held, None);
}

#[test]
fn what_replacements_left_behind_is_told_and_left_alone() {
    let kept = |name: &str, by: Option<&str>| Kept {
        name: name.into(),
        id: name.into(),
        replaced_by: by.map(str::to_owned),
        since: String::new(),
    };
    let left = [container("db.plimsoll-old"), container("web"), container("web.plimsoll-failed")];
    let mut case = case(asking(REPLACING), snapshot(left));
    case.snapshot.kept =
        vec![kept("api.plimsoll-kept-3", None), kept("web.plimsoll-kept-2", Some("web"))];
    let plan = case.plan();
    let told: Vec<_> = plan
        .remarks
        .iter()
        .filter(|it| it.stands.word == leftovers::WORD)
        .map(|it| (it.address.as_str(), it.stands.text.lines().last().unwrap_or_default()))
        .collect();
    assert_eq!(
        told,
        [
            ("container/api.plimsoll-kept-3", "  docker rm api.plimsoll-kept-3"),
            ("container/db.plimsoll-old", "  docker rm db.plimsoll-old"),
            ("container/web.plimsoll-failed", "  docker rm web.plimsoll-failed"),
        ]
    );
    let back = "  docker rename db.plimsoll-old db && docker start db\n";
    assert!(plan.remarks.iter().any(|it| it.stands.text.contains(back)));
    let held: Vec<_> = plan.held().map(|it| it.address.as_str()).collect();
    assert_eq!(held, ["container/db.plimsoll-old", "container/web.plimsoll-failed"]);
}

#[test]
fn container_that_goes_when_it_stops_needs_a_word() {
    let mut observed = container("web");
    observed.auto_remove = true;
    let mut case = case(asking(REPLACING), snapshot([observed]));
    let Some(Held::ByHand(text)) = case.only_change().held else { panic!("not held") };
    let entry = "  - match: { name: web }\n    auto-remove: replace";
    assert!(text.ends_with(entry), "{text}");
    case.policy.allowances = vec![Allowance {
        on: named("web"),
        replace_auto_removed: Some(true),
        ..Allowance::default()
    }];
    let change = case.only_change();
    assert_eq!(change.held, None);
    assert!(matches!(change.action, Action::ReplaceAutoRemoved { .. }));
    // Nothing would come of a start that nobody asked for.
    case.snapshot.containers[0].spec.state = State::Created;
    assert!(case.only_change().held.is_some());
}

#[test]
fn container_in_a_crash_loop_is_replaced_all_the_same() {
    let mut observed = container("web");
    observed.state = State::Restarting;
    let change = case(asking(REPLACING), snapshot([observed])).only_change();
    assert_eq!(change.held, None);
    assert!(change.impact.iter().any(|it| it.contains("again and again")), "{:?}", change.impact);
}

#[test]
fn rules_that_cannot_agree_are_a_conflict() {
    let mut policy = asking(&[ContainerEdit::User("1".into())]);
    let two = wants(&TWO, &[Edit::Container(ContainerEdit::User("2".into()))]);
    policy.containers.push(choices(&TWO, vec![(Selector::default(), Some(two))]));
    let change = case(policy, snapshot([container("web")])).only_change();
    assert!(matches!(change.held, Some(Held::Conflict(_))));
    let cited: Vec<_> =
        change.rules.iter().map(|it| (it.id.as_ref(), it.implied_by.as_deref())).collect();
    assert_eq!(cited, [("container.one", None), ("container.two", Some("container.one"))]);
}

#[test]
fn evicted_container_is_not_changed_otherwise() {
    let mut policy = evicting();
    let two = wants(&TWO, &[Edit::Container(ContainerEdit::PidsLimit(1))]);
    policy.containers.push(choices(&TWO, vec![(Selector::default(), Some(two))]));
    let change = case(policy, snapshot([container("rogue")])).only_change();
    assert_eq!(change.class, Class::Evict);
    assert_eq!(change.settings, []);
    assert_eq!(change.undo, "connect bridge again, docker start rogue");
}

#[test]
fn waived_observed_by_hand_and_unknown_findings_become_notes() {
    let mut policy = asking(IN_PLACE);
    let mut observed = wants(&ONE, &[Edit::Container(ContainerEdit::PidsLimit(1))]);
    observed.mode = crate::model::finding::Mode::Warn;
    policy.containers[0].choices.extend(
        [
            ("by-hand", Some(assignment(&ONE, json!({"by-hand": "do it"})))),
            ("observed", Some(observed)),
            ("unknown", Some(assignment(&ONE, json!({"unknown": "cut off"})))),
        ]
        .map(|(name, assignment)| crate::declaration::policy::Choice {
            on: named(name),
            assignment,
        }),
    );
    policy.waivers = vec![waiver("W-1", "container.one", named("waived"), "2026-12-05")];
    let names = ["by-hand", "observed", "unknown", "waived"];
    let plan = case(policy, snapshot(names.map(container))).plan();
    assert_eq!(plan.changes, []);
    let kinds: Vec<_> = plan.notes.iter().map(|it| &it.kind).collect();
    let waived = NoteKind::Waived(Box::new(WaivedBy {
        waiver: "W-1".into(),
        until: "2026-12-05".into(),
        days_left: 9,
        owner: "netops".into(),
        ticket: Some("SEC-88".into()),
    }));
    assert_eq!(kinds, [&NoteKind::ByHand, &NoteKind::Reported, &NoteKind::Unknown, &waived]);
    let objects = plan.ledger.objects;
    assert_eq!((objects.by_hand, objects.unknown, objects.in_sync), (1, 1, 2));
}

#[test]
fn narrowed_plan_counts_what_it_shows() {
    let mut case = case(asking(IN_PLACE), snapshot(["a", "b"].map(container)));
    case.ceiling.only = vec!["container/a".into(), "network/*".into()];
    let plan = case.plan();
    assert_eq!(plan.ledger.objects.total, 1);
    assert_eq!(plan.ledger.checks.total(), 1);
    let report = evaluate(&case.policy, "2026-11-26".parse().unwrap(), &case.snapshot);
    assert_eq!(patterns_without_object(&report, &case.ceiling), ["network/*"]);
}

#[test]
fn only_containers_that_would_be_replaced_are_looked_at() {
    let policy = asking(REPLACING);
    let mut owned = compose(false);
    owned.name = "owned".into();
    let snapshot = snapshot([container("web"), owned]);
    let report = evaluate(&policy, "2026-11-26".parse().unwrap(), &snapshot);
    let looked_at = replacements(&report, &snapshot, &policy);
    assert_eq!(looked_at.iter().map(|(it, _)| it.name()).collect::<Vec<_>>(), ["web"]);
}

fn daemon_case(keys: &[(&str, serde_json::Value)], running: usize) -> Case {
    let mut policy = policy();
    for (key, value) in keys {
        let edit = match value {
            serde_json::Value::Null => Edit::DaemonKeyAbsent { key: (*key).into() },
            value => Edit::DaemonKey { key: (*key).into(), value: value.clone() },
        };
        policy.daemon.push(about_key(key, wants(&KEYS, &[edit])));
    }
    let containers = (0..running).map(|n| container(&format!("c{n}")));
    let mut snapshot = snapshot(containers);
    snapshot.daemon.engine_version = "28.5.2".into();
    snapshot.daemon.service = Service::Systemd { unit: "docker.service".into(), pid: 1 };
    case(policy, snapshot)
}

/// The changes as `key class held?`.
fn summary(case: &Case) -> Vec<String> {
    let plan = case.plan();
    let line = |it: &Change| {
        let held = if it.held.is_some() { " held" } else { "" };
        format!("{} {}{held}", it.address.name(), it.class)
    };
    plan.changes.iter().map(line).collect()
}

fn set_sides(case: &mut Case, key: &str, file: serde_json::Value, running: serde_json::Value) {
    let side = DaemonKey { file: Some(file), flag: None, running: Field::Set(running) };
    case.snapshot.daemon.keys.insert(key.into(), side);
}

#[test]
fn live_restore_comes_first_and_spares_the_containers() {
    let keys = [("no-new-privileges", json!(true)), ("live-restore", json!(true))];
    let case = daemon_case(&keys, 2);
    assert_eq!(summary(&case), ["live-restore live", "no-new-privileges restart"]);
    let plan = case.plan();
    assert_eq!(plan.changes[1].after, [plan.changes[0].id.clone()]);
}

#[test]
fn without_live_restore_a_restart_is_an_outage_unless_nothing_runs() {
    let keys = [("no-new-privileges", json!(true))];
    let mut case = daemon_case(&keys, 2);
    assert_eq!(summary(&case), ["no-new-privileges outage"]);
    set_sides(&mut case, "live-restore", json!(true), json!(true));
    assert_eq!(summary(&case), ["no-new-privileges restart"]);
    // The starting daemon goes by the file.
    set_sides(&mut case, "live-restore", json!(false), json!(true));
    assert_eq!(summary(&case), ["no-new-privileges outage"]);
    assert_eq!(summary(&daemon_case(&keys, 0)), ["no-new-privileges restart"]);
}

#[test]
fn default_bridge_waits_for_a_start_without_containers() {
    let keys = [("icc", json!(false))];
    assert_eq!(summary(&daemon_case(&keys, 0)), ["icc restart"]);
    // Without live-restore the restart stops them all, so it is enough.
    assert_eq!(summary(&daemon_case(&keys, 1)), ["icc outage"]);
    let mut case = daemon_case(&keys, 1);
    set_sides(&mut case, "live-restore", json!(true), json!(true));
    // With it they have to be stopped for it.
    assert_eq!(summary(&case), ["icc outage"]);
    let change = case.only_change();
    assert!(change.interrupts && change.impact.iter().any(|it| it.contains("stopped for it")));
}

/// Traps 7 and 8.
#[test]
fn live_restore_goes_together_with_nothing_that_it_would_harm() {
    let keys = [("live-restore", json!(true)), ("userns-remap", json!("default"))];
    let case = daemon_case(&keys, 1);
    assert_eq!(summary(&case), ["live-restore live", "userns-remap loss held"]);
    let held = case.plan().changes[1].held.clone();
    assert!(matches!(held, Some(Held::ByHand(why)) if why.contains("docker stop c0")));

    let mut case = daemon_case(&[("live-restore", json!(null)), ("log-level", json!("warn"))], 1);
    set_sides(&mut case, "live-restore", json!(true), json!(true));
    assert_eq!(summary(&case), ["live-restore live", "log-level outage"]);
    let Action::DaemonKey { value, apply, .. } = case.plan().changes[0].action.clone() else {
        panic!()
    };
    assert_eq!((value, apply), (Some(json!(false)), DaemonApply::Reload), "left out it would stay");

    let mut node = daemon_case(&[("live-restore", json!(true))], 1);
    node.snapshot.daemon.swarm_active = true;
    assert_eq!(summary(&node), ["live-restore live held"]);
}

#[test]
fn moving_the_storage_root_is_a_loss() {
    let case = daemon_case(&[("userns-remap", json!("default"))], 1);
    assert_eq!(summary(&case), ["userns-remap loss held"]);
    assert!(!case.plan().changes[0].lost.as_ref().unwrap().also.is_empty());
}

#[test]
fn key_that_a_reload_keeps_is_written_as_empty() {
    let mut case = daemon_case(&[("insecure-registries", json!(null))], 1);
    set_sides(&mut case, "insecure-registries", json!(["a:5000"]), json!(["a:5000"]));
    let change = case.only_change();
    let Action::DaemonKey { value, apply, write, .. } = change.action else { panic!() };
    assert_eq!((value, apply, write), (Some(json!([])), DaemonApply::Reload, true));
}

#[test]
fn file_that_says_so_already_is_not_written() {
    let mut case = daemon_case(&[("debug", json!(true))], 1);
    set_sides(&mut case, "debug", json!(true), json!(false));
    let change = case.only_change();
    assert!(matches!(change.action, Action::DaemonKey { write: false, .. }));
}

#[test]
fn what_forbids_a_daemon_change_holds_it() {
    let keys = [("live-restore", json!(true))];
    let mut swarm = daemon_case(&keys, 1);
    swarm.snapshot.daemon.swarm_active = true;
    let mut broken = daemon_case(&keys, 1);
    broken.snapshot.daemon.file_error = Some("no permission".into());
    let mut flagged = daemon_case(&keys, 1);
    let flag = Flag { value: json!(false), argument: "--live-restore=false".into(), origin: None };
    let side = DaemonKey { file: None, flag: Some(flag), running: Field::Unknown("test") };
    flagged.snapshot.daemon.keys.insert("live-restore".into(), side);
    let mut lost = daemon_case(&keys, 1);
    lost.snapshot.daemon.service = Service::NotFound;
    let mut old = daemon_case(&[("features", json!({}))], 1);
    old.snapshot.daemon.engine_version = "17.06.0".into();
    for case in [swarm, broken, flagged, lost, old] {
        assert!(matches!(case.only_change().held, Some(Held::ByHand(_))), "{:?}", summary(&case));
    }
    let mut process = daemon_case(&[("no-new-privileges", json!(true))], 0);
    process.snapshot.daemon.service = Service::Process { pid: 1 };
    assert!(process.only_change().held.is_some());
    process.policy.restart_command = Some(vec!["rc".into()]);
    assert_eq!(process.only_change().held, None);
}

#[test]
fn secret_in_a_setting_is_never_shown() {
    let value = json!({"http-proxy": "http://me:canary@proxy:3128"});
    let change = daemon_case(&[("proxies", value)], 0).only_change();
    assert!(matches!(change.action, Action::DaemonKey { sensitive: true, .. }));
    assert!(!format!("{:?}", change.settings).contains("canary"));
}

fn any_params() -> impl Strategy<Value = serde_json::Value> {
    prop_oneof![
        Just(json!("pass")),
        Just(json!("not-applicable")),
        Just(json!({"unknown": "cut off"})),
        Just(json!({"by-hand": "do it"})),
        Just(json!({"edits": [{"container": {"pids-limit": 5}}]})),
        Just(json!({"edits": [{"container": {"read-only-rootfs": true}}]})),
        Just(json!({"edits": [{"evict": {"until": "pause"}}]})),
    ]
}

proptest! {
    #[test]
    fn ledgers_add_up_whatever_is_found(
        params in prop::collection::vec((any_params(), any_params(), 0_usize..3, 0_u8..4), 1..8),
        blind in prop::collection::vec("[a-d][0-9]", 0..3),
    ) {
        let mut policy = policy();
        let mut ones = Vec::new();
        let mut twos = Vec::new();
        let mut containers = Vec::new();
        for (index, (one, two, mode, state)) in params.into_iter().enumerate() {
            let name = format!("c{index}");
            let mut first = assignment(&ONE, one);
            first.mode = [
                crate::model::finding::Mode::Observe,
                crate::model::finding::Mode::Warn,
                crate::model::finding::Mode::Enforce,
            ][mode];
            ones.push((named(&name), Some(first)));
            twos.push((named(&name), (state != 3).then(|| assignment(&TWO, two))));
            let state = [State::Running, State::Paused, State::Exited, State::Dead]
                [usize::from(state)];
            containers.push(ContainerSpec { state, ..container(&name) });
        }
        policy.containers = vec![choices(&ONE, ones), choices(&TWO, twos)];
        policy.waivers = vec![waiver("W-1", "container.two", named("c1"), "2027-01-01")];
        let mut case = case(policy, snapshot(containers));
        case.snapshot.blind_spots = blind
            .into_iter()
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .map(|name| BlindSpot { address: Address::container(&name), why: "cut off".into() })
            .collect();
        let plan = case.plan();
        let checks = plan.ledger.checks;
        prop_assert_eq!(checks.passing + checks.waived + checks.unknown + checks.failing_total(),
            checks.total());
        let again = case.plan();
        prop_assert_eq!(plan, again);
    }
}
