//! Owners and modes of the host's files are set, and given back, on real engines and real files.

use serde_json::Value;

use crate::lab::{self, Host, Suite};

const FILE: &str = "/etc/plimsoll/plimsoll.yaml";
const DAEMON: &str = "/etc/docker/daemon.json";
const SOCKET: &str = "/run/docker.sock";
const DROP_INS: &str = "/etc/systemd/system/docker.socket.d";

/// Stands in for the audit system, which these hosts do not have: keeps the rules in a file, takes
/// none twice, and takes none away that is not there.
const AUDITCTL: &str = r#"#!/bin/sh
rules=/run/plimsoll-test-audit
touch $rules
case $1 in
-s) echo 'enabled 1' ;;
-l) cat $rules ;;
-w) grep -qxFe "$*" $rules && { echo 'Rule exists' >&2; exit 255; }; echo "$*" >>$rules ;;
-W) shift; grep -qxFe "-w $*" $rules || { echo 'No rule' >&2; exit 255; }
    grep -vxFe "-w $*" $rules >$rules.new; mv $rules.new $rules ;;
*) exit 1 ;;
esac
"#;

#[test]
fn files_are_set_and_given_back_on_bookworm() {
    let host = lab::host(Suite::Bookworm).exclusive();
    host.sh(&format!(
        "mkdir -p {DROP_INS} && printf '[Socket]\\nSocketMode=0666\\n' >{DROP_INS}/10-open.conf && \
         systemctl daemon-reload"
    ));
    files_are_set_and_given_back(&host);
    // What systemd makes at the next start is closed as well.
    let stat = format!("stat -c '%a %U:%G' {SOCKET}");
    host.plimsoll(&["apply", "-f", FILE, "--yes", "--retry"]).ok();
    host.sh("systemctl restart docker.socket docker.service");
    assert_eq!(host.sh(&stat).trim(), "660 root:docker");
    assert_eq!(plan(&host)["changes"], Value::Array(Vec::new()));
    host.sh(&format!("rm -r {DROP_INS}; systemctl daemon-reload"));
}

#[test]
fn files_are_set_and_given_back_on_sid() {
    let host = lab::host(Suite::Sid).exclusive();
    files_are_set_and_given_back(&host);
}

fn plan(host: &Host) -> Value {
    serde_json::from_str(&host.plimsoll(&["plan", "-f", FILE, "-o", "json"]).ok()).unwrap()
}

/// Everything that is set, as the host shows it.
fn look(host: &Host) -> String {
    host.sh(&format!(
        "stat -c '%n %a %u:%g' {DAEMON} {SOCKET} /etc/docker; getfacl -cp /etc/docker || true; \
         auditctl -l; cat /etc/audit/rules.d/plimsoll.rules {DROP_INS}/* 2>/dev/null || true"
    ))
}

fn files_are_set_and_given_back(host: &Host) {
    let restart = match host.suite.restart_command() {
        "" => String::new(),
        command => format!("daemon:\n{command}"),
    };
    host.write(
        FILE,
        &format!(
            "version: 1\n{restart}rules:\n  host-file.docker-sock-mode: true\n  \
             host-file.docker-sock-owner: true\n  host-file.daemon-json-mode: true\n  \
             host-file.daemon-json-owner: true\n  host-file.etc-docker-mode: true\n  \
             host.audit-etc-docker: true\n  daemon.config-live-drift: true\n"
        ),
    );
    host.write(DAEMON, r#"{"debug": true}"#);
    host.restart_docker().ok();
    host.write("/usr/sbin/auditctl", AUDITCTL);
    host.sh(&format!(
        "chmod 0755 /usr/sbin/auditctl; mkdir -p /etc/audit/rules.d; chown 1234:1234 {DAEMON}; \
         chmod 0666 {DAEMON} {SOCKET}; chgrp users {SOCKET}; chmod 0777 /etc/docker"
    ));
    let before = look(host);

    // The directory is closed with the first file in it that lies open by it.
    let planned = plan(host);
    assert_eq!(planned["changes"].as_array().map(Vec::len), Some(3), "{planned:#}");
    let applied = host.plimsoll(&["apply", "-f", FILE, "--yes"]);
    assert_eq!(applied.status, 0, "{}{}", applied.stdout, applied.stderr);
    let after = look(host);
    for line in [
        "/etc/docker/daemon.json 644 0:0",
        "/etc/docker 755 0:0",
        "-w /etc/docker -p wa -k plimsoll",
        "/run/docker.sock 660 0:",
    ] {
        assert!(after.contains(line), "{line} in {after}");
    }
    // Neither is the file newer than its daemon now, nor is anything left to do.
    let again = plan(host);
    assert_eq!(again["changes"], Value::Array(Vec::new()), "{again:#}");
    assert_eq!(again["findings"], Value::Array(Vec::new()), "{again:#}");
    host.plimsoll(&["apply", "-f", FILE, "--yes"]).ok();
    assert_eq!(look(host), after);

    // Somebody has a hand in one of them meanwhile: it is left alone, and so is the rest.
    host.sh("chmod 0700 /etc/docker");
    let refused = host.plimsoll(&["rollback", "--yes"]);
    assert_ne!(refused.status, 0, "{}", refused.stdout);
    assert!(refused.stdout.contains("/etc/docker was changed since"), "{refused:?}");
    host.sh("chmod 0755 /etc/docker");
    assert_eq!(look(host), after);

    host.plimsoll(&["rollback", "--yes"]);
    assert_eq!(look(host), before);
    // Taken back is not tried again, and a person may ask for it.
    let held = plan(host);
    assert_eq!(held["changes"][0]["held"]["why"], "undone", "{held:#}");
}
