//! `kill -9` of `apply` while it replaces containers: after its watcher, or after the next command
//! where the watcher died with it, every container runs, with its data, its address and its
//! policy.
//!
//! `PLIMSOLL_SOAK=200` kills that often; `PLIMSOLL_TEST_SEED` chooses other moments.

use std::{
    collections::BTreeMap,
    env, thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::lab::{self, BUSYBOX, Host, Process, Suite, VOLUME};

const FILE: &str = "/etc/plimsoll/plimsoll.yaml";
const DECLARATION: &str = r#"version: 1
containers:
  - name: every-container
    rules:
      container.no-new-privileges: true
      container.pids-limit: { max: 256 }
"#;

const ROUNDS: u32 = 8;
const NAMES: [&str; 4] = ["kl-named", "kl-anonymous", "kl-address", "kl-slow"];
const ADDRESS: &str = "172.31.78.10";
const PORT: &str = "18478";

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
    let seed = number("PLIMSOLL_TEST_SEED").unwrap_or(20_261_126);
    let rounds = number("PLIMSOLL_SOAK").unwrap_or_else(|| ROUNDS.into());
    let mut chance = Chance(seed);
    let mut phases = BTreeMap::<&str, u32>::new();
    for round in 0..rounds {
        start_careless(&host);
        let moment = whole.mul_f64(chance.next());
        let with_watcher = round % 2 == 1;
        let apply = host.spawn(&apply_command(&host));
        thread::sleep(moment);
        kill(&host, &apply, with_watcher);
        let phase = phase(&host);
        apply.finish();
        *phases.entry(phase).or_default() += 1;

        let mut told = format!("seed {seed}, round {round}, killed after {moment:?}: {phase}");
        if with_watcher {
            next_command(&host, &mut told);
            // The engine carries out a request whose sender died, and a busy one after the next
            // command has looked. What comes of it then is for the command after that.
            if is_half_way(&host) {
                next_command(&host, &mut told);
            }
        } else {
            told += "; the watcher took over";
            host.wait(&told, Duration::from_secs(120), || no_watcher_is_left(&host));
        }
        for name in NAMES {
            is_as_it_was(&host, name, &told);
        }
    }
    report(suite, seed, whole, &phases);
}

/// Kills it at one blow, as losing power would, or only the run itself, as `kill -9` does.
fn kill(host: &Host, apply: &Process, with_watcher: bool) {
    let watcher = if with_watcher { "$(pgrep -P $1)" } else { "" };
    let kill = format!("kill -KILL $1 {watcher} || true");
    host.run(&["sh", "-c", &kill, "sh", &apply.pid.to_string()]).ok();
}

fn next_command(host: &Host, told: &mut String) {
    let next = host.plimsoll(&["status", "-f", FILE]);
    *told += &format!("; {}{}", next.stdout, next.stderr);
    assert!(matches!(next.status, 0 | 2), "exit {}: {told}", next.status);
}

fn is_half_way(host: &Host) -> bool {
    let names = host.docker(&["ps", "-a", "--filter", "name=kl-", "--format", "{{.Names}}"]);
    names.lines().any(|it| it.ends_with(".plimsoll-new"))
}

fn no_watcher_is_left(host: &Host) -> bool {
    // The bracket keeps the shell that asks from finding itself.
    host.run(&["sh", "-c", "pgrep -f '[p]limsoll watcher'"]).status != 0
}

/// How far the replacement was that had been cut off, by what is there now.
fn phase(host: &Host) -> &'static str {
    let listed = ["ps", "-a", "--filter", "name=kl-", "--format", "{{.Names}} {{.State}}"];
    let listed = host.docker(&listed);
    let states: BTreeMap<&str, &str> =
        listed.lines().filter_map(|line| line.split_once(' ')).collect();
    for name in NAMES {
        let state = |suffix: &str| states.get(format!("{name}{suffix}").as_str()).copied();
        let seen = (state(""), state(".plimsoll-new"), state(".plimsoll-old"));
        match seen {
            _ if state(".plimsoll-failed").is_some() => return "being withdrawn",
            (Some("running"), Some(_), None) => return "created, or stopping the old one",
            (Some(_), Some(_), None) => return "old one stopped",
            (None, Some(_), Some(_)) => return "old one renamed",
            (Some("created"), None, Some(_)) => return "new one renamed",
            (Some(_), None, Some(_)) => return "new one started",
            (_, _, _) => {}
        }
    }
    match states.keys().filter(|name| name.contains(".plimsoll-kept-")).count() {
        0 => "before the first",
        done if done == NAMES.len() => "after the last",
        _ => "between two",
    }
}

#[expect(clippy::print_stderr, reason = "a soak has figures to show")]
fn report(suite: Suite, seed: u64, whole: Duration, phases: &BTreeMap<&str, u32>) {
    let kills: u32 = phases.values().sum();
    eprintln!("{suite:?}, seed {seed}: killed {kills} times within {whole:.1?}");
    for (phase, times) in phases {
        eprintln!("  {times:>4}  {phase}");
    }
}

fn how_long_an_apply_takes(host: &Host) -> Duration {
    start_careless(host);
    let start = Instant::now();
    let output = host.run(&apply_command(host));
    let took = start.elapsed();
    assert_eq!(output.status, 0, "{}{}", output.stdout, output.stderr);
    assert!(no_watcher_is_left(host), "a watcher outlives a run that ended");
    took
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

/// One of them takes its time to stop: a stop goes on when whoever asked for it is gone.
fn start_careless(host: &Host) {
    host.sh(&format!(
        r#"
docker ps -aq --filter name=kl- | xargs -r docker rm -fv >/dev/null
docker run -d --name kl-named --restart always -p 127.0.0.1:{PORT}:8080 -v kl-data:/data {BUSYBOX}
docker run -d --name kl-anonymous --restart unless-stopped {VOLUME}
docker run -d --name kl-address --network kl-net --ip {ADDRESS} --restart on-failure:2 -v kl-more:/data {BUSYBOX}
docker run -d --name kl-slow --restart always -v kl-slow:/data {BUSYBOX} \
    sh -c 'trap "sleep 1; exit 0" TERM; while :; do sleep 0.1; done'
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
        "kl-named" | "kl-slow" => ("always", 0),
        "kl-anonymous" => ("unless-stopped", 0),
        _ => ("on-failure", 2),
    };
    assert_eq!(policy["Name"], word, "{name}: {told}");
    assert_eq!(policy["MaximumRetryCount"], retries, "{name}: {told}");
    let network = &reply["NetworkSettings"];
    match name {
        "kl-address" => {
            assert_eq!(network["Networks"]["kl-net"]["IPAddress"], ADDRESS, "{told}");
        }
        "kl-named" => {
            assert_eq!(network["Ports"]["8080/tcp"][0]["HostPort"], PORT, "{told}");
        }
        _ => {}
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

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok().and_then(|it| it.parse().ok())
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
