//! One container as an inspect reply shows it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    docker::{Docker, DockerError},
    sources::create_body::volume_name,
};

/// An inspect reply. It holds secrets and is never shown.
#[derive(Clone)]
pub(super) struct Seen(pub(super) Value);

impl Seen {
    pub(super) fn from_reply(reply: &[u8]) -> Result<Self, DockerError> {
        serde_json::from_slice(reply).map(Self).map_err(|error| DockerError::BadReply {
            what: "inspecting a container".into(),
            cause: error.to_string(),
        })
    }

    pub(super) async fn of(docker: &Docker, container: &str) -> Result<Self, DockerError> {
        Self::from_reply(&docker.inspect(container).await?)
    }

    /// Like `of`; `None` if there is no such container.
    pub(super) async fn find(
        docker: &Docker,
        container: &str,
    ) -> Result<Option<Self>, DockerError> {
        match Self::of(docker, container).await {
            Ok(seen) => Ok(Some(seen)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn id(&self) -> &str {
        self.0["Id"].as_str().unwrap_or_default()
    }

    /// Without the leading slash.
    pub(super) fn name(&self) -> &str {
        self.0["Name"].as_str().unwrap_or_default().trim_start_matches('/')
    }

    /// The engine's word. `State.Running` is true in a crash loop as well.
    pub(super) fn status(&self) -> &str {
        self.0["State"]["Status"].as_str().unwrap_or_default()
    }

    pub(super) fn is_running(&self) -> bool {
        self.status() == "running"
    }

    pub(super) fn has_processes(&self) -> bool {
        matches!(self.status(), "running" | "restarting" | "paused")
    }

    pub(super) fn was_started(&self) -> bool {
        self.started_at().is_some()
    }

    pub(super) fn started_at(&self) -> Option<jiff::Timestamp> {
        let at = self.0["State"]["StartedAt"].as_str()?;
        // Go's zero time is never.
        if at.starts_with("0001-") { None } else { at.parse().ok() }
    }

    /// As the engine writes it, by its own clock.
    pub(super) fn created(&self) -> &str {
        self.0["Created"].as_str().unwrap_or_default()
    }

    pub(super) fn exit_code(&self) -> i64 {
        self.0["State"]["ExitCode"].as_i64().unwrap_or_default()
    }

    pub(super) fn start_error(&self) -> &str {
        self.0["State"]["Error"].as_str().unwrap_or_default()
    }

    pub(super) fn ran_out_of_memory(&self) -> bool {
        self.0["State"]["OOMKilled"] == true
    }

    pub(super) fn restart_count(&self) -> u64 {
        self.0["RestartCount"].as_u64().unwrap_or_default()
    }

    /// `None` without a health check.
    pub(super) fn health(&self) -> Option<&str> {
        let status = self.0["State"]["Health"]["Status"].as_str();
        status.filter(|status| !status.is_empty() && *status != "none")
    }

    pub(super) fn auto_remove(&self) -> bool {
        self.0["HostConfig"]["AutoRemove"] == true
    }

    pub(super) fn labels(&self) -> BTreeMap<String, String> {
        serde_json::from_value(self.0["Config"]["Labels"].clone()).unwrap_or_default()
    }

    /// As people write it: `on-failure:5`.
    pub(super) fn restart_policy(&self) -> String {
        let policy = &self.0["HostConfig"]["RestartPolicy"];
        let name = policy["Name"].as_str().filter(|name| !name.is_empty()).unwrap_or("no");
        match policy["MaximumRetryCount"].as_u64() {
            Some(count) if count > 0 => format!("{name}:{count}"),
            _ => name.to_owned(),
        }
    }

    pub(super) fn networks(&self) -> BTreeMap<String, Value> {
        serde_json::from_value(self.0["NetworkSettings"]["Networks"].clone()).unwrap_or_default()
    }

    /// Ports inside the container that are published right now.
    pub(super) fn published_now(&self) -> Vec<&str> {
        let ports = self.0["NetworkSettings"]["Ports"].as_object();
        ports
            .into_iter()
            .flatten()
            .filter(|(_, to)| to.as_array().is_some_and(|to| !to.is_empty()))
            .map(|(port, _)| port.as_str())
            .collect()
    }

    /// Names of the volumes that are mounted, by path; where a volume is, if its name is not told.
    pub(super) fn volumes(&self) -> BTreeMap<&str, &str> {
        self.0["Mounts"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|mount| mount["Type"] == "volume")
            .filter_map(|mount| {
                let name = volume_name(mount).or(mount["Source"].as_str());
                Some((mount["Destination"].as_str()?, name.unwrap_or_default()))
            })
            .collect()
    }

    /// Returns whether nobody changed it since it was seen so. The engine's own restarts are
    /// nobody's change.
    pub(super) fn is_unmoved_since(&self, before: &Self) -> bool {
        let state = |it: &Self| (it.status().to_owned(), it.started_at());
        let goes_on = |it: &Self| matches!(it.status(), "running" | "restarting");
        let restarts = self.restart_count() != before.restart_count()
            || [self, before].iter().any(|it| it.status() == "restarting");
        let state_is_unmoved =
            state(self) == state(before) || (goes_on(self) && goes_on(before) && restarts);
        state_is_unmoved && self.settings() == before.settings()
    }

    /// What somebody may have changed.
    fn settings(&self) -> Value {
        let seen = &self.0;
        let networks: BTreeMap<String, Value> = self
            .networks()
            .into_iter()
            .map(|(network, endpoint)| {
                (network, json!([endpoint["IPAMConfig"], endpoint["Aliases"]]))
            })
            .collect();
        json!([seen["Name"], seen["Image"], seen["Config"], seen["HostConfig"], networks,])
    }
}

/// The body of an update that sets a restart policy from its text.
pub(super) fn restart_policy_update(text: &str) -> Value {
    let (name, count) = text.split_once(':').unwrap_or((text, "0"));
    let count: u64 = count.parse().unwrap_or_default();
    json!({ "RestartPolicy": { "Name": name, "MaximumRetryCount": count } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restart_policies_are_written_as_they_are_read() {
        for (stored, text) in [
            (json!({ "Name": "", "MaximumRetryCount": 0 }), "no"),
            (json!({ "Name": "always", "MaximumRetryCount": 0 }), "always"),
            (json!({ "Name": "on-failure", "MaximumRetryCount": 5 }), "on-failure:5"),
        ] {
            let seen = Seen(json!({ "HostConfig": { "RestartPolicy": stored } }));
            assert_eq!(seen.restart_policy(), text);
            let update = restart_policy_update(text);
            assert_eq!(Seen(json!({ "HostConfig": update })).restart_policy(), text);
        }
    }

    #[test]
    fn restarts_of_the_engines_own_are_nobodys_change() {
        let seen = |status: &str, restarts: u64, minute: u64| {
            Seen(json!({ "RestartCount": restarts, "State": {
                "Status": status, "StartedAt": format!("2026-11-26T00:{minute:02}:00Z")
            } }))
        };
        let before = seen("running", 1, 1);
        assert!(seen("running", 1, 1).is_unmoved_since(&before));
        assert!(seen("running", 2, 2).is_unmoved_since(&before));
        assert!(seen("restarting", 1, 1).is_unmoved_since(&before));
        // Started by hand, stopped, paused.
        assert!(!seen("running", 1, 2).is_unmoved_since(&before));
        assert!(!seen("exited", 2, 2).is_unmoved_since(&before));
        assert!(!seen("paused", 1, 1).is_unmoved_since(&before));
    }

    #[test]
    fn container_that_was_never_started_says_so() {
        let at = |text: &str| Seen(json!({ "State": { "StartedAt": text } }));
        assert!(!at("0001-01-01T00:00:00Z").was_started());
        assert!(at("2026-11-26T00:47:06.837678478Z").was_started());
    }
}
