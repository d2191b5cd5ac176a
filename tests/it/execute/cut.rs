//! A replacement is cut off after each of its changes, and recovery after each of its own: in
//! the end exactly one container of the name runs, with its data, addresses and policy.

use futures_util::future::join_all;
use plimsoll::{
    execute::{Interrupt, recover::recover},
    model::edit::ContainerEdit,
    plan::run::Outcome,
};
use serde_json::Value;

use super::{Engine, carry_out, effects::CutAfter, quick_gate, replacement};
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

#[test]
fn cut_off_replacement_that_works_in_bookworm() {
    survives(Suite::Bookworm, Twin::Works);
}

#[test]
fn cut_off_replacement_that_works_in_sid() {
    survives(Suite::Sid, Twin::Works);
}

#[test]
fn cut_off_replacement_that_fails_its_health_check_in_sid() {
    survives(Suite::Sid, Twin::FailsItsHealthCheck);
}

#[test]
fn cut_off_replacement_that_crash_loops_in_bookworm() {
    survives(Suite::Bookworm, Twin::CrashLoops);
}

fn survives(suite: Suite, kind: Twin) {
    let host = lab::host(suite).exclusive();
    host.docker(&["network", "create", "--subnet", "10.88.1.0/24", "cut-front"]);
    host.docker(&["network", "create", "--subnet", "10.88.2.0/24", "cut-back"]);
    let engine = Engine::of(&host);
    // The last replacement is not cut off.
    let changes = if kind == Twin::Works { 9 } else { 15 };
    let before: Vec<Value> = (1..=changes).map(|n| start(&host, kind, n)).collect();
    let edits = match kind {
        Twin::Works => vec![ContainerEdit::NoNewPrivileges(true), ContainerEdit::PidsLimit(99)],
        Twin::FailsItsHealthCheck | Twin::CrashLoops => vec![ContainerEdit::ReadOnlyRootfs(true)],
    };

    let cuts: Vec<CutAfter<'_>> = (1..=changes).map(|n| CutAfter::new(&engine.host, n)).collect();
    let replacements = cuts
        .iter()
        .zip(&before)
        .map(|(cut, before)| cut.until_cut(carry_out(cut, replacement(before, &edits))));
    let outcomes = engine.runtime.block_on(join_all(replacements));
    match (kind, outcomes.last().unwrap().as_ref().expect("the last is not cut off")) {
        (Twin::Works, Outcome::Done { .. })
        | (Twin::FailsItsHealthCheck | Twin::CrashLoops, Outcome::Undone { .. }) => {}
        (_, other) => panic!("{other:?}"),
    }
    assert!(outcomes.iter().filter(|outcome| outcome.is_none()).count() >= 6, "{outcomes:?}");

    let rounds = recover_bit_by_bit(&engine);
    assert!(rounds > 6, "recovery was cut off only {rounds} times");

    for (n, before) in before.iter().enumerate() {
        check(&host, &format!("cut-{}", n + 1), before, outcomes[n].as_ref());
    }
}

/// Cuts recovery off after every single change until one has nothing left to do.
fn recover_bit_by_bit(engine: &Engine) -> usize {
    let interrupt = Interrupt::default();
    for round in 0..ROUNDS {
        let cut = CutAfter::new(&engine.host, 1);
        let gate = quick_gate();
        let work = cut.until_cut(recover(&cut, &gate, &interrupt));
        if let Some(recovered) = engine.runtime.block_on(work) {
            assert!(recovered.unwrap().iter().all(|it| it.settled));
            return round;
        }
    }
    panic!("recovery does not come to an end");
}

fn start(host: &Host, kind: Twin, n: usize) -> Value {
    let name = format!("cut-{n}");
    let script = match kind {
        Twin::CrashLoops => {
            "trap 'exit 0' TERM; date >/beat || exit 3; while :; do sleep 1 & wait $!; done"
        }
        Twin::Works | Twin::FailsItsHealthCheck => {
            "trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done"
        }
    };
    let check = match kind {
        Twin::FailsItsHealthCheck => "date >/alive",
        Twin::Works | Twin::CrashLoops => "true",
    };
    host.docker(&[
        "run",
        "-d",
        "--name",
        &name,
        "--restart",
        "always",
        "--network",
        "cut-front",
        "--ip",
        &front(n),
        "--network-alias",
        &format!("alias-{n}"),
        "--publish",
        &format!("127.0.0.1:{}:8080", 18100 + n),
        "--volume",
        &format!("{name}-named:/named"),
        "--volume",
        "/bare",
        "--health-cmd",
        check,
        "--health-interval",
        "1s",
        "--health-retries",
        "1",
        lab::VOLUME,
        "sh",
        "-c",
        script,
    ]);
    host.docker(&["network", "connect", "--ip", &back(n), "cut-back", &name]);
    host.docker(&[
        "exec",
        &name,
        "sh",
        "-c",
        "rm /data/seed; echo mine | tee /named/it /bare/it >/data/it",
    ]);
    host.inspect(&name)
}

fn front(n: usize) -> String {
    format!("10.88.1.{}", 100 + n)
}

fn back(n: usize) -> String {
    format!("10.88.2.{}", 100 + n)
}

#[track_caller]
fn check(host: &Host, name: &str, before: &Value, outcome: Option<&Outcome>) {
    let names = host.docker(&[
        "ps",
        "-a",
        "--filter",
        &format!("name=^{name}(\\.|$)"),
        "--format",
        "{{.Names}} {{.State}}",
    ]);
    let after = host.inspect(name);
    let context = format!("{name}, {outcome:?}: {names}");
    for line in names.lines() {
        let kept = line == format!("{name}.plimsoll-kept-1 exited");
        assert!(kept || line == format!("{name} running"), "{context}");
    }
    let n: usize = name.trim_start_matches("cut-").parse().unwrap();
    assert_eq!(after["HostConfig"]["RestartPolicy"]["Name"], "always", "{context}");
    let networks = &after["NetworkSettings"]["Networks"];
    assert_eq!(networks["cut-front"]["IPAddress"], front(n), "{context}");
    assert_eq!(networks["cut-back"]["IPAddress"], back(n), "{context}");
    assert_eq!(volumes(&after), volumes(before), "{context}");
    let data =
        host.docker(&["exec", name, "sh", "-c", "cat /data/it /named/it /bare/it; ls /data"]);
    assert_eq!(data, "mine\nmine\nmine\nit", "{context}");
    let kept = host.run(&[
        "docker",
        "inspect",
        "--format",
        "{{.HostConfig.RestartPolicy.Name}}",
        &format!("{name}.plimsoll-kept-1"),
    ]);
    let is_replaced = after["Id"] != before["Id"];
    assert_eq!(is_replaced, kept.status == 0, "{context}");
    assert!(!is_replaced || kept.stdout.trim() == "no", "{context}");
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
