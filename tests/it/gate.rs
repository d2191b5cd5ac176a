//! Probes from the declaration, and a target that failed and is not tried again by itself.

use serde_json::Value;

use crate::lab::{self, BUSYBOX, Host, Output, Suite};

const FILE: &str = "/tmp/gp/plimsoll.yaml";
const SECRET: &str = "hunter22-gp";

/// Serves its pages as a job in the background: without them it goes on as if all were well.
const SERVER: &str = "mkdir -p /app && echo all is well >/app/page && httpd -p 8000 -h /app; \
                      exec sleep 600";

const DECLARATION: &str = r#"version: 1
containers:
  - match: { name: gp-* }
    writable-layer: discard
    rules:
      container.read-only-rootfs: true
  - match: { name: gp-page }
    probes:
      - http: { port: 8000, path: "/page?key=hunter22-gp", body: all is well }
        interval: 200ms
        retries: 3
  - match: { name: gp-sick }
    probes:
      - { tcp: 9, interval: 100ms, retries: 1 }
  - match: { name: gp-command }
    probes:
      - { command: [touch, /probed], interval: 100ms, retries: 1 }
  - match: { name: gp-well }
    probes:
      - { tcp: 8000 }
      - { http: { port: 8000, path: /none, status: 404, headers: { X-Key: hunter22-gp } } }
      - { command: [sh, -c, "test hunter22-gp != other"] }
"#;

#[test]
fn probes_decide_and_what_failed_is_not_tried_again() {
    let host = lab::host(Suite::Sid).exclusive();
    // Of a run that was stopped halfway.
    remove(&host);
    start(&host);
    host.write(FILE, DECLARATION);
    let before = id(&host, "gp-page");

    let plan = words(&plimsoll(&host, &["plan", "--allow", "recreate"]).stdout);
    assert!(plan.contains("answers as before (http 8000/page?…)"), "{plan}");
    assert!(plan.contains("(tcp 8000, http 8000/none, command sh …)"), "{plan}");

    let run = apply(&host, &[]);
    assert_eq!(run.status, 4, "{}{}", run.stdout, run.stderr);
    let outcomes = outcomes(&run);
    let (outcome, why) = &outcomes["gp-page"];
    assert_eq!(outcome, "undone", "{why}");
    assert!(why.starts_with("the probe `http 8000/page?…` fails and passed before"), "{why}");
    assert!(why.contains("read-only root, and it writes to /app\n"), "{why}");
    let (outcome, why) = &outcomes["gp-command"];
    assert!(outcome == "undone" && why.contains("`command touch …`"), "{outcome}: {why}");
    assert!(why.contains("exit code 1"), "{why}");
    let (outcome, proof) = &outcomes["gp-well"];
    assert_eq!(outcome, "done", "{proof}");
    assert!(proof.contains("passes tcp 8000, http 8000/none, command sh …"), "{proof}");
    let (outcome, proof) = &outcomes["gp-sick"];
    assert_eq!(outcome, "done", "{proof}");
    assert!(proof.contains("failed before the replacement too: tcp 9 (connection"), "{proof}");
    assert_eq!(id(&host, "gp-page"), before);
    host.wait("the old one serves again", std::time::Duration::from_secs(30), || serves(&host));

    // Not by apply, not by enforce, and everybody is told why and what to type.
    let held = settled(&host);
    for command in [
        &["apply", "--yes", "--allow", "recreate"][..],
        &["enforce", "--once", "--allow", "recreate"],
    ] {
        let again = plimsoll(&host, &[command, &["--quiet-period", "1s"]].concat());
        assert!(matches!(again.status, 0 | 2), "{}{}", again.stdout, again.stderr);
        assert_eq!(settled(&host), held, "{command:?} tried again");
    }
    let plan = plimsoll(&host, &["plan", "--allow", "recreate"]).stdout;
    assert!(plan.contains("  plimsoll apply --retry --only container/gp-page\n"), "{plan}");
    assert!(plan.contains("undone in run 1, 20"), "{plan}");
    assert!(plan.contains("  - match: { name: gp-page }\n"), "{plan}");
    let status = plimsoll(&host, &["status"]).stdout;
    assert!(status.contains("container/gp-page     recreate  held: undone before; `"), "{status}");

    // A person asks, and it fails once more; asked for once is asked for once.
    let retried = apply(&host, &["--retry", "--only", "container/gp-page"]);
    let (outcome, why) = &self::outcomes(&retried)["gp-page"];
    assert_eq!(outcome, "undone", "{why}");
    let status = plimsoll(&host, &["status"]).stdout;
    assert!(status.contains("container/gp-page     recreate  held: undone before"), "{status}");

    // The lines that it says go into the declaration as they are.
    let lines: Vec<&str> = why.lines().filter(|it| it.starts_with("  ")).collect();
    assert_eq!(lines.len(), 3, "{why}");
    host.write(FILE, &format!("{DECLARATION}{}\n", lines.join("\n")));
    let changed = apply(&host, &["--only", "container/gp-page"]);
    let (outcome, proof) = &self::outcomes(&changed)["gp-page"];
    assert_eq!(outcome, "done", "{proof}");
    assert!(proof.contains("passes http 8000/page?…"), "{proof}");
    assert!(serves(&host));

    let kept = host.sh("cat /tmp/gp/state/*.json /tmp/gp/state/runs/*");
    let told = [run, retried, changed].map(|it| it.stdout + &it.stderr).concat();
    assert!(!format!("{plan}{status}{told}{kept}").contains(SECRET), "a secret got out");
    remove(&host);
}

/// As if no line had been wrapped.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn start(host: &Host) {
    for (name, script) in [
        ("gp-page", SERVER),
        ("gp-sick", "exec sleep 600"),
        ("gp-command", "exec sleep 600"),
        ("gp-well", "exec httpd -f -p 8000"),
    ] {
        let run =
            ["run", "-d", "--name", name, "--stop-signal", "KILL", BUSYBOX, "sh", "-c", script];
        host.docker(&run);
    }
    host.wait("the page is served", std::time::Duration::from_secs(30), || serves(host));
}

fn serves(host: &Host) -> bool {
    let ask = ["docker", "exec", "gp-page", "wget", "-qO-", "http://127.0.0.1:8000/page"];
    host.run(&ask).stdout.contains("all is well")
}

fn remove(host: &Host) {
    host.sh("docker ps -aq --filter name=gp- | xargs -r docker rm -f; rm -rf /tmp/gp");
}

fn plimsoll(host: &Host, arguments: &[&str]) -> Output {
    let common = ["--file", FILE, "--state-dir", "/tmp/gp/state"];
    host.plimsoll(&[arguments, &common].concat())
}

fn apply(host: &Host, more: &[&str]) -> Output {
    let apply = [
        "apply",
        "--yes",
        "--allow",
        "recreate",
        "--keep-going",
        "--quiet-period",
        "1s",
        "--output",
        "json",
    ];
    plimsoll(host, &[&apply, more].concat())
}

/// What became of each container, and the reason or the proof.
fn outcomes(run: &Output) -> std::collections::BTreeMap<String, (String, String)> {
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    let all = document["outcomes"].as_array().unwrap_or_else(|| panic!("{document:#}"));
    all.iter()
        .map(|it| {
            let text = |key: &str| it[key].as_str().unwrap_or_default().to_owned();
            let name = text("address").replace("container/", "");
            (name, (text("outcome"), text("why") + &text("proof")))
        })
        .collect()
}

fn id(host: &Host, name: &str) -> Value {
    host.inspect(name)["Id"].clone()
}

/// Which containers there are, and since when they run.
fn settled(host: &Host) -> String {
    let all = "docker ps -aq --no-trunc --filter name=gp- | sort | xargs docker inspect --format \
               '{{.Id}} {{.Name}} {{.State.StartedAt}}'";
    host.sh(all)
}
