//! What goes wrong is a message and an exit code, and nothing is touched.

use std::time::Duration;

use crate::lab::{self, BUSYBOX, Host, Suite};

const FILE: &str = "/etc/plimsoll/plimsoll.yaml";
const DAEMON_JSON: &str = "/etc/docker/daemon.json";

/// Runs `apply` for a declaration of daemon settings.
fn apply(host: &Host, settings: &str) -> lab::Output {
    let restart = host.suite.restart_command();
    host.write(FILE, &format!("version: 1\ndaemon:\n{restart}  settings:\n{settings}"));
    host.plimsoll(&["apply", "-f", FILE, "--yes", "--allow", "outage"])
}

#[test]
fn a_setting_that_the_engine_cannot_start_with_is_taken_back_on_bookworm() {
    cannot_start_with_it(Suite::Bookworm);
}

#[test]
fn a_setting_that_the_engine_cannot_start_with_is_taken_back_on_trixie() {
    cannot_start_with_it(Suite::Trixie);
}

#[test]
fn a_setting_that_the_engine_cannot_start_with_is_taken_back_on_sid() {
    cannot_start_with_it(Suite::Sid);
}

/// An address that no interface has: no validation sees it, and no start survives it.
fn cannot_start_with_it(suite: Suite) {
    let host = lab::host(suite).exclusive();
    let live = apply(&host, "    live-restore: true\n");
    assert_eq!(live.status, 0, "{}{}", live.stdout, live.stderr);
    host.docker(&["run", "-d", "--name", "rf-idle", BUSYBOX]);
    let (before, file) = (host.inspect("rf-idle"), host.read(DAEMON_JSON));

    let failed = apply(&host, "    live-restore: true\n    metrics-addr: 192.0.2.77:9323\n");

    assert_eq!(failed.status, 5, "{}{}", failed.stdout, failed.stderr);
    // Long lines are wrapped.
    let told = failed.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let words = "cannot assign requested address";
    assert!(told.contains(words), "the engine's own words are missing: {told}");
    assert_eq!(host.read(DAEMON_JSON), file, "the old file is back");
    assert!(host.answers());
    assert_eq!(host.inspect("rf-idle")["State"], before["State"], "the container never noticed");
}

#[test]
fn a_file_that_validation_refuses_is_never_written() {
    let host = lab::host(Suite::Sid).exclusive();
    // The files are there, and whether they are keys only the engine's own program can tell.
    let refused = apply(
        &host,
        "    hosts: [\"unix:///var/run/docker.sock\", \"tcp://127.0.0.1:2376\"]
    tlsverify: true
    tlscacert: /etc/passwd
    tlscert: /etc/passwd
    tlskey: /etc/passwd
",
    );
    assert_eq!(refused.status, 1, "{}{}", refused.stdout, refused.stderr);
    let told = refused.stdout + &refused.stderr;
    assert!(told.contains("the engine refuses the new file"), "{told}");
    assert!(!host.exists(DAEMON_JSON));
}

#[test]
fn a_broken_daemon_file_is_left_as_it_is() {
    let host = lab::host(Suite::Bookworm).exclusive();
    host.write(DAEMON_JSON, "{ \"debug\": tru }\n");
    let refused = apply(&host, "    live-restore: true\n");
    assert_ne!(refused.status, 0, "{}{}", refused.stdout, refused.stderr);
    let told = refused.stdout + &refused.stderr;
    assert!(told.contains(DAEMON_JSON), "{told}");
    assert_eq!(host.read(DAEMON_JSON), "{ \"debug\": tru }\n");
}

#[test]
fn a_flag_that_conflicts_with_a_key_is_refused_with_its_origin() {
    let host = lab::host(Suite::Bookworm).exclusive();
    host.write(
        "/etc/systemd/system/docker.service.d/10-log.conf",
        "[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd -H fd:// --log-level=warn\n",
    );
    host.sh("systemctl daemon-reload; systemctl restart docker");
    host.docker(&["run", "-d", "--name", "rf-idle", BUSYBOX]);
    let before = host.inspect("rf-idle");

    for command in ["plan", "apply"] {
        host.write(
            FILE,
            "version: 1\ndaemon:\n  settings:\n    live-restore: true\n    log-level: info\n",
        );
        let yes: &[&str] = if command == "apply" { &["--yes"] } else { &[] };
        let refused = host.plimsoll(&[&[command, "-f", FILE], yes].concat());
        assert_eq!(refused.status, 65, "{}{}", refused.stdout, refused.stderr);
        let told = refused.stderr;
        for part in ["decl.flag-conflict", "plimsoll.yaml:5:5", "--log-level=warn", "10-log.conf"] {
            assert!(told.contains(part), "`{part}` is missing: {told}");
        }
    }

    assert!(!host.exists(DAEMON_JSON));
    assert_eq!(host.inspect("rf-idle")["State"], before["State"]);
}

#[test]
fn an_engine_that_is_not_there_is_exit_69() {
    let host = lab::host(Suite::Sid).shared();
    host.write("/tmp/rf/plimsoll.yaml", "version: 1\n");
    for command in [&["plan"][..], &["status"], &["apply", "--yes"], &["enforce", "--once"]] {
        let arguments =
            [command, &["-f", "/tmp/rf/plimsoll.yaml", "-H", "unix:///run/no-such.sock"]].concat();
        let refused = host.plimsoll(&arguments);
        assert_eq!(refused.status, 69, "{command:?}: {}{}", refused.stdout, refused.stderr);
        assert!(refused.stderr.contains("docker.unreachable"), "{}", refused.stderr);
        assert!(refused.stderr.contains("/run/no-such.sock"), "{}", refused.stderr);
    }
}

#[test]
fn a_socket_without_permission_is_exit_77() {
    let host = lab::host(Suite::Sid).shared();
    host.write("/tmp/rf/plimsoll.yaml", "version: 1\n");
    host.sh("chmod 755 /tmp/rf; chmod 644 /tmp/rf/plimsoll.yaml");
    let refused = host.run(&[
        "setpriv",
        "--reuid=1234",
        "--regid=1234",
        "--clear-groups",
        &host.binary,
        "plan",
        "-f",
        "/tmp/rf/plimsoll.yaml",
        "--state-dir",
        "/tmp/rf/state",
    ]);
    assert_eq!(refused.status, 77, "{}{}", refused.stdout, refused.stderr);
    assert!(refused.stderr.contains("docker.permission"), "{}", refused.stderr);
    assert!(refused.stderr.contains("1234"), "{}", refused.stderr);
}

#[test]
fn a_declaration_with_ten_mistakes_shows_all_of_them_and_touches_nothing() {
    let host = lab::host(Suite::Sid).shared();
    host.write(
        "/tmp/rf-ten/plimsoll.yaml",
        r#"version: 2
extends: [esential]
demon:
  settings: {}
daemon:
  settings:
    live-restor: true
    icc: "no"
containers:
  - name: every-container
    rules:
      container.no-privilegd: true
      container.pids-limit: { maximum: 512 }
      container.memory-limit: { max: lots }
      container.restart-bounded: yes
      container.no-host-pid: true
      container.no-host-pid: off
waivers:
  - id: W-1
    rule: container.no-host-ipc
    match: { name: legacy }
    reason: old
    owner: ops
    expires: 2026-13-05
"#,
    );
    let refused = host.plimsoll(&["apply", "--yes", "-f", "/tmp/rf-ten/plimsoll.yaml"]);
    assert_eq!(refused.status, 65, "{}{}", refused.stdout, refused.stderr);
    let errors = refused.stderr.matches("error[").count();
    assert!(errors >= 10, "{errors} of ten:\n{}", refused.stderr);
    for suggestion in ["essential", "daemon", "live-restore", "container.no-privileged", "max"] {
        assert!(refused.stderr.contains(suggestion), "`{suggestion}`:\n{}", refused.stderr);
    }
}

#[test]
fn a_second_run_is_refused_while_one_works() {
    let host = lab::host(Suite::Sid).exclusive();
    host.write(FILE, "version: 1\ncontainers:\n  - name: all\n    rules: { container.no-new-privileges: true }\n");
    host.docker(&["run", "-d", "--name", "rf-slow", BUSYBOX]);
    let first = host.spawn(&[
        &host.binary,
        "apply",
        "-f",
        FILE,
        "--yes",
        "--allow",
        "recreate",
        "--quiet-period",
        "5s",
    ]);
    host.wait("the first run works", Duration::from_secs(10), || {
        host.docker(&["ps", "-a", "--format", "{{.Names}}"]).contains("plimsoll-")
    });
    let second = host.plimsoll(&["apply", "-f", FILE, "--yes", "--allow", "recreate"]);
    assert_eq!(second.status, 75, "{}{}", second.stdout, second.stderr);
    let looking = host.plimsoll(&["plan", "-f", FILE]);
    assert_eq!(looking.status, 0, "{}{}", looking.stdout, looking.stderr);
    let first = first.finish();
    assert_eq!(first.status, 0, "{}{}", first.stdout, first.stderr);
}
