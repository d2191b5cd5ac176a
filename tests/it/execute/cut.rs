//! A replacement is cut off after each of its changes, and recovery after each of its own: in
//! the end exactly one container of the name runs, with its data, addresses and policy.

use futures_util::future::join_all;
use plimsoll::{
    execute::{Interrupt, gate::GateOptions, recover::recover},
    model::edit::ContainerEdit,
    plan::run::Outcome,
};
use serde_json::Value;

use super::{Engine, carry_out, effects::CutAfter, quiet_for, replacement};
use crate::lab::{self, Host, Suite};

/// More than all recoveries together can need.
const ROUNDS: usize = 150;

/// What the replacement does.
#[derive(Clone, Copy, PartialEq)]
enum Twin {
    Works,
    FailsItsHealthCheck,
    CrashLoops,
}

impl Twin {
    /// Many start at once, and a slow machine takes a while to let one fail.
    fn gate(self) -> GateOptions {
        quiet_for(match self {
            Self::Works => 1,
            Self::FailsItsHealthCheck | Self::CrashLoops => 8,
        })
    }
}

/// What follows the cut.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Then {
    RecoveryIsCutOff,
    EngineRestarts,
}

#[test]
fn cut_off_replacement_that_works_in_bookworm() {
    survives(Suite::Bookworm, Twin::Works, Then::RecoveryIsCutOff);
}

#[test]
fn cut_off_replacement_that_works_in_sid() {
    survives(Suite::Sid, Twin::Works, Then::RecoveryIsCutOff);
}

#[test]
fn cut_off_replacement_that_fails_its_health_check_in_sid() {
    survives(Suite::Sid, Twin::FailsItsHealthCheck, Then::RecoveryIsCutOff);
}

#[test]
fn cut_off_replacement_that_crash_loops_in_bookworm() {
    survives(Suite::Bookworm, Twin::CrashLoops, Then::RecoveryIsCutOff);
}

#[test]
fn engine_restarts_amid_a_replacement_that_works_in_bookworm() {
    survives(Suite::Bookworm, Twin::Works, Then::EngineRestarts);
}

#[test]
fn engine_restarts_amid_a_replacement_that_crash_loops_in_sid() {
    survives(Suite::Sid, Twin::CrashLoops, Then::EngineRestarts);
}

fn survives(suite: Suite, kind: Twin, then: Then) {
    let host = lab::host(suite).exclusive();
    // A replacement that fails goes the same way as one that works up to its start. The last one
    // is not cut off.
    let cuts: Vec<usize> = match kind {
        Twin::Works => (1..=9).collect(),
        Twin::FailsItsHealthCheck | Twin::CrashLoops => (7..=16).collect(),
    };
    start(&host, kind, &cuts);
    let engine = Engine::of(&host);
    let before: Vec<Value> = cuts.iter().map(|n| host.inspect(&format!("cut-{n}"))).collect();
    let edits = match kind {
        Twin::Works => vec![ContainerEdit::NoNewPrivileges(true), ContainerEdit::PidsLimit(99)],
        Twin::FailsItsHealthCheck | Twin::CrashLoops => vec![ContainerEdit::ReadOnlyRootfs(true)],
    };

    let hosts: Vec<CutAfter<'_>> = cuts.iter().map(|n| CutAfter::new(&engine.host, *n)).collect();
    let replacements = hosts.iter().zip(&before).map(|(cut, before)| {
        cut.until_cut(carry_out(cut, replacement(before, &edits), kind.gate()))
    });
    let outcomes = engine.runtime.block_on(join_all(replacements));
    match (kind, outcomes.last().unwrap().as_ref().expect("the last is not cut off")) {
        (Twin::Works, Outcome::Done { .. })
        | (Twin::FailsItsHealthCheck | Twin::CrashLoops, Outcome::Undone { .. }) => {}
        (_, other) => panic!("{other:?}"),
    }
    assert!(outcomes.iter().filter(|outcome| outcome.is_none()).count() >= 6, "{outcomes:?}");

    match then {
        Then::RecoveryIsCutOff => {
            let rounds = recover_bit_by_bit(&engine, &kind.gate());
            assert!(rounds > 6, "recovery was cut off only {rounds} times");
        }
        Then::EngineRestarts => {
            host.restart_docker().ok();
            recover_all(&host, kind.gate());
        }
    }

    for ((n, before), outcome) in cuts.iter().zip(&before).zip(&outcomes) {
        check(&host, *n, before, outcome.as_ref());
    }
}

/// Cuts recovery off after every single change until one has nothing left to do.
pub(super) fn recover_bit_by_bit(engine: &Engine, gate: &GateOptions) -> usize {
    let interrupt = Interrupt::default();
    for round in 0..ROUNDS {
        let cut = CutAfter::new(&engine.host, 1);
        let work = cut.until_cut(recover(&cut, gate, &interrupt));
        if let Some(recovered) = engine.runtime.block_on(work) {
            assert!(recovered.unwrap().iter().all(|it| it.settled));
            return round;
        }
    }
    panic!("recovery does not come to an end");
}

/// Recovers at once what a restart of the engine has interrupted.
pub(super) fn recover_all(host: &Host, gate: GateOptions) {
    // Of its old connections none is left.
    let engine = Engine::of(host);
    let interrupt = Interrupt::default();
    let recovered = engine.runtime.block_on(recover(&engine.host, &gate, &interrupt)).unwrap();
    assert!(recovered.len() >= 6 && recovered.iter().all(|it| it.settled), "{recovered:?}");
}

fn start(host: &Host, kind: Twin, cuts: &[usize]) {
    let first = match kind {
        Twin::CrashLoops => "date >/beat || exit 3",
        Twin::Works | Twin::FailsItsHealthCheck => "true",
    };
    let check = match kind {
        Twin::FailsItsHealthCheck => {
            "--health-cmd 'date >/alive' --health-interval 2s --health-retries 1"
        }
        Twin::Works | Twin::CrashLoops => "",
    };
    let numbers: Vec<String> = cuts.iter().map(ToString::to_string).collect();
    host.sh(&format!(
        "docker network create --subnet 10.88.1.0/24 cut-front
         docker network create --subnet 10.88.2.0/24 cut-back
         for n in {numbers}; do
             docker create --name cut-$n --restart always {check} \
                 --network cut-front --ip {FRONT}$n --network-alias alias-$n \
                 --publish 127.0.0.1:181$n:8080 --volume cut-$n-named:/named --volume /bare \
                 {volume} sh -c \"trap 'exit 0' TERM; {first}; while :; do sleep 1; done\"
             docker network connect --ip {BACK}$n cut-back cut-$n
             docker start cut-$n
             docker exec cut-$n sh -c 'rm /data/seed; echo mine | tee /named/it /bare/it >/data/it'
         done",
        numbers = numbers.join(" "),
        volume = lab::VOLUME,
    ));
}

const FRONT: &str = "10.88.1.2";
const BACK: &str = "10.88.2.2";

#[track_caller]
fn check(host: &Host, n: usize, before: &Value, outcome: Option<&Outcome>) {
    let name = format!("cut-{n}");
    let format = "{{.Names}} {{.State}}";
    let filter = format!("name=^{name}(\\.|$)");
    let names = host.docker(&["ps", "-a", "--filter", &filter, "--format", format]);
    let context = format!("{name}, {outcome:?}: {names}");
    let kept = format!("{name}.plimsoll-kept-1");
    let mut expected = vec![format!("{name} running")];
    let after = host.inspect(&name);
    if after["Id"] != before["Id"] {
        expected.push(format!("{kept} exited"));
        let kept = host.inspect(&kept);
        assert_eq!(kept["Id"], before["Id"], "{context}");
        assert_eq!(kept["HostConfig"]["RestartPolicy"]["Name"], "no", "{context}");
    }
    let mut found: Vec<&str> = names.lines().collect();
    found.sort_unstable();
    assert_eq!(found, expected, "{context}");
    assert_eq!(after["HostConfig"]["RestartPolicy"]["Name"], "always", "{context}");
    let networks = &after["NetworkSettings"]["Networks"];
    assert_eq!(networks["cut-front"]["IPAddress"], format!("{FRONT}{n}"), "{context}");
    assert_eq!(networks["cut-back"]["IPAddress"], format!("{BACK}{n}"), "{context}");
    assert_eq!(volumes(&after), volumes(before), "{context}");
    let data = "cat /data/it /named/it /bare/it; ls /data";
    let data = host.docker(&["exec", &name, "sh", "-c", data]);
    assert_eq!(data, "mine\nmine\nmine\nit", "{context}");
}

fn volumes(inspect: &Value) -> Vec<(String, String)> {
    let mut volumes: Vec<_> = inspect["Mounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|mount| (mount["Destination"].to_string(), mount["Name"].to_string()))
        .collect();
    volumes.sort();
    volumes
}
