//! `plimsoll apply`: do what the plan says, verify it, and take back what fails.

use jiff::Timestamp;
use plimsoll::{
    declaration::{policy::MaxChanges, problem::Problem},
    pipeline::{self, ActOptions, Errand, Look, PipelineError},
    plan::{limits, run::Run},
    render::events,
};

use crate::{
    args::{ApplyArgs, Global, Output},
    declared,
    engine::{self, Opened},
    exit::{self, Exit},
    failure::Failure,
    output,
    plan::ATTENDED,
    progress::Ticker,
    screen::{self, Shown},
    terminal::{self, Terminal},
};

pub(crate) fn run(global: &Global, args: &ApplyArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut policy = declared::load(&declared::find(global)?)?;
    if let Some(most) = args.max_changes {
        policy.limits.max_changes = MaxChanges::Number(most);
    }
    engine::block_on(async {
        if !args.yes && !terminal.can_ask {
            return Err(nobody_to_ask());
        }
        let Opened { docker, store, mut lock, gate, signals, watcher } =
            engine::open(global, "apply", args.lock_timeout, &args.gate).await?;
        let by_itself = if args.yes { policy.limits.apply_ceiling } else { ATTENDED };
        let ceiling = engine::ceiling(args.allow.unwrap_or(by_itself).max(by_itself), &args.narrow);
        let errand = Errand {
            docker: &docker,
            policy: &policy,
            store: &store,
            ceiling: &ceiling,
            retry: args.retry,
            clock: Timestamp::now,
        };
        let look = pipeline::look(errand).await?;
        daemon_file_is_readable(&look)?;
        let todo = look.plan.todo().count();
        if todo == 0 {
            pipeline::housekeep(errand, &lock, &look).await?;
            show_plan(global, args, terminal, &look)?;
            output::event(&events::summary(None, None));
            return Ok(Exit::Success);
        }
        // What nobody limited is limited by whoever reads the plan and says yes.
        let guard = match policy.limits.max_changes {
            MaxChanges::Unstated => None,
            MaxChanges::Number(_) | MaxChanges::Percent(_) => {
                limits::exceeds(&look.plan, &policy.limits)
            }
        };
        if let Some(guard) = guard {
            show_plan(global, args, terminal, &look)?;
            return Err(too_many(&guard));
        }
        // A document says it all at the end.
        if global.output != Output::Json {
            show_plan(global, args, terminal, &look)?;
        }
        if !args.yes && !agreed(&look, todo)? {
            return Err(declined());
        }
        let options = ActOptions {
            command: "apply",
            gate,
            max_failures: if args.keep_going { usize::MAX } else { args.max_failures.get() },
            parallel: args.parallel.get(),
            interrupt: signals.interrupt(),
            watcher: &watcher,
        };
        let mut ticker = Ticker::new(terminal);
        let acted =
            pipeline::act(errand, &mut lock, &look, &options, &mut |it| ticker.tell(&it)).await;
        drop(ticker);
        let (run, after) = match acted {
            Ok(acted) => (acted.run, Some(acted.after)),
            Err(PipelineError::DaemonStuck(run)) => (*run, None),
            Err(error) => return Err(error.into()),
        };
        show_run(global, terminal, &run, after.as_ref())?;
        Ok(signals.exit().unwrap_or_else(|| exit::of_run(&run.outcomes)))
    })
}

fn show_plan(
    global: &Global,
    args: &ApplyArgs,
    terminal: &Terminal,
    look: &Look,
) -> Result<(), Failure> {
    let shown = Shown { full_diff: args.full_diff, ..Shown::default() };
    match global.output {
        Output::Json => output::print_json(&screen::plan_json(look)),
        Output::Ndjson => {
            screen::plan_events(look);
            Ok(())
        }
        Output::Text => output::print(&screen::plan(look, terminal, shown)?),
    }
}

fn show_run(
    global: &Global,
    terminal: &Terminal,
    run: &Run,
    after: Option<&Look>,
) -> Result<(), Failure> {
    let after = after.map(|look| &look.plan);
    match global.output {
        Output::Json => output::print_json(&screen::run_json(run, after)),
        Output::Ndjson => {
            output::event(&events::summary(Some(run), after));
            Ok(())
        }
        Output::Text => output::print(&screen::run(run, after, terminal)?),
    }
}

fn agreed(look: &Look, todo: usize) -> Result<bool, Failure> {
    let actions =
        if todo == 1 { "this change".to_owned() } else { format!("these {todo} changes") };
    terminal::ask(&format!("Make {actions} on {}?", look.plan.host.name))
        .map_err(|error| Failure::io("ask", &error))
}

/// Refuses before anything is touched: a file that nobody can read cannot be changed either.
fn daemon_file_is_readable(look: &Look) -> Result<(), Failure> {
    let Some(why) = &look.snapshot.daemon.file_error else { return Ok(()) };
    if !look.report.objects.iter().any(|it| it.kind() == "daemon") {
        return Ok(());
    }
    let path = &look.snapshot.daemon.file_path;
    let problem = Problem::without_text("daemon.file", format!("cannot read {path}"))
        .note(why.clone())
        .note("the daemon goes on with what it read when it started, and may not start again")
        .help("mend the file by hand; `dockerd --validate` says whether it is sound. Nothing was changed");
    Err(Failure::new(Exit::Failed, problem))
}

fn nobody_to_ask() -> Failure {
    let problem = Problem::without_text("apply.unattended", "there is nobody to ask")
        .note("a prompt needs a terminal on standard input and standard error, and no CI variable")
        .help("`plimsoll apply --yes` goes ahead within the ceiling; `--allow CLASS` raises it");
    Failure::new(Exit::Refused, problem)
}

fn declined() -> Failure {
    let problem = Problem::without_text("apply.declined", "declined; nothing was changed");
    Failure::new(Exit::Refused, problem)
}

pub(crate) fn too_many(guard: &str) -> Failure {
    let problem = Problem::without_text(
        "limits.max-changes",
        "more changes than the limit allows; nothing was changed",
    )
    .note(guard.to_owned())
    .help("narrow the run with `--only ADDRESS`, or raise the limit with `--max-changes N`");
    Failure::new(Exit::Refused, problem)
}
