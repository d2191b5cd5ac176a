//! The main job from end to end: plan, apply, the empty plan after it, and nothing on a second
//! apply.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    careless::{
        self, CREATED_ONLY, SECRET, STUBBORN, UNLIMITED, data_and_addresses_are_intact, inspect_all,
    },
    lab::{self, Host, Suite},
};

const DECLARATION: &str = r#"version: 1
extends: [essential]

daemon:
  settings:
    live-restore: true
    max-concurrent-downloads: 2
    log-driver: json-file
    log-opts: { max-size: 10m, max-file: "3" }
    default-ulimits: { nofile: { Name: nofile, Hard: 4096, Soft: 2048 } }
RESTART
containers:
  - name: every-container
    rules:
      container.pids-limit: { max: 512 }
  - name: stubborn
    match: { name: mj-stubborn }
    writable-layer: discard
    rules:
      container.read-only-rootfs: true
  - name: as it logs
    match: { name: mj-unlimited }
    rules:
      container.follows-daemon-defaults: off
"#;

const FILE: &str = "/etc/plimsoll/plimsoll.yaml";

#[test]
fn essential_is_planned_applied_and_kept_on_bookworm() {
    the_main_job(Suite::Bookworm);
}

#[test]
fn essential_is_planned_applied_and_kept_on_trixie() {
    the_main_job(Suite::Trixie);
}

#[test]
fn essential_is_planned_applied_and_kept_on_sid() {
    the_main_job(Suite::Sid);
}

fn the_main_job(suite: Suite) {
    let host = lab::host(suite).exclusive();
    host.write(FILE, &DECLARATION.replace("RESTART\n", suite.restart_command()));
    careless::start(&host);
    let before = inspect_all(&host);

    let plan = plan(&host);
    assert_eq!(classes(&plan), expected_classes(), "{plan:#}");
    for change in plan["changes"].as_array().unwrap() {
        assert_eq!(change["cause"], "new", "{change:#}");
        assert!(change["location"]["line"].as_u64().is_some(), "{change:#}");
    }
    nothing_moved(&before, &inspect_all(&host), "plan");
    assert!(!host.exists("/var/lib/plimsoll"), "plan left something behind");

    let applied = apply(&host);
    assert_eq!(applied.status, 4, "{}{}", applied.stdout, applied.stderr);
    let told = applied.stdout.clone() + &applied.stderr;
    assert!(told.contains(STUBBORN) && told.contains("read-only"), "{told}");
    let kept = host.sh("cat /var/lib/plimsoll/*.json /var/lib/plimsoll/runs/*");
    let everything = format!("{plan}{told}{kept}");
    assert!(!everything.contains(SECRET), "a secret got out");
    the_engine_is_as_predicted(&host, &before);
    data_and_addresses_are_intact(&host, &before);

    let after = plan_of(&host);
    assert_eq!(
        after,
        BTreeMap::from([(format!("container/{STUBBORN}"), "recreate undone".to_owned())])
    );
    let settled = inspect_all(&host);
    let again = apply(&host);
    assert_eq!(again.status, 0, "{}{}", again.stdout, again.stderr);
    nothing_moved(&settled, &inspect_all(&host), "the second apply");
}

fn nothing_moved(before: &BTreeMap<String, Value>, after: &BTreeMap<String, Value>, during: &str) {
    for (name, old) in before {
        let moved: Vec<_> = old
            .as_object()
            .unwrap()
            .iter()
            .filter(|(key, value)| after[name].get(key) != Some(value))
            .collect();
        assert!(moved.is_empty(), "{name} moved during {during}: {moved:#?}");
    }
}

fn expected_classes() -> BTreeMap<String, String> {
    let mut expected = BTreeMap::new();
    for (key, class) in [
        ("live-restore", "live"),
        ("max-concurrent-downloads", "live"),
        ("log-driver", "restart"),
        ("log-opts", "restart"),
        ("default-ulimits", "restart"),
    ] {
        expected.insert(format!("daemon/{key}"), class.to_owned());
    }
    for name in careless::ALL {
        let class = if name == UNLIMITED { "live" } else { "recreate" };
        expected.insert(format!("container/{name}"), class.to_owned());
    }
    expected
}

fn the_engine_is_as_predicted(host: &Host, before: &BTreeMap<String, Value>) {
    let now = inspect_all(host);
    for name in careless::ALL.into_iter().filter(|it| *it != STUBBORN) {
        let (old, new) = (&before[name], &now[name]);
        let config = &new["HostConfig"];
        assert_eq!(new["State"]["Running"], name != CREATED_ONLY, "{name}");
        assert_eq!(config["PidsLimit"], 512, "{name}");
        let follows = config["LogConfig"]["Config"]["max-size"] == "10m";
        assert_eq!(follows, name != UNLIMITED, "{name}: {config:#}");
        assert_eq!(config["Privileged"], false, "{name}");
        assert_eq!(config["RestartPolicy"], old["HostConfig"]["RestartPolicy"], "{name}");
        // What never ran shows nobody what it would get from the daemon.
        let known = name != CREATED_ONLY;
        assert_eq!(has_no_new_privileges(config), known, "{name}: {config:#}");
        for mode in ["PidMode", "UTSMode"] {
            assert_ne!(config[mode], "host", "{name}");
        }
        assert_ne!(config["IpcMode"], "host", "{name}");
        assert_eq!(new["Config"]["Image"], old["Config"]["Image"], "{name}");
        assert_eq!(new["Config"]["Env"], old["Config"]["Env"], "{name}");
        let same = old["Id"] == new["Id"];
        assert_eq!(same, name == UNLIMITED, "{name} was replaced, or should have been");
    }
    assert!(!now["mj-caps"]["HostConfig"]["CapAdd"].to_string().contains("SYS_ADMIN"));
    for name in ["mj-socket", "mj-rundir"] {
        assert_eq!(now[name]["Mounts"], Value::Array(vec![]), "{name}");
    }
    let daemon: Value = serde_json::from_str(&host.read("/etc/docker/daemon.json")).unwrap();
    assert_eq!(daemon["log-opts"]["max-size"], "10m");
    assert_eq!(host.docker(&["info", "--format", "{{.LiveRestoreEnabled}}"]), "true");

    let stubborn = &now[STUBBORN];
    assert_eq!(stubborn["Id"], before[STUBBORN]["Id"], "the stubborn one is the one it was");
    assert_eq!(stubborn["State"]["Running"], true);
    assert_eq!(stubborn["HostConfig"]["ReadonlyRootfs"], false);
    assert_eq!(
        stubborn["HostConfig"]["RestartPolicy"],
        before[STUBBORN]["HostConfig"]["RestartPolicy"]
    );
}

fn has_no_new_privileges(host_config: &Value) -> bool {
    host_config["SecurityOpt"].to_string().contains("no-new-privileges")
}

fn plan(host: &Host) -> Value {
    let text = host.plimsoll(&["plan", "-f", FILE, "-o", "json"]).ok();
    serde_json::from_str(&text).unwrap()
}

/// Address to class, and why it is held.
fn plan_of(host: &Host) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    plan(host)["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| {
            let held = change["held"]["why"].as_str().unwrap_or("not held");
            (text(&change["address"]), format!("{} {held}", text(&change["class"])))
        })
        .collect()
}

fn classes(plan: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let changes = plan["changes"].as_array().unwrap();
    changes.iter().map(|change| (text(&change["address"]), text(&change["class"]))).collect()
}

fn apply(host: &Host) -> lab::Output {
    host.plimsoll(&[
        "apply",
        "-f",
        FILE,
        "--yes",
        "--allow",
        "recreate",
        "--max-changes",
        "20",
        "--keep-going",
        "--quiet-period",
        "2s",
    ])
}
