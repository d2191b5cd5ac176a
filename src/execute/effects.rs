//! Every way this program can change a host. Nothing else writes to it.
//!
//! One method is one engine call or one step on a file, so that tests can cut a run off after any
//! of them.

use serde_json::Value;

use crate::docker::{Docker, DockerError};

/// The changes. What only reads goes to [`Effects::docker`] directly.
pub trait Effects: Sync {
    fn docker(&self) -> &Docker;

    /// Creates a container that does not run yet; returns its ID and the engine's warnings.
    fn create_container(
        &self,
        name: &str,
        body: &Value,
    ) -> impl Future<Output = Result<(String, Vec<String>), DockerError>> + Send;

    /// Stops it with its own signal and timeout.
    fn stop_container(&self, id: &str) -> impl Future<Output = Result<(), DockerError>> + Send;

    /// Stops and starts it in one call, which the engine finishes even if nobody waits.
    fn restart_container(&self, id: &str) -> impl Future<Output = Result<(), DockerError>> + Send;

    fn start_container(&self, id: &str) -> impl Future<Output = Result<(), DockerError>> + Send;

    fn rename_container(
        &self,
        id: &str,
        name: &str,
    ) -> impl Future<Output = Result<(), DockerError>> + Send;

    /// Changes limits or the restart policy; returns the engine's warnings.
    fn update_container(
        &self,
        id: &str,
        body: &Value,
    ) -> impl Future<Output = Result<Vec<String>, DockerError>> + Send;

    /// Removes a container that does not run; every volume stays.
    fn remove_container(&self, id: &str) -> impl Future<Output = Result<(), DockerError>> + Send;

    fn pause_container(&self, id: &str) -> impl Future<Output = Result<(), DockerError>> + Send;

    fn unpause_container(&self, id: &str) -> impl Future<Output = Result<(), DockerError>> + Send;

    fn connect_network(
        &self,
        network: &str,
        id: &str,
        endpoint: &Value,
    ) -> impl Future<Output = Result<(), DockerError>> + Send;

    fn disconnect_network(
        &self,
        network: &str,
        id: &str,
    ) -> impl Future<Output = Result<(), DockerError>> + Send;

    /// Removes a volume that nothing uses.
    fn remove_volume(&self, name: &str) -> impl Future<Output = Result<(), DockerError>> + Send;
}
