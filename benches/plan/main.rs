//! Measures what plimsoll promises in numbers: each row shows both sides, taken in turns within
//! one run, their ratio and the goal.
//!
//! `cargo bench` runs every row; `cargo bench -- start judge` only those. The rows about
//! thousands of containers and about down time need root and Docker: they bring hosts of their own up and keep them
//! for the next run; `cargo bench -- --clean` removes them.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod declarations;
mod down;
mod host;
mod judge;
mod lab;
mod look;
mod measure;
mod program;
mod start;

use std::{env, error::Error};

use lab::Host;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Groups of rows, in the order in which they run.
const GROUPS: &[&str] = &["start", "judge", "plan", "down"];

fn main() -> Outcome<()> {
    // Cargo adds `--bench`.
    let arguments: Vec<String> = env::args().skip(1).filter(|it| it != "--bench").collect();
    if arguments.iter().any(|it| it == judge::ALONE) {
        return judge::alone();
    }
    if arguments.iter().any(|it| it == "--clean") {
        Host::ALL.iter().try_for_each(Host::remove)?;
        return lab::SUITES.iter().try_for_each(|suite| lab::remove(down::LAB, suite));
    }
    if let Some(unknown) = arguments.iter().find(|it| !GROUPS.contains(&it.as_str())) {
        return Err(format!("`{unknown}` is none of {} --clean", GROUPS.join(" ")).into());
    }
    let wanted = |group: &str| arguments.is_empty() || arguments.iter().any(|it| it == group);
    if wanted("start") {
        start::rows()?;
    }
    if wanted("judge") {
        judge::rows()?;
    }
    if wanted("plan") {
        for host in Host::ALL {
            look::rows(host)?;
        }
    }
    if wanted("down") {
        down::rows()?;
    }
    Ok(())
}
