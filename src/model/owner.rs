//! Who starts a container, as far as its labels claim, and what speaks for that.

use std::collections::BTreeMap;

use super::owner_families::{Family, family};

/// The system that owns a container and would undo or fight a change behind its back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Nobody claims it.
    Nobody,
    Compose {
        project: String,
        service: String,
        oneoff: bool,
    },
    Swarm {
        service: String,
    },
    Kubernetes {
        pod: String,
    },
    Nomad {
        allocation: String,
    },
    Ecs {
        task: String,
    },
    /// A systemd unit whose `docker run` or `docker start` is attached to it.
    Unit {
        unit: String,
    },
    Other(&'static Family),
}

impl Owner {
    /// Reads the claim from a container's labels, name and image (`admission-and-events`: labels
    /// are claims).
    pub fn of(labels: &BTreeMap<String, String>, name: &str, image: &str) -> Self {
        let get = |key: &str| labels.get(key).cloned();
        if let Some(task) = get("com.docker.swarm.task.id") {
            Self::Swarm { service: get("com.docker.swarm.service.name").unwrap_or(task) }
        } else if let Some(service) = get("com.docker.swarm.service.id") {
            Self::Swarm { service: get("com.docker.swarm.service.name").unwrap_or(service) }
        } else if let Some(pod) = get("io.kubernetes.pod.name") {
            Self::Kubernetes { pod }
        } else if let Some(allocation) = get("com.hashicorp.nomad.alloc_id") {
            Self::Nomad { allocation }
        } else if let Some(task) = get("com.amazonaws.ecs.task-arn") {
            Self::Ecs { task }
        } else if let Some(family) = family(labels, name, image) {
            Self::Other(family)
        } else if let Some(project) = get("com.docker.compose.project") {
            Self::Compose {
                project,
                service: get("com.docker.compose.service").unwrap_or_default(),
                oneoff: get("com.docker.compose.oneoff")
                    .is_some_and(|it| it.eq_ignore_ascii_case("true")),
            }
        } else {
            Self::Nobody
        }
    }

    /// Returns its name, for a sentence about it.
    pub const fn who(&self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Compose { .. } => "Compose",
            Self::Swarm { .. } => "Swarm",
            Self::Kubernetes { .. } => "Kubernetes",
            Self::Nomad { .. } => "Nomad",
            Self::Ecs { .. } => "ECS",
            Self::Unit { .. } => "systemd",
            Self::Other(family) => family.who,
        }
    }
}

/// What became of checking an owner's claim; with the reason, as the rest of a sentence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Claim {
    /// There is none, or there was nothing to check it by.
    #[default]
    Unchecked,
    /// Something beside the label says the same.
    Confirmed(String),
    /// What should be there beside the label is not.
    Doubtful(String),
    /// The engine itself says otherwise.
    False(String),
}
