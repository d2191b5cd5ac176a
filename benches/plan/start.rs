//! How long the program takes until its first byte.

use std::{
    io::Read as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use crate::{
    Outcome,
    measure::{against, compare, heading, in_turns, median},
};

const ROUNDS: usize = 41;
const GOAL_MS: f64 = 15.0;

pub(crate) fn rows() -> Outcome<()> {
    heading(&format!("start to first byte, {ROUNDS} rounds"));
    let mut declaration = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    declaration.extend(["examples", "minimal.yaml"]);
    let declaration = declaration.to_string_lossy();
    let plimsoll = env!("CARGO_BIN_EXE_plimsoll");
    for arguments in [vec!["--help"], vec!["validate", "--file", &declaration]] {
        let row = format!("plimsoll {}", arguments[..arguments.len().min(2)].join(" "));
        let [program, nothing] = in_turns(
            ROUNDS,
            [
                &mut || Ok(Box::new(first_byte(Command::new(plimsoll).args(&arguments), true)?)),
                &mut || Ok(Box::new(first_byte(&mut Command::new("/bin/true"), false)?)),
            ],
        )?;
        against(&row, median(&program.wall) * 1e3, GOAL_MS, "ms");
        let row = "the same against a program that does nothing";
        compare(row, ("plimsoll", &program), ("/bin/true", &nothing), None);
    }
    Ok(())
}

/// Starts a program and waits until it says something, or for its end if it never does.
fn first_byte(command: &mut Command, speaks: bool) -> Outcome<Started> {
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut first = [0];
    let read = match &mut child.stdout {
        Some(stdout) => stdout.read(&mut first)?,
        None => 0,
    };
    let started = Started(child);
    if speaks && read == 0 {
        return Err(format!("{command:?} said nothing").into());
    }
    Ok(started)
}

/// A program that is waited for once nothing is measured any more.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        // A program that cannot write any more ends.
        drop(self.0.stdout.take());
        let _ = self.0.wait();
    }
}
