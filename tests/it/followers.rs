//! Containers that the daemon's new defaults have not reached, until they have: what is fixed at
//! creation, what is taken at a start, and what a container chose for itself.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

use crate::lab::{self, BUSYBOX, Host, Suite};

const FILE: &str = "/etc/fo/plimsoll.yaml";
const NOTES: &str = "/var/lib/plimsoll/restarting";

fn declare(host: &Host, settings: &str) {
    let restart = host.suite.restart_command();
    host.write(FILE, &format!("version: 1\ndaemon:\n{restart}  settings:\n{settings}"));
}

/// Address to class, and why it is held, of containers alone.
fn planned(host: &Host) -> BTreeMap<String, String> {
    let plan = host.plimsoll(&["plan", "-f", FILE, "-o", "json"]).ok();
    let plan: Value = serde_json::from_str(&plan).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let changes = plan["changes"].as_array().unwrap().iter();
    changes
        .filter(|change| change["kind"] == "container")
        .map(|change| {
            let held = change["held"]["why"].as_str().unwrap_or_default();
            let said = format!("{} {held}", text(&change["class"]));
            (text(&change["address"]), said.trim_end().to_owned())
        })
        .collect()
}

fn apply(host: &Host, more: &[&str]) -> lab::Output {
    let command = ["apply", "-f", FILE, "--yes", "--quiet-period", "1s", "--max-changes", "20"];
    host.plimsoll(&[&command, more].concat())
}

/// A line of `/proc/PID/…` of a container's first process.
fn kernel(host: &Host, container: &str, file: &str, line: &str) -> String {
    let pid = host.inspect(container)["State"]["Pid"].clone();
    let found = host.sh(&format!("grep '{line}' /proc/{pid}/{file}"));
    found.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn open_files(host: &Host, container: &str) -> String {
    kernel(host, container, "limits", "Max open files")
}

fn nothing_is_left(host: &Host) {
    let plan = host.plimsoll(&["plan", "-f", FILE]).ok();
    assert!(plan.contains("In sync"), "{plan}");
}

const ALL: &str = r#"    live-restore: true
    no-new-privileges: true
    log-driver: local
    log-opts: { max-size: 10m }
    default-ipc-mode: shareable
    default-cgroupns-mode: private
    default-shm-size: 32M
    runtimes: { second: { path: /usr/sbin/runc } }
    default-runtime: second
    default-ulimits: { nofile: { Name: nofile, Soft: 2048, Hard: 4096 } }
    init: true
"#;

#[test]
fn every_default_reaches_the_containers_on_bookworm() {
    every_default_reaches(Suite::Bookworm);
}

#[test]
fn every_default_reaches_the_containers_on_trixie() {
    every_default_reaches(Suite::Trixie);
}

#[test]
fn every_default_reaches_the_containers_on_sid() {
    every_default_reaches(Suite::Sid);
}

fn every_default_reaches(suite: Suite) {
    let host = lab::host(suite).exclusive();
    host.sh(&format!(
        "docker run -d --name fo-plain {BUSYBOX}
         docker create --name fo-stopped {BUSYBOX}
         docker run -d --name fo-own --security-opt no-new-privileges=false --log-driver none \
           --ipc host --cgroupns host --shm-size 16m --ulimit nofile=100:200 --init=false {BUSYBOX}"
    ));
    let own = host.inspect("fo-own");
    declare(&host, ALL);

    let plan = planned(&host);
    let expected = [("container/fo-plain", "recreate"), ("container/fo-stopped", "recreate")];
    let mut expected: BTreeMap<String, String> =
        expected.map(|(address, class)| (address.to_owned(), class.to_owned())).into();
    // `--cgroupns host` looks just like the default of these hosts; so does its runtime.
    expected.insert("container/fo-own".into(), "recreate".into());
    assert_eq!(plan, expected);
    keep(&host, "fo-own");
    expected.remove("container/fo-own");
    assert_eq!(planned(&host), expected);

    apply(&host, &["--allow", "recreate"]).ok();

    for name in ["fo-plain", "fo-stopped"] {
        let config = host.inspect(name)["HostConfig"].clone();
        assert_eq!(config["LogConfig"]["Type"], "local", "{name}");
        assert_eq!(config["LogConfig"]["Config"]["max-size"], "10m", "{name}");
        assert_eq!(config["IpcMode"], "shareable", "{name}");
        assert_eq!(config["CgroupnsMode"], "private", "{name}");
        assert_eq!(config["ShmSize"], 32 << 20, "{name}");
    }
    assert_eq!(host.inspect("fo-plain")["HostConfig"]["Runtime"], "second");
    assert_eq!(kernel(&host, "fo-plain", "status", "NoNewPrivs"), "NoNewPrivs: 1");
    assert_eq!(open_files(&host, "fo-plain"), "Max open files 2048 4096 files");
    assert_eq!(kernel(&host, "fo-plain", "comm", "."), "docker-init");
    assert_eq!(host.inspect("fo-stopped")["State"]["Status"], "created");
    let now = host.inspect("fo-own");
    assert_eq!((&now["Id"], &now["State"]["StartedAt"]), (&own["Id"], &own["State"]["StartedAt"]));
    assert_eq!(kernel(&host, "fo-own", "status", "NoNewPrivs"), "NoNewPrivs: 0");

    nothing_is_left(&host);
    let again = apply(&host, &["--allow", "recreate"]).ok();
    assert!(again.contains("In sync"), "{again}");
    remove(&host);
}

/// Lets one container keep what may be its own.
fn keep(host: &Host, name: &str) {
    let text = host.read(FILE);
    let off = format!(
        "containers:\n  - match: {{ name: {name} }}\n    \
         rules: {{ container.follows-daemon-defaults: off }}\n"
    );
    host.write(FILE, &(text + &off));
}

fn remove(host: &Host) {
    host.sh("docker ps -aq --filter name=fo- | xargs -r docker rm -fv");
}

const LIMITS: &str = "    live-restore: true
    default-ulimits: { nofile: { Name: nofile, Soft: 2048, Hard: 4096 } }
";

#[test]
fn limits_of_the_kernel_count_and_a_restart_brings_them_on_bookworm() {
    limits_by_restart(Suite::Bookworm);
}

#[test]
fn limits_of_the_kernel_count_and_a_restart_brings_them_on_trixie() {
    limits_by_restart(Suite::Trixie);
}

#[test]
fn limits_of_the_kernel_count_and_a_restart_brings_them_on_sid() {
    limits_by_restart(Suite::Sid);
}

fn limits_by_restart(suite: Suite) {
    let host = lab::host(suite).exclusive();
    // Deaf to TERM, so that stopping it takes its whole timeout.
    host.sh(&format!(
        "docker run -d --name fo-plain {BUSYBOX}
         docker run -d --name fo-deaf --stop-timeout 4 --entrypoint sh {BUSYBOX} \
           -c 'trap : TERM; while true; do sleep 1; done'
         docker run -d --name fo-own --ulimit nofile=100:200 {BUSYBOX}"
    ));
    let before = host.inspect("fo-plain");
    let old_limit = open_files(&host, "fo-plain");
    declare(&host, LIMITS);
    let restarts = BTreeMap::from([
        ("container/fo-deaf".to_owned(), "restart".to_owned()),
        ("container/fo-plain".to_owned(), "restart".to_owned()),
    ]);
    assert_eq!(planned(&host), restarts);

    // The daemon alone: inspect says what no process has.
    apply(&host, &["--only", "daemon/*"]).ok();
    let shown = host.inspect("fo-plain");
    assert_eq!(shown["State"]["StartedAt"], before["State"]["StartedAt"]);
    assert_eq!(open_files(&host, "fo-plain"), old_limit);
    assert_eq!(planned(&host), restarts);

    // Cut off while the deaf one stops.
    let command = [&host.binary, "apply", "-f", FILE, "--yes", "--only", "container/fo-deaf"];
    let process = host.spawn(&command);
    host.wait("the note", Duration::from_secs(30), || {
        host.run(&["sh", "-c", &format!("ls {NOTES}/*.json")]).status == 0
    });
    host.sh(&format!("cp {NOTES}/*.json /etc/fo/"));
    host.kill_with_watcher(&process);
    drop(process);
    let next = host.plimsoll(&["plan", "-f", FILE]);
    assert!(next.stderr.contains("a restart was cut off"), "{}{}", next.stdout, next.stderr);
    // Its process may end between two looks.
    let done = || {
        let look = "grep 'open files' /proc/$(docker inspect -f '{{.State.Pid}}' fo-deaf)/limits";
        let limit = host.run(&["sh", "-c", look]).stdout;
        limit.split_whitespace().eq(["Max", "open", "files", "2048", "4096", "files"])
    };
    host.wait("the engine to finish the restart", Duration::from_secs(30), done);
    assert_eq!(host.sh(&format!("ls {NOTES}")), "");

    // Had the engine been cut off as well, the container would be down.
    host.docker(&["stop", "-t", "0", "fo-deaf"]);
    host.sh(&format!("mv /etc/fo/*.json {NOTES}"));
    let next = host.plimsoll(&["plan", "-f", FILE]);
    assert!(next.stderr.contains("it was started again"), "{}{}", next.stdout, next.stderr);
    assert_eq!(host.inspect("fo-deaf")["State"]["Status"], "running");
    assert_eq!(host.sh(&format!("ls {NOTES}")), "");

    apply(&host, &[]).ok();

    assert_eq!(open_files(&host, "fo-plain"), "Max open files 2048 4096 files");
    assert_eq!(open_files(&host, "fo-own"), "Max open files 100 200 files");
    assert_eq!(host.inspect("fo-plain")["Id"], before["Id"]);
    let said = host.plimsoll(&["explain", "container/fo-plain", "-f", FILE]).ok();
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in ["nofile 2048:4096", "no-new-privileges off, seccomp on", "in effect [AUDIT_WRITE"]
    {
        assert!(said.contains(part), "{said}");
    }
    nothing_is_left(&host);
    remove(&host);
}

#[test]
fn restart_of_the_daemon_that_stops_containers_is_their_restart_too() {
    let host = lab::host(Suite::Sid).exclusive();
    host.docker(&["run", "-d", "--name", "fo-plain", "--restart", "always", BUSYBOX]);
    declare(&host, "    default-ulimits: { nofile: { Name: nofile, Soft: 2048, Hard: 4096 } }\n");
    assert_eq!(
        planned(&host),
        BTreeMap::from([("container/fo-plain".into(), "restart by-hand".into())])
    );

    apply(&host, &["--allow", "outage"]).ok();

    assert_eq!(open_files(&host, "fo-plain"), "Max open files 2048 4096 files");
    nothing_is_left(&host);
    remove(&host);
}

#[test]
fn seccomp_that_stuck_at_unconfined_goes_with_the_container_on_trixie() {
    seccomp_goes_with_the_container(Suite::Trixie);
}

#[test]
fn seccomp_that_stuck_at_unconfined_goes_with_the_container_on_sid() {
    seccomp_goes_with_the_container(Suite::Sid);
}

/// Engines before 23.0 know no daemon without a profile.
fn seccomp_goes_with_the_container(suite: Suite) {
    let host = lab::host(suite).exclusive();
    host.write("/etc/docker/daemon.json", r#"{"seccomp-profile": "unconfined"}"#);
    assert_eq!(host.restart_docker().status, 0);
    host.docker(&["run", "-d", "--name", "fo-stuck", BUSYBOX]);
    declare(&host, "    live-restore: true\n    seccomp-profile: builtin\n");
    assert_eq!(planned(&host), BTreeMap::from([("container/fo-stuck".into(), "recreate".into())]));
    // Before the daemon, a replacement would be unconfined as well.
    let early = ["apply", "-f", FILE, "--yes", "--only", "container/*", "--allow", "recreate"];
    let early = host.plimsoll(&early);
    assert!(early.stdout.contains("daemon/seccomp-profile comes first"), "{}", early.stdout);
    apply(&host, &["--only", "daemon/*"]).ok();

    // A restart does not help it.
    host.docker(&["restart", "-t", "0", "fo-stuck"]);
    assert_eq!(kernel(&host, "fo-stuck", "status", "Seccomp:"), "Seccomp: 0");
    assert_eq!(planned(&host), BTreeMap::from([("container/fo-stuck".into(), "recreate".into())]));

    apply(&host, &["--allow", "recreate"]).ok();

    assert_eq!(kernel(&host, "fo-stuck", "status", "Seccomp:"), "Seccomp: 2");
    nothing_is_left(&host);
    remove(&host);
}
