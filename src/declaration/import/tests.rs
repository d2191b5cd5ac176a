use serde_json::json;

use super::*;
use crate::{
    declaration::{load, policy::Policy},
    evaluate::evaluate,
    model::{
        daemon::DaemonKey,
        field::Field,
        samples::{container, snapshot},
    },
};

fn policy(text: &str) -> Policy {
    load("import", text.as_bytes(), &|_| Err("no file".into())).unwrap_or_else(|problems| {
        let all: Vec<_> = problems.iter().map(|it| it.message.as_str()).collect();
        panic!("{all:?}:\n{text}")
    })
}

/// A host with containers of these names, of which those that start with `bad` are privileged.
fn host(names: &[&str], keys: &[(&str, Value)]) -> Snapshot {
    let spec = |name: &&str| {
        let mut it = container(name);
        it.privileged = name.starts_with("bad");
        it
    };
    let mut snapshot = snapshot(names.iter().map(spec));
    for (name, value) in keys {
        let running = Field::Set(value.clone());
        let key = DaemonKey { file: Some(value.clone()), flag: None, running };
        snapshot.daemon.keys.insert((*name).into(), key);
    }
    snapshot
}

fn options(baselines: &[&str]) -> ImportOptions {
    ImportOptions {
        baselines: baselines.iter().map(|it| (*it).to_owned()).collect(),
        expires: "2027-02-24".parse().unwrap(),
        owner: "netops: night shift".into(),
    }
}

fn imported(snapshot: &Snapshot, options: &ImportOptions) -> String {
    let today = "2026-11-26".parse().unwrap();
    let report = evaluate(&policy(&extends(&options.baselines)), today, snapshot);
    let text = import(snapshot, &report, &left_out(&snapshot.daemon), options);
    let after = evaluate(&policy(&text), today, snapshot);
    assert_eq!(to_do(&after), Vec::<&Finding>::new());
    assert_eq!(after.unused_waivers, Vec::<String>::new());
    text
}

fn to_do(report: &Report) -> Vec<&Finding> {
    let fails = |it: &&Finding| matches!(*it.verdict, Verdict::Fail { .. });
    let counts = |it: &&Finding| is_to_be_waived(it) && it.waived_by().is_none();
    report.findings.iter().filter(fails).filter(counts).collect()
}

#[test]
fn waivers_end_sooner_the_worse_it_is() {
    let mut snapshot = host(&["bad"], &[]);
    snapshot.containers[0].spec.no_new_privileges = Field::Set(false);
    let text = imported(&snapshot, &options(&["essential"]));
    let policy = policy(&text);
    let end = |rule: &str| policy.waivers.iter().find(|it| it.rule == rule).unwrap().expires;
    assert_eq!(end("container.no-privileged").to_string(), "2026-12-26");
    assert_eq!(end("container.no-new-privileges").to_string(), "2027-02-24");
    let today = "2026-11-26".parse().unwrap();
    assert!(policy.long_waivers(today).is_empty());
    let before = policy.long_waivers("2026-11-25".parse().unwrap());
    assert_eq!(before[0].code, "waiver.too-long");
    assert!(before.iter().any(|it| it.label == "in 31 days"));
}

#[test]
fn what_only_a_process_shows_is_waived_before_it_runs() {
    let mut snapshot = host(&["waits"], &[]);
    snapshot.containers[0].spec.no_new_privileges = Field::Unknown("only a process shows it");
    let text = imported(&snapshot, &options(&["essential"]));
    let waiver = "    rule: container.no-new-privileges\n    match: { name: [waits] }\n";
    assert!(text.contains(waiver), "{text}");

    snapshot.containers[0].spec.no_new_privileges = Field::Set(false);
    let today = "2026-11-26".parse().unwrap();
    assert_eq!(to_do(&evaluate(&policy(&text), today, &snapshot)), Vec::<&Finding>::new());
}

#[test]
fn settings_stand_as_in_the_file_and_secrets_stay_out() {
    let snapshot = host(
        &["web"],
        &[
            ("live-restore", json!(true)),
            ("log-opts", json!({ "max-size": "10m", "max-file": "3" })),
            ("registry-mirrors", json!(["https://mirror.example"])),
            ("proxies", json!({ "http-proxy": "http://bob:hunter2@proxy:3128" })),
            ("no-such-key", json!(1)),
        ],
    );
    let text = imported(&snapshot, &options(&[]));
    assert!(!text.contains("hunter2"), "{text}");
    let daemon = text.split_once("\n\n").unwrap().1;
    assert_eq!(
        daemon,
        "\
# As in the daemon's file. Keys that are not named here are left alone.
daemon:
  settings:
    live-restore: true
    log-opts:
      max-size: 10m
      max-file: \"3\"
    registry-mirrors:
    - https://mirror.example

# In the daemon's file too, and not declared:
# - no-such-key: not a key that plimsoll knows
# - proxies: it can hold a secret
"
    );
}

#[test]
fn what_fails_is_waived_by_rule_with_an_end_and_an_owner() {
    let text = imported(&host(&["bad-1", "bad-2", "web"], &[]), &options(&["essential"]));
    let expected = "
  - id: import-2
    rule: container.no-privileged
    match: { name: [bad-1, bad-2] }
    reason: present at import on 2026-11-26
    owner: \"netops: night shift\"
    expires: 2026-12-26
";
    assert!(text.contains(expected), "{text}");
    assert!(!text.contains("container.read-only-rootfs"), "what is observed is not: {text}");
}

#[test]
fn keys_that_differ_from_what_runs_are_left_out_and_rules_about_the_host_waived() {
    let mut snapshot = host(&[], &[("icc", json!(true)), ("live-restore", json!(true))]);
    let key = snapshot.daemon.keys.get_mut("live-restore").unwrap();
    key.running = Field::Set(json!(false));
    let today = "2026-11-26".parse().unwrap();
    let judged = |text: &str| evaluate(&policy(text), today, &snapshot);
    let rules = "version: 1\nrules:\n  daemon.icc-disabled: true\n";
    let draft = import(&snapshot, &judged(rules), &LeftOut::new(), &options(&[]));
    assert!(
        draft.contains("  - id: import-1\n    rule: daemon.icc-disabled\n    reason:"),
        "{draft}"
    );
    let differing = differing(&judged(&draft), &LeftOut::new());
    assert_eq!(differing.keys().collect::<Vec<_>>(), ["live-restore"]);
    assert!(super::differing(&judged(&draft), &differing).is_empty());
}

#[test]
fn many_names_are_broken_into_lines() {
    let names: Vec<String> = (0..60).map(|n| format!("bad-with-a-name-{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let text = imported(&host(&names, &[]), &options(&["essential"]));
    assert!(text.lines().all(|line| line.len() <= 100), "{text}");
}

#[test]
fn a_host_with_nothing_on_it_is_a_declaration_too() {
    let text = imported(&host(&[], &[]), &options(&[]));
    assert!(!text.contains("daemon:") && !text.contains("waivers:"), "{text}");
}
