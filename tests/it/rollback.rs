//! `plimsoll rollback` on real engines: everything as it was, or refused before it begins.

use std::time::Duration;

use serde_json::Value;

use crate::lab::{self, BUSYBOX, Host, Output, Suite, VOLUME};

const FILE: &str = "/etc/plimsoll/plimsoll.yaml";
const DECLARATION: &str = r#"version: 1
containers:
  - name: all
    rules:
      container.no-new-privileges: true
      container.pids-limit: { max: 256 }
      container.declared: { allow: [{ name: "rb-k-*" }], evict: stop }
"#;
const SOON: Duration = Duration::from_secs(60);

#[test]
fn run_of_every_kind_is_taken_back_on_bookworm() {
    run_of_every_kind_is_taken_back(Suite::Bookworm);
}

#[test]
fn run_of_every_kind_is_taken_back_on_sid() {
    run_of_every_kind_is_taken_back(Suite::Sid);
}

/// Replaced, updated and evicted containers are as before; the change does not come back by
/// itself; and the rollback is taken back in its turn.
fn run_of_every_kind_is_taken_back(suite: Suite) {
    let host = lab::host(suite).exclusive();
    host.write(FILE, DECLARATION);
    host.sh(&format!(
        r#"
docker network create --subnet 172.31.79.0/24 rb-net
docker run -d --name rb-k-ftp --restart on-failure:3 --network rb-net --ip 172.31.79.9 {VOLUME}
docker exec rb-k-ftp sh -c 'echo mine >/layer; echo mine >/data/own'
docker run -d --name rb-k-db --security-opt no-new-privileges --pids-limit 900 {BUSYBOX}
docker run -d --name rb-rogue --restart always --network rb-net --ip 172.31.79.8 --network-alias spare {BUSYBOX}
docker create --name rb-k-idle {BUSYBOX}
"#
    ));
    let names = ["rb-k-ftp", "rb-k-db", "rb-rogue", "rb-k-idle"];
    let before = names.map(|name| settled(&host.inspect(name)));

    let applied = apply(&host, &[]);
    assert_eq!(applied.status, 0, "{}{}", applied.stdout, applied.stderr);
    host.sh("docker exec rb-k-ftp sh -c 'echo later >/later; echo later >/data/later'");
    let hardened = host.inspect("rb-k-ftp")["Id"].clone();

    let back = rollback(&host, &[]);
    assert_eq!(back.status, 5, "{}{}", back.stdout, back.stderr);
    for text in ["stays in the kept container", "/later", "Run 2 took back run 1"] {
        assert!(back.stdout.contains(text), "`{text}` is missing: {}", back.stdout);
    }
    let after = names.map(|name| settled(&host.inspect(name)));
    assert_eq!(after, before);
    let layer = "cat /layer /data/own /data/later; test ! -e /later";
    assert_eq!(host.docker(&["exec", "rb-k-ftp", "sh", "-c", layer]), "mine\nmine\nlater");
    let kept = host.inspect("rb-k-ftp.plimsoll-kept-2");
    assert_eq!(kept["Id"], hardened, "what goes out of office is kept");
    assert_eq!(kept["HostConfig"]["RestartPolicy"]["Name"], "no");

    // Nobody does it again by himself.
    let again = apply(&host, &[]);
    assert_eq!(again.status, 0, "{}{}", again.stdout, again.stderr);
    assert!(again.stdout.contains("undone in run 2"), "{}", again.stdout);
    assert_eq!(names.map(|name| settled(&host.inspect(name))), before);
    let nothing = rollback(&host, &[]);
    assert_eq!(nothing.status, 6, "a rollback is taken back only by its number");

    // The way back leads back as well, and what cannot go that way is named before it begins.
    let blocked = rollback(&host, &["2"]);
    assert_eq!(blocked.status, 6, "{}{}", blocked.stdout, blocked.stderr);
    let rest = "plimsoll rollback 2 --only container/rb-";
    let words: Vec<&str> = blocked.stderr.split_whitespace().collect();
    assert!(words.join(" ").contains(rest), "{}", blocked.stderr);
    let renewed = rollback(&host, &["2", "--only", "container/rb-k-ftp"]);
    assert_eq!(renewed.status, 5, "{}{}", renewed.stdout, renewed.stderr);
    let ftp = host.inspect("rb-k-ftp");
    assert_eq!(ftp["Id"], hardened);
    assert_eq!(ftp["HostConfig"]["RestartPolicy"], before[0]["RestartPolicy"]);
    assert_eq!(host.docker(&["exec", "rb-k-ftp", "cat", "/later"]), "later");

    let refused = rollback(&host, &["77"]);
    assert_eq!(refused.status, 6, "{}", refused.stderr);
    assert!(refused.stderr.contains("there is no run 77"), "{}", refused.stderr);
}

/// Those that hold on to each other go back together, and come again together.
#[test]
fn group_is_taken_back_whole_and_renewed_whole() {
    let host = lab::host(Suite::Trixie).exclusive();
    host.write(
        FILE,
        "version: 1\ncontainers:\n  - name: all\n    match: { name: 'rbg-*' }\n    \
         rules:\n      container.no-new-privileges: true\n",
    );
    host.sh(&format!(
        "docker run -d --name rbg-vpn --restart always {VOLUME}
         docker run -d --name rbg-net --network container:rbg-vpn {BUSYBOX}
         docker run -d --name rbg-link --link rbg-vpn:source {BUSYBOX}"
    ));
    let names = ["rbg-vpn", "rbg-net", "rbg-link"];
    let ids = || names.map(|name| host.inspect(name)["Id"].clone());
    let before = ids();
    let applied = apply(&host, &[]);
    assert_eq!(applied.status, 0, "{}{}", applied.stdout, applied.stderr);
    let hardened = ids();

    let part = rollback(&host, &["1", "--only", "container/rbg-vpn"]);
    assert_eq!(part.status, 6, "{}{}", part.stdout, part.stderr);
    assert_eq!(ids(), hardened);
    let back = rollback(&host, &["1"]);
    assert_eq!(back.status, 5, "{}{}", back.stdout, back.stderr);
    assert_eq!(ids(), before);
    hold_together(&host);

    let part = rollback(&host, &["2", "--only", "container/rbg-net"]);
    assert_eq!(part.status, 6, "{}{}", part.stdout, part.stderr);
    assert!(part.stdout.contains("only with all of them"), "{}", part.stdout);
    let renewed = rollback(&host, &["2"]);
    assert_eq!(renewed.status, 5, "{}{}", renewed.stdout, renewed.stderr);
    assert_eq!(ids(), hardened);
    hold_together(&host);
}

/// The dependents of a group run, and on the provider that is in office.
#[track_caller]
fn hold_together(host: &Host) {
    let vpn = host.inspect("rbg-vpn");
    let address = vpn["NetworkSettings"]["Networks"]["bridge"]["IPAddress"].as_str().unwrap();
    let net = host.inspect("rbg-net");
    let shared = format!("container:{}", vpn["Id"].as_str().unwrap());
    assert_eq!(net["HostConfig"]["NetworkMode"], shared);
    assert_eq!(net["State"]["Status"], "running");
    let hosts = host.docker(&["exec", "rbg-link", "cat", "/etc/hosts"]);
    assert!(hosts.contains(&format!("{address}\tsource")), "{hosts}, not {address}");
}

/// If the kept container cannot live, what was in office comes back, and the exit code says that
/// a person is needed.
#[test]
fn kept_container_that_cannot_start_leaves_things_as_they_were() {
    let host = lab::host(Suite::Sid).exclusive();
    host.write(FILE, DECLARATION);
    let idle = "trap 'exit 0' TERM; test ! -e /broken && while :; do sleep 1; done";
    host.docker(&[
        "run",
        "-d",
        "--name",
        "rb-k-ill",
        "--restart",
        "always",
        BUSYBOX,
        "sh",
        "-c",
        idle,
    ]);
    let applied = apply(&host, &[]);
    assert_eq!(applied.status, 0, "{}{}", applied.stdout, applied.stderr);
    let hardened = host.inspect("rb-k-ill")["Id"].clone();
    host.sh("touch /tmp/broken; tar -C /tmp -c broken | docker cp - rb-k-ill.plimsoll-kept-1:/");

    let back = rollback(&host, &["1"]);

    assert_eq!(back.status, 7, "{}{}", back.stdout, back.stderr);
    assert!(back.stdout.contains("put back"), "{}", back.stdout);
    let ill = host.inspect("rb-k-ill");
    assert_eq!(ill["Id"], hardened);
    assert_eq!(ill["State"]["Status"], "running");
    assert_eq!(ill["HostConfig"]["RestartPolicy"]["Name"], "always");
    let kept = host.inspect("rb-k-ill.plimsoll-kept-1");
    assert_eq!(kept["State"]["Status"], "exited");
    assert_eq!(kept["HostConfig"]["RestartPolicy"]["Name"], "no");
    let next = host.plimsoll(&["status", "-f", FILE]);
    assert_eq!(next.status, 0, "in sync, and nothing to recover: {}{}", next.stdout, next.stderr);
}

/// Killed half way, the watcher or the next command brings it to its end, and what was taken back
/// stays back.
#[test]
fn killed_rollback_is_brought_to_its_end() {
    let host = lab::host(Suite::Sid).exclusive();
    host.write(FILE, DECLARATION);
    host.docker(&["run", "-d", "--name", "rb-k-kill", "--restart", "always", BUSYBOX]);
    let before = settled(&host.inspect("rb-k-kill"));
    let applied = apply(&host, &[]);
    assert_eq!(applied.status, 0, "{}{}", applied.stdout, applied.stderr);

    let command = format!("exec {} rollback -f {FILE} --yes 2>&1", host.binary);
    let mut killed = host.spawn(&["sh", "-c", &command]);
    while let Some(line) = killed.line() {
        if line.contains("bringing the kept one back") {
            break;
        }
    }
    killed.signal("KILL");
    killed.finish();

    let next = host.plimsoll(&["plan", "-f", FILE]);
    assert_eq!(next.status, 0, "{}{}", next.stdout, next.stderr);
    host.wait("the other one is kept", SOON, || {
        host.plimsoll(&["plan", "-f", FILE]);
        host.run(&["docker", "inspect", "rb-k-kill.plimsoll-kept-2"]).status == 0
    });
    let next = host.plimsoll(&["plan", "-f", FILE]);
    assert!(next.stdout.contains("undone in run 2"), "{}", next.stdout);
    host.wait("it runs again", SOON, || settled(&host.inspect("rb-k-kill")) == before);
    assert_eq!(host.inspect("rb-k-kill.plimsoll-kept-2")["State"]["Status"], "exited");
}

fn apply(host: &Host, more: &[&str]) -> Output {
    let apply = ["apply", "-f", FILE, "--yes", "--allow", "loss", "--quiet-period", "500ms"];
    host.plimsoll(&[&apply, more].concat())
}

fn rollback(host: &Host, more: &[&str]) -> Output {
    let rollback = ["rollback", "-f", FILE, "--yes", "--quiet-period", "500ms"];
    host.plimsoll(&[&rollback, more].concat())
}

/// What has to be the same after a rollback.
fn settled(inspect: &Value) -> Value {
    let networks = inspect["NetworkSettings"]["Networks"].as_object().unwrap();
    let networks: Value = networks
        .iter()
        .map(|(name, it)| (name.clone(), serde_json::json!([it["IPAMConfig"], it["Aliases"]])))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let host_config = &inspect["HostConfig"];
    let pids = host_config["PidsLimit"].as_i64().filter(|it| *it > 0);
    serde_json::json!({
        "Id": inspect["Id"],
        "Name": inspect["Name"],
        "Status": inspect["State"]["Status"],
        "RestartPolicy": host_config["RestartPolicy"],
        "PidsLimit": pids,
        "Networks": networks,
    })
}
