//! What people fall into with Docker's daemon, by the numbers of our notes, each with the test
//! that shows how plimsoll avoids it, refuses it or tells it. Here are also the tests of those
//! that no other test is about.

use std::{fs, path::Path, time::Duration};

use super::{DAEMON_JSON, FILE, apply, containers, declare};
use crate::lab::{self, BUSYBOX, Host, Output, Suite, WEB};

enum Shown {
    /// Tests with a real engine, or all of those whose names start so.
    By(&'static [&'static str]),
    /// Why no engine of the lab has it.
    NotHere(&'static str),
}

use Shown::{By, NotHere};

const EVERY_KEY: &str = "every_key_is_applied_seen_and_undone_on_";

#[rustfmt::skip]
const TRAPS: &[(u8, &str, Shown)] = &[
    (1, "a key that the command line has too", By(&[EVERY_KEY, "what_systemds_daemon_would_regret_is_held_with_the_way_out_on_bookworm"])),
    (2, "a bad file, three quick starts, and then none", By(&["a_daemon_that_does_not_start_goes_by_its_old_file_again_on_"])),
    (3, "a file that is valid, and no start", By(&["a_daemon_that_does_not_start_goes_by_its_old_file_again_on_"])),
    (4, "names that are nearly right", By(&["traps_in_the_file_are_named_and_nothing_is_done_about_them_on_sid"])),
    (5, "plugins that a reload drops, or that end the daemon", By(&["what_systemds_daemon_would_regret_is_held_with_the_way_out_on_bookworm", EVERY_KEY])),
    (6, "limits of the command line that a reload resets", By(&["what_systemds_daemon_would_regret_is_held_with_the_way_out_on_bookworm"])),
    (7, "a deleted line that unsets nothing", By(&[EVERY_KEY, "live_restore_that_left_the_file_protects_nobody_on_sid"])),
    (8, "another data root under living containers", By(&["what_systemds_daemon_would_regret_is_held_with_the_way_out_on_bookworm"])),
    (9, "live-restore on a node of a swarm", By(&["a_node_of_a_swarm_gets_no_live_restore_on_sid"])),
    (10, "volumes lost by live-restore", NotHere("20.10.18 and 24.0.7 were the last engines with it")),
    (11, "default networks gone after a start with living containers", By(&["ports_and_networks_are_there_again_after_a_restart_on_sid"])),
    (12, "icc or userland-proxy without br_netfilter", By(&["what_a_plain_daemon_would_regret_is_held_with_the_way_out_on_sid"])),
    (13, "icc under living containers", By(&["containers_that_live_through_are_stopped_for_the_bridge_and_started_again_on_sid"])),
    (14, "iptables off, and its rules still there", By(&["what_a_setting_leaves_in_the_kernel_is_told_on_trixie"])),
    (15, "userland-proxy off in releases that fail at it", NotHere("28.0.1 with iptables 1.8.11 had it, and rootless engines without br_netfilter; `userland-proxy: false` works on all three of the lab")),
    (16, "tls without hosts", By(&["what_a_plain_daemon_would_regret_is_held_with_the_way_out_on_sid"])),
    (17, "tcp that asks nobody for a certificate", By(&["an_open_port_is_waited_for_and_told_on_sid"])),
    (18, "what a restart without live-restore stops or deletes", By(&["containers_that_a_restart_would_delete_are_named_on_sid", "containers_run_again_after_a_restart_that_stopped_them_on_"])),
    (19, "addresses that overlap, or are those of a network", By(&["our_checks_and_the_engine_agree_on_"])),
    (20, "no bridge, and docker0 deleted", By(&["what_a_setting_leaves_in_the_kernel_is_told_on_trixie"])),
    (21, "defaults that do not reach containers that exist", By(&["every_default_reaches_the_containers_on_", "seccomp_that_stuck_at_unconfined_goes_with_the_container_on_"])),
    (22, "log options that need a new container", By(&["every_default_reaches_the_containers_on_"])),
    (23, "a storage driver that hides everything", By(&["what_a_plain_daemon_would_regret_is_held_with_the_way_out_on_sid", EVERY_KEY])),
    (24, "userns-remap, and no image in sight", By(&["what_a_plain_daemon_would_regret_is_held_with_the_way_out_on_sid", EVERY_KEY])),
    (25, "a check that makes a user", By(&["what_a_plain_daemon_would_regret_is_held_with_the_way_out_on_sid"])),
    (26, "a lowest API version that locks clients out", NotHere("engines from 29.0 have the key; that older ones refuse it is in every_key")),
    (27, "userland-proxy: true, and no reload any more", By(&["what_a_plain_daemon_would_regret_is_held_with_the_way_out_on_sid"])),
    (28, "a reload that is reported and did not happen", By(&["a_reload_that_nobody_saw_is_no_success_on_trixie"])),
    (29, "a signal before the daemon is up", By(&["a_daemon_that_does_not_answer_is_not_signalled_on_sid"])),
    (30, "a group that the socket does not follow", By(&["what_systemds_daemon_would_regret_is_held_with_the_way_out_on_bookworm", "what_a_plain_daemon_would_regret_is_held_with_the_way_out_on_sid"])),
    (31, "ports that are not there for a while", By(&["ports_and_networks_are_there_again_after_a_restart_on_sid"])),
    (32, "a containerd that is restarted beside the daemon", NotHere("units of 18.09 bound one to the other; plimsoll restarts no containerd")),
    (33, "a runtime that containers still name", By(&["a_runtime_that_containers_name_is_not_taken_away_on_trixie"])),
    (34, "ip6tables without experimental", By(&["our_checks_and_the_engine_agree_on_"])),
    (35, "what the kernel keeps", By(&["what_a_setting_leaves_in_the_kernel_is_told_on_trixie"])),
    (36, "a diagnostic port that only a reload opens", By(&["a_port_that_only_a_reload_opens_is_open_after_a_restart_on_trixie", EVERY_KEY])),
    (37, "http-proxy at the top level", By(&["traps_in_the_file_are_named_and_nothing_is_done_about_them_on_sid"])),
    (38, "lists that come back in another order or spelling", By(&[EVERY_KEY])),
    (39, "a change in the file that waits for the next start", By(&["what_waits_for_a_reload_or_a_start_is_told_though_nobody_declares_it_on_"])),
];

#[test]
fn every_trap_has_a_test_or_a_reason() {
    let numbers: Vec<u8> = TRAPS.iter().map(|(number, ..)| *number).collect();
    assert_eq!(numbers, (1..=39).collect::<Vec<u8>>());
    let mut sources = String::new();
    read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it"), &mut sources);
    for (number, what, shown) in TRAPS {
        match shown {
            By(tests) => {
                assert!(!tests.is_empty(), "trap {number}, {what}");
                for test in *tests {
                    // Of a name that goes on with the suite, only the start is given.
                    let end = if test.ends_with("_on_") { "" } else { "() {" };
                    let wanted = format!("#[test]\nfn {test}{end}");
                    assert!(sources.contains(&wanted), "trap {number}, {what}: no test {test}");
                }
            }
            NotHere(why) => assert!(!why.is_empty(), "trap {number}, {what}"),
        }
    }
}

fn read_all(directory: &Path, into: &mut String) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, into);
        } else if path.extension().is_some_and(|end| end == "rs") {
            *into += &fs::read_to_string(&path).unwrap();
        }
    }
}

/// One line, as if the screen were wide.
fn words(output: &Output) -> String {
    let text = format!("{} {}", output.stdout, output.stderr);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn says(output: &Output, part: &str) {
    assert!(words(output).contains(part), "{}{}", output.stdout, output.stderr);
}

fn plan(host: &Host) -> Output {
    host.plimsoll(&["plan", "-f", FILE, "--allow", "outage"])
}

fn hang_up(host: &Host) {
    host.sh("kill -HUP \"$(pgrep -xo dockerd)\"");
}

/// Trap 9: the reload would succeed, and the next start fail.
#[test]
fn a_node_of_a_swarm_gets_no_live_restore_on_sid() {
    let host = lab::host(Suite::Sid).exclusive();
    host.docker(&["swarm", "init", "--advertise-addr", "127.0.0.1"]);
    declare(&host, "{ live-restore: true }");
    let plan = plan(&host);
    let run = apply(&host, "{ live-restore: true }");
    let left = host.docker(&["info", "--format", "{{.LiveRestoreEnabled}}"]);
    host.docker(&["swarm", "leave", "--force"]);
    says(&plan, "this host is a Swarm node");
    says(&plan, "1 held");
    assert_eq!((run.status, left.as_str()), (0, "false"), "{}{}", run.stdout, run.stderr);
    assert!(!host.exists(DAEMON_JSON));
}

/// Trap 7: the daemon that ends goes by what it has in memory, the one that starts by its file.
#[test]
fn live_restore_that_left_the_file_protects_nobody_on_sid() {
    let host = lab::host(Suite::Sid).exclusive();
    host.write(DAEMON_JSON, "{\"live-restore\": true}");
    hang_up(&host);
    let on = || host.docker(&["info", "--format", "{{.LiveRestoreEnabled}}"]) == "true";
    host.wait("live-restore", Duration::from_secs(20), on);
    host.write(DAEMON_JSON, "{}");
    host.docker(&["run", "-d", "--name", "tr-web", BUSYBOX]);
    declare(&host, "{ log-level: warn }");
    let forgotten = plan(&host);
    declare(&host, "{ log-level: warn, live-restore: true }");
    let kept = plan(&host);
    host.docker(&["rm", "-f", "tr-web"]);
    assert!(on(), "a line that is gone unsets nothing");
    says(&forgotten, "daemon restart, which stops 1 container: tr-web");
    says(&kept, "containers keep running (1)");
}

/// Traps 11 and 31.
#[test]
fn ports_and_networks_are_there_again_after_a_restart_on_sid() {
    let host = lab::host(Suite::Sid).exclusive();
    host.docker(&["run", "-d", "--name", "tr-web", "-p", "18080:8080", WEB]);
    let networks = || host.docker(&["network", "ls", "--format", "{{.ID}} {{.Name}}"]);
    let answers = || host.run(&["curl", "-sf", "http://127.0.0.1:18080/"]).status == 0;
    host.wait("the page", Duration::from_secs(20), answers);
    let (before, known) = (containers(&host), networks());

    let run = apply(&host, "{ live-restore: true, log-level: debug }");

    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    says(&run, "published ports pause for a moment");
    assert_eq!((containers(&host), networks()), (before, known));
    host.wait("the page", Duration::from_secs(20), answers);
    host.docker(&["rm", "-f", "tr-web"]);
}

/// Traps 14, 20 and 35: on a host where nothing runs, off and on again.
#[test]
fn what_a_setting_leaves_in_the_kernel_is_told_on_trixie() {
    let host = lab::host(Suite::Trixie).exclusive();
    let rules = || host.sh("iptables-save | grep -c DOCKER || true").trim().to_owned();
    let forwards = || host.sh("cat /proc/sys/net/ipv4/ip_forward").trim().to_owned();
    let has_bridge = || host.run(&["ip", "link", "show", "docker0"]).status == 0;
    let settings = "{ iptables: false, ip-forward: false, bridge: none }";
    declare(&host, settings);
    let told = [
        ("iptables", "leaves the rules in place until the next boot or flush"),
        ("ip-forward", "does not turn off what the kernel already does"),
        ("bridge", "`none` deletes the interface docker0 at once"),
    ];
    for (key, part) in told {
        let explained = host.plimsoll(&["explain", &format!("daemon/{key}"), "-f", FILE]);
        says(&explained, part);
    }
    assert!(has_bridge());

    apply(&host, settings).ok();

    assert_ne!(rules(), "0", "the engine left them");
    assert_eq!((forwards().as_str(), has_bridge()), ("1", false));

    let restart = host.suite.restart_command();
    let absent = "[iptables, ip-forward, bridge]";
    host.write(FILE, &format!("version: 1\ndaemon:\n{restart}  absent: {absent}\n"));
    host.plimsoll(&["apply", "-f", FILE, "--yes", "--allow", "outage"]).ok();
    assert!(has_bridge());
    let option = "{{index .Options \"com.docker.network.bridge.name\"}}";
    assert_eq!(host.docker(&["network", "inspect", "bridge", "--format", option]), "docker0");
}

/// Trap 17: each start waits before it opens such a port.
#[test]
fn an_open_port_is_waited_for_and_told_on_sid() {
    let host = lab::host(Suite::Sid).exclusive();
    let hosts = "[\"unix:///var/run/docker.sock\", \"tcp://127.0.0.1:2375\"]";

    let run = apply(&host, &format!("{{ hosts: {hosts} }}"));

    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    assert_eq!(host.sh("curl -s http://127.0.0.1:2375/_ping"), "OK");
    let explained = host.plimsoll(&["explain", "daemon/hosts", "-f", FILE]);
    says(&explained, "whoever can connect is root on this host, unless TLS asks");
}

/// Trap 18.
#[test]
fn containers_that_a_restart_would_delete_are_named_on_sid() {
    let host = lab::host(Suite::Sid).exclusive();
    host.docker(&["run", "-d", "--rm", "--name", "tr-once", BUSYBOX]);
    host.docker(&["run", "-d", "--name", "tr-plain", BUSYBOX]);
    declare(&host, "{ log-level: warn }");
    let said = plan(&host);
    let run = host.plimsoll(&["apply", "-f", FILE, "--yes"]);
    let names = host.docker(&["ps", "--format", "{{.Names}}"]);
    host.docker(&["rm", "-f", "tr-once", "tr-plain"]);
    says(&said, "started with --rm, so deleted when they stop: tr-once");
    says(&said, "daemon restart, which stops 2 containers");
    assert_eq!(run.status, 0, "held, as the plan says");
    assert_eq!(names, "tr-plain\ntr-once", "{}", run.stdout);
}

/// Trap 28: a command that ends well says nothing about the daemon.
#[test]
fn a_reload_that_nobody_saw_is_no_success_on_trixie() {
    let host = lab::host(Suite::Trixie).exclusive();
    host.write(DAEMON_JSON, "{}");
    let text = "version: 1\ndaemon:\n  reload-command: [\"true\"]\n  settings: { debug: true }\n";
    host.write(FILE, text);
    let run = host.plimsoll(&["apply", "-f", FILE, "--yes"]);
    assert_eq!(run.status, 5, "{}{}", run.stdout, run.stderr);
    says(&run, "the daemon reports no reload within");
    assert_eq!(host.read(DAEMON_JSON), "{}");
    assert_eq!(host.docker(&["info", "--format", "{{.Debug}}"]), "false");
}

/// Trap 29: SIGHUP ends a daemon that is not up yet.
#[test]
fn a_daemon_that_does_not_answer_is_not_signalled_on_sid() {
    let host = lab::host(Suite::Sid).exclusive();
    declare(&host, "{ debug: true }");
    host.sh("kill -STOP \"$(pgrep -xo dockerd)\"");
    let run = host.run(&["timeout", "60", &host.binary, "apply", "-f", FILE, "--yes"]);
    let pending = "grep SigPnd \"/proc/$(pgrep -xo dockerd)/status\"; \
                   grep ShdPnd \"/proc/$(pgrep -xo dockerd)/status\"";
    let pending = host.sh(pending);
    host.sh("kill -CONT \"$(pgrep -xo dockerd)\"");
    assert_eq!(run.status, 69, "{}{}", run.stdout, run.stderr);
    let bits = pending.split_whitespace().filter_map(|it| u64::from_str_radix(it, 16).ok());
    assert!(bits.clone().count() == 2 && bits.into_iter().all(|it| it & 1 == 0), "{pending}");
    host.wait("the daemon", Duration::from_secs(20), || host.answers());
    assert!(!host.exists(DAEMON_JSON));
}

/// Not among the numbers: found by taking every key through the engines.
#[test]
fn host_gateway_that_a_reload_forgets_is_told_on_sid() {
    let host = lab::host(Suite::Sid).exclusive();
    let with = ["--name", "tr-web", "--add-host", "there:host-gateway", BUSYBOX];
    host.docker(&[&["run", "-d"], &with[..]].concat());
    declare(&host, "{ debug: true }");
    let told = plan(&host);
    host.plimsoll(&["apply", "-f", FILE, "--yes"]).ok();
    host.docker(&["stop", "tr-web"]);
    let starts = || host.run(&["docker", "start", "tr-web"]).status == 0;
    let before = starts();
    assert_eq!(host.restart_docker().status, 0);
    let after = starts();
    host.docker(&["rm", "-f", "tr-web"]);
    says(&told, "engine 28 forgets `host-gateway` at a reload");
    says(&told, "until the daemon is restarted: tr-web");
    assert_eq!((before, after), (false, true), "as the plan says");
}

/// Trap 36: the engine looks at the key at a reload only.
#[test]
fn a_port_that_only_a_reload_opens_is_open_after_a_restart_on_trixie() {
    let host = lab::host(Suite::Trixie).exclusive();
    let run = apply(&host, "{ network-diagnostic-port: 9324, log-level: debug }");
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    assert_eq!(host.sh("ss -Hltn | grep -o 127.0.0.1:9324").trim(), "127.0.0.1:9324");
}
