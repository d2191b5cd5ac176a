//! Limits changed in place, read off the kernel by other means than plimsoll's.

use std::time::Duration;

use crate::lab::{self, Host, Suite};

const DECLARATION: &str = "version: 1
containers:
  - name: inp
    match: { name: 'inp-*' }
    rules:
      container.memory-limit: { max: 64m }
      container.pids-limit: { max: 50 }
      container.restart-bounded: { max-retries: 5 }
limits:
  max-changes: 50
";

#[test]
fn limits_in_place_reach_the_kernel_on_bookworm() {
    limits_reach_the_kernel(Suite::Bookworm);
}

#[test]
fn limits_in_place_reach_the_kernel_on_trixie() {
    limits_reach_the_kernel(Suite::Trixie);
}

#[test]
fn limits_in_place_reach_the_kernel_on_sid() {
    limits_reach_the_kernel(Suite::Sid);
}

/// Containers by what they had before, with the swap limit they then have, in MiB.
const SHAPES: &[(&str, &[&str], i64)] = &[
    ("none", &[], 128),
    ("double", &["--memory=256m"], 128),
    ("no-swap", &["--memory=256m", "--memory-swap=256m"], 64),
    ("any-swap", &["--memory=256m", "--memory-swap=-1"], -1),
    ("odd-swap", &["--memory=256m", "--memory-swap=300m"], 300),
    ("reserved", &["--memory=256m", "--memory-reservation=128m"], 128),
    ("more-pids", &["--pids-limit=400"], 128),
    ("any-pids", &["--pids-limit=-1"], 128),
    ("always", &["--restart=always"], 128),
    ("paused", &[], 128),
];

fn limits_reach_the_kernel(suite: Suite) {
    let host = lab::host(suite).shared();
    let host: &Host = &host;
    host.write("/srv/inp.yaml", DECLARATION);
    remove(host);
    for (name, options, _) in SHAPES {
        let name = format!("--name=inp-{name}");
        host.docker(&[&["run", "--detach", &name], *options, &[lab::BUSYBOX]].concat());
    }
    host.docker(&["pause", "inp-paused"]);
    host.docker(&["create", "--name=inp-created", lab::BUSYBOX]);
    let looping = ["run", "--detach", "--name=inp-looping", "--restart=always", lab::BUSYBOX];
    host.docker(&[&looping, ["sh", "-c", "sleep 0.3; exit 1"].as_slice()].concat());
    let removed = ["run", "--detach", "--rm", "--name=inp-removed", lab::BUSYBOX];
    host.docker(&removed);
    let before: Vec<_> = SHAPES.iter().map(|(name, ..)| started(host, name)).collect();

    let applied = plimsoll(host, &["apply", "--yes", "--output", "json"]);
    assert_eq!(applied.status, 0, "{}{}", applied.stdout, applied.stderr);
    for (name, ..) in SHAPES {
        let proof = proof(&applied.stdout, &format!("container/inp-{name}"));
        let expected = "read back from inspect and from its control group: ";
        assert!(proof.starts_with(expected), "inp-{name}: {proof}");
    }
    let proof = proof(&applied.stdout, "container/inp-created");
    assert!(proof.contains("it holds from its next start"), "{proof}");

    for ((name, _, swap), started_before) in SHAPES.iter().zip(before) {
        assert_eq!(started(host, name), started_before, "inp-{name} was not restarted");
        assert_eq!(kernel(host, name), [64, *swap, 50], "inp-{name}");
    }
    let policy = &host.inspect("inp-always")["HostConfig"]["RestartPolicy"];
    assert_eq!((&policy["Name"], &policy["MaximumRetryCount"]), (&"on-failure".into(), &5.into()));
    assert_eq!(host.inspect("inp-reserved")["HostConfig"]["MemoryReservation"], 64 << 20);
    host.docker(&["start", "inp-created"]);
    assert_eq!(kernel(host, "created"), [64, 128, 50]);
    // A policy that ends the restarts, and limits that the next start goes by.
    host.wait("its last start", Duration::from_secs(60), || {
        host.inspect("inp-looping")["State"]["Status"] == "exited"
    });
    assert_eq!(host.inspect("inp-looping")["HostConfig"]["PidsLimit"], 50);
    assert_eq!(kernel(host, "removed"), [64, 128, 50], "--rm excludes a restart policy alone");

    let again = plimsoll(host, &["apply", "--yes"]);
    assert!(again.stdout.contains("In sync."), "{}", again.stdout);
    host.docker(&["unpause", "inp-paused"]);
    remove(host);
}

fn remove(host: &Host) {
    host.sh(
        "docker unpause inp-paused >/dev/null 2>&1 || true
         docker ps -aq --filter name=^/inp- | xargs -r docker rm -f >/dev/null; rm -rf /var/tmp/inp",
    );
}

fn plimsoll(host: &Host, arguments: &[&str]) -> lab::Output {
    let common = ["--file", "/srv/inp.yaml", "--state-dir", "/var/tmp/inp"];
    host.plimsoll(&[&arguments[..1], &common, &arguments[1..]].concat())
}

fn started(host: &Host, name: &str) -> serde_json::Value {
    host.inspect(&format!("inp-{name}"))["State"]["StartedAt"].clone()
}

/// Returns the limits of a container's control group: memory and swap in MiB, processes; -1 for
/// none.
fn kernel(host: &Host, name: &str) -> [i64; 3] {
    let script = "pid=$(docker inspect --format '{{.State.Pid}}' inp-$1)
        group() { sed -n \"s/^[0-9]*:$1://p\" /proc/$pid/cgroup; }
        if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
            cd /sys/fs/cgroup$(sed -n 's/^0:://p' /proc/$pid/cgroup)
            cat memory.max memory.swap.max pids.max
        else
            cat /sys/fs/cgroup/memory$(group memory)/memory.limit_in_bytes \
                /sys/fs/cgroup/memory$(group memory)/memory.memsw.limit_in_bytes \
                /sys/fs/cgroup/pids$(group pids)/pids.max
        fi";
    let said = host.run(&["sh", "-euc", script, "sh", name]).ok();
    let number = |text: &str| match text.parse::<i64>() {
        Ok(limit) if limit < 1 << 60 => limit,
        Ok(_) | Err(_) => -1,
    };
    let limits: Vec<i64> = said.lines().map(number).collect();
    let mib = |limit: i64| if limit < 0 { -1 } else { limit >> 20 };
    let is_v2 = host.exists("/sys/fs/cgroup/cgroup.controllers");
    let swap = if is_v2 && limits[1] >= 0 { limits[0] + limits[1] } else { limits[1] };
    [mib(limits[0]), mib(swap), limits[2]]
}

/// Returns what a run's document says of one object.
#[track_caller]
fn proof(document: &str, address: &str) -> String {
    let document: serde_json::Value = serde_json::from_str(document).unwrap();
    let outcomes = document["outcomes"].as_array().unwrap();
    let outcome = outcomes.iter().find(|it| it["address"] == address);
    let outcome = outcome.unwrap_or_else(|| panic!("{address}: {document:#}"));
    outcome["outcome"]["done"]["proof"]
        .as_str()
        .or(outcome["proof"].as_str())
        .unwrap_or_else(|| panic!("{outcome:#}"))
        .to_owned()
}
