//! `kill -9` between writing and verifying. `strace` ends plimsoll at each call that leaves a trace
//! outside of it, and the next command has to settle what is left.

use std::collections::BTreeMap;

use super::{DAEMON_JSON, FILE, NOTE, containers, declare, remove_three, start_three};
use crate::lab::{self, Host, Suite};

/// All of them are made by the first thread; others, and other programs, are not traced.
const CALLS: &str =
    "rename,renameat,renameat2,unlink,unlinkat,fsync,fchmod,connect,kill,clone,clone3,vfork";
const TRACE: &str = "/tmp/dm-trace";

/// What a run may leave for the next command.
struct Change {
    /// Settings of the two states between which each cut changes over.
    states: [&'static str; 2],
    /// What the daemon says of the key, in both.
    live: &'static str,
    values: [&'static str; 2],
    /// How many cuts are made; each costs time.
    most: usize,
}

const RELOAD: Change = Change {
    states: ["{ live-restore: true, debug: true }", "{ live-restore: true, debug: false }"],
    live: "{{.Debug}}",
    values: ["true", "false"],
    most: 60,
};

const RESTART: Change = Change {
    states: [
        "{ live-restore: true, log-driver: local }",
        "{ live-restore: true, log-driver: json-file }",
    ],
    live: "{{.LoggingDriver}}",
    values: ["local", "json-file"],
    most: 12,
};

#[test]
fn cut_off_at_any_step_of_a_reload_the_next_command_settles_it_on_bookworm() {
    cut_everywhere(Suite::Bookworm, &RELOAD);
}

#[test]
fn cut_off_at_any_step_of_a_reload_the_next_command_settles_it_on_sid() {
    cut_everywhere(Suite::Sid, &RELOAD);
}

#[test]
fn cut_off_at_steps_of_a_restart_the_next_command_settles_it_on_bookworm() {
    cut_everywhere(Suite::Bookworm, &RESTART);
}

#[test]
fn cut_off_at_steps_of_a_restart_the_next_command_settles_it_on_sid() {
    cut_everywhere(Suite::Sid, &RESTART);
}

fn cut_everywhere(suite: Suite, change: &Change) {
    let host = lab::host(suite).exclusive();
    host.write(DAEMON_JSON, "{\"live-restore\": true}");
    assert_eq!(host.restart_docker().status, 0);
    start_three(&host);
    let before = containers(&host);
    let mut wanted = 0;
    let calls = calls_of_a_run(&host, change.states[wanted]);
    assert_eq!(live(&host, change), change.values[wanted]);

    let mut cuts = 0;
    let mut seen = [0; 2];
    let skipped = calls.len().saturating_sub(change.most);
    // Where there are too many, those in the middle are left out: they wait for the daemon.
    let chosen = calls
        .iter()
        .enumerate()
        .filter(|(at, _)| *at < change.most / 2 || *at >= change.most / 2 + skipped);
    for (at, (call, count)) in chosen {
        let was = live(&host, change);
        wanted = change.values.iter().position(|it| *it != was).unwrap();
        declare(&host, change.states[wanted]);
        let inject = format!("--inject={call}:signal=KILL:when={count}");
        let strace = ["strace", "-qq", "-o", "/dev/null", &inject];
        let apply = [&host.binary, "apply", "-f", FILE, "--yes"];
        let status = host.run(&[&strace[..], &apply[..]].concat()).status;
        host.kill_watchers();
        // systemd counts starts; how many a minute allows is not what this is about.
        host.run(&["systemctl", "reset-failed", "docker.service", "docker.socket"]);

        // Any command will do, one that only looks as well.
        let word = ["plan", "status", "plan"][at % 3];
        let next = host.plimsoll(&[word, "-f", FILE]);
        let case = format!("{call} {count}: {status}, {word}: {}{}", next.stdout, next.stderr);
        assert!(next.status == 0 || next.status == 2, "{case}");
        is_settled(&host, change, &case);
        assert_eq!(containers(&host), before, "{case}");
        // Now and then a run makes fewer calls than the first one.
        assert!(status == 0 || status == 137, "{case}");
        cuts += usize::from(status == 137);
        seen[usize::from(live(&host, change) == change.values[wanted])] += 1;
    }
    assert!(cuts >= 8, "only {cuts} cuts of {calls:?}");
    assert!(seen[0] > 0 && seen[1] > 0, "taken back and finished: {seen:?}");
    remove_three(&host);
}

/// Lets a run happen and returns its calls from the first write of the note to its removal,
/// each with how often there was one of its name by then.
fn calls_of_a_run(host: &Host, settings: &str) -> Vec<(String, usize)> {
    declare(host, settings);
    let trace = format!("--trace={CALLS}");
    let strace = ["strace", "-qq", "-o", TRACE, &trace];
    host.run(&[&strace[..], &[&host.binary, "apply", "-f", FILE, "--yes"][..]].concat()).ok();
    let text = host.read(TRACE);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut calls = Vec::new();
    let mut of_change = false;
    for line in text.lines() {
        let Some((call, arguments)) = line.split_once('(') else { continue };
        let count = counts.entry(call).or_default();
        *count += 1;
        of_change |= arguments.contains("daemon-change.json");
        if of_change {
            calls.push((call.to_owned(), *count));
        }
        if call == "unlink" && arguments.contains(NOTE) {
            break;
        }
    }
    calls
}

fn live(host: &Host, change: &Change) -> String {
    host.docker(&["info", "--format", change.live])
}

/// The daemon is up and goes by its file, which is whole, and nothing is left over.
fn is_settled(host: &Host, change: &Change, case: &str) {
    assert!(host.answers(), "{case}");
    assert!(!host.exists(NOTE), "{case}");
    assert_eq!(host.sh("ls /etc/docker | grep -c '[.]new$' || true").trim(), "0", "{case}");
    let file: serde_json::Value = serde_json::from_str(&host.read(DAEMON_JSON)).unwrap();
    assert_eq!(file["live-restore"], true, "{case}");
    let filed = ["debug", "log-driver"].iter().find_map(|key| file.get(key));
    let filed = filed.map(|value| value.to_string().trim_matches('"').to_owned());
    assert_eq!(filed, Some(live(host, change)), "{case}");
}
