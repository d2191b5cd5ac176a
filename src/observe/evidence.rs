//! What speaks for or against the claims of owners, beside the labels.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde::Deserialize;
use serde_json::Value;

use super::{daemon::LocalDaemon, process::Proc};
use crate::{
    docker::{Docker, DockerError},
    model::{
        claim::{Evidence, SwarmNode},
        compose::Origin,
        container::ContainerSpec,
        owner::Owner,
    },
};

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Task {
    #[serde(rename = "ID")]
    id: String,
    status: Status,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Status {
    container_status: Option<ContainerStatus>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ContainerStatus {
    #[serde(rename = "ContainerID")]
    container_id: String,
}

/// Asks for the tasks of this node, if a container claims to be one and the engine can tell.
pub(super) async fn tasks(
    docker: &Docker,
    info: &Value,
    specs: impl Iterator<Item = &ContainerSpec>,
) -> Result<Option<BTreeMap<String, String>>, DockerError> {
    let mut specs = specs;
    let is_claimed = specs.any(|it| matches!(it.owner, Owner::Swarm { .. }));
    let swarm = &info["Swarm"];
    let Some(node) = swarm["NodeID"].as_str() else { return Ok(None) };
    let is_id = !node.is_empty() && node.bytes().all(|it| it.is_ascii_alphanumeric());
    if !is_claimed || !is_id || swarm["ControlAvailable"] != true {
        return Ok(None);
    }
    match docker.get(&format!("/tasks?filters=%7B%22node%22%3A%5B%22{node}%22%5D%7D")).await {
        Ok(reply) => Ok(tasks_of(&reply)),
        Err(error) if error.is_engine_gone() => Err(error),
        Err(_) => Ok(None),
    }
}

fn tasks_of(reply: &[u8]) -> Option<BTreeMap<String, String>> {
    let tasks: Vec<Task> = serde_json::from_slice(reply).ok()?;
    let pairs = tasks
        .into_iter()
        .map(|it| (it.id, it.status.container_status.unwrap_or_default().container_id));
    Some(pairs.collect())
}

/// Gathers what the engine's replies and this machine tell. Blocks.
pub(super) fn gather<'a>(
    info: &Value,
    tasks: Option<BTreeMap<String, String>>,
    local: Option<(&LocalDaemon, &Proc)>,
    specs: impl Iterator<Item = &'a ContainerSpec>,
) -> Evidence {
    let node = &info["Swarm"];
    let swarm = node["LocalNodeState"].as_str().map(|state| SwarmNode {
        is_member: state != "inactive",
        id: node["NodeID"].as_str().unwrap_or_default().to_owned(),
        tasks,
    });
    let Some((daemon, proc)) = local else { return Evidence { swarm, ..Evidence::default() } };
    let paths: BTreeSet<String> = specs
        .filter_map(|spec| Origin::from_labels(&spec.labels))
        .flat_map(|origin| origin.paths().collect::<Vec<_>>())
        .filter(|path| path.starts_with('/'))
        .collect();
    let is_there = |path: &str| match daemon.root.find(Path::new(path)) {
        Ok(outside) => outside.try_exists().ok(),
        Err(_) => None,
    };
    let files = paths.into_iter().filter_map(|path| Some((path.clone(), is_there(&path)?)));
    let (programs, units) = programs_and_units(proc);
    Evidence { swarm, files: files.collect(), programs: Some(programs), units }
}

/// Returns the names of all processes, and whose client is attached to which container.
fn programs_and_units(proc: &Proc) -> (BTreeSet<String>, BTreeMap<String, String>) {
    let mut programs = BTreeSet::new();
    let mut units = BTreeMap::new();
    for (pid, name) in proc.names() {
        if name == "docker"
            && let Ok(arguments) = proc.arguments(pid)
            && let Some(container) = attached_to(&arguments)
            && let Ok(cgroups) = proc.text(pid, "cgroup")
            && let Some(unit) = unit_of(&cgroups)
        {
            units.insert(container.to_owned(), unit.to_owned());
        }
        programs.insert(name);
    }
    (programs, units)
}

/// Returns the name of the container that a client's command line stays attached to.
fn attached_to(arguments: &[String]) -> Option<&str> {
    let mut words = arguments.iter().skip(1).map(String::as_str);
    let command = words.find(|it| matches!(*it, "run" | "start"))?;
    let rest: Vec<&str> = words.collect();
    let has = |names: &[&str]| rest.iter().any(|it| names.contains(it));
    match command {
        "run" if has(&["-d", "--detach", "--detach=true"]) => None,
        "run" => {
            let at = rest.iter().position(|it| *it == "--name" || it.starts_with("--name="))?;
            rest[at].strip_prefix("--name=").or_else(|| rest.get(at + 1).copied())
        }
        _ if has(&["-a", "--attach", "-ai", "-ia"]) => rest.last().copied(),
        _ => None,
    }
}

fn unit_of(cgroups: &str) -> Option<&str> {
    cgroups.lines().find_map(|line| {
        let unit = line.rsplit('/').next()?;
        unit.ends_with(".service").then_some(unit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_that_stays_attached_names_its_container() {
        let attached = |line: &str| {
            let arguments: Vec<String> = line.split(' ').map(str::to_owned).collect();
            attached_to(&arguments).map(str::to_owned)
        };
        assert_eq!(attached("docker run --rm --name web nginx").as_deref(), Some("web"));
        assert_eq!(attached("/usr/bin/docker run --name=web nginx").as_deref(), Some("web"));
        assert_eq!(attached("docker start -a web").as_deref(), Some("web"));
        for line in
            ["docker run -d --name web nginx", "docker run nginx", "docker start web", "docker ps"]
        {
            assert_eq!(attached(line), None, "{line}");
        }
    }

    #[test]
    fn unit_is_the_last_part_of_a_control_group() {
        assert_eq!(unit_of("0::/system.slice/web.service\n"), Some("web.service"));
        assert_eq!(
            unit_of("8:pids:/docker/1\n1:name=systemd:/system.slice/web.service\n"),
            Some("web.service")
        );
        assert_eq!(unit_of("0::/user.slice/user-0.slice/session-3.scope\n"), None);
    }

    #[test]
    fn tasks_are_read_with_their_containers() {
        let reply = br#"[{"ID":"t1","Status":{"ContainerStatus":{"ContainerID":"c1","PID":1}}},
            {"ID":"t2","Status":{"State":"preparing"}}]"#;
        let expected = [("t1", "c1"), ("t2", "")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(tasks_of(reply), Some(expected.into()));
        assert_eq!(tasks_of(b"{}"), None);
    }
}
