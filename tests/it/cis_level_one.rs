//! The baseline `cis-docker-l1` on a host that nobody ever hardened, and on one that is in order.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    careless::{self, data_and_addresses_are_intact, inspect_all},
    lab::{self, BUSYBOX, Host, Suite},
};

const FILE: &str = "/etc/plimsoll/plimsoll.yaml";
const DAEMON: &str = "/etc/docker/daemon.json";

#[test]
fn what_can_be_repaired_is_and_nothing_stops_working_on_bookworm() {
    bad_host(Suite::Bookworm);
}

#[test]
fn what_can_be_repaired_is_and_nothing_stops_working_on_trixie() {
    bad_host(Suite::Trixie);
}

#[test]
fn what_can_be_repaired_is_and_nothing_stops_working_on_sid() {
    bad_host(Suite::Sid);
}

#[test]
fn nothing_is_to_be_repaired_where_all_is_in_order_on_bookworm() {
    good_host(Suite::Bookworm);
}

#[test]
fn nothing_is_to_be_repaired_where_all_is_in_order_on_trixie() {
    good_host(Suite::Trixie);
}

#[test]
fn nothing_is_to_be_repaired_where_all_is_in_order_on_sid() {
    good_host(Suite::Sid);
}

fn declare(host: &Host) {
    let restart = match host.suite.restart_command() {
        "" => String::new(),
        command => format!("daemon:\n{command}"),
    };
    // A host without SYS_RESOURCE can give its containers no more than it has.
    let tuned = "rules:\n  daemon.default-ulimits: { max: { core: 0, nofile: 4096 } }\n";
    host.write(FILE, &format!("version: 1\nextends: [cis-docker-l1]\n{restart}{tuned}"));
}

fn bad_host(suite: Suite) {
    let host = lab::host(suite).exclusive();
    declare(&host);
    host.write(
        DAEMON,
        r#"{"icc": true, "debug": true, "insecure-registries": ["registry.example:5000"]}"#,
    );
    host.restart_docker().ok();
    careless::start(&host);
    host.sh("chmod 0666 /run/docker.sock; chgrp users /etc/docker; chmod 0775 /etc/docker");
    let before = inspect_all(&host);

    let first = plan(&host);
    let repairable = planned(&first);
    for rule in [
        "container.capabilities-bounded",
        "container.no-engine-socket",
        "container.no-host-pid",
        "container.no-new-privileges",
        "container.no-privileged",
        "container.pids-limit",
        "container.seccomp-confined",
        "daemon.icc-disabled",
        "daemon.live-restore",
        "daemon.log-level-info",
        "daemon.no-insecure-registries",
        "host-file.docker-sock-mode",
        "host-file.etc-docker-mode",
        "host-file.etc-docker-owner",
    ] {
        assert!(repairable.contains(rule), "{rule} in {repairable:?}");
    }

    let applied = host.plimsoll(&[
        "apply",
        "-f",
        FILE,
        "--yes",
        "--allow",
        "outage",
        "--max-changes",
        "100",
        "--quiet-period",
        "2s",
    ]);
    assert_eq!(applied.status, 0, "{}{}", applied.stdout, applied.stderr);

    let after = plan(&host);
    assert_eq!(after["changes"], Value::Array(Vec::new()), "{after:#}");
    the_rest_is_listed_with_advice(&after);
    data_and_addresses_are_intact(&host, &before);
    let now = inspect_all(&host);
    for name in careless::ALL {
        let running =
            |all: &std::collections::BTreeMap<String, Value>| all[name]["State"]["Running"].clone();
        assert_eq!(running(&now), running(&before), "{name}");
    }
}

fn good_host(suite: Suite) {
    let host = lab::host(suite).exclusive();
    declare(&host);
    host.write(
        DAEMON,
        r#"{
            "icc": false, "live-restore": true, "no-new-privileges": true, "userland-proxy": false,
            "default-ulimits": {
                "core": {"Name": "core", "Hard": 0, "Soft": 0},
                "nofile": {"Name": "nofile", "Hard": 4096, "Soft": 2048}
            }
        }"#,
    );
    host.restart_docker().ok();
    host.sh(&format!(
        "docker network create co-own && docker run -d --name co-good --network co-own \
         --cap-drop ALL --security-opt no-new-privileges --pids-limit 50 --memory 64m \
         --cpus 1 --read-only --restart on-failure:5 --user 1000:1000 \
         --ulimit nofile=1024:1024 --health-cmd true --publish 127.0.0.1:18099:80 {BUSYBOX}"
    ));
    let plan = plan(&host);
    assert_eq!(plan["changes"], Value::Array(Vec::new()), "{plan:#}");
    let of_container: Vec<String> = plan["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["address"] == "container/co-good")
        .map(|it| it["rule"].as_str().unwrap_or_default().to_owned())
        .filter(|rule| rule.starts_with("container."))
        .collect();
    assert_eq!(of_container, ["container.ports-declared"], "{plan:#}");
    // Without a proxy the engine's own process holds the port.
    let open = "daemon.tcp-requires-client-tls";
    assert!(!plan.to_string().contains(open), "{plan:#}");
    let id = host.docker(&["inspect", "-f", "{{.Id}}", "co-good"]);
    let applied = host.plimsoll(&["apply", "-f", FILE, "--yes", "--allow", "outage"]);
    assert_eq!(applied.status, 0, "{}{}", applied.stdout, applied.stderr);
    assert_eq!(host.docker(&["inspect", "-f", "{{.Id}}", "co-good"]), id);
}

fn plan(host: &Host) -> Value {
    let plan = host.plimsoll(&["plan", "-f", FILE, "-o", "json"]);
    serde_json::from_str(&plan.ok()).unwrap()
}

/// The rules that a change of the plan serves.
fn planned(plan: &Value) -> BTreeSet<String> {
    let changes = plan["changes"].as_array().unwrap();
    let rules = changes.iter().flat_map(|it| it["rules"].as_array().into_iter().flatten());
    rules.map(|it| it["id"].as_str().unwrap_or_default().to_owned()).collect()
}

/// What is left a person has to do, and is told how; or it is only warned of, as the baseline says.
fn the_rest_is_listed_with_advice(plan: &Value) {
    let findings = plan["findings"].as_array().unwrap();
    assert!(!findings.is_empty());
    for finding in findings {
        let told = match finding["kind"].as_str() {
            Some("by-hand") => !finding["advice"].as_str().unwrap_or_default().is_empty(),
            kind => kind == Some("reported") && finding["mode"] == "warn",
        };
        assert!(told, "{finding:#}");
    }
}
