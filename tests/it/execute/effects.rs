//! A host that dies after a number of changes.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use plimsoll::{
    docker::{Docker, DockerError},
    execute::{effects::Effects, host::Host},
};
use serde_json::Value;
use tokio::sync::Notify;

/// Carries out so many changes, then none and never returns.
pub(super) struct CutAfter<'a> {
    host: &'a Host,
    left: AtomicUsize,
    cut: Notify,
}

impl<'a> CutAfter<'a> {
    pub(super) fn new(host: &'a Host, changes: usize) -> Self {
        Self { host, left: AtomicUsize::new(changes), cut: Notify::new() }
    }

    /// Returns `None` if the work was cut off.
    pub(super) async fn until_cut<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.cut.notified() => None,
            done = work => Some(done),
        }
    }

    async fn change<T>(&self, call: impl Future<Output = T>) -> T {
        let left =
            self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |it| it.checked_sub(1));
        if left.is_err() {
            self.cut.notify_one();
            std::future::pending::<()>().await;
        }
        call.await
    }
}

impl Effects for CutAfter<'_> {
    fn docker(&self) -> &Docker {
        self.host.docker()
    }

    async fn create_container(
        &self,
        name: &str,
        body: &Value,
    ) -> Result<(String, Vec<String>), DockerError> {
        self.change(self.host.create_container(name, body)).await
    }

    async fn stop_container(&self, id: &str) -> Result<(), DockerError> {
        self.change(self.host.stop_container(id)).await
    }

    async fn restart_container(&self, id: &str) -> Result<(), DockerError> {
        self.change(self.host.restart_container(id)).await
    }

    async fn start_container(&self, id: &str) -> Result<(), DockerError> {
        self.change(self.host.start_container(id)).await
    }

    async fn rename_container(&self, id: &str, name: &str) -> Result<(), DockerError> {
        self.change(self.host.rename_container(id, name)).await
    }

    async fn update_container(&self, id: &str, body: &Value) -> Result<Vec<String>, DockerError> {
        self.change(self.host.update_container(id, body)).await
    }

    async fn remove_container(&self, id: &str) -> Result<(), DockerError> {
        self.change(self.host.remove_container(id)).await
    }

    async fn pause_container(&self, id: &str) -> Result<(), DockerError> {
        self.change(self.host.pause_container(id)).await
    }

    async fn unpause_container(&self, id: &str) -> Result<(), DockerError> {
        self.change(self.host.unpause_container(id)).await
    }

    async fn commit_container(
        &self,
        id: &str,
        repo: &str,
        tag: &str,
    ) -> Result<String, DockerError> {
        self.change(self.host.commit_container(id, repo, tag)).await
    }

    async fn remove_image(&self, image: &str) -> Result<(), DockerError> {
        self.change(self.host.remove_image(image)).await
    }

    async fn create_exec(&self, id: &str, body: &Value) -> Result<String, DockerError> {
        self.change(self.host.create_exec(id, body)).await
    }

    async fn start_exec(&self, exec: &str) -> Result<(), DockerError> {
        self.change(self.host.start_exec(exec)).await
    }

    async fn connect_network(
        &self,
        network: &str,
        id: &str,
        endpoint: &Value,
    ) -> Result<(), DockerError> {
        self.change(self.host.connect_network(network, id, endpoint)).await
    }

    async fn disconnect_network(&self, network: &str, id: &str) -> Result<(), DockerError> {
        self.change(self.host.disconnect_network(network, id)).await
    }

    async fn remove_volume(&self, name: &str) -> Result<(), DockerError> {
        self.change(self.host.remove_volume(name)).await
    }
}

/// Carries out one change of each group of containers; for the others of a group the engine
/// cannot be reached. What is done next is what is done after a cut, for all groups at once.
pub(super) struct OneChangeEach<'a> {
    host: &'a Host,
    /// Returns a container's group by the name that it has in office.
    group_of: GroupOf,
    /// Groups of which one was changed.
    changed: Mutex<BTreeSet<String>>,
}

pub(super) type GroupOf = fn(&str) -> &str;

impl<'a> OneChangeEach<'a> {
    pub(super) fn new(host: &'a Host, group_of: GroupOf) -> Self {
        Self { host, group_of, changed: Mutex::default() }
    }

    pub(super) fn changed(&self) -> usize {
        self.changed.lock().unwrap().len()
    }

    async fn change<T>(
        &self,
        container: &str,
        call: impl Future<Output = Result<T, DockerError>>,
    ) -> Result<T, DockerError> {
        let reply = self.host.docker().inspect(container).await?;
        let seen: Value = serde_json::from_slice(&reply).unwrap();
        let name = seen["Name"].as_str().unwrap().trim_start_matches('/');
        let group = (self.group_of)(name.split(".plimsoll-").next().unwrap()).to_owned();
        if self.changed.lock().unwrap().insert(group) {
            return call.await;
        }
        Err(DockerError::BadReply { what: "changing it".into(), cause: "cut off".into() })
    }
}

impl Effects for OneChangeEach<'_> {
    fn docker(&self) -> &Docker {
        self.host.docker()
    }

    async fn create_container(
        &self,
        name: &str,
        body: &Value,
    ) -> Result<(String, Vec<String>), DockerError> {
        self.change(name, self.host.create_container(name, body)).await
    }

    async fn stop_container(&self, id: &str) -> Result<(), DockerError> {
        self.change(id, self.host.stop_container(id)).await
    }

    async fn restart_container(&self, id: &str) -> Result<(), DockerError> {
        self.change(id, self.host.restart_container(id)).await
    }

    async fn start_container(&self, id: &str) -> Result<(), DockerError> {
        self.change(id, self.host.start_container(id)).await
    }

    async fn rename_container(&self, id: &str, name: &str) -> Result<(), DockerError> {
        self.change(id, self.host.rename_container(id, name)).await
    }

    async fn update_container(&self, id: &str, body: &Value) -> Result<Vec<String>, DockerError> {
        self.change(id, self.host.update_container(id, body)).await
    }

    async fn remove_container(&self, id: &str) -> Result<(), DockerError> {
        self.change(id, self.host.remove_container(id)).await
    }

    async fn pause_container(&self, id: &str) -> Result<(), DockerError> {
        self.change(id, self.host.pause_container(id)).await
    }

    async fn unpause_container(&self, id: &str) -> Result<(), DockerError> {
        self.change(id, self.host.unpause_container(id)).await
    }

    async fn commit_container(
        &self,
        id: &str,
        repo: &str,
        tag: &str,
    ) -> Result<String, DockerError> {
        self.change(id, self.host.commit_container(id, repo, tag)).await
    }

    async fn remove_image(&self, image: &str) -> Result<(), DockerError> {
        self.host.remove_image(image).await
    }

    async fn create_exec(&self, id: &str, body: &Value) -> Result<String, DockerError> {
        self.change(id, self.host.create_exec(id, body)).await
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
        self.change(id, self.host.connect_network(network, id, endpoint)).await
    }

    async fn disconnect_network(&self, network: &str, id: &str) -> Result<(), DockerError> {
        self.change(id, self.host.disconnect_network(network, id)).await
    }

    async fn remove_volume(&self, name: &str) -> Result<(), DockerError> {
        self.change(name, self.host.remove_volume(name)).await
    }
}
