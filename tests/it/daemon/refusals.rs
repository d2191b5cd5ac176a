//! Changes that the engine would take and somebody would regret: held in the plan, with the way
//! out, and nothing is touched.

use std::time::Duration;

use super::{DAEMON_JSON, FILE, NOTE, apply, containers, declare, remove_three, start_three};
use crate::lab::{self, BUSYBOX, Host, Suite};

/// What is declared, and what is said about it.
type Refusal = (&'static str, &'static str);

fn all_are_refused(host: &Host, refusals: &[Refusal]) {
    let file = host.sh(&format!("cat {DAEMON_JSON} 2>/dev/null || true"));
    let before = containers(host);
    let process = host.sh("cat /run/docker.pid");
    for (settings, words) in refusals {
        declare(host, settings);
        let plan = host.plimsoll(&["plan", "-f", FILE]);
        says(&plan, words, settings);
        let command = ["apply", "-f", FILE, "--yes", "--allow", "loss", "--allow", "outage"];
        let applied = host.plimsoll(&command);
        assert_ne!(applied.status, 0, "{settings}: {}", applied.stdout);
        assert_eq!(host.sh(&format!("cat {DAEMON_JSON} 2>/dev/null || true")), file, "{settings}");
        assert_eq!(host.sh("cat /run/docker.pid"), process, "{settings}");
        assert!(!host.exists(NOTE), "{settings}");
    }
    assert_eq!(containers(host), before);
}

fn says(output: &lab::Output, words: &str, settings: &str) {
    let text = format!("{}{}", output.stdout, output.stderr);
    let all: Vec<&str> = text.split_whitespace().collect();
    assert!(all.join(" ").contains(words), "{settings}: {text}");
}

/// Traps 1, 5, 6, 8 and 30.
#[test]
fn what_systemds_daemon_would_regret_is_held_with_the_way_out_on_bookworm() {
    let host = lab::host(Suite::Bookworm).exclusive();
    host.write(DAEMON_JSON, "{\"live-restore\": true}");
    assert_eq!(host.restart_docker().status, 0);
    start_three(&host);
    all_are_refused(
        &host,
        &[
            (
                "{ hosts: ['unix:///var/run/docker.sock'] }",
                "ExecStart=/usr/sbin/dockerd --containerd=/run/containerd/containerd.sock",
            ),
            ("{ group: root }", "systemctl edit docker.socket"),
            ("{ authorization-plugins: [rf-guard] }", "plugin rf-guard does not answer"),
            ("{ data-root: /srv/rf }", "docker stop"),
            ("{ exec-root: /run/rf }", "docker stop"),
            ("{ userns-remap: default }", "the engine makes the user dockremap"),
        ],
    );
    assert_eq!(host.sh("grep -c dockremap /etc/passwd || true").trim(), "0");

    // A flag that any reload would drop.
    host.write(
        "/etc/systemd/system/docker.service.d/rf.conf",
        "[Service]\nEnvironment=DOCKER_OPTS=--max-concurrent-downloads=9\n",
    );
    host.sh("systemctl daemon-reload");
    assert_eq!(host.restart_docker().status, 0);
    let words = "any reload resets it to the default";
    all_are_refused(&host, &[("{ debug: true }", words), ("{ labels: [a=b] }", words)]);
    remove_three(&host);
}

/// Traps 12, 16, 23, 25, 27 and 30.
#[test]
fn what_a_plain_daemon_would_regret_is_held_with_the_way_out_on_sid() {
    let host = lab::host(Suite::Sid).exclusive();
    all_are_refused(
        &host,
        &[
            ("{ hosts: ['tcp://127.0.0.1:2376'] }", "add \"unix:///"),
            (
                "{ tls: true, tlscert: /etc/rf.pem, tlskey: /etc/rf.key }",
                "tcp://localhost:2376 alone",
            ),
            ("{ group: rf-nobody }", "groupadd --system rf-nobody"),
            ("{ userland-proxy: true, debug: true }", "userland-proxy-path"),
        ],
    );

    // The engine's own check of such a file would make the user.
    declare(&host, "{ userns-remap: default }");
    let plan = host.plimsoll(&["plan", "-f", FILE]);
    says(&plan, "the engine makes the user dockremap", "userns-remap");
    says(&plan, "drop out of the daemon's view", "userns-remap");
    assert_eq!(host.sh("grep -c dockremap /etc/passwd || true").trim(), "0");

    // Without the kernel's filter of bridges the engine does not start.
    host.sh("mount -t tmpfs none /proc/sys/net/bridge");
    all_are_refused(&host, &[("{ icc: false }", "modprobe br_netfilter")]);
    host.write(DAEMON_JSON, "{\"icc\": false}");
    let starts = host.run(&["restart-docker", "15"]).status == 0;
    host.sh(&format!("umount /proc/sys/net/bridge; rm {DAEMON_JSON}"));
    assert!(!starts, "then there would be no reason to refuse it");
    host.wait("the daemon", Duration::from_secs(60), || host.answers());

    host.write(DAEMON_JSON, "{\"features\": {\"containerd-snapshotter\": true}}");
    assert_eq!(host.restart_docker().status, 0);
    all_are_refused(&host, &[("{ storage-driver: overlay2 }", "containerd's store")]);
}

/// Trap 33.
#[test]
fn a_runtime_that_containers_name_is_not_taken_away_on_trixie() {
    let host = lab::host(Suite::Trixie).exclusive();
    let path = host.sh("command -v runc");
    let runtimes = format!("{{\"runtimes\": {{\"rf\": {{\"path\": \"{}\"}}}}}}", path.trim());
    host.write(DAEMON_JSON, &runtimes);
    assert_eq!(host.restart_docker().status, 0);
    host.docker(&["run", "-d", "--name", "rf-web", "--runtime", "rf", BUSYBOX]);
    all_are_refused(&host, &[("{ runtimes: {} }", "could not be started any more: rf-web")]);
    host.docker(&["rm", "-f", "rf-web"]);
    declare(&host, "{ runtimes: {} }");
    host.plimsoll(&["apply", "-f", FILE, "--yes"]).ok();
    assert_eq!(host.read(DAEMON_JSON).replace(char::is_whitespace, ""), "{\"runtimes\":{}}");
}

/// Trap 13: the default bridge follows only a start at which no container runs.
#[test]
fn containers_that_live_through_are_stopped_for_the_bridge_and_started_again_on_sid() {
    let host = lab::host(Suite::Sid).exclusive();
    host.write(DAEMON_JSON, "{\"live-restore\": true}");
    assert_eq!(host.restart_docker().status, 0);
    start_three(&host);
    let before = containers(&host);
    declare(&host, "{ live-restore: true, icc: false }");
    let held = host.plimsoll(&["apply", "-f", FILE, "--yes"]);
    assert_eq!(containers(&host), before, "{}{}", held.stdout, held.stderr);
    says(&held, "so that they are stopped for it and started again", "icc");

    apply(&host, "{ live-restore: true, icc: false }").ok();

    assert_eq!(super::states(&host), super::THREE);
    let option = "{{index .Options \"com.docker.network.bridge.enable_icc\"}}";
    assert_eq!(host.docker(&["network", "inspect", "bridge", "--format", option]), "false");
    remove_three(&host);
}

/// Traps 24 and 25. What drops out of view is there again afterwards; the user that the engine
/// makes is made by its start alone.
#[test]
fn a_remapped_daemon_hides_what_was_there_until_it_is_taken_back_on_trixie() {
    let host = lab::host(Suite::Trixie).exclusive();
    let has_user = || host.sh("grep -c dockremap /etc/passwd || true").trim() == "1";
    let images = || host.docker(&["images", "--quiet"]).lines().count();
    let loss = ["apply", "-f", FILE, "--yes", "--allow", "loss"];
    let before = images();
    declare(&host, "{ userns-remap: default }");
    let held = host.plimsoll(&["apply", "-f", FILE, "--yes", "--allow", "outage"]);
    says(&held, "drop out of the daemon's view", "userns-remap");
    assert!(before > 0 && images() == before && !has_user());

    host.plimsoll(&loss).ok();
    assert!(images() == 0 && has_user());

    let restart = host.suite.restart_command();
    host.write(FILE, &format!("version: 1\ndaemon:\n{restart}  absent: [userns-remap]\n"));
    host.plimsoll(&loss).ok();
    assert_eq!(images(), before);
    host.sh("userdel dockremap; sed -i /dockremap/d /etc/subuid /etc/subgid");
}
