//! Files that pass every check, the engine's own among them, and with which it does not start.

use super::{DAEMON_JSON, NOTE, THREE, apply, containers, remove_three, start_three, states};
use crate::lab::{self, BUSYBOX, Host, Suite};

struct Cause {
    settings: &'static str,
    /// Of the daemon's own words.
    says: &'static str,
}

const CAUSES: &[Cause] = &[
    Cause { settings: "metrics-addr: '192.0.2.1:9323'", says: "cannot assign requested address" },
    Cause {
        settings: "log-driver: syslog, log-opts: { colour: red }",
        says: "unknown log opt 'colour'",
    },
    Cause {
        settings: "storage-opts: [overlay2.colour=red]",
        says: "nknown option overlay2.colour",
    },
    Cause {
        settings: "builder: { gc: { enabled: true, defaultKeepStorage: plenty } }",
        says: "invalid size: 'plenty'",
    },
    Cause {
        settings: "log-driver: gelf, log-opts: { gelf-address: 'ftp://192.0.2.1:9' }",
        says: "gelf",
    },
    Cause { settings: "pidfile: /proc/lab.pid", says: "open /proc/lab.pid: no such file" },
];

/// Traps 2 and 3.
#[test]
fn a_daemon_that_does_not_start_goes_by_its_old_file_again_on_bookworm() {
    daemon_that_does_not_start(Suite::Bookworm);
}

/// Traps 2 and 3.
#[test]
fn a_daemon_that_does_not_start_goes_by_its_old_file_again_on_trixie() {
    daemon_that_does_not_start(Suite::Trixie);
}

/// Traps 2 and 3.
#[test]
fn a_daemon_that_does_not_start_goes_by_its_old_file_again_on_sid() {
    daemon_that_does_not_start(Suite::Sid);
}

fn daemon_that_does_not_start(suite: Suite) {
    let host = lab::host(suite).exclusive();
    let old = "{\n\t\"live-restore\": true}\n";
    host.write(DAEMON_JSON, old);
    host.sh(&format!("chmod 640 {DAEMON_JSON}; chgrp 7 {DAEMON_JSON}"));
    assert_eq!(host.restart_docker().status, 0);
    start_three(&host);
    let before = containers(&host);

    for Cause { settings, says } in CAUSES {
        let said = apply(&host, &format!("{{ live-restore: true, {settings} }}"));

        let text = format!("{}{}", said.stdout, said.stderr);
        assert_eq!(said.status, 5, "{settings}: {text}");
        let words: Vec<&str> = text.split_whitespace().collect();
        assert!(words.join(" ").contains(says), "{settings}: {text}");
        as_before(&host, old, settings);
        assert_eq!(containers(&host), before, "{settings}: {text}");
    }

    // The same without live-restore: the restart stops them, and taking it back starts them again.
    remove_three(&host);
    host.write(DAEMON_JSON, "{}");
    assert_eq!(host.restart_docker().status, 0);
    start_three(&host);
    host.docker(&["run", "-d", "--rm", "--name", "dm-once", BUSYBOX]);
    let said = apply(&host, "{ metrics-addr: '192.0.2.1:9323' }");
    let text = format!("{}{}", said.stdout, said.stderr);
    assert_eq!(said.status, 5, "{text}");
    assert_eq!(states(&host), THREE, "{text}");
    assert!(text.contains("started with --rm, so deleted when they stop: dm-once"), "{text}");
    assert!(text.contains("removed by the engine meanwhile: dm-once"), "{text}");
    remove_three(&host);
}

/// Neither with the new file nor with the old one: a person is needed, and told what to do; the
/// next command tries again.
#[test]
fn a_daemon_that_does_not_come_back_at_all_needs_a_person_on_bookworm() {
    daemon_that_stays_down(Suite::Bookworm, "systemctl restart docker.service");
}

#[test]
fn a_daemon_that_does_not_come_back_at_all_needs_a_person_on_sid() {
    daemon_that_stays_down(Suite::Sid, "restart-docker 15");
}

fn daemon_that_stays_down(suite: Suite, restart: &str) {
    let host = lab::host(suite).exclusive();
    let profile = "/etc/docker/dm-seccomp.json";
    host.write(profile, "{\"defaultAction\": \"SCMP_ACT_ALLOW\"}");
    let old = format!("{{\"live-restore\": true, \"seccomp-profile\": \"{profile}\"}}");
    host.write(DAEMON_JSON, &old);
    assert_eq!(host.restart_docker().status, 0);
    start_three(&host);
    let before = containers(&host);
    // What the old file needs is gone as well.
    host.sh(&format!("mv {profile} {profile}.away"));

    let settings = format!("seccomp-profile: {profile}, metrics-addr: '192.0.2.1:9323'");
    let said = apply(&host, &format!("{{ live-restore: true, {settings} }}"));
    let text = format!("{}{}", said.stdout, said.stderr);
    assert_eq!(said.status, 7, "{text}");
    for words in
        ["a person is needed", "the daemon does not answer; its file is the old one", restart]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(host.exists(NOTE) && !host.answers());

    let next = host.plimsoll(&["status", "-f", super::FILE]);
    assert_eq!(next.status, 7, "{}{}", next.stdout, next.stderr);
    assert!(next.stderr.contains(restart), "{}{}", next.stdout, next.stderr);

    host.sh(&format!("mv {profile}.away {profile}"));
    let next = host.plimsoll(&["status", "-f", super::FILE]);
    assert!(next.status != 7 && !host.exists(NOTE), "{}{}", next.stdout, next.stderr);
    assert_eq!(containers(&host), before);
    assert_eq!(host.read(DAEMON_JSON), old);
    remove_three(&host);
}

fn as_before(host: &Host, file: &str, settings: &str) {
    assert!(host.answers(), "{settings}");
    assert_eq!(host.read(DAEMON_JSON), file, "{settings}");
    assert_eq!(host.sh(&format!("stat -c '%a %u:%g' {DAEMON_JSON}")).trim(), "640 0:7");
    assert!(!host.exists(NOTE), "{settings}");
    let beside = host.sh("ls /etc/docker | grep -v -e '^daemon.json$' -e '^key.json$' || true");
    assert!(beside.lines().all(|it| it.starts_with("daemon.json.plimsoll-")), "{beside}");
    assert!(!beside.contains(".new"), "{beside}");
}
