//! A default, a container, and whether it follows.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::json;

use super::*;
use crate::model::{
    container::{Namespace, Seccomp},
    daemon::{DaemonConfig, DaemonKey, FileRead},
    defaulted::{DaemonDefaults, LogConfig, Ulimit},
    edit::ContainerEdit,
    field::Field,
    process::{ProcessDetails, ProcessFacts},
    samples,
};

/// A daemon that started at ten and goes by this.
fn daemon(running: &[(&str, Value)]) -> Arc<DaemonDefaults> {
    let keys = running.iter().map(|(key, value)| {
        let sides = DaemonKey { file: None, flag: None, running: Field::Set(value.clone()) };
        ((*key).to_owned(), sides)
    });
    let read = FileRead { started_at: "2026-11-26T10:00:00Z".parse().ok(), ..Default::default() };
    let config = DaemonConfig { keys: keys.collect(), read, ..Default::default() };
    Arc::new(DaemonDefaults::of(&config, &BTreeMap::new()))
}

/// A container that runs since this hour.
fn since(hour: &str, running: &[(&str, Value)]) -> ContainerSpec {
    let mut spec = samples::container("web");
    spec.started_at = format!("2026-11-26T{hour}:00:00.5Z");
    spec.daemon_defaults = daemon(running);
    spec
}

fn with_process(mut spec: ContainerSpec, facts: ProcessFacts) -> ContainerSpec {
    spec.process = Field::Set(Arc::new(facts));
    spec
}

fn details(details: ProcessDetails) -> ProcessFacts {
    ProcessFacts { seccomp: 2, details: Some(details), ..ProcessFacts::default() }
}

fn judged(spec: &ContainerSpec, defaults: Value) -> Verdict {
    let Value::Object(defaults) = defaults else { panic!("defaults are an object") };
    FollowsDaemonDefaults.judge(spec, &Params { defaults })
}

#[track_caller]
fn passes(spec: &ContainerSpec, defaults: Value) {
    assert_eq!(judged(spec, defaults), Verdict::Pass);
}

#[track_caller]
fn is_own(spec: &ContainerSpec, defaults: Value) {
    let verdict = judged(spec, defaults);
    assert!(matches!(verdict, Verdict::NotApplicable(_)), "{verdict:?}");
}

#[track_caller]
fn is_unknown(spec: &ContainerSpec, defaults: Value) {
    let verdict = judged(spec, defaults);
    assert!(matches!(verdict, Verdict::Unknown(_)), "{verdict:?}");
}

#[track_caller]
fn is_left(spec: &ContainerSpec, defaults: Value, want: &[Edit]) {
    match judged(spec, defaults) {
        Verdict::Fail { fix: Fix::Edits(edits), .. } => assert_eq!(edits, want),
        verdict => panic!("{verdict:?}"),
    }
}

fn restart(key: &str) -> Vec<Edit> {
    vec![Edit::Restart { key: key.into() }]
}

#[test]
fn kernel_decides_about_no_new_privileges_and_an_own_choice_is_kept() {
    let want = || json!({ "no-new-privileges": true });
    let on = ProcessFacts { no_new_privileges: true, ..Default::default() };
    passes(&with_process(since("09", &[]), on), want());
    let off = with_process(since("11", &[]), ProcessFacts::default());
    is_left(&off, want(), &[Edit::Container(ContainerEdit::NoNewPrivileges(true))]);
    let mut stopped = since("11", &[("no-new-privileges", json!(true))]);
    stopped.defaulted.created_at = "2026-11-26T09:59:00Z".into();
    is_unknown(&stopped, want());
    stopped.defaulted.created_at = "2026-11-26T10:01:00Z".into();
    passes(&stopped, want());
    let mut chose = off.clone();
    chose.defaulted.no_new_privileges = Some(false);
    is_own(&chose, want());
    is_own(&off, json!({ "no-new-privileges": false }));
}

fn logging(driver: &str, options: &[(&str, &str)]) -> ContainerSpec {
    let mut spec = since("09", &[("log-driver", json!("journald"))]);
    let options = options.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    spec.defaulted.log = Some(LogConfig { driver: driver.into(), options: options.collect() });
    spec
}

fn log(driver: &str, set: &[(&str, &str)], unset: &[&str]) -> Vec<Edit> {
    vec![Edit::Container(ContainerEdit::Log {
        driver: driver.into(),
        set: set.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
        unset: unset.iter().map(|name| (*name).into()).collect(),
    })]
}

#[test]
fn log_driver_of_the_engine_or_the_daemon_is_a_default_and_another_a_choice() {
    let want = || json!({ "log-driver": "local", "log-opts": { "max-size": "10m" } });
    passes(&logging("local", &[("max-size", "10m"), ("compress", "true")]), want());
    for old in ["json-file", "journald"] {
        is_left(&logging(old, &[]), want(), &log("local", &[("max-size", "10m")], &[]));
    }
    is_own(&logging("syslog", &[]), want());
    // What the old driver took is no business of the new one.
    let tagged = logging("json-file", &[("tag", "x"), ("max-size", "1m")]);
    is_left(&tagged, want(), &log("local", &[("max-size", "10m")], &["tag"]));
}

#[test]
fn log_options_reach_those_with_the_daemons_driver_and_own_ones_stay() {
    let want = || json!({ "log-opts": { "tag": "y" } });
    is_left(
        &logging("journald", &[("labels", "a")]),
        want(),
        &log("journald", &[("tag", "y")], &[]),
    );
    is_own(&logging("json-file", &[]), want());
    passes(&logging("journald", &[("tag", "y")]), want());
}

#[test]
fn secret_log_options_are_left_to_the_daemon() {
    let want = || json!({ "log-driver": "splunk", "log-opts": { "splunk-token": "canary" } });
    let verdict = judged(&logging("json-file", &[]), want());
    assert!(!format!("{verdict:?}").contains("canary"), "{verdict:?}");
    is_left(&logging("json-file", &[]), want(), &log("splunk", &[], &["splunk-token"]));
    let verdict = judged(&logging("splunk", &[("splunk-token", "canary-old")]), want());
    assert!(!format!("{verdict:?}").contains("canary"), "{verdict:?}");
}

#[test]
fn modes_and_sizes_that_a_default_can_have_given_follow() {
    let mut spec = since("09", &[("default-shm-size", json!("32M"))]);
    is_left(
        &spec,
        json!({ "default-ipc-mode": "shareable" }),
        &[Edit::Container(ContainerEdit::ShareableIpc)],
    );
    passes(&spec, json!({ "default-ipc-mode": "private" }));
    spec.defaulted.cgroupns = "host".into();
    is_left(
        &spec,
        json!({ "default-cgroupns-mode": "private" }),
        &[Edit::Container(ContainerEdit::CgroupnsMode("private".into()))],
    );
    let size = || json!({ "default-shm-size": "128M" });
    for given in [32 << 20, 64 << 20] {
        spec.defaulted.shm_bytes = Some(given);
        is_left(&spec, size(), &[Edit::Container(ContainerEdit::ShmSize(128 << 20))]);
    }
    spec.defaulted.shm_bytes = Some(128 << 20);
    passes(&spec, size());
    spec.defaulted.shm_bytes = Some(1 << 30);
    is_own(&spec, size());
    spec.ipc_mode = Namespace::Host;
    is_own(&spec, size());
    is_own(&spec, json!({ "default-ipc-mode": "private" }));
}

#[test]
fn what_the_daemon_gave_before_is_remembered() {
    let mut spec = since("09", &[("default-runtime", json!("crun"))]);
    spec.defaulted.runtime = "youki".into();
    let want = || json!({ "default-runtime": "crun" });
    is_own(&spec, want());
    let earlier = BTreeMap::from([("default-runtime".to_owned(), vec![json!("youki")])]);
    spec.daemon_defaults = Arc::new(DaemonDefaults::of(&DaemonConfig::default(), &earlier));
    is_left(&spec, want(), &[Edit::Container(ContainerEdit::Runtime("crun".into()))]);
    spec.defaulted.runtime = "runc".into();
    is_left(&spec, want(), &[Edit::Container(ContainerEdit::Runtime("crun".into()))]);
    spec.defaulted.runtime = String::new();
    is_own(&spec, want());
}

#[test]
fn what_is_taken_at_a_start_goes_by_who_started_first() {
    let want = || json!({ "dns": ["10.0.0.1"] });
    let goes = [("dns", json!(["10.0.0.1"]))];
    passes(&since("11", &goes), want());
    is_left(&since("09", &goes), want(), &restart("dns"));
    is_left(&since("11", &[("dns", json!([]))]), want(), &restart("dns"));
    is_unknown(&since("11", &[]), want());
    let mut own = since("09", &goes);
    own.defaulted.dns = true;
    is_own(&own, want());
    let mut stopped = since("09", &goes);
    stopped.state = State::Exited;
    is_own(&stopped, want());
}

#[test]
fn limits_are_the_kernels_and_not_those_that_inspect_shows() {
    let limit = |soft: i64, hard: i64| json!({ "Name": "nofile", "Soft": soft, "Hard": hard });
    let want = || json!({ "default-ulimits": { "nofile": limit(2048, 4096) } });
    let goes = || [("default-ulimits", json!({ "nofile": limit(2048, 4096) }))];
    let process = |soft, hard| {
        let ulimits = [("nofile".to_owned(), (Some(soft), Some(hard)))].into();
        details(ProcessDetails { ulimits, ..ProcessDetails::default() })
    };
    let shown = |hour, soft, hard| {
        let mut spec = since(hour, &goes());
        spec.defaulted.ulimits = vec![Ulimit { name: "nofile".into(), soft, hard }];
        spec
    };
    is_left(
        &with_process(shown("09", 2048, 4096), process(1024, 1024)),
        want(),
        &restart("default-ulimits"),
    );
    passes(&with_process(shown("09", 2048, 4096), process(2048, 4096)), want());
    // A program that raised its own limit.
    passes(&with_process(shown("09", 2048, 4096), process(4096, 4096)), want());
    passes(&with_process(shown("11", 2048, 4096), process(1, 1)), want());
    is_own(&with_process(shown("09", 10, 10), process(10, 10)), want());
    // Nobody knows what the daemon goes by, and the kernel knows what the process has.
    let unknown = with_process(since("11", &[]), process(1024, 1024));
    is_left(&unknown, want(), &restart("default-ulimits"));
    is_unknown(&since("11", &[]), want());
}

#[test]
fn seccomp_that_is_off_stays_off_until_the_container_is_replaced() {
    let want = || json!({ "seccomp-profile": "builtin" });
    let goes = [("seccomp-profile", json!("builtin"))];
    let off = with_process(since("11", &goes), ProcessFacts::default());
    is_left(&off, want(), &[Edit::Container(ContainerEdit::DefaultSeccomp)]);
    let filtered = |hour| with_process(since(hour, &goes), details(ProcessDetails::default()));
    passes(&filtered("11"), want());
    is_left(&filtered("09"), want(), &restart("seccomp-profile"));
    is_unknown(&since("11", &goes), want());
    let mut chose = off;
    chose.seccomp_option = Some(Seccomp::Unconfined);
    is_own(&chose, want());
}

#[test]
fn first_process_and_control_group_show_what_was_taken() {
    let run = |command: &str, path: &str| {
        let details = details(ProcessDetails {
            command: command.into(),
            cgroups: vec![path.into()],
            ..ProcessDetails::default()
        });
        let goes = [("init", json!(true)), ("cgroup-parent", json!("/limited"))];
        with_process(since("09", &goes), details)
    };
    passes(&run("docker-init", "/"), json!({ "init": true }));
    is_left(&run("nginx", "/"), json!({ "init": true }), &restart("init"));
    passes(&run("x", "/limited/0123"), json!({ "cgroup-parent": "/limited" }));
    is_left(
        &run("x", "/docker/0123"),
        json!({ "cgroup-parent": "/limited" }),
        &restart("cgroup-parent"),
    );
    let mut own = run("nginx", "/");
    own.defaulted.init = Some(false);
    is_own(&own, json!({ "init": true }));
}

#[test]
fn keys_that_go_together_are_judged_together() {
    let keys = ["icc", "init", "log-driver", "log-opts", "mtu"];
    assert_eq!(groups(keys.into_iter()), [vec!["init"], vec!["log-driver", "log-opts"]]);
}
