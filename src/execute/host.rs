//! The effects on a real host.

use serde_json::Value;

use super::effects::Effects;
use crate::docker::{Docker, DockerError};

/// One engine, and the machine it runs on.
#[derive(Clone, Debug)]
pub struct Host {
    docker: Docker,
}

impl Host {
    pub const fn new(docker: Docker) -> Self {
        Self { docker }
    }
}

impl Effects for Host {
    fn docker(&self) -> &Docker {
        &self.docker
    }

    async fn create_container(
        &self,
        name: &str,
        body: &Value,
    ) -> Result<(String, Vec<String>), DockerError> {
        self.docker.create(name, body.to_string().into_bytes()).await
    }

    async fn stop_container(&self, id: &str) -> Result<(), DockerError> {
        self.docker.stop(id).await
    }

    async fn restart_container(&self, id: &str) -> Result<(), DockerError> {
        self.docker.restart(id).await
    }

    async fn start_container(&self, id: &str) -> Result<(), DockerError> {
        self.docker.start(id).await
    }

    async fn rename_container(&self, id: &str, name: &str) -> Result<(), DockerError> {
        self.docker.rename(id, name).await
    }

    async fn update_container(&self, id: &str, body: &Value) -> Result<Vec<String>, DockerError> {
        self.docker.update(id, body.to_string().into_bytes()).await
    }

    async fn remove_container(&self, id: &str) -> Result<(), DockerError> {
        self.docker.remove(id).await
    }

    async fn pause_container(&self, id: &str) -> Result<(), DockerError> {
        self.docker.pause(id).await
    }

    async fn unpause_container(&self, id: &str) -> Result<(), DockerError> {
        self.docker.unpause(id).await
    }

    async fn commit_container(
        &self,
        id: &str,
        repo: &str,
        tag: &str,
    ) -> Result<String, DockerError> {
        self.docker.commit(id, repo, tag).await
    }

    async fn remove_image(&self, image: &str) -> Result<(), DockerError> {
        self.docker.remove_image(image).await
    }

    async fn create_exec(&self, id: &str, body: &Value) -> Result<String, DockerError> {
        self.docker.create_exec(id, body.to_string().into_bytes()).await
    }

    async fn start_exec(&self, exec: &str) -> Result<(), DockerError> {
        self.docker.start_exec(exec).await
    }

    async fn connect_network(
        &self,
        network: &str,
        id: &str,
        endpoint: &Value,
    ) -> Result<(), DockerError> {
        self.docker.connect_network(network, id, Some(endpoint.clone())).await
    }

    async fn disconnect_network(&self, network: &str, id: &str) -> Result<(), DockerError> {
        self.docker.disconnect_network(network, id).await
    }

    async fn remove_volume(&self, name: &str) -> Result<(), DockerError> {
        self.docker.delete(&format!("/volumes/{name}")).await.map(drop)
    }
}
