//! From an image's inspect reply and history to what rules ask about it. No value of a secret
//! leaves this room.

mod history;
mod script;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, de::IgnoredAny};

use super::inspect::{Config, Healthcheck, Text, secrets};
use crate::model::image::ImageFacts;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Reply<'a> {
    #[serde(borrow)]
    config: Option<Config<'a>>,
    #[serde(borrow)]
    graph_driver: Option<GraphDriver<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GraphDriver<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    data: Option<BTreeMap<String, String>>,
}

impl GraphDriver<'_> {
    fn layers(self) -> Vec<String> {
        let data = self.data.filter(|_| self.name.is_some_and(|it| it.0 == "overlay2"));
        let data = data.unwrap_or_default();
        let below = data.get("LowerDir").into_iter().flat_map(|it| it.split(':'));
        let top = data.get("UpperDir").map(String::as_str);
        top.into_iter().chain(below).map(ToOwned::to_owned).collect()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry<'a> {
    #[serde(borrow)]
    created_by: Option<Text<'a>>,
}

/// Reads the replies to `GET /images/{id}/json` and `GET /images/{id}/history`.
pub fn facts(inspect: &[u8], history: &[u8]) -> Result<ImageFacts, serde_json::Error> {
    let reply: Reply<'_> = serde_json::from_slice(inspect)?;
    let history: Option<Vec<Entry<'_>>> = serde_json::from_slice(history)?;
    let config = reply.config.unwrap_or_default();
    let labels: BTreeMap<String, String> = config.read("Labels")?.unwrap_or_default();
    let healthcheck: Healthcheck<'_> = config.read("Healthcheck")?.unwrap_or_default();
    let ports: BTreeMap<Cow<'_, str>, IgnoredAny> =
        config.read("ExposedPorts")?.unwrap_or_default();
    let volumes: BTreeMap<Cow<'_, str>, IgnoredAny> = config.read("Volumes")?.unwrap_or_default();
    let directory: Option<Text<'_>> = config.read("WorkingDir")?;

    let mut secrets = secrets::read(&config, &labels)?.secrets;
    let mut steps = Vec::new();
    // The engine says the newest first.
    for entry in history.unwrap_or_default().iter().rev() {
        let read = history::read(entry.created_by.as_ref().map_or("", |it| &it.0));
        steps.push(read.step);
        secrets.extend(read.secrets);
    }
    secrets.sort_unstable();
    secrets.dedup();
    Ok(ImageFacts {
        has_healthcheck: healthcheck.is_given(),
        exposed_ports: ports.into_keys().map(Cow::into_owned).collect(),
        working_directory: directory.map(|it| it.0.into_owned()).unwrap_or_default(),
        volume_paths: volumes.into_keys().map(Cow::into_owned).collect(),
        secrets,
        steps,
        layers: reply.graph_driver.map(GraphDriver::layers).unwrap_or_default(),
    })
}
