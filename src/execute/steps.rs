//! Single steps that bear being repeated: what is so already is done.
//!
//! An answer that got lost says nothing about what the engine did, so after any failure the
//! container is looked at before the step counts as failed.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{
    effects::Effects,
    seen::{Seen, restart_policy_update},
};
use crate::docker::DockerError;

/// How long a start is tried again: a port may stay taken for a moment after its holder stopped.
const START_RETRIES: Duration = Duration::from_secs(5);
/// How long the engine may take over a removal that it has begun.
const REMOVAL: Duration = Duration::from_secs(30);
const START_PAUSE: Duration = Duration::from_millis(250);

pub(super) async fn rename<E: Effects>(
    effects: &E,
    id: &str,
    name: &str,
) -> Result<(), DockerError> {
    match effects.rename_container(id, name).await {
        Ok(()) => Ok(()),
        Err(error) => settled(effects, id, error, |seen| seen.name() == name).await,
    }
}

pub(super) async fn stop<E: Effects>(effects: &E, id: &str) -> Result<(), DockerError> {
    match effects.stop_container(id).await {
        Ok(()) => Ok(()),
        Err(error) => settled(effects, id, error, |seen| !seen.has_processes()).await,
    }
}

pub(super) async fn set_restart_policy<E: Effects>(
    effects: &E,
    id: &str,
    policy: &str,
) -> Result<(), DockerError> {
    match effects.update_container(id, &restart_policy_update(policy)).await {
        Ok(_) => Ok(()),
        Err(error) => settled(effects, id, error, |seen| seen.restart_policy() == policy).await,
    }
}

/// Starts it, and tries again for a while where the failure passes by itself.
pub(super) async fn start<E: Effects>(effects: &E, id: &str) -> Result<(), DockerError> {
    patiently(|| async {
        match effects.start_container(id).await {
            Ok(()) => Ok(()),
            Err(error) => settled(effects, id, error, Seen::has_processes).await,
        }
    })
    .await
}

/// Repeats a start for a while, as long as what it fails of passes by itself.
pub(super) async fn patiently<F>(start: impl Fn() -> F) -> Result<(), DockerError>
where
    F: Future<Output = Result<(), DockerError>>,
{
    repeated(START_RETRIES, start).await
}

async fn repeated<F>(at_most: Duration, start: impl Fn() -> F) -> Result<(), DockerError>
where
    F: Future<Output = Result<(), DockerError>>,
{
    let deadline = Instant::now() + at_most;
    loop {
        let Err(error) = start().await else { return Ok(()) };
        if !passes_by_itself(&error) || Instant::now() + START_PAUSE >= deadline {
            return Err(error);
        }
        sleep(START_PAUSE).await;
    }
}

/// A port or an address that is still held, or an end of runc's first process before it had read
/// what to start (`read init-p`): nothing of the container has run then.
fn passes_by_itself(error: &DockerError) -> bool {
    let text = error.to_string().to_lowercase();
    ["already allocated", "already in use", "read init-p: "].iter().any(|it| text.contains(it))
}

/// Removes a container that does not run; a volume never goes with it.
pub(super) async fn remove<E: Effects>(effects: &E, id: &str) -> Result<(), DockerError> {
    let Err(error) = effects.remove_container(id).await else { return Ok(()) };
    let deadline = Instant::now() + REMOVAL;
    loop {
        match Seen::find(effects.docker(), id).await {
            Ok(None) => return Ok(()),
            // The engine is at it already, as with one that was started with `--rm`.
            Ok(Some(seen)) if seen.status() == "removing" && Instant::now() < deadline => {
                sleep(START_PAUSE).await;
            }
            Ok(Some(_)) | Err(_) => return Err(error),
        }
    }
}

pub(super) async fn connect<E: Effects>(
    effects: &E,
    network: &str,
    id: &str,
    endpoint: &serde_json::Value,
) -> Result<(), DockerError> {
    let endpoint = if endpoint.is_null() { &json!({}) } else { endpoint };
    match effects.connect_network(network, id, endpoint).await {
        Ok(()) => Ok(()),
        Err(error) => {
            settled(effects, id, error, |seen| seen.networks().contains_key(network)).await
        }
    }
}

pub(super) async fn disconnect<E: Effects>(
    effects: &E,
    network: &str,
    id: &str,
) -> Result<(), DockerError> {
    match effects.disconnect_network(network, id).await {
        Ok(()) => Ok(()),
        Err(error) => {
            settled(effects, id, error, |seen| !seen.networks().contains_key(network)).await
        }
    }
}

/// Returns whether it is so anyway; otherwise the error.
async fn settled<E: Effects>(
    effects: &E,
    id: &str,
    error: DockerError,
    is_so: impl Fn(&Seen) -> bool,
) -> Result<(), DockerError> {
    match Seen::of(effects.docker(), id).await {
        Ok(seen) if is_so(&seen) => Ok(()),
        Ok(_) | Err(_) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    use super::*;

    /// Tries for a second to start something that fails so often. Returns how that ended and how
    /// often it was tried.
    async fn started(failures: u32, message: &str) -> (Result<(), DockerError>, u32) {
        let tries = AtomicU32::new(0);
        let error = DockerError::Status { code: 500, message: message.to_owned() };
        let end = repeated(Duration::from_secs(1), || async {
            match tries.fetch_add(1, Relaxed) < failures {
                true => Err(error.clone()),
                false => Ok(()),
            }
        });
        (end.await, tries.load(Relaxed))
    }

    #[tokio::test]
    async fn start_is_repeated_while_it_fails_of_what_passes() {
        let lost = "unable to start container process: waiting for init preliminary setup: read \
                    init-p: connection reset by peer";
        assert_eq!(started(2, lost).await, (Ok(()), 3));
        assert_eq!(started(2, "Bind for 0.0.0.0:80: port is already allocated").await.0, Ok(()));
    }

    #[tokio::test]
    async fn start_that_goes_on_failing_ends_with_its_last_error() {
        let (end, tries) = started(u32::MAX, "address already in use").await;
        assert!(end.is_err() && tries > 1, "{end:?} after {tries}");
    }

    #[tokio::test]
    async fn start_that_cannot_work_is_tried_once() {
        let (end, tries) = started(1, "exec: \"shop\": executable file not found").await;
        assert!(end.is_err() && tries == 1, "{end:?} after {tries}");
    }
}
