use serde_json::json;

use super::evaluate;
use crate::{
    declaration::{
        self,
        policy::Policy,
        samples::{
            DaemonWants, Wants, about_key, assignment, choices, meta, named, policy, waiver, wants,
        },
    },
    model::{
        engine_objects::Listing,
        field::Field,
        finding::{Report, Severity, Verdict},
        network::Network,
        object::Address,
        samples::{container, snapshot},
        selector::Selector,
        snapshot::{BlindSpot, Snapshot},
    },
    rules,
};

static BROAD: Wants = Wants(&meta("container.broad", Severity::Critical, &["container.narrow"]));
static NARROW: Wants = Wants(&meta("container.narrow", Severity::High, &[]));
static DAEMON: DaemonWants = DaemonWants(&meta("daemon.thing", Severity::Low, &[]));

fn everything() -> Selector {
    Selector::default()
}

fn report(policy: &Policy, snapshot: &Snapshot) -> Report {
    let report = evaluate(policy, "2026-11-26".parse().unwrap(), snapshot);
    let passing: usize = report.passing.iter().sum();
    assert_eq!(report.checks.passing, passing);
    assert_eq!(report.checks.total() - passing, report.findings.len());
    report
}

/// The rules that fail, as `object: rule`.
fn failing(report: &Report) -> Vec<String> {
    let failing = report.findings.iter().filter(|it| matches!(*it.verdict, Verdict::Fail { .. }));
    failing.map(|it| format!("{}: {}", it.address.name(), it.rule)).collect()
}

#[test]
fn last_choice_that_selects_wins_and_off_is_a_choice() {
    let mut policy = policy();
    policy.containers = vec![choices(
        &NARROW,
        vec![
            (everything(), Some(wants(&NARROW, &[]))),
            (named("web*"), None),
            (named("web-2"), Some(wants(&NARROW, &[]))),
        ],
    )];
    let report = report(&policy, &snapshot(["db", "web-1", "web-2"].map(container)));
    assert_eq!(failing(&report), ["db: container.narrow", "web-2: container.narrow"]);
    assert_eq!(report.objects, ["db", "web-2"].map(Address::container));
}

#[test]
fn every_check_is_counted_once() {
    let mut policy = policy();
    policy.containers = vec![
        choices(&BROAD, vec![(everything(), Some(assignment(&BROAD, json!("pass"))))]),
        choices(
            &NARROW,
            vec![
                (everything(), Some(assignment(&NARROW, json!("not-applicable")))),
                (named("a"), Some(assignment(&NARROW, json!({"unknown": "cannot see"})))),
                (named("b"), Some(assignment(&NARROW, json!({"by-hand": "do it"})))),
                (named("c"), Some(wants(&NARROW, &[]))),
            ],
        ),
    ];
    policy.waivers = vec![waiver("W-1", "container.narrow", named("c"), "2026-11-26")];
    let report = report(&policy, &snapshot(["a", "b", "c", "d"].map(container)));
    assert_eq!(report.checks.passing, 4);
    assert_eq!(report.checks.unknown, 1);
    assert_eq!(report.checks.waived, 1);
    assert_eq!(report.checks.failing, [0, 1, 0, 0]);
    assert_eq!(report.not_applicable, 1);
}

#[test]
fn waiver_holds_on_its_last_day_and_is_remembered_after_it() {
    let mut policy = policy();
    policy.containers = vec![choices(&NARROW, vec![(everything(), Some(wants(&NARROW, &[])))])];
    policy.waivers = vec![
        waiver("W-1", "container.narrow", named("holds"), "2026-11-26"),
        waiver("W-2", "container.narrow", named("ended"), "2026-11-25"),
        waiver("W-3", "container.narrow", named("nobody"), "2027-11-25"),
    ];
    let report = report(&policy, &snapshot(["ended", "holds"].map(container)));
    let ended = &report.findings[0];
    assert_eq!((ended.waived_by(), ended.waiver_ended()), (None, Some("W-2")));
    assert_eq!(report.findings[1].waived_by(), Some("W-1"));
    assert_eq!(report.unused_waivers, ["W-3"]);
    assert_eq!(report.ended_waivers, ["W-2"]);
    assert_eq!(report.ending_waivers, [("W-1".to_owned(), 0)]);
}

#[test]
fn failing_rule_folds_what_follows_from_it_unless_it_is_waived() {
    let mut policy = policy();
    policy.containers = vec![
        choices(&BROAD, vec![(everything(), Some(wants(&BROAD, &[])))]),
        choices(&NARROW, vec![(everything(), Some(wants(&NARROW, &[])))]),
    ];
    policy.waivers = vec![waiver("W-1", "container.broad", named("waived"), "2027-01-01")];
    let report = report(&policy, &snapshot(["plain", "waived"].map(container)));
    let implied: Vec<_> = report.findings.iter().map(|it| it.implied_by).collect();
    assert_eq!(implied, [None, Some("container.broad"), None, None]);
}

#[test]
fn container_that_could_not_be_read_is_unknown_for_every_rule_that_may_apply() {
    let mut policy = policy();
    let labelled = Selector { labels: [("tier".into(), "*".into())].into(), ..everything() };
    policy.containers = vec![
        choices(&BROAD, vec![(labelled, Some(assignment(&BROAD, json!("pass"))))]),
        choices(
            &NARROW,
            vec![(everything(), Some(assignment(&NARROW, json!("pass")))), (named("other"), None)],
        ),
    ];
    let mut snapshot = snapshot([container("web")]);
    for name in ["blind", "other"] {
        let address = Address::container(name);
        snapshot.blind_spots.push(BlindSpot { address, why: "cut off".into() });
    }
    let report = report(&policy, &snapshot);
    assert_eq!((report.checks.passing, report.checks.unknown), (1, 3));
    assert_eq!(report.objects, ["blind", "other", "web"].map(Address::container));
}

#[test]
fn daemon_checks_stand_under_their_keys() {
    let mut policy = policy();
    policy.daemon = vec![
        assignment(&DAEMON, json!("pass")),
        about_key("icc", wants(&DAEMON, &[])),
        about_key("debug", assignment(&DAEMON, json!("pass"))),
        about_key("mtu", assignment(&DAEMON, json!("pass"))),
    ];
    policy.waivers = vec![waiver("W-1", "daemon.thing", named("icc"), "2027-01-01")];
    let mut snapshot = snapshot([]);
    let address = Address::daemon_key("mtu");
    snapshot.blind_spots.push(BlindSpot { address, why: "no file".into() });
    let report = report(&policy, &snapshot);
    let objects: Vec<_> = report.objects.iter().map(Address::as_str).collect();
    assert_eq!(objects, ["daemon", "daemon/debug", "daemon/icc", "daemon/mtu"]);
    assert_eq!((report.checks.passing, report.checks.waived, report.checks.unknown), (2, 1, 1));
}

#[test]
fn what_a_person_attested_is_judged_on_the_day() {
    let text = "\
version: 1
rules:
  host.os-hardened: { attested: 2026-11-20, by: netops }
  image.scan-fresh: { attested: 2026-10-20, by: netops }
  image.minimal-packages: true
  swarm.autolock-rotated: true
waivers:
  - { id: W-1, rule: image.scan-fresh, reason: scanner moves, owner: ops, expires: 2026-12-01 }
";
    let nothing_else = |_: &str| Err("no file".to_owned());
    let policy = declaration::load("test", text.as_bytes(), &nothing_else).unwrap();
    let report = report(&policy, &snapshot([]));
    assert_eq!(report.checks.passing, 1);
    assert_eq!(report.not_applicable, 1, "Swarm is not active");
    let [unknown, fails] = &report.findings[..] else { panic!("{:?}", report.findings) };
    assert_eq!(
        (unknown.address.as_str(), unknown.rule),
        ("attestations", "image.minimal-packages")
    );
    assert!(matches!(&*unknown.verdict, Verdict::Unknown(why) if why.contains("nobody has said")));
    assert_eq!((fails.address.as_str(), fails.rule), ("attestations", "image.scan-fresh"));
    assert!(
        matches!(&*fails.verdict, Verdict::Fail { seen, .. } if seen == "netops looked 37 days ago")
    );
    assert_eq!(fails.waived_by(), Some("W-1"));
}

#[test]
fn waiver_of_an_image_ends_with_the_image() {
    let digest = |digit: char| format!("sha256:{}", digit.to_string().repeat(64));
    let mut policy = policy();
    policy.containers = vec![choices(&NARROW, vec![(everything(), Some(wants(&NARROW, &[])))])];
    let mut of_image = waiver("W-1", "container.narrow", everything(), "2026-11-30");
    of_image.only_image = Some(digest('a'));
    policy.waivers = vec![of_image];
    let with = |image: String, repository: Option<String>| {
        let mut spec = container("web");
        spec.image_id = image;
        spec.repo_digests =
            Field::Set(repository.into_iter().map(|it| format!("shop@{it}")).collect());
        report(&policy, &snapshot([spec]))
    };
    for holds in [with(digest('a'), None), with(digest('b'), Some(digest('a')))] {
        assert_eq!(holds.findings[0].waived_by(), Some("W-1"));
        assert!(holds.ended_waivers.is_empty());
    }
    let moved = with(digest('b'), Some(digest('c')));
    assert_eq!(moved.findings[0].waived_by(), None);
    assert_eq!(moved.findings[0].waiver_ended(), Some("W-1"));
    assert_eq!(moved.ended_waivers, ["W-1"]);
}

#[test]
fn every_network_is_judged_by_itself_and_none_that_nobody_knows() {
    let rule = rules::find("network.icc-disabled").unwrap();
    let mut policy = policy();
    policy.daemon = vec![assignment(rule, json!({"networks": ["*"]}))];
    policy.waivers = vec![waiver("W-1", "network.icc-disabled", named("b"), "2026-11-26")];
    let bridge =
        |name: &str| Network { name: name.into(), driver: "bridge".into(), ..Network::default() };
    let mut host = Snapshot::default();
    host.objects.networks = Listing::Listed(["a", "b", "bridge"].map(bridge).into());
    let seen = report(&policy, &host);
    assert_eq!(failing(&seen), ["a: network.icc-disabled", "b: network.icc-disabled"]);
    assert_eq!((seen.checks.waived, seen.not_applicable), (1, 1));
    assert_eq!(seen.objects, ["a", "b", "bridge"].map(Address::network));

    host.objects.networks = Listing::Unknown("the engine answered 403".into());
    let seen = report(&policy, &host);
    assert_eq!(seen.checks.unknown, 1);
    assert_eq!(seen.findings[0].address.as_str(), "network");
    host.objects.networks = Listing::NotHere("there are none");
    assert_eq!(report(&policy, &host).not_applicable, 1);
}
