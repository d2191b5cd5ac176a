//! What a node of a Swarm writes down about itself, and the ports it takes for other nodes.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;

use super::rooted::Root;

/// Where managers listen unless told otherwise, and where nodes tell each other who is there.
const USUAL_PORTS: [u16; 2] = [2377, 7946];

/// Reads the file.
pub(super) fn state(root: &Root, info: &Value) -> Result<Vec<u8>, String> {
    let folder = info["DockerRootDir"].as_str().unwrap_or("/var/lib/docker");
    let path = Path::new(folder).join("swarm/docker-state.json");
    let read = root.find(&path).and_then(fs::read);
    read.map_err(|error| format!("{}: {error}", path.display()))
}

/// Returns the TCP ports: managers can be told to listen on another one.
pub(super) fn node_ports(state: Option<&[u8]>) -> BTreeSet<u16> {
    let told = state.and_then(|state| {
        let state: Value = serde_json::from_slice(state).ok()?;
        state["ListenAddr"].as_str()?.rsplit_once(':')?.1.parse().ok()
    });
    USUAL_PORTS.into_iter().chain(told).collect()
}

/// Returns those of a node; none of an engine that is in no Swarm.
pub(super) fn ports_of_node(root: Option<&Root>, info: &Value) -> BTreeSet<u16> {
    let is_node =
        info["Swarm"]["LocalNodeState"].as_str().is_some_and(|it| !matches!(it, "" | "inactive"));
    if !is_node {
        return BTreeSet::new();
    }
    let state = root.and_then(|root| state(root, info).ok());
    node_ports(state.as_deref())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::observe::scratch::Scratch;

    #[test]
    fn node_that_listens_elsewhere_says_so() {
        let scratch = Scratch::new();
        let state = r#"{"LocalAddr": "", "ListenAddr": "0.0.0.0:4000"}"#;
        scratch.file("srv/d/swarm/docker-state.json", state);
        let root = Root::new(scratch.path(""));
        let info = |state: &str| json!({ "DockerRootDir": "/srv/d", "Swarm": { "LocalNodeState": state } });
        let ports = |state: &str| ports_of_node(Some(&root), &info(state));
        assert_eq!(ports("active"), [2377, 4000, 7946].into());
        assert_eq!(ports("inactive"), BTreeSet::new());
        assert_eq!(ports_of_node(None, &info("active")), [2377, 7946].into());
    }
}
