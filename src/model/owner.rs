//! Who starts a container, as far as its labels claim.

use std::collections::BTreeMap;

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
}

impl Owner {
    /// Reads the claim from a container's labels (`admission-and-events`: labels are claims).
    pub fn from_labels(labels: &BTreeMap<String, String>) -> Self {
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
}
