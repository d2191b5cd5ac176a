//! A host whose engine does something else than it is asked for.

use plimsoll::{
    docker::{Docker, DockerError},
    execute::{effects::Effects, host::Host},
};
use serde_json::Value;

pub(super) struct Meddling<'a> {
    pub(super) host: &'a Host,
    /// What becomes of a create request.
    pub(super) create: &'a (dyn Fn(&mut Value) + Sync),
    /// Whether a container, by its ID, may not have this name.
    pub(super) refuse_rename: &'a (dyn Fn(&str, &str) -> bool + Sync),
    /// Whether a container, by its ID, dies as soon as it was started.
    pub(super) kill_started: &'a (dyn Fn(&str) -> bool + Sync),
}

impl<'a> Meddling<'a> {
    /// Meddles with nothing.
    pub(super) fn of(host: &'a Host) -> Self {
        Self { host, create: &|_| (), refuse_rename: &|_, _| false, kill_started: &|_| false }
    }
}

impl Effects for Meddling<'_> {
    fn docker(&self) -> &Docker {
        self.host.docker()
    }

    async fn create_container(
        &self,
        name: &str,
        body: &Value,
    ) -> Result<(String, Vec<String>), DockerError> {
        let mut body = body.clone();
        (self.create)(&mut body);
        self.host.create_container(name, &body).await
    }

    async fn rename_container(&self, id: &str, name: &str) -> Result<(), DockerError> {
        if (self.refuse_rename)(id, name) {
            return Err(DockerError::Status { code: 500, message: "meddled with".into() });
        }
        self.host.rename_container(id, name).await
    }

    async fn stop_container(&self, id: &str) -> Result<(), DockerError> {
        self.host.stop_container(id).await
    }

    async fn restart_container(&self, id: &str) -> Result<(), DockerError> {
        self.host.restart_container(id).await
    }

    async fn start_container(&self, id: &str) -> Result<(), DockerError> {
        self.host.start_container(id).await?;
        if (self.kill_started)(id) {
            self.host.docker().kill(id, "KILL").await?;
        }
        Ok(())
    }

    async fn update_container(&self, id: &str, body: &Value) -> Result<Vec<String>, DockerError> {
        self.host.update_container(id, body).await
    }

    async fn remove_container(&self, id: &str) -> Result<(), DockerError> {
        self.host.remove_container(id).await
    }

    async fn pause_container(&self, id: &str) -> Result<(), DockerError> {
        self.host.pause_container(id).await
    }

    async fn unpause_container(&self, id: &str) -> Result<(), DockerError> {
        self.host.unpause_container(id).await
    }

    async fn commit_container(
        &self,
        id: &str,
        repo: &str,
        tag: &str,
    ) -> Result<String, DockerError> {
        self.host.commit_container(id, repo, tag).await
    }

    async fn remove_image(&self, image: &str) -> Result<(), DockerError> {
        self.host.remove_image(image).await
    }

    async fn create_exec(&self, id: &str, body: &Value) -> Result<String, DockerError> {
        self.host.create_exec(id, body).await
    }

    async fn start_exec(&self, exec: &str) -> Result<(), DockerError> {
        self.host.start_exec(exec).await
    }

    async fn connect_network(
        &self,
        network: &str,
        id: &str,
        endpoint: &Value,
    ) -> Result<(), DockerError> {
        self.host.connect_network(network, id, endpoint).await
    }

    async fn disconnect_network(&self, network: &str, id: &str) -> Result<(), DockerError> {
        self.host.disconnect_network(network, id).await
    }

    async fn remove_volume(&self, name: &str) -> Result<(), DockerError> {
        self.host.remove_volume(name).await
    }
}
