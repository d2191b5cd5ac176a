//! Changing the daemon: its file, its reload and its restart, and the containers that hang on it.

mod every_key;
mod file;
mod killed;
mod refusals;
mod service;
mod start_failures;
mod traps;

use std::{thread, time::Duration};

use crate::lab::{self, BUSYBOX, Host, Suite, VOLUME};

const FILE: &str = "/etc/dm/plimsoll.yaml";
const DAEMON_JSON: &str = "/etc/docker/daemon.json";
const NOTE: &str = "/var/lib/plimsoll/daemon-change.json";

/// About the daemon alone: what containers then have to follow is tested elsewhere.
fn declare(host: &Host, settings: &str) {
    let restart = host.suite.restart_command();
    host.write(
        FILE,
        &format!(
            "version: 1\ndaemon:\n{restart}  settings: {settings}\n\
             containers:\n  - rules: {{ container.follows-daemon-defaults: off }}\n"
        ),
    );
}

fn apply(host: &Host, settings: &str) -> lab::Output {
    declare(host, settings);
    host.plimsoll(&["apply", "-f", FILE, "--yes", "--allow", "outage"])
}

/// Names with states, and since when.
fn containers(host: &Host) -> String {
    let format = "{{.Name}} {{.State.Status}} {{.State.StartedAt}}";
    host.sh(&format!("docker ps -aq | sort | xargs -r docker inspect --format '{format}'"))
}

fn states(host: &Host) -> String {
    host.sh("docker ps -a --format '{{.Names}} {{.State}}' | sort")
}

/// One without a restart policy, one with, and one that somebody paused.
fn start_three(host: &Host) {
    host.docker(&["run", "-d", "--name", "dm-plain", BUSYBOX]);
    host.docker(&["run", "-d", "--name", "dm-always", "--restart", "always", VOLUME]);
    host.docker(&["run", "-d", "--name", "dm-paused", BUSYBOX]);
    host.docker(&["pause", "dm-paused"]);
}

/// A host whose containers are frozen cannot be taken down.
fn remove_three(host: &Host) {
    host.docker(&["unpause", "dm-paused"]);
    host.docker(&["rm", "-fv", "dm-plain", "dm-always", "dm-paused"]);
}

const THREE: &str = "dm-always running\ndm-paused paused\ndm-plain running\n";

#[test]
fn a_linked_file_is_rewritten_where_it_is_and_reloaded_on_bookworm() {
    linked_file_is_reloaded(Suite::Bookworm);
}

#[test]
fn a_linked_file_is_rewritten_where_it_is_and_reloaded_on_sid() {
    linked_file_is_reloaded(Suite::Sid);
}

fn linked_file_is_reloaded(suite: Suite) {
    let host = lab::host(suite).exclusive();
    host.write("/srv/dm/real.json", "{\"debug\": false}");
    host.sh(&format!(
        "chmod 640 /srv/dm/real.json; chown 0:7 /srv/dm/real.json; \
         ln -sf /srv/dm/real.json {DAEMON_JSON}"
    ));
    assert_eq!(host.restart_docker().status, 0);
    start_three(&host);
    let before = containers(&host);

    let said = apply(&host, "{ debug: true, labels: [tier=edge] }").ok();

    let shown = host.docker(&["info", "--format", "{{.Debug}} {{.Labels}}"]);
    assert_eq!(shown, "true [tier=edge]", "{said}");
    assert_eq!(containers(&host), before, "a reload is no business of containers");
    assert_eq!(host.sh(&format!("readlink {DAEMON_JSON}")).trim(), "/srv/dm/real.json");
    assert_eq!(host.sh("stat -c '%a %u:%g' /srv/dm/real.json").trim(), "640 0:7");
    let backups = host.sh("cat /srv/dm/real.json.plimsoll-*; stat -c %a /srv/dm/*.plimsoll-*");
    assert_eq!(backups.trim(), "{\"debug\": false}640", "one backup, as the file was");
    assert!(!host.exists(NOTE));

    let again = apply(&host, "{ debug: true, labels: [tier=edge] }").ok();
    assert!(again.contains("In sync"), "{again}");
    remove_three(&host);
    host.sh(&format!("rm -r {DAEMON_JSON} /srv/dm"));
}

#[test]
fn containers_live_through_a_restart_for_which_live_restore_came_first_on_bookworm() {
    containers_live_through(Suite::Bookworm);
}

#[test]
fn containers_live_through_a_restart_for_which_live_restore_came_first_on_sid() {
    containers_live_through(Suite::Sid);
}

fn containers_live_through(suite: Suite) {
    let host = lab::host(suite).exclusive();
    start_three(&host);
    let before = containers(&host);

    apply(&host, "{ live-restore: true, log-driver: local, no-new-privileges: true }").ok();

    assert_eq!(containers(&host), before);
    assert_eq!(host.docker(&["info", "--format", "{{.LoggingDriver}}"]), "local");
    remove_three(&host);
}

#[test]
fn containers_run_again_after_a_restart_that_stopped_them_on_bookworm() {
    containers_run_again(Suite::Bookworm);
}

#[test]
fn containers_run_again_after_a_restart_that_stopped_them_on_sid() {
    containers_run_again(Suite::Sid);
}

fn containers_run_again(suite: Suite) {
    let host = lab::host(suite).exclusive();
    start_three(&host);

    apply(&host, "{ icc: false, log-level: warn }").ok();

    assert_eq!(states(&host), THREE);
    let option = "{{index .Options \"com.docker.network.bridge.enable_icc\"}}";
    assert_eq!(host.docker(&["network", "inspect", "bridge", "--format", option]), "false");
    remove_three(&host);
}

#[test]
fn killed_while_it_restarts_the_daemon_the_next_command_settles_it_on_bookworm() {
    killed_while_restarting(Suite::Bookworm);
}

#[test]
fn killed_while_it_restarts_the_daemon_the_next_command_settles_it_on_sid() {
    killed_while_restarting(Suite::Sid);
}

fn killed_while_restarting(suite: Suite) {
    let host = lab::host(suite).exclusive();
    start_three(&host);
    for (turn, level) in ["warn", "error", "info", "warn"].iter().enumerate() {
        declare(&host, &format!("{{ log-level: {level} }}"));
        let command = [&host.binary, "apply", "-f", FILE, "--yes", "--allow", "outage"];
        let process = host.spawn(&command);
        host.wait("the note or the end", Duration::from_secs(30), || {
            host.exists(NOTE)
                || host.run(&["test", "-e", &format!("/proc/{}", process.pid)]).status != 0
        });
        thread::sleep(Duration::from_millis(400) * u32::try_from(turn).unwrap());
        host.kill_with_watcher(&process);
        drop(process);

        let next = host.plimsoll(&["plan", "-f", FILE]);

        assert_eq!(next.status, 0, "{}{}", next.stdout, next.stderr);
        assert!(!host.exists(NOTE), "{}{}", next.stdout, next.stderr);
        assert_eq!(states(&host), THREE, "turn {turn}: {}{}", next.stdout, next.stderr);
        assert_eq!(host.sh("ls /etc/docker | grep -c '[.]new$' || true").trim(), "0");
    }
    remove_three(&host);
}
