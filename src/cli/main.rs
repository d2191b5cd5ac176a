//! plimsoll's command line: parse, run, print the error, exit.

mod apply;
mod args;
mod completions;
mod declared;
mod enforce;
mod engine;
mod exit;
mod explain;
mod failure;
mod import;
mod init;
mod output;
mod plan;
mod progress;
mod rollback;
mod rules;
mod schema;
mod screen;
mod signals;
mod status;
mod terminal;
mod validate;
mod version;
mod watcher;

use std::{
    panic::{self, AssertUnwindSafe},
    process::ExitCode,
};

use clap::{Parser, error::ErrorKind};
use plimsoll::declaration::problem::Problem;

use crate::{
    args::{Cli, Command, Output},
    exit::Exit,
    failure::Failure,
    terminal::Terminal,
};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let terminal = Terminal::look(&cli.global);
    let ended = panic::catch_unwind(AssertUnwindSafe(|| run(cli, &terminal)))
        .unwrap_or_else(|_| Err(fault()));
    match ended {
        Ok(exit) => exit.into(),
        Err(failure) => {
            // Where standard error is closed there is nobody to tell.
            let _ = failure.tell(&terminal);
            failure.exit.into()
        }
    }
}

fn run(cli: Cli, terminal: &Terminal) -> Result<Exit, Failure> {
    let Cli { global, command } = cli;
    if global.output == Output::Ndjson {
        match &command {
            Command::Apply(_) | Command::Enforce(_) | Command::Rollback(_) => {
                output::begin_stream();
            }
            Command::Validate(_)
            | Command::Plan(_)
            | Command::Status(_)
            | Command::Rules(_)
            | Command::Explain(_) => return Err(no_stream()),
            Command::Init(_)
            | Command::Import(_)
            | Command::Schema
            | Command::Completions(_)
            | Command::Version
            | Command::Watcher(_) => {}
        }
    }
    match command {
        Command::Init(args) => init::run(&args),
        Command::Import(args) => import::run(&global, &args),
        Command::Validate(args) => validate::run(&global, &args, terminal),
        Command::Plan(args) => plan::run(&global, &args, terminal),
        Command::Apply(args) => apply::run(&global, &args, terminal),
        Command::Rollback(args) => rollback::run(&global, &args, terminal),
        Command::Enforce(args) => enforce::run(&global, &args, terminal),
        Command::Status(_) => status::run(&global, terminal),
        Command::Rules(args) => rules::run(&global, &args, terminal),
        Command::Explain(args) => explain::run(&global, &args, terminal),
        Command::Schema => schema::run(),
        Command::Completions(args) => completions::run(&args),
        Command::Version => version::run(),
        Command::Watcher(args) => watcher::run(&global, &args),
    }
}

/// Prints what clap has to say. Its own exit code for a wrong command line would mean
/// "differences" here.
fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Success.into(),
        _ => Exit::Usage.into(),
    }
}

fn no_stream() -> Failure {
    let problem = Problem::without_text("usage", "this command has one result and no events")
        .help("`--output json` gives it as one document");
    Failure::new(Exit::Usage, problem)
}

/// A fault of plimsoll's own; the panic's message is on standard error already.
fn fault() -> Failure {
    let problem = Problem::without_text("internal", "plimsoll failed; this is a fault of its own")
        .note("the line above says where")
        .help("run `plimsoll status`: it puts right what was left half done");
    Failure::new(Exit::Internal, problem)
}
