//! What a run tells while it works: on a terminal, in a pipe, and as events.

use serde_json::Value;

use crate::lab::{self, BUSYBOX, Host, Suite};

const FILE: &str = "/tmp/tl/plimsoll.yaml";
const SECRET: &str = "canary-of-told";
const FIRST: &str = "  - match: { name: tl-a }\n    rules: { container.no-new-privileges: true }\n";
const ALL: &str = "  - match: { name: tl-* }\n    writable-layer: discard\n    rules: { \
                   container.no-new-privileges: true }\n";
const READ_ONLY: &str = "  - match: { name: tl-* }\n    rules: { \
                         container.read-only-rootfs: true }\n";

#[test]
fn who_is_in_which_step_is_told_on_a_terminal_in_a_pipe_and_as_events() {
    let host = lab::host(Suite::Sid).exclusive();
    let clean = "docker ps -aq --filter name=tl- | xargs -r docker rm -f; rm -rf /tmp/tl";
    // Of a run that was stopped halfway.
    host.sh(clean);
    for (name, image) in [("tl-a", BUSYBOX), ("tl-b", BUSYBOX), ("tl-c", lab::WRITER)] {
        let token = format!("TOKEN={SECRET}");
        host.docker(&["run", "-d", "--name", name, "--stop-signal", "KILL", "-e", &token, image]);
    }

    declare(&host, FIRST);
    let screen =
        host.plimsoll_on_a_terminal(&[apply("text"), vec!["--quiet-period", "2s"]].concat());
    let screen = screen.stdout;
    for row in [
        "  container/tl-a    0 s  replacing\r\n",
        "  stopping the old one\r\n",
        "  watching it for at least 2 s\r\n",
        " 1/1  container/tl-a  \u{1b}[32mdone\u{1b}[0m after ",
    ] {
        assert!(screen.contains(row), "{row:?} in {screen}");
    }
    let counted = ["  watching it for at least 1 s\r\n", "  watching it\r\n"];
    assert!(counted.iter().any(|it| screen.contains(it)), "{screen}");
    let steps = screen.matches("\u{1b}[1A\u{1b}[J").count();
    assert!(steps >= 4, "rows are drawn in the place of others: {screen:?}");
    let (_, after) = screen.rsplit_once("\u{1b}[J").unwrap();
    assert!(after.contains("Run 1: 1 of 1 change done"), "{screen}");

    declare(&host, ALL);
    let arguments = [apply("text"), vec!["--quiet-period", "1s", "--parallel", "2"]].concat();
    let piped = host.plimsoll(&arguments);
    assert_eq!(piped.status, 0, "{}{}", piped.stdout, piped.stderr);
    let both = format!("{}{}", piped.stdout, piped.stderr);
    assert!(!both.contains(['\u{1b}', '\r']) && !both.contains(SECRET), "{both:?}");
    let told: Vec<&str> = piped.stderr.lines().collect();
    let at = |line: &str| told.iter().position(|it| *it == line);
    for name in ["tl-b", "tl-c"] {
        let of = |what: &str| at(&format!("      container/{name}  {what}"));
        let steps = [
            of("replacing"),
            of("creating its replacement"),
            of("stopping the old one"),
            of("watching it for at least 1 s"),
        ];
        assert!(steps.is_sorted() && steps[0].is_some(), "{name}: {told:#?}");
    }
    let ends: Vec<&str> = told.iter().copied().filter(|it| it.contains(" done after ")).collect();
    assert!(ends.len() == 2 && ends[0].starts_with(" 1/2  "), "{told:#?}");
    assert!(ends[1].starts_with(" 2/2  "), "{told:#?}");

    declare(&host, &format!("{ALL}{READ_ONLY}"));
    let more = ["--quiet-period", "1s", "--parallel", "3", "--keep-going"];
    let streamed = host.plimsoll(&[apply("ndjson"), more.to_vec()].concat());
    assert_eq!(streamed.status, 4, "{}{}", streamed.stdout, streamed.stderr);
    assert!(!streamed.stdout.contains(SECRET), "{}", streamed.stdout);
    let events: Vec<Value> =
        streamed.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let text = |event: &Value, member: &str| event[member].as_str().unwrap_or_default().to_owned();
    assert_eq!(text(&events[0], "stream"), "plimsoll.events", "{}", events[0]);
    assert_eq!(text(events.last().unwrap(), "type"), "summary");
    let of = |name: &str| -> Vec<String> {
        let address = format!("container/{name}");
        let own = events.iter().filter(|it| it["address"] == address.as_str());
        own.map(|it| text(it, "type")).filter(|it| it != "action_progress").collect()
    };
    let begun = ["change_planned", "action_start", "gate"];
    assert_eq!(of("tl-a"), [&begun[..], &["action_done"]].concat());
    let undone = [&begun[..], &["rollback_start", "rollback_done", "action_failed"]].concat();
    assert_eq!(of("tl-c"), undone);
    let failed = events.iter().find(|it| it["type"] == "action_failed").unwrap();
    assert!(failed["outcome"] == "undone" && failed["run"] == 3, "{failed}");
    assert!(text(failed, "why").contains("read-only root"), "{failed}");
    let outcomes = events.last().unwrap()["outcomes"].as_array().unwrap();
    assert_eq!(outcomes.len(), 3, "{outcomes:?}");

    // What goes wrong before anything begins is an event, too.
    declare(&host, "  - match: {}\n    previleged: false\n");
    let broken = host.plimsoll(&apply("ndjson"));
    assert_eq!(broken.status, 65, "{}{}", broken.stdout, broken.stderr);
    let last: Value = serde_json::from_str(broken.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(
        (text(&last, "type"), last["location"]["line"].as_u64()),
        ("diagnostic".into(), Some(4))
    );
    host.sh(clean);
}

fn declare(host: &Host, containers: &str) {
    host.write(FILE, &format!("version: 1\ncontainers:\n{containers}"));
}

fn apply(output: &str) -> Vec<&str> {
    let common = ["apply", "--yes", "--allow", "recreate", "--file", FILE];
    [&common[..], &["--state-dir", "/tmp/tl/state", "--output", output]].concat()
}
