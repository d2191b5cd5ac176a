//! The calls this program makes, one short method each.

use std::{collections::BTreeMap, time::Duration};

use bollard::{
    models::NetworkDisconnectRequest,
    query_parameters::{
        KillContainerOptions, RemoveContainerOptions, RenameContainerOptions,
        RestartContainerOptions, StartContainerOptions, StopContainerOptions,
    },
};
use bytes::Bytes;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{Docker, LONG, SHORT, bad_reply, error::DockerError, escape};

/// Time on top of a container's own stop timeout.
const STOP_MARGIN: Duration = Duration::from_secs(60);
/// When only the engine knows the timeout (`default-stop-timeout`).
const STOP_UNSTATED: Duration = Duration::from_secs(900);

/// One line of the list of containers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Summary {
    pub id: String,
    /// With a leading slash; those with a second one are aliases through links.
    pub names: Option<Vec<String>>,
    pub image: String,
    /// The engine's word: `running`, `exited`.
    pub state: String,
    /// Of the image it was made from.
    #[serde(rename = "ImageID")]
    pub image_id: String,
    /// Seconds since 1970.
    pub created: i64,
    pub labels: Option<BTreeMap<String, String>>,
    /// As they are bound right now; what is not published is there too, without an address.
    pub ports: Option<Vec<BoundPort>>,
}

/// One port of a container in the list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct BoundPort {
    #[serde(rename = "IP")]
    pub ip: Option<String>,
    pub public_port: Option<u16>,
    /// `tcp`, `udp`, `sctp`.
    #[serde(rename = "Type")]
    pub protocol: String,
}

impl Summary {
    /// Returns its own name, without the slash.
    pub fn name(&self) -> &str {
        self.names
            .iter()
            .flatten()
            .filter_map(|name| name.strip_prefix('/'))
            .find(|name| !name.contains('/'))
            .unwrap_or(&self.id)
    }

    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.as_ref()?.get(key).map(String::as_str)
    }
}

/// One changed path of a writable layer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PathChange {
    pub path: String,
    /// 0 changed, 1 added, 2 deleted.
    pub kind: u8,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Created {
    id: String,
    warnings: Option<Vec<String>>,
}

/// Reading.
impl Docker {
    pub async fn info(&self) -> Result<Bytes, DockerError> {
        self.get("/info").await
    }

    pub async fn version(&self) -> Result<Bytes, DockerError> {
        self.get("/version").await
    }

    /// Lists every container as the engine does, with all that it tells.
    pub async fn containers_in_full(&self) -> Result<Bytes, DockerError> {
        self.get_within("/containers/json?all=1", LONG).await
    }

    /// Lists every container, running or not.
    pub async fn containers(&self) -> Result<Vec<Summary>, DockerError> {
        let path = "/containers/json?all=1";
        decode("the list of containers", &self.get_within(path, LONG).await?)
    }

    /// Lists the containers that fit filters such as `{"label": ["a"]}`, running or not.
    pub async fn containers_where(&self, filters: &Value) -> Result<Vec<Summary>, DockerError> {
        let path = format!("/containers/json?all=1&filters={}", escape(&filters.to_string()));
        decode("the list of containers", &self.get_within(&path, LONG).await?)
    }

    pub async fn inspect(&self, container: &str) -> Result<Bytes, DockerError> {
        self.get(&format!("/containers/{}/json", escape(container))).await
    }

    /// Like `inspect`, with the size of the writable layer, which takes the engine time.
    pub async fn inspect_with_size(&self, container: &str) -> Result<Bytes, DockerError> {
        self.get_within(&format!("/containers/{}/json?size=1", escape(container)), LONG).await
    }

    /// Lists what differs between a container's root and its image.
    pub async fn changes(&self, container: &str) -> Result<Vec<PathChange>, DockerError> {
        let path = format!("/containers/{}/changes", escape(container));
        let reply = self.get_within(&path, LONG).await?;
        // An untouched container gives `null`.
        decode::<Option<Vec<PathChange>>>("the changes of a container", &reply)
            .map(Option::unwrap_or_default)
    }

    /// Returns numbers and names of a container's processes.
    pub async fn top(&self, container: &str) -> Result<Bytes, DockerError> {
        self.get(&format!("/containers/{}/top?ps_args=-eo%20pid,comm", escape(container))).await
    }

    pub async fn exec(&self, exec: &str) -> Result<Bytes, DockerError> {
        self.get(&format!("/exec/{}/json", escape(exec))).await
    }

    pub async fn image(&self, image: &str) -> Result<Bytes, DockerError> {
        self.get(&format!("/images/{}/json", escape(image))).await
    }

    /// Returns how an image was built, newest step first.
    pub async fn history(&self, image: &str) -> Result<Bytes, DockerError> {
        self.get(&format!("/images/{}/history", escape(image))).await
    }

    /// Lists the images that have a name or a container of their own.
    pub async fn images(&self) -> Result<Bytes, DockerError> {
        self.get_within("/images/json", LONG).await
    }

    /// Lists the images of one repository.
    pub async fn images_of(&self, repository: &str) -> Result<Bytes, DockerError> {
        let filters = json!({ "reference": [repository] }).to_string();
        self.get_within(&format!("/images/json?filters={}", escape(&filters)), LONG).await
    }

    pub async fn network(&self, network: &str) -> Result<Bytes, DockerError> {
        self.get(&format!("/networks/{}", escape(network))).await
    }

    pub async fn networks(&self) -> Result<Bytes, DockerError> {
        self.get("/networks").await
    }

    /// Lists the nodes of the Swarm that manage it; only one of them answers.
    pub async fn managers(&self) -> Result<Bytes, DockerError> {
        let filters = json!({ "role": ["manager"] }).to_string();
        self.get(&format!("/nodes?filters={}", escape(&filters))).await
    }

    /// Lists the services of the Swarm; only a manager answers.
    pub async fn services(&self) -> Result<Bytes, DockerError> {
        self.get_within("/services", LONG).await
    }

    pub async fn plugins(&self) -> Result<Bytes, DockerError> {
        self.get("/plugins").await
    }

    pub async fn volumes(&self) -> Result<Bytes, DockerError> {
        self.get("/volumes").await
    }

    /// Returns the last lines of a container's log, both streams together.
    pub async fn logs_tail(&self, container: &str, lines: usize) -> Result<String, DockerError> {
        let container = escape(container);
        let path = format!("/containers/{container}/logs?stdout=1&stderr=1&tail={lines}");
        let reply = self.get(&path).await?;
        Ok(String::from_utf8_lossy(&demultiplexed(&reply)).into_owned())
    }
}

/// Changing. None of these is ever sent twice.
impl Docker {
    /// Creates a container from a raw body and returns its ID and the engine's warnings.
    pub async fn create(
        &self,
        name: &str,
        body: Vec<u8>,
    ) -> Result<(String, Vec<String>), DockerError> {
        let path = format!("/containers/create?name={}", escape(name));
        let reply = self.post(&path, Some(body.into())).await?;
        let created: Created = decode("creating a container", &reply)?;
        if created.id.is_empty() {
            return Err(bad_reply("creating a container", &"it names no ID"));
        }
        Ok((created.id, created.warnings.unwrap_or_default()))
    }

    /// Makes an image of a container, frozen meanwhile, and returns the image's ID.
    pub async fn commit(
        &self,
        container: &str,
        repo: &str,
        tag: &str,
    ) -> Result<String, DockerError> {
        let path = format!(
            "/commit?container={}&repo={}&tag={}&pause=1",
            escape(container),
            escape(repo),
            escape(tag)
        );
        let reply = self.post(&path, Some("{}".into())).await?;
        let created: Created = decode("making an image of a container", &reply)?;
        if created.id.is_empty() {
            return Err(bad_reply("making an image of a container", &"it names no ID"));
        }
        Ok(created.id)
    }

    /// Removes an image that no container uses.
    pub async fn remove_image(&self, image: &str) -> Result<(), DockerError> {
        self.delete(&format!("/images/{}", escape(image))).await.map(drop)
    }

    /// Prepares a command inside a container from a raw body and returns its ID.
    pub async fn create_exec(&self, container: &str, body: Vec<u8>) -> Result<String, DockerError> {
        let path = format!("/containers/{}/exec", escape(container));
        let reply = self.post_within(&path, Some(body.into()), SHORT).await?;
        decode::<Created>("preparing a command", &reply).map(|reply| reply.id)
    }

    /// Starts a prepared command, whose end is not waited for.
    pub async fn start_exec(&self, exec: &str) -> Result<(), DockerError> {
        let path = format!("/exec/{}/start", escape(exec));
        let body = json!({ "Detach": true, "Tty": false }).to_string();
        self.post_within(&path, Some(body.into()), SHORT).await.map(drop)
    }

    pub async fn start(&self, container: &str) -> Result<(), DockerError> {
        let call = self.bollard().start_container(container, None::<StartContainerOptions>);
        self.typed("starting a container", LONG, call).await
    }

    /// Stops a container with its own signal and timeout, however long that is.
    pub async fn stop(&self, container: &str) -> Result<(), DockerError> {
        let limit = stop_limit(&self.inspect(container).await?);
        let call = self.bollard().stop_container(container, None::<StopContainerOptions>);
        self.typed("stopping a container", limit, call).await
    }

    /// Stops and starts a container, with its own signal and timeout.
    pub async fn restart(&self, container: &str) -> Result<(), DockerError> {
        let limit = stop_limit(&self.inspect(container).await?) + LONG;
        let call = self.bollard().restart_container(container, None::<RestartContainerOptions>);
        self.typed("restarting a container", limit, call).await
    }

    pub async fn rename(&self, container: &str, name: &str) -> Result<(), DockerError> {
        let options = RenameContainerOptions { name: name.into() };
        let call = self.bollard().rename_container(container, options);
        self.typed("renaming a container", SHORT, call).await
    }

    /// Sends a raw update body and returns the engine's warnings.
    pub async fn update(&self, container: &str, body: Vec<u8>) -> Result<Vec<String>, DockerError> {
        let path = format!("/containers/{}/update", escape(container));
        let reply = self.post(&path, Some(body.into())).await?;
        decode::<Created>("updating a container", &reply)
            .map(|reply| reply.warnings.unwrap_or_default())
    }

    /// Removes a container that does not run. Its volumes stay, anonymous ones too.
    pub async fn remove(&self, container: &str) -> Result<(), DockerError> {
        let options = RemoveContainerOptions { v: false, force: false, link: false };
        let call = self.bollard().remove_container(container, Some(options));
        self.typed("removing a container", LONG, call).await
    }

    pub async fn pause(&self, container: &str) -> Result<(), DockerError> {
        self.typed("pausing a container", LONG, self.bollard().pause_container(container)).await
    }

    pub async fn unpause(&self, container: &str) -> Result<(), DockerError> {
        self.typed("unpausing a container", LONG, self.bollard().unpause_container(container)).await
    }

    pub async fn kill(&self, container: &str, signal: &str) -> Result<(), DockerError> {
        let options = KillContainerOptions { signal: signal.into() };
        let call = self.bollard().kill_container(container, Some(options));
        self.typed("killing a container", LONG, call).await
    }

    /// Attaches a container to a network; the endpoint's settings are raw JSON.
    pub async fn connect_network(
        &self,
        network: &str,
        container: &str,
        endpoint: Option<Value>,
    ) -> Result<(), DockerError> {
        let path = format!("/networks/{}/connect", escape(network));
        let mut body = json!({ "Container": container });
        if let Some(endpoint) = endpoint {
            body["EndpointConfig"] = endpoint;
        }
        self.post(&path, Some(body.to_string().into())).await.map(drop)
    }

    pub async fn disconnect_network(
        &self,
        network: &str,
        container: &str,
    ) -> Result<(), DockerError> {
        let request = NetworkDisconnectRequest { container: container.into(), force: Some(false) };
        let network = escape(network);
        let call = self.bollard().disconnect_network(&network, request);
        self.typed("disconnecting a network", LONG, call).await
    }
}

fn decode<T: DeserializeOwned>(what: &str, reply: &[u8]) -> Result<T, DockerError> {
    serde_json::from_slice(reply).map_err(|error| bad_reply(what, &error))
}

fn stop_limit(inspect: &[u8]) -> Duration {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "PascalCase", default)]
    struct Reply {
        config: Option<Config>,
    }
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "PascalCase", default)]
    struct Config {
        stop_timeout: Option<i64>,
    }
    let reply: Reply = serde_json::from_slice(inspect).unwrap_or_default();
    match reply.config.and_then(|config| config.stop_timeout) {
        None => STOP_UNSTATED,
        // Negative waits for ever, and so must we.
        Some(seconds) => u64::try_from(seconds).map_or(Duration::MAX, |seconds| {
            Duration::from_secs(seconds).saturating_add(STOP_MARGIN)
        }),
    }
}

/// Takes the frames apart that carry two streams; a container with a terminal sends none.
fn demultiplexed(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [0..=2, 0, 0, 0, a, b, c, d, after @ ..] = rest {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        let (frame, next) = after.split_at(length.min(after.len()));
        text.extend_from_slice(frame);
        rest = next;
    }
    text.extend_from_slice(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_of_two_streams_are_joined_and_a_terminals_are_taken_as_they_are() {
        let framed = b"\x01\0\0\0\0\0\0\x02a\n\x02\0\0\0\0\0\0\x02b\n";
        assert_eq!(demultiplexed(framed), b"a\nb\n");
        assert_eq!(demultiplexed(b"plain\n"), b"plain\n");
        assert_eq!(demultiplexed(b"\x01\0\0\0\0\0\0\x09cut"), b"cut");
    }

    #[test]
    fn stopping_waits_longer_than_the_container_may_take() {
        let limit = |text: &str| stop_limit(text.as_bytes());
        assert_eq!(limit(r#"{"Config":{"StopTimeout":300}}"#), Duration::from_secs(360));
        assert_eq!(limit(r#"{"Config":{"StopTimeout":-1}}"#), Duration::MAX);
        assert_eq!(limit(r#"{"Config":{}}"#), STOP_UNSTATED);
    }

    #[test]
    fn own_name_is_the_one_without_a_second_slash() {
        let names = Some(vec!["/web/db".into(), "/db".into()]);
        assert_eq!(Summary { names, ..Summary::default() }.name(), "db");
    }
}
