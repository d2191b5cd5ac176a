//! Many containers: side by side and faster, in their order, and to an end that holds.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use plimsoll::{
    execute::{ExecuteOptions, Interrupt, Progress, execute},
    model::{edit::ContainerEdit, object::Address},
    plan::{Change, Plan, run::Outcome},
};

use super::{Engine, options, plan, quiet_for, replacement};
use crate::lab::{self, Host, Suite};

#[test]
fn side_by_side_is_faster_and_nobody_overtakes_whom_it_waits_for() {
    let host = lab::host(Suite::Sid).exclusive();
    let names = start(&host, "mn-fast", 12, lab::BUSYBOX);
    let engine = Engine::of(&host);
    // Each but the first two waits for the first.
    let change = |plan: &mut Plan, edit: &ContainerEdit| {
        plan.changes = changes(&host, &names, edit);
        for change in &mut plan.changes[2..] {
            change.after = vec!["c-0".into()];
        }
    };

    let mut by_one = planned();
    change(&mut by_one, &ContainerEdit::NoNewPrivileges(true));
    let (one, told) = run(&engine, &by_one, 1, usize::MAX, |_, _| {});
    assert!(one.0.values().all(is_done), "{:?}", one.0);
    assert!(most_at_once(&told) == 1, "{told:?}");

    let mut by_four = planned();
    change(&mut by_four, &ContainerEdit::PrivateIpc);
    by_four.changes.reverse();
    let (four, told) = run(&engine, &by_four, 4, usize::MAX, |_, _| {});
    assert!(four.0.values().all(is_done), "{:?}", four.0);
    assert!((2..=4).contains(&most_at_once(&told)), "{told:?}");
    let at = |begun: bool, name: &str| {
        told.iter().position(|it| *it == (begun, name.to_owned())).unwrap()
    };
    for name in &names[2..] {
        assert!(at(false, &names[0]) < at(true, name), "{name} did not wait: {told:?}");
    }
    let ratio = one.1.as_secs_f64() / four.1.as_secs_f64();
    assert!(ratio > 1.3, "one by one {:?}, four side by side {:?}", one.1, four.1);
    let running = host.docker(&["ps", "--filter", "name=^mn-fast", "--format", "{{.Names}}"]);
    assert_eq!(running.lines().count(), 12, "{running}");
}

#[test]
fn what_runs_beside_a_failure_is_ended_and_the_rest_is_not_begun() {
    let host = lab::host(Suite::Sid).exclusive();
    let bad = start(&host, "mn-bad", 1, lab::WRITER);
    let good = start(&host, "mn-good", 5, lab::BUSYBOX);
    let engine = Engine::of(&host);
    let mut plan = planned();
    plan.changes = changes(&host, &[bad, good].concat(), &ContainerEdit::ReadOnlyRootfs(true));

    let (ended, told) = run(&engine, &plan, 2, 1, |_, _| {});

    let (outcomes, _) = ended;
    assert!(matches!(outcomes["mn-bad-0"], Outcome::Undone { .. }), "{outcomes:?}");
    let begun = told.iter().filter(|(begun, _)| *begun).count();
    let done = outcomes.values().filter(|it| is_done(it)).count();
    let not_reached = outcomes.values().filter(|it| matches!(it, Outcome::NotReached)).count();
    assert_eq!((outcomes.len(), done + 1, not_reached), (6, begun, 6 - begun), "{outcomes:?}");
    assert!(not_reached > 0, "{outcomes:?}");
    let running = host.docker(&["ps", "--filter", "name=^mn-", "--format", "{{.Names}}"]);
    assert_eq!(running.lines().count(), 6, "{running}");
}

#[test]
fn once_interrupted_it_ends_what_is_in_hand_and_twice_it_takes_that_back() {
    let host = lab::host(Suite::Sid).exclusive();
    let names = start(&host, "mn-int", 3, lab::BUSYBOX);
    let engine = Engine::of(&host);
    for times in [1, 2] {
        let mut plan = planned();
        let edit = match times {
            1 => ContainerEdit::NoNewPrivileges(true),
            _ => ContainerEdit::PrivateIpc,
        };
        plan.changes = changes(&host, &names, &edit);
        let (ended, _) = run(&engine, &plan, 1, 1, |interrupt, step| {
            if step.contains("watching") {
                (0..times).for_each(|_| interrupt.raise());
            }
        });
        let (outcomes, _) = ended;
        let first = &outcomes[&names[0]];
        assert_eq!(is_done(first), times == 1, "{outcomes:?}");
        assert_eq!(matches!(first, Outcome::Undone { .. }), times == 2, "{outcomes:?}");
        let rest = names[1..].iter();
        assert!(rest.clone().all(|it| outcomes[it] == Outcome::NotReached), "{outcomes:?}");
        let format = "{{.Names}} {{.State}}";
        let all = host.docker(&["ps", "-a", "--filter", "name=^mn-int", "--format", format]);
        let running = all.lines().filter(|it| it.ends_with("running"));
        assert_eq!(running.count(), 3, "{all}");
        assert!(!all.contains(".plimsoll-failed") && !all.contains(".plimsoll-old"), "{all}");
    }
}

type Told = Vec<(bool, String)>;
type Ended = (BTreeMap<String, Outcome>, Duration);

/// Returns what became of each and how long it took; and who was begun (true) or ended, in order.
fn run(
    engine: &Engine,
    plan: &Plan,
    parallel: usize,
    max_failures: usize,
    on_step: impl Fn(&Interrupt, &str) + Send + Sync,
) -> (Ended, Told) {
    let options = ExecuteOptions { parallel, max_failures, ..options(quiet_for(2)) };
    let interrupt = Interrupt::default();
    let mut told = Vec::new();
    let tell = &mut |progress: Progress<'_>| match progress {
        Progress::Started(change) => told.push((true, change.address.name().to_owned())),
        Progress::Finished(change, _) => told.push((false, change.address.name().to_owned())),
        Progress::Step(_, text) => on_step(&interrupt, &text.to_string()),
        _ => {}
    };
    let began = Instant::now();
    let work = execute(plan, &engine.host, &options, &interrupt, Vec::new(), tell);
    let outcomes = engine.runtime.block_on(work);
    let took = began.elapsed();
    let by_name = outcomes.into_iter().map(|it| (it.address.name().to_owned(), it.outcome));
    ((by_name.collect(), took), told)
}

fn is_done(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Done { .. })
}

fn most_at_once(told: &Told) -> usize {
    let mut now = 0;
    let counts = told.iter().map(|(begun, _)| {
        now = if *begun { now + 1 } else { now - 1 };
        now
    });
    counts.max().unwrap_or_default()
}

fn planned() -> Plan {
    plan(Vec::new())
}

fn changes(host: &Host, names: &[String], edit: &ContainerEdit) -> Vec<Change> {
    let one = |(at, name): (usize, &String)| {
        let action = replacement(&host.inspect(name), std::slice::from_ref(edit));
        let mut change = plan(vec![action]).changes.remove(0);
        change.id = format!("c-{at}");
        change.address = Address::container(name);
        change
    };
    names.iter().enumerate().map(one).collect()
}

fn start(host: &Host, prefix: &str, count: usize, image: &str) -> Vec<String> {
    host.sh(&format!(
        "for n in $(seq 0 {}); do docker run -d --name {prefix}-$n --restart always {image}; done",
        count - 1
    ));
    (0..count).map(|n| format!("{prefix}-{n}")).collect()
}
