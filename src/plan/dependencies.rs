//! Who is waited for: a container that Compose starts after others is changed after them.

use std::collections::BTreeMap;

use super::{Change, build::Context};
use crate::model::{container::ContainerSpec, owner::Owner, snapshot::Observed};

/// `db:service_healthy:true,cache:service_started:false`, as Compose labels its containers.
const DEPENDS_ON: &str = "com.docker.compose.depends_on";

/// Lets changes that interrupt a container wait for those of the services that it depends on.
pub(super) fn order<'c>(changes: impl Iterator<Item = &'c mut Change>, context: &Context<'_>) {
    let depends = |it: &Observed| it.spec.labels.contains_key(DEPENDS_ON);
    if !context.snapshot.containers.iter().any(depends) {
        return;
    }
    let mut changes: Vec<&mut Change> = changes.filter(|it| it.interrupts).collect();
    let mut of_service: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for change in &changes {
        let Some(spec) = spec(change, context) else { continue };
        if let Some(service) = service(spec) {
            of_service.entry(service).or_default().push(change.id.clone());
        }
    }
    for change in &mut changes {
        let Some(spec) = spec(change, context) else { continue };
        let Some((project, own)) = service(spec) else { continue };
        for provider in providers(spec).filter(|it| *it != own) {
            for id in of_service.get(&(project, provider)).into_iter().flatten() {
                if !change.after.contains(id) {
                    change.after.push(id.clone());
                }
            }
        }
    }
}

fn spec<'s>(change: &Change, context: &Context<'s>) -> Option<&'s ContainerSpec> {
    context.container(&change.address).map(|it| &it.spec)
}

/// Project and service.
fn service(spec: &ContainerSpec) -> Option<(&str, &str)> {
    let Owner::Compose { project, service, .. } = &spec.owner else { return None };
    (!service.is_empty()).then_some((project.as_str(), service.as_str()))
}

fn providers(spec: &ContainerSpec) -> impl Iterator<Item = &str> {
    let label = spec.labels.get(DEPENDS_ON).map(String::as_str).unwrap_or_default();
    label.split(',').filter_map(|it| it.split(':').next()).filter(|it| !it.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples;

    #[test]
    fn providers_are_read_from_the_label_in_either_spelling() {
        let read = |label: &str| -> Vec<String> {
            let mut spec = samples::container("web");
            spec.labels.insert(DEPENDS_ON.to_owned(), label.to_owned());
            providers(&spec).map(str::to_owned).collect()
        };
        assert_eq!(read("db:service_healthy:true,cache:service_started:false"), ["db", "cache"]);
        assert_eq!(read("db"), ["db"]);
        assert!(read("").is_empty());
    }
}
