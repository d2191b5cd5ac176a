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

/// How long a port or an address may stay taken after its holder stopped.
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

/// Starts it, and tries again for a while where a port or an address is still held.
pub(super) async fn start<E: Effects>(effects: &E, id: &str) -> Result<(), DockerError> {
    let deadline = Instant::now() + START_RETRIES;
    loop {
        let error = match effects.start_container(id).await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        if settled(effects, id, error.clone(), Seen::has_processes).await.is_ok() {
            return Ok(());
        }
        let may_pass = is_still_held(&error) && Instant::now() + START_PAUSE < deadline;
        if !may_pass {
            return Err(error);
        }
        sleep(START_PAUSE).await;
    }
}

fn is_still_held(error: &DockerError) -> bool {
    let text = error.to_string().to_lowercase();
    text.contains("already allocated") || text.contains("already in use")
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
