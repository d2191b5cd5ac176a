//! Running commands of the host, with a deadline.

use std::{process::Stdio, time::Duration};

use tokio::{process::Command, time::timeout};

use super::{effects::Step, log::telling};

/// For questions that are answered at once.
pub(in crate::execute) const QUICK: Duration = Duration::from_secs(30);

/// Runs a command to its end and returns what it printed, errors last.
pub(in crate::execute) async fn run(command: &mut Command, limit: Duration) -> Step<String> {
    let shown = shown(command);
    let output = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .output();
    let output = match timeout(limit, output).await {
        Ok(Ok(output)) => output,
        Ok(Err(error)) => return Err(format!("cannot run `{shown}`: {error}")),
        Err(_) => return Err(format!("`{shown}` did not end within {} s", limit.as_secs())),
    };
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).trim().to_owned();
    if output.status.success() {
        return Ok(text);
    }
    let lines = telling(&text);
    let said = if lines.is_empty() { String::new() } else { format!(": {}", lines.join("; ")) };
    Err(format!("`{shown}` failed ({}){said}", output.status))
}

/// The program and its first arguments; the rest may be long.
fn shown(command: &Command) -> String {
    let command = command.as_std();
    let words = std::iter::once(command.get_program()).chain(command.get_args().take(3));
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Returns a command that somebody declared.
pub(super) fn declared(words: &[String]) -> Step<Command> {
    let (program, arguments) = words.split_first().ok_or("the declared command is empty")?;
    let mut command = Command::new(program);
    command.args(arguments);
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_a_failing_command_says_is_in_the_error() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo first; echo second >&2; exit 3"]);
        let error = run(&mut command, QUICK).await.unwrap_err();
        assert!(error.ends_with("failed (exit status: 3): first; second"), "{error}");
        let words = ["/nowhere/restart".to_owned()];
        let error = run(&mut declared(&words).unwrap(), QUICK).await.unwrap_err();
        assert!(error.starts_with("cannot run `/nowhere/restart`"), "{error}");
    }

    #[tokio::test]
    async fn a_command_that_hangs_is_ended() {
        let mut command = Command::new("sleep");
        let error = run(command.arg("60"), Duration::from_millis(20)).await.unwrap_err();
        assert!(error.contains("did not end"), "{error}");
    }
}
