//! The lab itself: its hosts answer, and are put right after whatever a test did.

use std::time::Duration;

use crate::lab::{self, Suite};

const SOON: Duration = Duration::from_secs(60);

#[test]
fn containers_run_in_bookworm() {
    containers_run(Suite::Bookworm);
}

#[test]
fn containers_run_in_trixie() {
    containers_run(Suite::Trixie);
}

#[test]
fn containers_run_in_sid() {
    containers_run(Suite::Sid);
}

fn containers_run(suite: Suite) {
    let host = lab::host(suite).shared();
    host.sh("docker ps -aq --filter name=^smoke- | xargs -r docker rm -fv");

    host.docker(&["run", "-d", "--name", "smoke-web", lab::WEB]);
    host.docker(&["run", "-d", "--name", "smoke-idle", lab::BUSYBOX]);
    let user = host.docker(&["run", "--rm", lab::USER, "id", "-u"]);
    let seed = host.docker(&["run", "--rm", lab::VOLUME, "cat", "/data/seed"]);
    let unable = host.run(&["docker", "run", "--rm", "--read-only", lab::WRITER]);
    host.wait("healthy", SOON, || {
        host.inspect("smoke-web")["State"]["Health"]["Status"] == "healthy"
    });
    host.docker(&["stop", "smoke-idle"]);

    assert_eq!(user, "1000");
    assert_eq!(seed, "from the image");
    assert_eq!(unable.status, 3, "{unable:?}");
    assert_eq!(host.inspect("smoke-idle")["State"]["ExitCode"], 0);
    host.docker(&["rm", "-f", "smoke-web", "smoke-idle"]);
}

#[test]
fn bookworm_comes_back_from_a_broken_daemon() {
    comes_back_from_a_broken_daemon(Suite::Bookworm);
}

#[test]
fn trixie_comes_back_from_a_broken_daemon() {
    comes_back_from_a_broken_daemon(Suite::Trixie);
}

#[test]
fn sid_comes_back_from_a_broken_daemon() {
    comes_back_from_a_broken_daemon(Suite::Sid);
}

fn comes_back_from_a_broken_daemon(suite: Suite) {
    let host = lab::host(suite).exclusive();
    host.docker(&["run", "-d", "--name", "smoke-left", lab::VOLUME]);
    host.write("/etc/docker/daemon.json", "{ not json");
    assert_ne!(host.restart_docker().status, 0);
    assert!(!host.answers());
    drop(host);

    let host = lab::host(suite).exclusive();
    assert!(host.answers());
    assert!(!host.exists("/etc/docker/daemon.json"));
    assert_eq!(host.docker(&["ps", "-aq"]), "");
    assert_eq!(host.docker(&["volume", "ls", "-q"]), "");
}

#[test]
fn a_spawned_process_can_be_killed() {
    let host = lab::host(Suite::Sid).shared();
    let mut process = host.spawn(&["sh", "-c", "echo begun; sleep 60; echo ended"]);

    assert_eq!(process.line().as_deref(), Some("begun"));
    assert!(process.signal("KILL"));

    let output = process.finish();
    assert_eq!(output.status, 137);
    assert_eq!(output.stdout, "");
}

#[test]
fn this_builds_binary_runs_in_both_hosts() {
    for suite in Suite::ALL {
        let host = lab::host(suite).shared();
        let output = host.plimsoll(&["--version"]);
        assert!(output.status <= 2, "{output:?}");
    }
}
