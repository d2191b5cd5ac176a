//! What plimsoll may not stop, what it replaces without starting, and what is told of leftovers.

use serde_json::Value;

use crate::lab::{self, BUSYBOX, Host, Output, Suite};

const FILE: &str = "/etc/plimsoll/plimsoll.yaml";
const DECLARATION: &str = r#"version: 1
limits: { max-changes: 50 }
containers:
  - name: ours
    match: { name: "ow-*" }
    rules:
      container.read-only-rootfs: true
  - name: the way to the engine
    match: { name: ow-proxy }
    carries-connection: true
"#;

fn apply(host: &Host, more: &[&str]) -> Output {
    let command = ["apply", "-f", FILE, "--yes", "--allow", "recreate", "--keep-going"];
    host.plimsoll(&[&command[..], &["--quiet-period", "1s"], more].concat())
}

#[test]
fn every_state_is_replaced_or_held_as_it_should_be_in_bookworm() {
    every_state(Suite::Bookworm);
}

#[test]
fn every_state_is_replaced_or_held_as_it_should_be_in_sid() {
    every_state(Suite::Sid);
}

/// The shared memory of one is mounted on the host, under its ID: plimsoll does not run in it for
/// that.
fn every_state(suite: Suite) {
    let host = lab::host(suite).exclusive();
    host.write(FILE, DECLARATION);
    host.sh(&format!(
        "docker run -d --name ow-running --restart always --ipc shareable {BUSYBOX}
         docker create --name ow-never-started --restart always {BUSYBOX}
         docker run -d --name ow-stopped --restart unless-stopped {BUSYBOX}
         docker stop ow-stopped
         docker run -d --name ow-paused {BUSYBOX}
         docker pause ow-paused
         docker run -d --name ow-looping --restart always {BUSYBOX} sh -c 'sleep 0.2; exit 4'
         docker run -d --name ow-unhealthy --health-cmd false --health-interval 1s \
             --health-retries 1 {BUSYBOX}
         docker run -d --rm --name ow-rm {BUSYBOX}
         docker run -d --name ow-proxy {BUSYBOX}"
    ));
    let state = |name: &str| host.inspect(name)["State"].clone();
    host.wait("unhealthy and looping", std::time::Duration::from_secs(60), || {
        state("ow-unhealthy")["Health"]["Status"] == "unhealthy"
            && host.inspect("ow-looping")["RestartCount"].as_u64() > Some(1)
    });
    let ids = |host: &Host| -> Vec<(String, String)> {
        let listed = host.docker(&["ps", "-a", "--no-trunc", "--format", "{{.Names}} {{.ID}}"]);
        let lines = listed.lines().filter_map(|line| line.split_once(' '));
        lines.map(|(name, id)| (name.to_owned(), id.to_owned())).collect()
    };
    let before = ids(&host);

    let applied = apply(&host, &[]);
    let after = ids(&host);
    let told = format!("{}{}", applied.stdout, applied.stderr);
    host.sh("docker unpause ow-paused; docker rm -f ow-unhealthy.plimsoll-kept-1");
    assert_eq!(applied.status, 0, "{told}");
    for (name, is_replaced, status) in [
        ("ow-running", true, "running"),
        ("ow-never-started", true, "created"),
        ("ow-stopped", true, "created"),
        ("ow-looping", true, "looping"),
        ("ow-unhealthy", true, "running"),
        ("ow-paused", false, "running"),
        ("ow-rm", false, "running"),
        ("ow-proxy", false, "running"),
    ] {
        let id = before.iter().find(|(it, _)| it == name).unwrap();
        assert_eq!(!after.contains(id), is_replaced, "{name}: {told}");
        let now = host.inspect(name);
        match status {
            "looping" => assert!(now["RestartCount"].as_u64() > Some(0), "{name}: {told}"),
            _ => assert_eq!(now["State"]["Status"], status, "{name}: {told}"),
        }
        let kept = after.iter().any(|(it, _)| *it == format!("{name}.plimsoll-kept-1"));
        assert_eq!(kept, is_replaced, "{name}: {told}");
    }
    let words = told.split_whitespace().collect::<Vec<_>>().join(" ");
    for why in ["may be evidence", "auto-remove: replace", "reaches the engine through it"] {
        assert!(words.contains(why), "{why} is missing: {told}");
    }
    host.sh("docker ps -aq --filter name=^ow- | xargs docker rm -f >/dev/null");
}

#[test]
fn the_container_that_plimsoll_runs_in_is_left_alone() {
    for suite in [Suite::Bookworm, Suite::Sid] {
        let host = lab::host(suite).exclusive();
        host.write(FILE, DECLARATION);
        let mounts = "-v /opt/plimsoll:/opt/plimsoll:ro -v /run/docker.sock:/var/run/docker.sock \
                      -v /etc/plimsoll:/etc/plimsoll:ro";
        host.sh(&format!(
            "docker run -d --name ow-web {BUSYBOX}
             docker run -d --name ow-self {mounts} {BUSYBOX}"
        ));
        let before: Value = host.inspect("ow-self");
        let inside = ["exec", "ow-self", &host.binary, "apply", "-f", FILE, "--yes", "--allow"];
        let applied = host.docker(&[&inside[..], &["recreate", "--quiet-period", "1s"]].concat());
        assert!(applied.contains("plimsoll runs in this container"), "{applied}");
        let after = host.inspect("ow-self");
        assert_eq!(after["Id"], before["Id"], "{applied}");
        assert_eq!(after["State"]["StartedAt"], before["State"]["StartedAt"], "{applied}");
        assert_eq!(host.inspect("ow-web")["HostConfig"]["ReadonlyRootfs"], true, "{applied}");
        host.sh("docker ps -aq --filter name=^ow- | xargs docker rm -f >/dev/null");
    }
}

#[test]
fn what_nothing_proves_is_told_and_left_alone() {
    let host = lab::host(Suite::Sid).exclusive();
    host.write(FILE, DECLARATION);
    host.sh(&format!(
        "docker run -d --name ow-web {BUSYBOX}
         docker create --name ow-lost.plimsoll-old {BUSYBOX}"
    ));
    assert_eq!(apply(&host, &["--only", "container/ow-web"]).status, 0);
    // Somebody takes the successor away, and another comes, of which the same is wanted; the
    // state is lost as well, so that the runs begin again with 1.
    host.sh(&format!(
        "docker rm -f ow-web; docker run -d --name ow-web {BUSYBOX}; rm -r /var/lib/plimsoll"
    ));
    assert_eq!(apply(&host, &["--only", "container/ow-web"]).status, 0);
    let kept = host.docker(&["ps", "-a", "--format", "{{.Names}}", "--filter", "name=ow-web.p"]);
    assert_eq!(kept.lines().count(), 2, "both are kept, under two names: {kept}");

    let status = host.plimsoll(&["status", "-f", FILE]);
    for line in [
        "      docker rename ow-lost.plimsoll-old ow-lost && docker start ow-lost",
        "      docker rm ow-lost.plimsoll-old",
        "      docker rm ow-web.plimsoll-kept-1",
    ] {
        assert!(status.stdout.contains(line), "{line}: {}", status.stdout);
    }
    assert!(status.stdout.contains("kept: ow-web.plimsoll-kept-1-"), "{}", status.stdout);

    // With a retention of nothing, what is proved goes at once and the rest stays.
    host.write(FILE, &DECLARATION.replace("limits: { ", "limits: { retention: 0, "));
    assert_eq!(apply(&host, &[]).status, 0);
    let left = host.docker(&["ps", "-a", "--format", "{{.Names}}", "--filter", "name=^ow-"]);
    let mut left: Vec<&str> = left.lines().collect();
    left.sort_unstable();
    assert_eq!(left, ["ow-lost.plimsoll-old", "ow-web", "ow-web.plimsoll-kept-1"]);
}
