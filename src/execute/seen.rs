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

    /// Returns what somebody changed since it was seen so, in the engine's words. The engine's own
    /// restarts are nobody's change.
    pub(super) fn moved_since(&self, before: &Self) -> Option<String> {
        let state = |it: &Self| (it.status().to_owned(), it.started_at());
        let goes_on = |it: &Self| matches!(it.status(), "running" | "restarting");
        let restarts = self.restart_count() != before.restart_count()
            || [self, before].iter().any(|it| it.status() == "restarting");
        let state_is_unmoved =
            state(self) == state(before) || (goes_on(self) && goes_on(before) && restarts);
        if !state_is_unmoved {
            let [was, is] = [before, self]
                .map(|it| format!("{} since {}", it.status(), it.0["State"]["StartedAt"]));
            return Some(format!("it was {was}, and is {is}"));
        }
        let (was, is) = (before.settings(), self.settings());
        let moved: Vec<&str> = is
            .iter()
            .filter(|(path, value)| was.get(*path) != Some(value))
            .map(|(path, _)| path.as_str())
            .chain(was.keys().filter(|path| !is.contains_key(*path)).map(String::as_str))
            .collect();
        (!moved.is_empty()).then(|| moved.join(", "))
    }

    /// What somebody may have changed, by its path.
    fn settings(&self) -> BTreeMap<String, Value> {
        let top = ["Name", "Image"].map(|key| (key.to_owned(), self.0[key].clone()));
        let below = ["Config", "HostConfig"].into_iter().flat_map(|part| {
            let members = self.0[part].as_object().into_iter().flatten();
            members.map(move |(key, value)| (format!("{part}.{key}"), in_order(key, value)))
        });
        let networks = self.networks().into_iter().map(|(network, endpoint)| {
            (format!("network {network}"), json!([endpoint["IPAMConfig"], endpoint["Aliases"]]))
        });
        top.into_iter().chain(below).chain(networks).collect()
    }
}

/// The engine adds its own default ulimits to each reply, in any order (moby `mergeUlimits`, which
/// goes through a map).
fn in_order(key: &str, value: &Value) -> Value {
    let mut value = value.clone();
    if let ("Ulimits", Value::Array(ulimits)) = (key, &mut value) {
        ulimits.sort_by_cached_key(Value::to_string);
    }
    value
}

/// Says that another one was at work.
pub(super) fn changed_meanwhile(what: &str) -> String {
    format!("it was changed by somebody else meanwhile: {what}")
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
    fn default_ulimits_in_another_order_are_nobodys_change() {
        let seen = |ulimits: Value| Seen(json!({ "HostConfig": { "Ulimits": ulimits } }));
        let (core, files) =
            (json!({ "Name": "core", "Hard": 0 }), json!({ "Name": "nofile", "Hard": 9 }));
        let before = seen(json!([core, files]));
        assert_eq!(seen(json!([files, core])).moved_since(&before), None);
        let moved = seen(json!([files])).moved_since(&before);
        assert_eq!(moved.as_deref(), Some("HostConfig.Ulimits"));
    }

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
        assert_eq!(seen("running", 1, 1).moved_since(&before), None);
        assert_eq!(seen("running", 2, 2).moved_since(&before), None);
        assert_eq!(seen("restarting", 1, 1).moved_since(&before), None);
        // Started by hand, stopped, paused.
        assert!(seen("running", 1, 2).moved_since(&before).is_some());
        assert!(seen("exited", 2, 2).moved_since(&before).is_some());
        assert!(seen("paused", 1, 1).moved_since(&before).is_some());
    }

    #[test]
    fn container_that_was_never_started_says_so() {
        let at = |text: &str| Seen(json!({ "State": { "StartedAt": text } }));
        assert!(!at("0001-01-01T00:00:00Z").was_started());
        assert!(at("2026-11-26T00:47:06.837678478Z").was_started());
    }
}
