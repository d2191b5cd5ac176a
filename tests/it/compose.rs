//! A real Compose project: hardened behind Compose's back, and Compose finds nothing to do.

use std::collections::BTreeMap;

use crate::lab::{self, Host, Suite};

const FOLDER: &str = "/srv/cmp";

const PROJECT: &str = r#"services:
  db:
    image: plimsoll-test/volume:1
    volumes: [data:/data]
    networks: { back: { aliases: [store] } }
    healthcheck: { test: [CMD, test, -e, /data/seed], interval: 1s, retries: 10 }
  web:
    image: plimsoll-test/web:1
    depends_on: { db: { condition: service_healthy } }
    networks: [back]
    ports: ["127.0.0.1:18931:8080"]
    restart: unless-stopped
  job:
    image: plimsoll-test/busybox:1
    depends_on: [web]
    networks: [back]
volumes: { data: {} }
networks: { back: {} }
"#;

const DECLARATION: &str = r"version: 1
containers:
  - name: cmp
    match: { compose-project: cmp }
    rules:
      container.no-new-privileges: true
      container.capabilities-bounded: { allow: [CHOWN] }
      container.pids-limit: { max: 200 }
limits:
  compose: recreate
  max-changes: 10
  ceiling: { apply: recreate }
";

#[test]
fn compose_finds_nothing_to_do_after_a_hardening_on_trixie() {
    compose_finds_nothing_to_do(Suite::Trixie);
}

#[test]
fn compose_finds_nothing_to_do_after_a_hardening_on_sid() {
    compose_finds_nothing_to_do(Suite::Sid);
}

fn compose_finds_nothing_to_do(suite: Suite) {
    let host = lab::host(suite).shared();
    let host: &Host = &host;
    host.write("/srv/cmp/compose.yaml", PROJECT);
    host.write("/srv/cmp.yaml", DECLARATION);
    compose(host, &["down", "--volumes", "--remove-orphans", "--timeout", "2"]);
    compose(host, &["up", "--detach"]);
    host.sh("docker exec cmp-db-1 sh -c 'echo mine >/data/mine'");
    let before = ids(host);

    let plan = plimsoll(host, "plan");
    let back = "cd /srv/cmp && docker compose up -d --no-deps --force-recreate db";
    assert!(plan.contains(back), "{plan}");
    assert_eq!(plan.matches("recreate  unknown  nothing  its file").count(), 3, "{plan}");
    let applied = plimsoll(host, "apply");
    assert!(applied.contains("3 of 3 changes done"), "{applied}");
    assert!(applied.contains("Compose would count it as a replica"), "{applied}");

    let hardened = ids(host);
    assert_eq!(names(&hardened), ["cmp-db-1", "cmp-job-1", "cmp-web-1"], "and none is kept");
    assert!(hardened.values().all(|id| !before.values().any(|it| it == id)));
    for arguments in [["up", "--detach", "--wait"], ["up", "--detach", "--remove-orphans"]] {
        let said = compose(host, &arguments);
        for word in ["Recreat", "Creat", "Start", "Stop", "Remov"] {
            assert!(!said.contains(word), "{arguments:?}: {said}");
        }
        assert_eq!(ids(host), hardened, "{arguments:?}: {said}");
    }
    let states = compose(host, &["ps", "--all", "--format", "{{.Service}} {{.State}} {{.Health}}"]);
    let mut states: Vec<&str> = states.lines().map(str::trim_end).collect();
    states.sort_unstable();
    assert_eq!(states, ["db running healthy", "job running", "web running healthy"]);
    for name in hardened.keys() {
        let config = &host.inspect(name)["HostConfig"];
        assert_eq!(config["CapDrop"], serde_json::json!(["ALL"]), "{name}");
    }
    assert_eq!(host.docker(&["exec", "cmp-db-1", "cat", "/data/mine"]), "mine");
    host.docker(&["exec", "cmp-job-1", "wget", "-q", "-O", "/dev/null", "http://web:8080/"]);
    host.docker(&["exec", "cmp-job-1", "nslookup", "store"]);

    // A further replica comes and goes; the hardened one is the first and stays.
    compose(host, &["up", "--detach", "--no-deps", "--scale", "job=2"]);
    assert_eq!(names(&ids(host)), ["cmp-db-1", "cmp-job-1", "cmp-job-2", "cmp-web-1"]);
    compose(host, &["up", "--detach", "--no-deps", "--scale", "job=1"]);
    assert_eq!(ids(host), hardened);

    // The way back that the plan names.
    host.sh(back);
    let back = ids(host);
    assert_ne!(back["cmp-db-1"], hardened["cmp-db-1"]);
    assert_eq!(host.inspect("cmp-db-1")["HostConfig"]["CapDrop"], serde_json::Value::Null);
    assert_eq!(host.docker(&["exec", "cmp-db-1", "cat", "/data/mine"]), "mine");

    compose(host, &["down", "--timeout", "2"]);
    assert_eq!(ids(host), BTreeMap::new());
    let left = |what: &str| host.sh(&format!("docker {what} ls --quiet --filter name=cmp_"));
    assert_eq!(left("network"), "");
    assert_eq!(left("volume"), "cmp_data\n", "`down` keeps volumes");
    compose(host, &["down", "--volumes"]);
    assert_eq!(left("volume"), "");
}

/// Compose would start one anew that lives in the network of another one which was replaced. So
/// both are left to its file, and where that has them hardened there is nothing to do for anyone.
#[test]
fn those_that_live_in_each_other_are_left_to_the_compose_file_on_trixie() {
    let host = lab::host(Suite::Trixie).shared();
    let host: &Host = &host;
    let project = |hardened: &str| {
        format!(
            "name: cmp-nm\nservices:\n  vpn:\n    image: {image}\n{hardened}  app:\n    \
             image: {image}\n    network_mode: service:vpn\n{hardened}",
            image = lab::BUSYBOX
        )
    };
    let up = "docker compose -f /srv/cmp-nm.yaml up -d --timeout 2 2>&1";
    host.write("/srv/cmp-nm.yaml", &project(""));
    host.write(
        "/srv/cmp-nm-policy.yaml",
        "version: 1\ncontainers:\n  - name: nm\n    match: { compose-project: cmp-nm }\n    \
         rules:\n      container.no-new-privileges: true\nlimits:\n  compose: recreate\n",
    );
    host.sh(up);
    let plan = || {
        let file = "/srv/cmp-nm-policy.yaml";
        host.plimsoll(&["plan", "--file", file, "--state-dir", "/var/tmp/cmp-nm"]).stdout
    };
    let held = plan();
    for text in ["2 held", "its file is the place", "change /srv/cmp-nm.yaml:", "security_opt"] {
        assert!(held.contains(text), "`{text}` is missing: {held}");
    }
    host.write("/srv/cmp-nm.yaml", &project("    security_opt: [\"no-new-privileges:true\"]\n"));
    host.sh(up);
    let plan = plan();
    assert!(plan.contains("In sync."), "{plan}");
    host.sh("docker compose -f /srv/cmp-nm.yaml down --timeout 2 2>&1; rm -rf /var/tmp/cmp-nm");
}

/// Calls Compose on the project; returns all it said.
#[track_caller]
fn compose(host: &Host, arguments: &[&str]) -> String {
    let command = format!("cd {FOLDER} && exec docker compose \"$@\" 2>&1");
    host.run(&[&["sh", "-euc", &command, "sh"], arguments].concat()).ok()
}

#[track_caller]
fn plimsoll(host: &Host, command: &str) -> String {
    let mut arguments = vec![command, "--file", "/srv/cmp.yaml", "--state-dir", "/var/tmp/cmp"];
    if command == "apply" {
        arguments.extend(["--yes", "--quiet-period", "2s"]);
    }
    let out = host.plimsoll(&arguments);
    assert_eq!(out.status, 0, "{}{}", out.stdout, out.stderr);
    out.stdout + &out.stderr
}

/// Returns the project's containers of whatever state, by name.
fn ids(host: &Host) -> BTreeMap<String, String> {
    let label = "label=com.docker.compose.project=cmp";
    let format = "{{.Names}} {{.ID}}";
    let listed = host.docker(&["ps", "--all", "--no-trunc", "--filter", label, "--format", format]);
    let pairs = listed.lines().filter_map(|line| line.split_once(' '));
    pairs.map(|(name, id)| (name.to_owned(), id.to_owned())).collect()
}

fn names(ids: &BTreeMap<String, String>) -> Vec<&str> {
    ids.keys().map(String::as_str).collect()
}
