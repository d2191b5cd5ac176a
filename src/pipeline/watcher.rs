//! A second process that takes over when a run dies: the engine does nothing by itself about a
//! container that was stopped and never started again.
//!
//! The run holds the writing end of a pipe. A word on it ends the watcher; its end without the
//! word means that the run is gone, however that came about.

use std::{
    ffi::OsString,
    io::{self, Read},
    path::PathBuf,
    process::Stdio,
    time::Duration,
};

use jiff::Timestamp;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};

use super::{PipelineError, Recovered, open_under};
use crate::{
    docker::Endpoint,
    execute::gate::GateOptions,
    plan::{Action, DaemonApply, Plan},
    store::{Holder, Store},
};

const READY: u8 = b'r';
const DISMISSED: u8 = b'd';

/// How long a busy machine may take to start a process.
const READY_WITHIN: Duration = Duration::from_secs(10);
const GONE_WITHIN: Duration = Duration::from_secs(2);

/// A run that ended with an error gives its lock back a moment later. Whoever else has it looks
/// after what was left before doing anything else.
const LOCK_WITHIN: Duration = Duration::from_secs(30);

/// How long an engine may be away that went down with the run.
const ENGINE_WITHIN: Duration = Duration::from_secs(300);
const PAUSE: Duration = Duration::from_secs(1);

/// How long a busy engine may take over a request whose sender died. Until it is carried out,
/// nothing of it shows.
const LINGER: Duration = Duration::from_secs(5);

/// What stands in the way of the way back, such as a port, may pass.
const ATTEMPTS: u32 = 5;

/// How this program is called to watch over a run.
#[derive(Clone, Debug)]
pub struct WatcherCommand {
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
}

/// A watcher that stands by. Dropping it without a word leaves it to see what was left.
#[derive(Debug)]
pub struct Watcher(Child);

impl Watcher {
    /// Starts one, and returns when it can no longer be hit by what hits this process.
    pub async fn start(command: &WatcherCommand) -> io::Result<Self> {
        let mut child = Command::new(&command.program)
            .args(&command.arguments)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut said = [0];
        let ready = match child.stdout.as_mut() {
            Some(stdout) => timeout(READY_WITHIN, stdout.read_exact(&mut said)).await,
            None => Ok(Err(io::ErrorKind::BrokenPipe.into())),
        };
        match ready {
            Ok(Ok(_)) if said == [READY] => Ok(Self(child)),
            Ok(Ok(_)) => Err(io::Error::other("it does not speak as a watcher does")),
            Ok(Err(error)) => Err(error),
            Err(_) => {
                child.kill().await?;
                Err(io::ErrorKind::TimedOut.into())
            }
        }
    }

    /// Starts one for a run, which goes on without one and says so where that fails.
    pub(super) async fn beside(
        command: &WatcherCommand,
        unwatched: impl FnOnce(&str),
    ) -> Option<Self> {
        match Self::start(command).await {
            Ok(watcher) => Some(watcher),
            Err(error) => {
                unwatched(&error.to_string());
                None
            }
        }
    }

    /// Tells it that nothing is left half done, and waits for its end.
    pub async fn dismiss(mut self) {
        if let Some(mut stdin) = self.0.stdin.take() {
            // One that is gone already needs no word.
            let _ = stdin.write_all(&[DISMISSED]).await;
        }
        let _ = timeout(GONE_WITHIN, self.0.wait()).await;
    }
}

/// Returns whether a run of this plan can leave something down if it dies.
pub fn is_worth_watching(plan: &Plan) -> bool {
    plan.todo().any(|change| match &change.action {
        Action::ReplaceContainer { .. }
        | Action::ReplaceAutoRemoved { .. }
        | Action::RestartContainer { .. } => true,
        Action::DaemonKey { apply, .. } => *apply == DaemonApply::Restart,
        Action::UpdateContainer { .. }
        | Action::EvictContainer { .. }
        | Action::SetFiles { .. } => false,
    })
}

/// How a watch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watched {
    Dismissed,
    /// The run is gone and has not said that it was done.
    Orphaned,
}

/// Says over `output` that it stands by, and waits for the run's word on `input`.
pub fn stand_by(mut input: impl Read, mut output: impl io::Write) -> io::Result<Watched> {
    output.write_all(&[READY])?;
    output.flush()?;
    let mut word = [0];
    loop {
        match input.read(&mut word) {
            Ok(1..) if word == [DISMISSED] => return Ok(Watched::Dismissed),
            Ok(0) => return Ok(Watched::Orphaned),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Finishes or takes back what the run left half done, and writes down what was done.
pub async fn take_over(
    endpoint: &Endpoint,
    store: &Store,
    holder: Holder,
    gate: &GateOptions,
    clock: fn() -> Timestamp,
) -> Result<Vec<Recovered>, PipelineError> {
    let lock = store.lock(holder, LOCK_WITHIN).await?;
    let began = Instant::now();
    let mut done: Vec<Recovered> = Vec::new();
    let mut attempts = 0;
    loop {
        match open_under(endpoint, store, &lock, gate, clock).await {
            Ok((_, recovered)) => {
                let settled = recovered.iter().all(|it| it.settled);
                attempts += u32::from(!settled);
                done.extend(recovered);
                let is_over =
                    if settled { began.elapsed() >= LINGER } else { attempts >= ATTEMPTS };
                if is_over {
                    break;
                }
            }
            Err(PipelineError::Docker(error)) if error.is_engine_gone() => {
                if began.elapsed() >= ENGINE_WITHIN {
                    return Err(error.into());
                }
            }
            Err(error) => return Err(error),
        }
        sleep(PAUSE).await;
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch(word: &[u8]) -> Watched {
        let mut said = Vec::new();
        let watched = stand_by(word, &mut said).unwrap();
        assert_eq!(said, [READY]);
        watched
    }

    #[test]
    fn only_the_word_ends_a_watch_in_peace() {
        assert_eq!(watch(b"d"), Watched::Dismissed);
        assert_eq!(watch(b""), Watched::Orphaned);
        assert_eq!(watch(b"x"), Watched::Orphaned);
    }
}
