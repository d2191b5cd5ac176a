//! `import` of hosts that are in use: under what it prints nothing is to be done, at the first
//! try.

use serde_json::{Value, json};

use crate::lab::{self, BUSYBOX, Host, Suite};

const FILE: &str = "/etc/plimsoll/plimsoll.yaml";
const DAEMON: &str = "/etc/docker/daemon.json";
const SECRET: &str = "canary-of-import";

#[test]
fn nothing_is_to_be_done_under_an_import_of_bookworm() {
    adopt(Suite::Bookworm);
}

#[test]
fn nothing_is_to_be_done_under_an_import_of_sid() {
    adopt(Suite::Sid);
}

fn adopt(suite: Suite) {
    let host = lab::host(suite).exclusive();
    let mut daemon = json!({
        "log-opts": { "max-size": "10m", "max-file": "3" },
        "shutdown-timeout": 25,
        "labels": ["rack=7", "site=north"],
        "insecure-registries": ["registry.example:5000"],
    });
    host.write(DAEMON, &daemon.to_string());
    host.restart_docker().ok();
    host.sh(&format!(
        r#"
docker run -d --name im-plain {BUSYBOX}
docker run -d --name im-net --network host -e TOKEN={SECRET} {BUSYBOX}
docker run -d --name im-socket -v /run/docker.sock:/run/docker.sock {BUSYBOX}
docker run -d --name im-capable --cap-add SYS_ADMIN --pid host {BUSYBOX}
docker run -d --name im-hard --security-opt no-new-privileges --cap-drop ALL --pids-limit 50 {BUSYBOX}
docker run -d --name im-shop-1 --label com.docker.compose.project=shop \
    --label com.docker.compose.service=web --label com.docker.compose.version=2 {BUSYBOX}
docker run -d --name im-loops --restart always {BUSYBOX} false
docker run -d --name im-ended {BUSYBOX} true
docker create --name im-privileged --privileged {BUSYBOX}
docker create --name im-waits {BUSYBOX} sleep 100000
"#
    ));
    let plain = import(&host, &[]);
    for part in ["    shutdown-timeout: 25\n", "max-size: 10m\n", "- rack=7\n"] {
        assert!(plain.contains(part), "{part:?} in {plain}");
    }
    assert!(!plain.contains("waivers:") && !plain.contains("not declared"), "{plain}");
    is_in_sync(&host, &plain);

    // Somebody edits the file and leaves the daemon as it was.
    daemon["labels"] = json!(["rack=8"]);
    host.write(DAEMON, &daemon.to_string());
    let before = host.sh("cat /etc/docker/daemon.json; docker ps -aq --no-trunc | sort");

    let adopted = import(&host, &["--baseline", "essential", "--until", "2099-01-01"]);
    for part in ["extends: [essential]\n", "name: [im-net]", "im-shop-1", "\n# - labels: "] {
        assert!(adopted.contains(part), "{part:?} in {adopted}");
    }
    assert!(!adopted.contains("2099"), "longer than a waiver may be: {adopted}");
    host.write(FILE, &adopted);
    // A process shows more of a container than its settings do.
    host.sh("docker start im-waits");
    let plan = host.plimsoll(&["plan", "-f", FILE, "--output", "json"]);
    assert_eq!(plan.status, 0, "{}{}", plan.stdout, plan.stderr);
    let plan: Value = serde_json::from_str(&plan.stdout).unwrap();
    assert_eq!(plan["changes"], json!([]), "{plan}");
    let status = host.plimsoll(&["status", "-f", FILE]).stdout;
    assert!(status.contains(" 0 to do ") && status.contains(" waived "), "{status}");
    let after = host.sh("cat /etc/docker/daemon.json; docker ps -aq --no-trunc | sort");
    assert_eq!(after, before, "to import and to apply it changes nothing");

    // What a waiver names no longer is planned.
    let begun = adopted.replace("im-plain, ", "");
    assert_ne!(begun, adopted);
    host.write(FILE, &begun);
    let plan = host.plimsoll(&["plan", "-f", FILE, "--detailed-exitcode"]);
    assert_eq!(plan.status, 2, "{}{}", plan.stdout, plan.stderr);
    assert!(plan.stdout.contains("container/im-plain"), "{}", plan.stdout);
}

fn import(host: &Host, arguments: &[&str]) -> String {
    let printed = host.plimsoll(&[&["import"], arguments].concat());
    assert_eq!(printed.status, 0, "{}{}", printed.stdout, printed.stderr);
    let both = format!("{}{}", printed.stdout, printed.stderr);
    assert!(!both.contains(SECRET), "{both}");
    assert!(!printed.stderr.contains("are left"), "{}", printed.stderr);
    printed.stdout
}

/// Even by the exit code that counts what nobody can judge.
fn is_in_sync(host: &Host, declaration: &str) {
    host.write(FILE, declaration);
    let plan = host.plimsoll(&["plan", "-f", FILE, "--detailed-exitcode"]);
    assert_eq!(plan.status, 0, "{}{}\n{declaration}", plan.stdout, plan.stderr);
    let apply = host.plimsoll(&["apply", "-f", FILE, "--yes"]);
    assert_eq!(apply.status, 0, "{}{}", apply.stdout, apply.stderr);
}
