//! `kill -9` of `apply` while it replaces containers: after the next command every container
//! runs, with its data, its address and its policy.

use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::lab::{self, BUSYBOX, Host, Suite, VOLUME};

const FILE: &str = "/etc/plimsoll/plimsoll.yaml";
const DECLARATION: &str = r#"version: 1
containers:
  - name: every-container
    rules:
      container.no-new-privileges: true
      container.pids-limit: { max: 256 }
"#;

const ROUNDS: u64 = 20;
const NAMES: [&str; 3] = ["kl-named", "kl-anonymous", "kl-address"];
const ADDRESS: &str = "172.31.78.10";

#[test]
fn killed_at_any_moment_nothing_is_lost_on_bookworm() {
    killed_at_any_moment(Suite::Bookworm);
}

#[test]
fn killed_at_any_moment_nothing_is_lost_on_sid() {
    killed_at_any_moment(Suite::Sid);
}

fn killed_at_any_moment(suite: Suite) {
    let host = lab::host(suite).exclusive();
    host.write(FILE, DECLARATION);
    host.sh("docker network create --subnet 172.31.78.0/24 kl-net");
    let whole = how_long_an_apply_takes(&host);
    let mut chance = Chance(seed());
    for round in 0..ROUNDS {
        start_careless(&host);
        let moment = whole.mul_f64(chance.next());
        let apply = host.spawn(&apply_command(&host));
        thread::sleep(moment);
        apply.signal("KILL");
        apply.finish();

        let next = host.plimsoll(&["status", "-f", FILE]);
        let told =
            format!("round {round}, killed after {moment:?}: {}{}", next.stdout, next.stderr);
        assert!(matches!(next.status, 0 | 2), "exit {}: {told}", next.status);
        for name in NAMES {
            is_as_it_was(&host, name, &told);
        }
    }
}

fn how_long_an_apply_takes(host: &Host) -> Duration {
    start_careless(host);
    let start = Instant::now();
    let output = host.run(&apply_command(host));
    assert_eq!(output.status, 0, "{}{}", output.stdout, output.stderr);
    start.elapsed()
}

fn apply_command(host: &Host) -> Vec<&str> {
    vec![
        &host.binary,
        "apply",
        "-f",
        FILE,
        "--yes",
        "--allow",
        "recreate",
        "--quiet-period",
        "500ms",
        "--max-changes",
        "10",
    ]
}

fn start_careless(host: &Host) {
    host.sh(&format!(
        r#"
docker ps -aq --filter name=kl- | xargs -r docker rm -fv >/dev/null
docker run -d --name kl-named --restart always -v kl-data:/data {BUSYBOX}
docker run -d --name kl-anonymous --restart unless-stopped {VOLUME}
docker run -d --name kl-address --network kl-net --ip {ADDRESS} --restart on-failure:2 -v kl-more:/data {BUSYBOX}
for name in {}; do docker exec $name sh -c "echo $name >/data/own"; done
"#,
        NAMES.join(" ")
    ));
}

fn is_as_it_was(host: &Host, name: &str, told: &str) {
    let reply = host.inspect(name);
    assert_eq!(reply["State"]["Status"], "running", "{name}: {told}");
    assert_eq!(host.docker(&["exec", name, "cat", "/data/own"]), name, "{told}");
    let policy = &reply["HostConfig"]["RestartPolicy"];
    let (word, retries) = match name {
        "kl-named" => ("always", 0),
        "kl-anonymous" => ("unless-stopped", 0),
        _ => ("on-failure", 2),
    };
    assert_eq!(policy["Name"], word, "{name}: {told}");
    assert_eq!(policy["MaximumRetryCount"], retries, "{name}: {told}");
    if name == "kl-address" {
        assert_eq!(reply["NetworkSettings"]["Networks"]["kl-net"]["IPAddress"], ADDRESS, "{told}");
    }
    let running =
        host.docker(&["ps", "--format", "{{.Names}}", "--filter", &format!("name=^{name}")]);
    assert_eq!(running, name, "one of them runs: {told}");
    let leftovers =
        host.docker(&["ps", "-a", "--format", "{{.Names}}", "--filter", &format!("name=^{name}")]);
    for leftover in leftovers.lines().filter(|it| *it != name) {
        assert!(leftover.contains(".plimsoll-kept-"), "{leftover} is left over: {told}");
        let kept: Value = host.inspect(leftover);
        assert_eq!(kept["HostConfig"]["RestartPolicy"]["Name"], "no", "{leftover}: {told}");
    }
}

/// Moments that can be repeated: a seed from the environment, else always the same one.
fn seed() -> u64 {
    std::env::var("PLIMSOLL_TEST_SEED").ok().and_then(|it| it.parse().ok()).unwrap_or(20_261_126)
}

/// A small generator (SplitMix64): good enough for spreading moments.
struct Chance(u64);

impl Chance {
    /// Returns a number from 0 to 1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        (mixed >> 11) as f64 / (1u64 << 53) as f64
    }
}
