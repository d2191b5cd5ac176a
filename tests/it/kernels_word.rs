//! What the kernel enforces, what containers have changed, and proxies before the engine, judged
//! on real engines.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::lab::{self, BUSYBOX, Host, Suite};

const FILE: &str = "/tmp/kw/plimsoll.yaml";

#[test]
fn what_the_kernel_and_the_writable_layer_tell_is_judged_in_bookworm() {
    is_judged(Suite::Bookworm);
}

#[test]
fn what_the_kernel_and_the_writable_layer_tell_is_judged_in_trixie() {
    is_judged(Suite::Trixie);
}

#[test]
fn what_the_kernel_and_the_writable_layer_tell_is_judged_in_sid() {
    is_judged(Suite::Sid);
}

fn is_judged(suite: Suite) {
    let host = lab::host(suite).shared();
    clean(&host);
    host.write(
        FILE,
        "version: 1\ncontainers:\n  - name: all\n    match: { name: kw-* }\n    rules:\n      \
         container.kernel-truth: { mode: observe }\n      \
         container.no-writable-drift: { mode: observe, allow: [/srv] }\n      \
         container.engine-proxy-is-narrow: { mode: observe }\n      \
         container.no-l2-network: { mode: observe }\n",
    );
    run(&host);
    let judged = host.plimsoll(&["status", "-f", FILE, "--output", "json"]);
    clean(&host);

    let told: Value = serde_json::from_str(&judged.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", judged.stdout, judged.stderr));
    let findings = told["findings"].as_array().into_iter().flatten();
    let found: BTreeSet<(&str, &str)> = findings
        .clone()
        .filter_map(|it| {
            let name = it["address"].as_str()?.strip_prefix("container/kw-")?;
            Some((name, it["rule"].as_str()?.strip_prefix("container.")?))
        })
        .collect();
    let expected = [
        ("drifted", "no-writable-drift"),
        ("hosted", "no-l2-network"),
        ("proxy", "engine-proxy-is-narrow"),
        ("raised", "kernel-truth"),
    ];
    assert_eq!(found, BTreeSet::from(expected), "{told:#}");
    let said: String = findings.map(Value::to_string).collect();
    for part in
        ["pids up to 500", "/bin/new, /etc/also-new", "publishes 2375/tcp, lets through POST"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(told["unknown"], serde_json::json!([]));
}

fn run(host: &Host) {
    host.sh(&format!(
        "start() {{ name=$1; shift; docker run --detach --name kw-$name \"$@\" >/dev/null; }}
         start plain --pids-limit 50 --memory 64m --cap-drop ALL --cap-add CHOWN --user 1000:1000 \
             --security-opt no-new-privileges --volume /data --tmpfs /t --workdir /made/for/it \
             {BUSYBOX} sh -c 'echo > /data/x; echo > /t/x; sleep 600'
         start raised --pids-limit 50 {BUSYBOX} sleep 600
         start drifted {BUSYBOX} \
             sh -c 'mkdir -p /srv/a; echo > /etc/also-new; echo > /srv/a/b; echo > /bin/new; sleep 600'
         start hosted --network host {BUSYBOX} sleep 600
         docker create --name kw-proxy --volume /var/run/docker.sock:/s --publish 2375:2375 \
             --env CONTAINERS=1 --env POST=1 --env EXEC=0 {BUSYBOX} true >/dev/null
         pid=$(docker inspect --format '{{{{.State.Pid}}}}' kw-raised)
         group=$(sed -nE 's/^[0-9]+:pids://p' /proc/$pid/cgroup)
         if [ -n \"$group\" ]; then group=/pids$group; else group=$(sed -n 's/^0:://p' /proc/$pid/cgroup); fi
         echo 500 >/sys/fs/cgroup$group/pids.max
         sleep 1"
    ));
}

/// Removes what has these names.
fn clean(host: &Host) {
    host.sh("docker ps -aq --filter name=^kw- | xargs -r docker rm -fv >/dev/null; rm -rf /tmp/kw");
}
