//! The daemon's keys from three sides, on real engines: file, command line and environment, and
//! what is in force; and a second engine beside the usual one.

use std::time::Duration;

use serde_json::Value;

use crate::lab::{self, BUSYBOX, Host, Suite};

const FILE: &str = "/etc/si/plimsoll.yaml";
const DAEMON_JSON: &str = "/etc/docker/daemon.json";

fn declare(host: &Host, text: &str) {
    let restart = host.suite.restart_command();
    let daemon = if restart.is_empty() && text.is_empty() { "" } else { "daemon:\n" };
    host.write(FILE, &format!("version: 1\n{daemon}{restart}{text}"));
}

/// Where a key stands by the plan: in a change, or beside the changes.
fn standing(host: &Host, more: &[&str], key: &str) -> String {
    let plan = host.plimsoll(&[more, &["plan", "-f", FILE, "-o", "json"]].concat()).ok();
    let plan: Value = serde_json::from_str(&plan).unwrap();
    let of = |list: &str, word: &str| {
        let address = format!("daemon/{key}");
        let entries = plan[list].as_array().into_iter().flatten();
        let entry = entries.into_iter().find(|it| it["address"] == address.as_str())?;
        entry.pointer(word)?.as_str().map(str::to_owned)
    };
    of("remarks", "/word").or_else(|| of("changes", "/standing/word")).unwrap_or_default()
}

fn explained(host: &Host, more: &[&str], key: &str) -> String {
    let key = format!("daemon/{key}");
    let text = host.plimsoll(&[more, &["explain", &key, "-f", FILE]].concat()).ok();
    // As one line, however wide the screen.
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn what_waits_for_a_reload_or_a_start_is_told_though_nobody_declares_it_on_bookworm() {
    what_waits_is_told(Suite::Bookworm);
}

#[test]
fn what_waits_for_a_reload_or_a_start_is_told_though_nobody_declares_it_on_trixie() {
    what_waits_is_told(Suite::Trixie);
}

#[test]
fn what_waits_for_a_reload_or_a_start_is_told_though_nobody_declares_it_on_sid() {
    what_waits_is_told(Suite::Sid);
}

fn what_waits_is_told(suite: Suite) {
    let host = lab::host(suite).exclusive();
    declare(&host, "");
    host.docker(&["run", "-d", "--name", "si-a", BUSYBOX]);
    // Written and never applied: the next start does it, or fails on it.
    host.write(
        DAEMON_JSON,
        r#"{"log-driver": "local", "debug": true, "icc": false, "live-restore": true}"#,
    );
    assert_eq!(standing(&host, &[], "log-driver"), "restart-pending");
    assert_eq!(standing(&host, &[], "debug"), "reload-pending");
    assert_eq!(standing(&host, &[], "icc"), "empty-start-pending");
    let plan = host.plimsoll(&["plan", "-f", FILE]).ok();
    assert!(plan.contains("In sync") && plan.contains("restart pending"), "{plan}");
    let status = host.plimsoll(&["status", "-f", FILE]);
    assert_eq!(status.status, 0, "a remark is no difference: {}", status.stdout);
    assert!(status.stdout.contains("daemon/log-driver  restart pending"), "{}", status.stdout);
    let said = explained(&host, &[], "log-driver");
    assert!(said.contains("file local") && said.contains("in force json-file"), "{said}");

    host.sh("kill -HUP $(cat /run/docker.pid)");
    host.wait("the reload", Duration::from_secs(20), || {
        host.docker(&["info", "--format", "{{.Debug}}"]) == "true"
    });
    assert_eq!(standing(&host, &[], "debug"), "");
    assert_eq!(standing(&host, &[], "log-driver"), "restart-pending");

    assert_eq!(host.restart_docker().status, 0);
    assert_eq!(standing(&host, &[], "log-driver"), "");
    // live-restore kept the container, and with it the bridge.
    assert_eq!(standing(&host, &[], "icc"), "bridge-kept");
    let said = explained(&host, &[], "icc");
    assert!(said.contains("follows at a start while no container runs"), "{said}");

    host.docker(&["rm", "-fv", "si-a"]);
    assert_eq!(host.restart_docker().status, 0);
    assert_eq!(standing(&host, &[], "icc"), "");
    let said = explained(&host, &[], "icc");
    assert!(said.contains("in the file, and in force"), "{said}");
}

#[test]
fn key_of_the_file_that_a_flag_sets_too_is_told_with_the_flags_place() {
    let host = lab::host(Suite::Bookworm).exclusive();
    host.write(
        "/etc/default/docker",
        "# Of the package.\nDOCKER_OPTS=\"--icc=false --dns 9.9.9.9\"\n",
    );
    assert_eq!(host.restart_docker().status, 0);
    declare(&host, "  settings: { icc: false }\n");
    let plan = host.plimsoll(&["plan", "-f", FILE]).ok();
    assert!(plan.contains("In sync"), "{plan}");
    let said = explained(&host, &[], "icc");
    assert!(said.contains("`--icc` in /etc/default/docker:2 sets it"), "{said}");

    // From now on the daemon neither reloads nor starts.
    host.write(DAEMON_JSON, r#"{"icc": false, "dns": ["9.9.9.9"]}"#);
    assert_eq!(standing(&host, &[], "dns"), "conflict");
    let plan = host.plimsoll(&["plan", "-f", FILE]).ok();
    let plan = plan.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in ["daemon/icc daemon.settings", "`--dns` in /etc/default/docker:2 sets it too"] {
        assert!(plan.contains(said), "{plan}");
    }
    let before = host.read(DAEMON_JSON);
    let applied = host.plimsoll(&["apply", "-f", FILE, "--yes", "--allow", "outage"]);
    assert_eq!(host.read(DAEMON_JSON), before, "{}{}", applied.stdout, applied.stderr);
    host.sh(&format!("rm {DAEMON_JSON}; echo >/etc/default/docker"));
}

/// Everything its own, so that it can run beside the usual one; the network too, since a daemon
/// without a bridge removes `docker0`.
const SECOND: &str = "mkdir -p /etc/second
echo '{\"debug\": false, \"bridge\": \"none\", \"iptables\": false}' >/etc/second/daemon.json
cd /etc/second
HTTP_PROXY=http://me:canary@proxy:3128 setsid unshare -n dockerd --config-file=daemon.json \
  -H unix:///run/second.sock --data-root=/var/lib/docker/second --exec-root=/run/second \
  --pidfile=/run/second.pid --containerd=/run/containerd/containerd.sock \
  --containerd-namespace=second --containerd-plugins-namespace=second-plugins \
  >/tmp/second.log 2>&1 &";

#[test]
fn second_engine_has_its_own_file_environment_and_state() {
    let host = lab::host(Suite::Sid).exclusive();
    host.sh(SECOND);
    let second = ["-H", "unix:///run/second.sock"];
    host.wait("the second daemon", Duration::from_secs(60), || {
        host.run(&["docker", "-H", second[1], "version"]).status == 0
    });
    declare(&host, "  settings: { debug: true }\n");

    let said = explained(&host, &second, "proxies");
    assert!(said.contains("HTTP_PROXY in the daemon's environment"), "{said}");
    assert!(!said.contains("canary"), "{said}");
    let apply = ["apply", "-f", FILE, "--yes"];
    host.plimsoll(&[&second[..], &apply].concat()).ok();

    let debug = |more: &[&str]| host.docker(&[more, &["info", "--format", "{{.Debug}}"]].concat());
    assert_eq!((debug(&second).as_str(), debug(&[]).as_str()), ("true", "false"));
    let file: Value = serde_json::from_str(&host.read("/etc/second/daemon.json")).unwrap();
    assert_eq!(file["debug"], true);
    assert!(!host.exists(DAEMON_JSON), "the usual engine's file is none of its business");
    let state = "/var/lib/plimsoll/engines/run-second.sock/last-applied.json";
    assert!(host.exists(state) && !host.exists("/var/lib/plimsoll/last-applied.json"));
    assert!(!host.sh("grep -r canary /var/lib/plimsoll || true").contains("canary"));
    // What was applied there explains nothing here.
    let plan = host.plimsoll(&["plan", "-f", FILE]).ok();
    assert!(plan.contains("nothing applied yet") && plan.contains("daemon/debug"), "{plan}");
    let plan = host.plimsoll(&[&second[..], &["plan", "-f", FILE]].concat()).ok();
    assert!(plan.contains("In sync"), "{plan}");

    host.sh("kill $(cat /run/second.pid)");
    host.wait("its end", Duration::from_secs(30), || !host.exists("/run/second.pid"));
    host.sh("rm -rf /etc/second /var/lib/docker/second /run/second /run/second.sock");
}
