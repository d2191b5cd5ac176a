//! Whether what a container's labels say of its owner is so. Anyone who may create a container
//! may set any label.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    compose,
    container::ContainerSpec,
    owner::{Claim, Owner},
};

/// What there is beside the labels. What could not be looked at is missing.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    pub swarm: Option<SwarmNode>,
    /// Files that Compose labels name, to whether they are on the engine's machine.
    pub files: BTreeMap<String, bool>,
    /// Names of what runs on the engine's machine.
    pub programs: Option<BTreeSet<String>>,
    /// Names of containers, to the systemd unit that runs the client attached to them.
    pub units: BTreeMap<String, String>,
}

/// The engine's part in a Swarm.
#[derive(Clone, Debug, Default)]
pub struct SwarmNode {
    pub is_member: bool,
    pub id: String,
    /// IDs of this node's tasks, to those of their containers; only a manager knows them.
    pub tasks: Option<BTreeMap<String, String>>,
}

/// Checks the claim of a container's owner.
pub fn check(spec: &ContainerSpec, evidence: &Evidence) -> Claim {
    match &spec.owner {
        Owner::Nobody | Owner::Ecs { .. } | Owner::Other(_) => Claim::Unchecked,
        Owner::Unit { .. } => Claim::Confirmed("a client that its unit runs is attached".into()),
        Owner::Swarm { .. } => swarm(spec, evidence),
        Owner::Kubernetes { .. } => runs(evidence, &["cri-dockerd", "kubelet", "k3s"]),
        Owner::Nomad { .. } => runs(evidence, &["nomad"]),
        Owner::Compose { .. } => files(spec, evidence),
    }
}

fn swarm(spec: &ContainerSpec, evidence: &Evidence) -> Claim {
    let Some(node) = &evidence.swarm else { return Claim::Unchecked };
    if !node.is_member {
        return Claim::False("this engine is in no Swarm".into());
    }
    let label = |name: &str| spec.labels.get(&format!("com.docker.swarm.{name}"));
    if label("node.id").is_some_and(|it| *it != node.id) {
        return Claim::False("they name another node than this one".into());
    }
    let Some(tasks) = &node.tasks else { return Claim::Unchecked };
    let Some(task) = label("task.id") else {
        return Claim::Doubtful("they name no task".into());
    };
    match tasks.get(task) {
        None => Claim::False(format!("the Swarm has no task {task} here")),
        Some(container) if *container == spec.id => {
            Claim::Confirmed(format!("the Swarm has its task {task}"))
        }
        // A task that is being prepared has none yet.
        Some(container) if container.is_empty() => Claim::Unchecked,
        Some(_) => Claim::False(format!("the Swarm's task {task} is another container")),
    }
}

fn runs(evidence: &Evidence, names: &[&str]) -> Claim {
    let Some(programs) = &evidence.programs else { return Claim::Unchecked };
    match names.iter().find(|it| programs.contains(**it)) {
        Some(name) => Claim::Confirmed(format!("{name} runs on this machine")),
        None => Claim::Doubtful(format!("no {} runs on this machine", names.join(" and no "))),
    }
}

fn files(spec: &ContainerSpec, evidence: &Evidence) -> Claim {
    let Some(origin) = compose::Origin::from_labels(&spec.labels) else { return Claim::Unchecked };
    let mut seen = None;
    for path in origin.paths() {
        match evidence.files.get(&path) {
            Some(true) => seen = Some(path),
            Some(false) => {
                return Claim::Doubtful(format!("there is no {path} on this machine"));
            }
            None => return Claim::Unchecked,
        }
    }
    match seen {
        Some(path) => Claim::Confirmed(format!("{path} is there")),
        None if evidence.programs.is_some() => Claim::Doubtful("they name no file".into()),
        None => Claim::Unchecked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples::container;

    fn claimed(owner: Owner, labels: &[(&str, &str)]) -> ContainerSpec {
        let labels = labels.iter().map(|(key, it)| ((*key).into(), (*it).into())).collect();
        ContainerSpec { owner, labels, id: "c0ffee".into(), ..container("web") }
    }

    fn task(node: &str, task: &str) -> ContainerSpec {
        let labels = [("com.docker.swarm.node.id", node), ("com.docker.swarm.task.id", task)];
        claimed(Owner::Swarm { service: "web".into() }, &labels)
    }

    #[test]
    fn swarm_tasks_are_those_that_the_swarm_knows() {
        let tasks = [("t1", "c0ffee"), ("t2", "beef"), ("t3", "")]
            .map(|(task, it)| (task.to_owned(), it.to_owned()));
        let node = SwarmNode { is_member: true, id: "n1".into(), tasks: Some(tasks.into()) };
        let evidence = |node: SwarmNode| Evidence { swarm: Some(node), ..Evidence::default() };
        let known = evidence(node.clone());
        assert!(matches!(check(&task("n1", "t1"), &known), Claim::Confirmed(_)));
        assert!(matches!(check(&task("n1", "t2"), &known), Claim::False(_)));
        assert!(matches!(check(&task("n1", "none"), &known), Claim::False(_)));
        assert!(matches!(check(&task("n2", "t1"), &known), Claim::False(_)));
        assert_eq!(check(&task("n1", "t3"), &known), Claim::Unchecked);
        let worker = evidence(SwarmNode { tasks: None, ..node });
        assert_eq!(check(&task("n1", "t2"), &worker), Claim::Unchecked);
        let alone = evidence(SwarmNode::default());
        assert!(matches!(check(&task("n1", "t1"), &alone), Claim::False(_)));
        assert_eq!(check(&task("n1", "t1"), &Evidence::default()), Claim::Unchecked);
    }

    #[test]
    fn kubernetes_and_nomad_have_a_process_here() {
        let programs = |names: &[&str]| Evidence {
            programs: Some(names.iter().map(|it| (*it).to_owned()).collect()),
            ..Evidence::default()
        };
        let pod = claimed(Owner::Kubernetes { pod: "web-0".into() }, &[]);
        assert!(matches!(check(&pod, &programs(&["kubelet"])), Claim::Confirmed(_)));
        assert!(matches!(check(&pod, &programs(&["nomad"])), Claim::Doubtful(_)));
        assert_eq!(check(&pod, &Evidence::default()), Claim::Unchecked);
    }

    #[test]
    fn compose_files_are_looked_for() {
        let owner =
            || Owner::Compose { project: "shop".into(), service: "web".into(), oneoff: false };
        let files = "com.docker.compose.project.config_files";
        let labels = [("com.docker.compose.project", "shop"), (files, "/srv/a.yaml,/srv/b.yaml")];
        let spec = claimed(owner(), &labels);
        let evidence = |a, b| Evidence {
            files: [("/srv/a.yaml".to_owned(), a), ("/srv/b.yaml".to_owned(), b)].into(),
            programs: Some(BTreeSet::new()),
            ..Evidence::default()
        };
        assert!(matches!(check(&spec, &evidence(true, true)), Claim::Confirmed(_)));
        assert!(matches!(check(&spec, &evidence(true, false)), Claim::Doubtful(_)));
        assert_eq!(check(&spec, &Evidence::default()), Claim::Unchecked);
        let bare = claimed(owner(), &labels[..1]);
        assert!(matches!(check(&bare, &evidence(true, true)), Claim::Doubtful(_)));
    }
}
