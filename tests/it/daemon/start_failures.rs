//! Files that pass every check, the engine's own among them, and with which it does not start.

use super::{DAEMON_JSON, NOTE, apply, containers, remove_three, start_three};
use crate::lab::{self, Host, Suite};

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
        says: "plenty",
    },
    Cause { settings: "log-driver: gelf, log-opts: { gelf-address: nowhere }", says: "gelf" },
    Cause { settings: "pidfile: /proc/lab.pid", says: "/proc/lab.pid" },
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
