//! `plimsoll rollback`: take a run back, as far as that goes.

use jiff::Timestamp;
use plimsoll::{
    declaration::{policy::Policy, problem::Problem},
    execute::Progress,
    observe,
    pipeline::{self, BackOptions, Backward},
    plan::{
        rollback::Rollback,
        run::{Outcome, RunChange},
    },
    render::{events, json, rollback as render},
};

use crate::{
    args::{Global, Output, RollbackArgs},
    declared,
    engine::{self, Opened},
    exit::Exit,
    failure::Failure,
    output,
    progress::Ticker,
    screen,
    terminal::{self, Terminal},
};

/// How long kept containers stay where no declaration says so.
const RETENTION_DAYS: u32 = 7;

pub(crate) fn run(
    global: &Global,
    args: &RollbackArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let policy = declaration(global)?;
    let days = policy.as_ref().map_or(RETENTION_DAYS, |it| it.limits.retention_days);
    engine::block_on(async {
        if !args.yes && !terminal.can_ask {
            return Err(nobody_to_ask());
        }
        let Opened { docker, store, mut lock, gate, signals, watcher } =
            engine::open(global, "rollback", args.lock_timeout, &args.gate).await?;
        let own_container = observe::own_container();
        let errand = Backward {
            docker: &docker,
            store: &store,
            only: &args.only,
            own_container: own_container.as_deref(),
            declaration_digest: policy.as_ref().map(|it| it.digest.as_str()),
            clock: Timestamp::now,
        };
        let rollback = pipeline::look_back(errand, args.run).await?;
        let style = screen::style(terminal);
        let show = |rollback: &Rollback| -> Result<(), Failure> {
            let now = Timestamp::now();
            output::print(&screen::bytes(|out| render::preview(out, rollback, days, &style, now))?)
        };
        let ends_here = !rollback.blocked.is_empty() || rollback.undos.is_empty();
        match global.output {
            Output::Text => show(&rollback)?,
            Output::Json if ends_here => output::print_json(&json::rollback(&rollback, None))?,
            Output::Json => {}
            Output::Ndjson => {
                for event in events::rollback(&rollback) {
                    output::event(&event);
                }
            }
        }
        if !rollback.blocked.is_empty() {
            return Err(blocked(&rollback));
        }
        if rollback.undos.is_empty() {
            output::event(&events::summary(None, None));
            return Ok(Exit::Success);
        }
        if !args.yes && !agreed(&rollback)? {
            return Err(declined());
        }
        let mut ticker = Ticker::new(terminal);
        let how = BackOptions { gate: &gate, interrupt: signals.interrupt(), watcher: &watcher };
        let tell = &mut |it: Progress<'_>| ticker.tell(&it);
        let run = pipeline::roll_back(errand, &mut lock, &rollback, &how, tell).await?;
        drop(ticker);
        match global.output {
            Output::Json => output::print_json(&json::rollback(&rollback, Some(&run)))?,
            Output::Ndjson => output::event(&events::summary(Some(&run), None)),
            Output::Text => {
                output::print(&screen::bytes(|out| render::ended(out, &rollback, &run, &style))?)?
            }
        }
        Ok(signals.exit().unwrap_or_else(|| of_outcomes(&run.outcomes)))
    })
}

/// The declaration, if there is one: it says how long kept containers stay, and under which
/// digest what is taken back is not tried again. A way back must not fail for want of it.
fn declaration(global: &Global) -> Result<Option<Policy>, Failure> {
    match declared::find(global).and_then(|path| declared::load(&path)) {
        Ok(policy) => Ok(Some(policy)),
        Err(failure) if global.file.is_some() => Err(failure),
        Err(_) => Ok(None),
    }
}

/// Undone is what was asked for. What could not be brought back needs a person.
fn of_outcomes(outcomes: &[RunChange]) -> Exit {
    let all = |kind: fn(&Outcome) -> bool| outcomes.iter().all(|it| kind(&it.outcome));
    if all(|it| matches!(it, Outcome::Done { .. })) {
        Exit::Undone
    } else if all(|it| matches!(it, Outcome::Failed { .. } | Outcome::NotReached)) {
        Exit::Failed
    } else {
        Exit::Stuck
    }
}

fn agreed(rollback: &Rollback) -> Result<bool, Failure> {
    terminal::ask(&format!("Take back run {}?", rollback.run))
        .map_err(|error| Failure::io("ask", &error))
}

fn blocked(rollback: &Rollback) -> Failure {
    let problem = Problem::without_text(
        "rollback.blocked",
        format!("run {} cannot be taken back as a whole; nothing was changed", rollback.run),
    )
    .note("what stands in the way is marked `!` above");
    let rest: Vec<String> =
        rollback.undos.iter().map(|it| format!(" --only {}", it.address)).collect();
    let problem = if rest.is_empty() {
        problem
    } else {
        problem.help(format!(
            "take back the rest alone:\n  plimsoll rollback {}{}",
            rollback.run,
            rest.concat()
        ))
    };
    Failure::new(Exit::Refused, problem)
}

fn nobody_to_ask() -> Failure {
    let problem = Problem::without_text("rollback.unattended", "there is nobody to ask")
        .note("a prompt needs a terminal on standard input and standard error, and no CI variable")
        .help("`plimsoll rollback RUN --yes` goes ahead");
    Failure::new(Exit::Refused, problem)
}

fn declined() -> Failure {
    let problem = Problem::without_text("rollback.declined", "declined; nothing was changed");
    Failure::new(Exit::Refused, problem)
}

#[cfg(test)]
mod tests {
    use plimsoll::model::object::Address;

    use super::*;

    #[test]
    fn undone_is_success_here_and_half_of_it_needs_a_person() {
        let code = |outcomes: &[Outcome]| {
            let changes: Vec<RunChange> = outcomes
                .iter()
                .map(|outcome| RunChange {
                    change: String::new(),
                    address: Address::container("web"),
                    took_ms: 0,
                    outcome: outcome.clone(),
                })
                .collect();
            of_outcomes(&changes)
        };
        let done = Outcome::Done { proof: String::new() };
        let failed = Outcome::Failed { why: String::new() };
        let undone = Outcome::Undone { why: String::new() };
        assert_eq!(code(&[done.clone(), done.clone()]), Exit::Undone);
        assert_eq!(code(&[failed.clone(), Outcome::NotReached]), Exit::Failed);
        assert_eq!(code(&[done, failed]), Exit::Stuck);
        assert_eq!(code(&[undone]), Exit::Stuck);
    }
}
