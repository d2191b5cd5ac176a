//! Which containers something is about.

use std::{borrow::Cow, collections::BTreeMap};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wildmatch::WildMatch;

use super::{container::ContainerSpec, owner::Owner};

/// What a container must look like; every part that is given must fit. `*` and `?` are globs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Selector {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Patterns>,
    /// Its image, as it was named or in full: `nginx:*`, `registry.example/shop/*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<Patterns>,
    /// Labels it carries, with their values.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The Compose project it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compose_project: Option<Patterns>,
    /// A network it is attached to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<Patterns>,
}

/// One pattern, or several of which one must fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Patterns {
    One(String),
    Several(Vec<String>),
}

impl Patterns {
    /// Returns whether one of them fits.
    pub fn fit(&self, text: &str) -> bool {
        self.each().any(|pattern| WildMatch::new(pattern).matches(text))
    }

    pub fn each(&self) -> impl Iterator<Item = &str> {
        let patterns = match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(several) => several.as_slice(),
        };
        patterns.iter().map(String::as_str)
    }
}

impl Selector {
    /// Returns whether it selects every container.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Returns whether the container fits every part that is given.
    pub fn selects(&self, container: &ContainerSpec) -> bool {
        Matcher::new(self).selects(container)
    }
}

/// A selector with its patterns read, for asking about many containers.
pub struct Matcher {
    name: Option<Vec<WildMatch>>,
    image: Option<Vec<WildMatch>>,
    labels: Vec<(String, WildMatch)>,
    compose_project: Option<Vec<WildMatch>>,
    network: Option<Vec<WildMatch>>,
}

impl Matcher {
    pub fn new(selector: &Selector) -> Self {
        let read = |patterns: &Option<Patterns>| {
            patterns.as_ref().map(|it| it.each().map(WildMatch::new).collect())
        };
        Self {
            name: read(&selector.name),
            image: read(&selector.image),
            labels: selector.labels.iter().map(|(k, v)| (k.clone(), WildMatch::new(v))).collect(),
            compose_project: read(&selector.compose_project),
            network: read(&selector.network),
        }
    }

    /// Returns whether the container fits every part that is given.
    pub fn selects(&self, container: &ContainerSpec) -> bool {
        let fit = |patterns: &Option<Vec<WildMatch>>, text: &str| {
            patterns.as_ref().is_none_or(|each| each.iter().any(|it| it.matches(text)))
        };
        let project = match &container.owner {
            Owner::Compose { project, .. } => project.as_str(),
            Owner::Nobody
            | Owner::Swarm { .. }
            | Owner::Kubernetes { .. }
            | Owner::Nomad { .. }
            | Owner::Ecs { .. }
            | Owner::Unit { .. }
            | Owner::Other(_) => "",
        };
        fit(&self.name, &container.name)
            && (self.image.is_none()
                || image_spellings(&container.image).iter().any(|it| fit(&self.image, it)))
            && (self.compose_project.is_none()
                || !project.is_empty() && fit(&self.compose_project, project))
            && (self.network.is_none()
                || container.networks.iter().any(|it| fit(&self.network, it)))
            && self.labels.iter().all(|(key, pattern)| {
                container.labels.get(key).is_some_and(|value| pattern.matches(value))
            })
    }

    /// Returns whether a container of which nothing but the name is known may be meant; `None`
    /// where that cannot be told.
    pub fn selects_name(&self, name: &str) -> Option<bool> {
        let fits = self.name.as_ref().is_none_or(|each| each.iter().any(|it| it.matches(name)));
        let asks_more = self.image.is_some()
            || !self.labels.is_empty()
            || self.compose_project.is_some()
            || self.network.is_some();
        if fits && asks_more { None } else { Some(fits) }
    }
}

/// Returns the ways one image reference is written: as given, with its tag, and in full
/// (distribution `reference/normalize.go`).
pub fn image_spellings(reference: &str) -> Vec<Cow<'_, str>> {
    let given = Cow::Borrowed(reference);
    if reference.is_empty() || reference.starts_with("sha256:") {
        return vec![given];
    }
    let last_part = reference.rsplit('/').next().unwrap_or(reference);
    let is_tagged = reference.contains('@') || last_part.contains(':');
    let tag = if is_tagged { "" } else { ":latest" };
    let domain = match reference.split_once('/') {
        None => "docker.io/library/",
        Some((domain, _)) if domain.contains(['.', ':']) || domain == "localhost" => "",
        Some(_) => "docker.io/",
    };
    let tagged = (!is_tagged).then(|| format!("{reference}{tag}").into());
    let full = (!domain.is_empty()).then(|| format!("{domain}{reference}{tag}").into());
    [Some(given), tagged, full].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_image_has_three_spellings() {
        assert_eq!(
            image_spellings("nginx"),
            ["nginx", "nginx:latest", "docker.io/library/nginx:latest"]
        );
        assert_eq!(image_spellings("shop/web:2"), ["shop/web:2", "docker.io/shop/web:2"]);
        assert_eq!(
            image_spellings("localhost:5000/web"),
            ["localhost:5000/web", "localhost:5000/web:latest"]
        );
    }
}
