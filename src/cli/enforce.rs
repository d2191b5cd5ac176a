//! `plimsoll enforce`: keep the host as declared, once or at intervals.

use std::{path::Path, time::Duration};

use jiff::Timestamp;
use plimsoll::{
    enforce::{
        Enforcement, Pass, PassResult,
        resident::{self, News},
    },
    observe,
    render::events,
};

use crate::{
    apply,
    args::{EnforceArgs, Global, Output},
    declared, engine,
    exit::{self, Exit},
    failure::Failure,
    output,
    progress::Ticker,
    screen::{self, Shown},
    signals::Signals,
    terminal::Terminal,
    watcher,
};

/// A timer's log wants the summary; `plimsoll plan` has the details.
const SUMMARY: Shown = Shown { full_diff: false, summary: true, unchanged: false };

pub(crate) fn run(
    global: &Global,
    args: &EnforceArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let path = declared::find(global)?;
    let policy = declared::load(&path)?;
    engine::block_on(async {
        let signals = Signals::listen()?;
        let endpoint = engine::endpoint(global)?;
        let watcher = watcher::command(global, &endpoint, &args.gate)?;
        let enforcement = Enforcement {
            store: engine::store(global, &endpoint),
            endpoint,
            allow: args.allow,
            own_container: observe::own_container(),
            gate: engine::gate(&args.gate),
            lock_timeout: args.lock_timeout,
            watcher,
            holder: || engine::holder("enforce"),
            clock: Timestamp::now,
            interrupt: signals.interrupt(),
        };
        match args.interval {
            None => {
                let mut ticker = Ticker::new(terminal);
                let pass = enforcement.pass(&policy, &mut |it| ticker.tell(&it)).await?;
                drop(ticker);
                show(global, terminal, &pass)?;
                Ok(signals.exit().unwrap_or_else(|| of_pass(&pass)))
            }
            Some(interval) => {
                signals.wake_on_hangup()?;
                stay(global, terminal, &enforcement, interval, &path, &signals, policy).await;
                Ok(Exit::Success)
            }
        }
    })
}

async fn stay(
    global: &Global,
    terminal: &Terminal,
    enforcement: &Enforcement<'_>,
    interval: Duration,
    path: &Path,
    signals: &Signals,
    policy: plimsoll::declaration::policy::Policy,
) {
    let source = || declared::load(path).map_err(|failure| failure.problems);
    let mut last_shown = None;
    let mut ticker = Ticker::new(terminal);
    let mut tell = |news: News<'_>| match news {
        News::Passed(pass) => {
            // Only what is new is worth a line.
            let changes: Vec<_> =
                pass.latest().plan.changes.iter().map(|it| it.id.clone()).collect();
            let acted = matches!(pass.result, PassResult::Acted(_));
            if acted || last_shown.as_ref() != Some(&changes) {
                let _ = show(global, terminal, pass);
            }
            last_shown = Some(changes);
        }
        News::Progress(progress) => ticker.tell(&progress),
        News::DeclarationChanged(digest) => {
            output::note(&format!("declaration changed, now {}", &digest[..digest.len().min(12)]));
        }
        News::DeclarationBroken(problems) => {
            let _ = Failure::from(problems.to_vec()).print(terminal);
            output::note("the last good declaration stays in force");
        }
        News::EngineGone(error, pause) => {
            output::note(&format!("{error}; trying again in {} s", pause.as_secs()));
        }
        News::Locked(error) => output::note(&error.to_string()),
        News::Failed(error) => output::note(&format!("this pass failed: {error}")),
    };
    resident::run(enforcement, interval, &source, policy, signals.wake(), &mut tell).await;
}

fn show(global: &Global, terminal: &Terminal, pass: &Pass) -> Result<(), Failure> {
    for it in &pass.recovered {
        output::note(&format!("recovered: {it}"));
    }
    match (global.output, &pass.result) {
        (Output::Json, PassResult::Acted(acted)) => {
            output::print_json(&screen::run_json(&acted.run, Some(&acted.after.plan)))?;
        }
        (Output::Json, _) => output::print_json(&screen::plan_json(&pass.before))?,
        (Output::Ndjson, result) => {
            screen::plan_events(&pass.before);
            match result {
                PassResult::Acted(acted) => {
                    output::event(&events::summary(Some(&acted.run), Some(&acted.after.plan)));
                }
                PassResult::Nothing => output::event(&events::summary(None, None)),
                PassResult::Refused(_) => {}
            }
            // What the next pass says is of no run until it has one.
            output::name_run(0);
        }
        (Output::Text, PassResult::Acted(acted)) => {
            output::print(&screen::run(&acted.run, Some(&acted.after.plan), terminal)?)?;
        }
        (Output::Text, _) => output::print(&screen::plan(&pass.before, terminal, SUMMARY)?)?,
    }
    if let PassResult::Refused(guard) = &pass.result {
        apply::too_many(guard)
            .tell(terminal)
            .map_err(|error| Failure::io("write to standard error", &error))?;
    }
    Ok(())
}

fn of_pass(pass: &Pass) -> Exit {
    let remains = screen::differs(&pass.latest().plan);
    match &pass.result {
        PassResult::Refused(_) => Exit::Refused,
        PassResult::Nothing if remains => Exit::Differences,
        PassResult::Nothing => Exit::Success,
        PassResult::Acted(acted) => match exit::of_run(&acted.run.outcomes) {
            Exit::Success if remains => Exit::Differences,
            other => other,
        },
    }
}
