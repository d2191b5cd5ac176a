//! Containers of every shape are replaced, withdrawn and taken back on real engines; both the
//! engine's words and the kernel's stay what they were, but for the one edit.

mod host;
mod look;
mod settings;
mod shapes;

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, stream};
use plimsoll::{
    execute::{
        ExecuteOptions, Interrupt,
        effects::Effects,
        execute,
        gate::GateOptions,
        rollback::{Past, look as look_back, roll_back},
    },
    model::transaction::{Phase, phase},
    plan::{rollback::Rollback, run::Outcome},
};

use self::{
    look::Look,
    shapes::{Shape, State},
};
use super::meddling::Meddling;
use crate::{
    execute::{Engine, options, plan, replacement},
    lab::{self, Host, Suite},
};

/// As many at a time as keep a small machine busy.
const SIDE_BY_SIDE: usize = 8;

#[test]
fn every_shape_keeps_everything_but_the_edit_in_bookworm() {
    every_shape_keeps_everything_but_the_edit(Suite::Bookworm);
}

#[test]
fn every_shape_keeps_everything_but_the_edit_in_trixie() {
    every_shape_keeps_everything_but_the_edit(Suite::Trixie);
}

#[test]
fn every_shape_keeps_everything_but_the_edit_in_sid() {
    every_shape_keeps_everything_but_the_edit(Suite::Sid);
}

fn every_shape_keeps_everything_but_the_edit(suite: Suite) {
    let host = lab::host(suite).exclusive();
    let shapes = shapes::of(suite);
    host::set_up(&host);
    let engine = Engine::of(&host);
    host::make(&engine, &host, &shapes);
    let start = Look::at(&host, &shapes);
    let mut wrong = Wrong::default();

    // No replacement lives: the old one is in office as if nothing had been.
    let originals: BTreeSet<&str> = start.ids().collect();
    let stays_up: BTreeSet<String> =
        shapes.iter().filter(|it| it.state == State::Running).map(Shape::container).collect();
    let doomed = Meddling {
        kill_started: &|id| !originals.contains(id),
        // What is not started has nothing to die of.
        refuse_rename: &|id, name| {
            let takes_office = phase(name).1 == Phase::InOffice && !stays_up.contains(name);
            takes_office && !originals.contains(id)
        },
        ..Meddling::of(&engine.host)
    };
    for (shape, outcome) in replace_all(&engine, &host, &doomed, &shapes, &start) {
        if !matches!(outcome, Outcome::Undone { .. }) {
            wrong.tell(shape, "withdrawal", &format!("{outcome:?}"));
        }
    }
    let back = Look::at(&host, &shapes);
    start.is_unchanged_in(&back, &shapes, "withdrawn", &mut wrong);

    let mut replaced = Vec::new();
    for (shape, outcome) in replace_all(&engine, &host, &engine.host, &shapes, &back) {
        match outcome {
            Outcome::Done { .. } => replaced.push(*shape),
            other => wrong.tell(shape, "replacement", &format!("{other:?}")),
        }
    }
    let twins = Look::at(&host, &replaced);
    start.is_edited_in(&twins, &replaced, "replaced", &mut wrong);

    for (name, outcome) in take_back(&engine) {
        if !matches!(outcome, Outcome::Done { .. }) {
            wrong.0.push(format!("{name}, rollback: {outcome:?}"));
        }
    }
    let kept = Look::at(&host, &replaced);
    start.is_unchanged_in(&kept, &replaced, "taken back", &mut wrong);

    host::tear_down(&host);
    assert!(wrong.0.is_empty(), "{} differences\n{}", wrong.0.len(), wrong.0.join("\n"));
}

/// What is not as it should be, one line each.
#[derive(Default)]
struct Wrong(Vec<String>);

impl Wrong {
    fn tell(&mut self, shape: &Shape, when: &str, what: &str) {
        self.0.push(format!("{} ({}), {when}: {what}", shape.name, shape.hazard));
    }
}

/// Replaces all of them, each by itself.
fn replace_all<'a, E: Effects>(
    engine: &Engine,
    host: &Host,
    effects: &E,
    shapes: &'a [Shape],
    look: &Look,
) -> Vec<(&'a Shape, Outcome)> {
    let actions = shapes
        .iter()
        .map(|shape| replacement(&look.inspects[&shape.container()], &[shape.edit.of_container()]));
    let mut plan = plan(actions.collect());
    for change in &mut plan.changes {
        change.group = None;
    }
    let options = ExecuteOptions {
        daemon: host::daemon_facts(host),
        parallel: SIDE_BY_SIDE,
        ..options(host::gate())
    };
    let interrupt = Interrupt::default();
    let tell = &mut |_: plimsoll::execute::Progress<'_>| {};
    let work = execute(&plan, effects, &options, &interrupt, Vec::new(), tell);
    let outcomes = engine.runtime.block_on(work);
    shapes
        .iter()
        .map(|shape| {
            let name = shape.container();
            let of_it = outcomes.iter().find(|it| it.address.name() == name).unwrap();
            (shape, of_it.outcome.clone())
        })
        .collect()
}

/// Takes run 1 back, as `plimsoll rollback 1` does, but side by side. All that is known about it
/// is what the engine shows.
fn take_back(engine: &Engine) -> Vec<(String, Outcome)> {
    let docker = engine.host.docker();
    let past = Past { run: 1, record: None, before: &[] };
    let rollback = engine.runtime.block_on(look_back(docker, past, &[], None)).unwrap();
    assert!(rollback.blocked.is_empty(), "{:?}", rollback.blocked);
    let gate: GateOptions = host::gate();
    let work = stream::iter(&rollback.undos).map(async |undo| {
        let one = Rollback { undos: vec![undo.clone()], ..rollback.clone() };
        let interrupt = Interrupt::default();
        let tell = &mut |_: plimsoll::execute::Progress<'_>| {};
        let mut done = roll_back(&one, &engine.host, 2, &gate, &interrupt, tell).await;
        (undo.address.name().to_owned(), done.remove(0).outcome)
    });
    engine.runtime.block_on(work.buffer_unordered(SIDE_BY_SIDE).collect())
}
