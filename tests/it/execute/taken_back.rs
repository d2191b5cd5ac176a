//! A rollback is cut off after each of its changes, and recovery after each of its own: in the
//! end exactly one container of the name runs, with everything it had, and the other is kept.

use futures_util::future::join_all;
use plimsoll::{
    execute::{
        Interrupt, Note, Progress,
        rollback::{Past, look, roll_back},
    },
    model::edit::ContainerEdit,
    plan::{
        rollback::{Before, Rollback, Was},
        run::Outcome,
    },
};
use serde_json::Value;

use super::{
    Engine, carry_out, cut::recover_bit_by_bit, effects::CutAfter, quiet_for, replacement,
};
use crate::lab::{self, Host, Suite};

/// Changes of a rollback of one container, and of a rollback of that: the last is not cut off.
const CUTS: std::ops::RangeInclusive<usize> = 1..=8;

#[test]
fn cut_off_rollback_ends_well_in_bookworm() {
    survives(Suite::Bookworm);
}

#[test]
fn cut_off_rollback_ends_well_in_sid() {
    survives(Suite::Sid);
}

fn survives(suite: Suite) {
    let host = lab::host(suite).exclusive();
    start(&host);
    let engine = Engine::of(&host);
    let before: Vec<Value> = CUTS.map(|n| host.inspect(&name(n))).collect();
    let edits = [ContainerEdit::NoNewPrivileges(true)];
    let replaced =
        before.iter().map(|it| carry_out(&engine.host, replacement(it, &edits), quiet_for(1)));
    for outcome in engine.runtime.block_on(join_all(replaced)) {
        assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    }
    let hardened: Vec<Value> = CUTS.map(|n| host.inspect(&name(n))).collect();

    let first = run(&engine, 1, 2, &vec![Vec::new(); hardened.len()]);
    assert!(recover_bit_by_bit(&engine, &quiet_for(1), |name| name) > 4);
    for (n, before) in CUTS.zip(&before) {
        check(&host, n, before, &hardened[n - 1]);
    }

    // Back again. Cut off before its last change it is as if it had not begun.
    let second = run(&engine, 2, 3, &first);
    assert!(recover_bit_by_bit(&engine, &quiet_for(1), |name| name) > 4);
    for (n, done) in CUTS.zip(&second) {
        let (before, hardened) = (&before[n - 1], &hardened[n - 1]);
        let is_renewed = host.inspect(&name(n))["Id"] == hardened["Id"];
        assert_eq!(is_renewed, n >= *CUTS.end() - 1, "{n}: {done:?}");
        let (in_office, kept) = if is_renewed { (hardened, before) } else { (before, hardened) };
        check(&host, n, in_office, kept);
    }
}

/// Takes back run `past` as run `run`, each container cut off after so many changes. Returns
/// what was written down.
fn run(engine: &Engine, past: u64, run: u64, notes: &[Vec<Before>]) -> Vec<Vec<Before>> {
    let rollbacks: Vec<Rollback> = CUTS
        .zip(notes)
        .map(|(n, before)| {
            let past = Past { run: past, record: None, before };
            let only = [format!("container/{}", name(n))];
            let docker = plimsoll::execute::effects::Effects::docker(&engine.host);
            let rollback = engine.runtime.block_on(look(docker, past, &only, None)).unwrap();
            assert_eq!((rollback.undos.len(), rollback.blocked.len()), (1, 0), "{rollback:?}");
            rollback
        })
        .collect();
    let hosts: Vec<CutAfter<'_>> = CUTS.map(|n| CutAfter::new(&engine.host, n)).collect();
    let mut written: Vec<Vec<Before>> = vec![Vec::new(); hosts.len()];
    let work = hosts.iter().zip(&rollbacks).zip(&mut written).map(|((cut, rollback), written)| {
        cut.until_cut(async move {
            let tell = &mut |progress: Progress<'_>| {
                if let Progress::Note(Note::Before(note)) = progress {
                    written.push(note);
                }
            };
            let (gate, interrupt) = (quiet_for(1), Interrupt::default());
            roll_back(rollback, cut, run, &gate, &interrupt, tell).await.remove(0).outcome
        })
    });
    let outcomes = engine.runtime.block_on(join_all(work));
    let last = outcomes.last().unwrap();
    assert!(matches!(last, Some(Outcome::Done { .. })), "{last:?}");
    assert!(outcomes.iter().filter(|outcome| outcome.is_none()).count() >= 6, "{outcomes:?}");
    assert!(written.iter().all(|notes| match &notes[..] {
        [note] => matches!(note.was, Was::PutBack { .. } | Was::Renewed { .. }),
        _ => false,
    }));
    written
}

fn name(n: usize) -> String {
    format!("tb-{n}")
}

fn start(host: &Host) {
    host.sh(&format!(
        "docker network create --subnet 10.88.3.0/24 tb-net
         for n in $(seq {} {}); do
             docker run -d --name tb-$n --restart unless-stopped --network tb-net \
                 --ip 10.88.3.2$n --network-alias alias-$n --publish 127.0.0.1:182$n:8080 \
                 {volume} sh -c \"trap 'exit 0' TERM; sleep 1000000 & wait\"
             docker exec tb-$n sh -c 'echo mine | tee /layer >/data/own'
         done",
        CUTS.start(),
        CUTS.end(),
        volume = lab::VOLUME,
    ));
}

#[track_caller]
fn check(host: &Host, n: usize, in_office: &Value, kept: &Value) {
    let name = name(n);
    let filter = format!("name=^{name}(\\.|$)");
    let names = host.docker(&["ps", "-a", "--filter", &filter, "--format", "{{.Names}}"]);
    assert_eq!(names.lines().count(), 2, "{names}");
    let now = host.inspect(&name);
    assert_eq!(now["Id"], in_office["Id"], "{names}");
    assert_eq!(now["State"]["Status"], "running", "{names}");
    assert_eq!(now["HostConfig"]["RestartPolicy"]["Name"], "unless-stopped", "{names}");
    assert_eq!(now["NetworkSettings"]["Networks"]["tb-net"]["IPAddress"], format!("10.88.3.2{n}"));
    assert_eq!(host.docker(&["exec", &name, "cat", "/data/own"]), "mine", "{names}");
    let other = host.inspect(kept["Id"].as_str().unwrap());
    assert_eq!(other["State"]["Status"], "exited", "{names}");
    assert_eq!(other["HostConfig"]["RestartPolicy"]["Name"], "no", "{names}");
    assert!(other["Name"].as_str().unwrap().contains(".plimsoll-kept-"), "{names}");
}
