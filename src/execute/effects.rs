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

    /// Makes an image of a container, frozen meanwhile; returns the image's ID.
    fn commit_container(
        &self,
        id: &str,
        repo: &str,
        tag: &str,
    ) -> impl Future<Output = Result<String, DockerError>> + Send;

    /// Removes an image that no container uses.
    fn remove_image(&self, image: &str) -> impl Future<Output = Result<(), DockerError>> + Send;

    /// Prepares a command inside a container that runs; returns the ID of the exec.
    fn create_exec(
        &self,
        id: &str,
        body: &Value,
    ) -> impl Future<Output = Result<String, DockerError>> + Send;

    /// Runs what was prepared, and does not wait for its end.
    fn start_exec(&self, exec: &str) -> impl Future<Output = Result<(), DockerError>> + Send;

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
