//! The list of services. Values of secrets do not leave this file.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::swarm;
use crate::model::{
    engine_objects::Listing,
    service::Service,
    telling_names::{holds_secret, tells_secret},
};

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Reply {
    spec: Spec,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Spec {
    name: String,
    labels: Option<BTreeMap<String, String>>,
    task_template: TaskTemplate,
    /// Where engines before 1.13 said it.
    networks: Option<Vec<Attachment>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct TaskTemplate {
    container_spec: ContainerSpec,
    networks: Option<Vec<Attachment>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ContainerSpec {
    env: Option<Vec<String>>,
    labels: Option<BTreeMap<String, String>>,
    command: Option<Vec<String>>,
    args: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Attachment {
    target: String,
}

impl Reply {
    /// IDs of its networks; names, if a client said so.
    pub(super) fn networks(&self) -> impl Iterator<Item = &str> {
        let lists = [&self.spec.task_template.networks, &self.spec.networks];
        lists.into_iter().flatten().flatten().map(|it| it.target.as_str())
    }

    fn secrets(&self) -> BTreeSet<String> {
        let container = &self.spec.task_template.container_spec;
        let mut secrets = BTreeSet::new();
        for variable in container.env.iter().flatten() {
            let (name, value) = variable.split_once('=').unwrap_or((variable, ""));
            if holds_secret(name, value) {
                secrets.insert(format!("environment {name}"));
            }
        }
        let labels = [&self.spec.labels, &container.labels].into_iter().flatten().flatten();
        let telling = labels.filter(|(name, value)| holds_secret(name, value));
        secrets.extend(telling.map(|(name, _)| format!("label {name}")));
        for (place, words) in [("command", &container.command), ("arguments", &container.args)] {
            if words.iter().flatten().any(|it| tells_secret(it)) {
                secrets.insert(place.to_owned());
            }
        }
        secrets
    }
}

pub(super) fn read(
    replies: Result<Vec<Reply>, String>,
    swarm: &swarm::Reply<'_>,
) -> Listing<Service> {
    match (swarm.state(), replies) {
        ("inactive", _) => Listing::NotHere("this engine is in no Swarm"),
        ("active", _) if !swarm.is_manager() => {
            Listing::NotHere("only managers of a Swarm know its services")
        }
        ("active", Ok(replies)) => Listing::Listed(
            replies
                .iter()
                .map(|it| Service {
                    name: it.spec.name.clone(),
                    secrets: it.secrets().into_iter().collect(),
                })
                .collect(),
        ),
        ("active", Err(why)) => Listing::Unknown(why),
        ("", _) => Listing::Unknown("the engine does not tell of a Swarm".into()),
        (state, _) => Listing::Unknown(format!("the state of its Swarm is {state}")),
    }
}
