//! The resident loop: one pass after another, through engine restarts and changed declarations,
//! until it is asked to end.

use std::time::Duration;

use tokio::{
    sync::Notify as Wake,
    time::{Instant, timeout_at},
};

use super::{Enforcement, Pass, notify::Notify};
use crate::{
    declaration::{policy::Policy, problem::Problem},
    docker::DockerError,
    execute::Progress,
    pipeline::PipelineError,
    store::LockError,
};

/// How soon an engine that went away is asked again, at first and at most.
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_MOST: Duration = Duration::from_secs(30);

/// What the loop tells the outside, as it happens.
pub enum News<'a> {
    Passed(&'a Pass),
    /// The declaration was read again and differs; its digest.
    DeclarationChanged(&'a str),
    /// It can no longer be read; the last good one stays in force.
    DeclarationBroken(&'a [Problem]),
    /// The engine does not answer; asked again after this long.
    EngineGone(&'a DockerError, Duration),
    /// Another run holds the lock; looked at again with the next pass.
    Locked(&'a LockError),
    Failed(&'a PipelineError),
    Progress(Progress<'a>),
}

/// Where the declaration comes from, read anew each time.
pub type Source<'a> = dyn Fn() -> Result<Policy, Vec<Problem>> + Sync + 'a;

/// Runs until `enforcement.interrupt` is raised; `wake` cuts a wait short, for a signal.
pub async fn run(
    enforcement: &Enforcement<'_>,
    interval: Duration,
    source: &Source<'_>,
    mut policy: Policy,
    wake: &Wake,
    tell: &mut (dyn FnMut(News<'_>) + Send),
) {
    let mut notify = Notify::new();
    let mut retry = RETRY_FIRST;
    while !enforcement.interrupt.is_raised() {
        reread(source, &mut policy, tell);
        let passed = enforcement
            .pass(&policy, &mut |progress| {
                notify.alive();
                tell(News::Progress(progress));
            })
            .await;
        let pause = match &passed {
            Ok(pass) => {
                retry = RETRY_FIRST;
                notify.passed(&status(pass));
                tell(News::Passed(pass));
                interval
            }
            Err(PipelineError::Docker(error)) => {
                let pause = retry.min(interval);
                notify.status("the engine does not answer");
                tell(News::EngineGone(error, pause));
                retry = (retry * 2).min(RETRY_MOST);
                pause
            }
            Err(PipelineError::Lock(error)) => {
                tell(News::Locked(error));
                interval
            }
            Err(error) => {
                notify.status(&error.to_string());
                tell(News::Failed(error));
                interval
            }
        };
        // What was seen is not needed while waiting, and it is most of what the process holds.
        drop(passed);
        rest(pause, enforcement, &notify, wake).await;
    }
    notify.stopping();
}

/// Reads the declaration again; keeps the last good one when it is broken.
fn reread(source: &Source<'_>, policy: &mut Policy, tell: &mut (dyn FnMut(News<'_>) + Send)) {
    match source() {
        Ok(fresh) if fresh.digest != policy.digest => {
            *policy = fresh;
            tell(News::DeclarationChanged(&policy.digest));
        }
        Ok(_) => {}
        Err(problems) => tell(News::DeclarationBroken(&problems)),
    }
}

/// Waits, giving signs of life, until the time is up or somebody wakes it.
async fn rest(pause: Duration, enforcement: &Enforcement<'_>, notify: &Notify, wake: &Wake) {
    let end = Instant::now() + pause;
    while !enforcement.interrupt.is_raised() {
        notify.alive();
        let until = notify.patience().map_or(end, |patience| end.min(Instant::now() + patience));
        if timeout_at(until, wake.notified()).await.is_ok() || Instant::now() >= end {
            return;
        }
    }
}

/// Returns one line for a service manager's status.
fn status(pass: &Pass) -> String {
    let plan = &pass.latest().plan;
    let held = plan.held().count();
    match plan.todo().count() {
        0 if held == 0 => format!("in sync, {} objects", plan.ledger.objects.total),
        todo => format!("{todo} to do, {held} held, {} objects", plan.ledger.objects.total),
    }
}
