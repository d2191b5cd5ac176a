//! What decides the inherited parts of containers: the daemon's defaults, where paths lead, what
//! volumes and images are.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use serde::Deserialize;
use serde_json::Value;

use super::{daemon::LocalDaemon, engine_facts};
use crate::model::{
    claim::Evidence, container::ContainerSpec, effective::Surroundings, image::ImageList,
    mount::MountKind,
};

/// Sockets of the daemon that do not take orders.
pub(super) const HARMLESS: &[&str] = &["/libnetwork/", "/metrics.sock", "/swarm/"];

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Volumes {
    volumes: Option<Vec<Volume>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Volume {
    name: String,
    driver: String,
    options: Option<BTreeMap<String, Value>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Image {
    id: String,
    repo_digests: Option<Vec<String>>,
    repo_tags: Option<Vec<String>>,
}

/// Gathers what the engine's replies and this machine tell. What failed is left out. Blocks.
pub(super) fn gather<'a>(
    info: &Value,
    volumes: Option<&[u8]>,
    images: Option<&[u8]>,
    local: Option<&LocalDaemon>,
    specs: impl Iterator<Item = &'a ContainerSpec>,
) -> Surroundings {
    let volume_binds = volumes.and_then(volume_binds);
    let paths: BTreeSet<&str> = specs
        .flat_map(|spec| &spec.mounts)
        .filter(|mount| mount.kind == MountKind::Bind)
        .map(|mount| mount.source.as_str())
        .chain(volume_binds.iter().flatten().map(|(_, path)| path.as_str()))
        .collect();
    let (repo_digests, listed) = images.and_then(images_listed).unzip();
    let repo_digests = repo_digests.unwrap_or_default();
    Surroundings {
        daemon_seccomp_unconfined: seccomp_unconfined(info),
        control_sockets: local.map(control_sockets).unwrap_or_default(),
        real_paths: local.map(|local| real_paths(local, paths)).unwrap_or_default(),
        volume_binds,
        repo_digests,
        images: listed,
        image_facts: BTreeMap::new(),
        image_files: BTreeMap::new(),
        daemon_defaults: Arc::default(),
        engine: Arc::new(engine_facts::gather(info, local)),
        evidence: Evidence::default(),
    }
}

fn seccomp_unconfined(info: &Value) -> Option<bool> {
    let options = info["SecurityOptions"].as_array()?;
    let seccomp =
        options.iter().filter_map(Value::as_str).find(|it| it.starts_with("name=seccomp"));
    Some(seccomp.is_none_or(|it| it.contains("profile=unconfined")))
}

fn control_sockets(local: &LocalDaemon) -> Vec<String> {
    local
        .listeners
        .iter()
        .filter_map(|path| path.to_str())
        .filter(|path| !HARMLESS.iter().any(|part| path.contains(part)))
        .map(ToOwned::to_owned)
        .collect()
}

/// Follows the links as the daemon does; a path that may not be looked at is left out.
fn real_paths(local: &LocalDaemon, paths: BTreeSet<&str>) -> BTreeMap<String, String> {
    paths
        .into_iter()
        .filter_map(|path| {
            let real = local.root.resolve(Path::new(path)).ok()?;
            Some((path.to_owned(), real.to_str()?.to_owned()))
        })
        .collect()
}

fn volume_binds(reply: &[u8]) -> Option<BTreeMap<String, String>> {
    let reply: Volumes = serde_json::from_slice(reply).ok()?;
    let binds = reply.volumes.unwrap_or_default().into_iter().filter_map(|volume| {
        let device = volume.options.as_ref()?.get("device")?.as_str()?;
        (volume.driver == "local" && device.starts_with('/'))
            .then(|| (volume.name.clone(), device.to_owned()))
    });
    Some(binds.collect())
}

/// Returns the digests of images by ID, and their names.
fn images_listed(reply: &[u8]) -> Option<(BTreeMap<String, Vec<String>>, ImageList)> {
    let images: Vec<Image> = serde_json::from_slice(reply).ok()?;
    let (digests, names): (BTreeMap<_, _>, Vec<_>) = images
        .into_iter()
        .map(|it| {
            let digests = (it.id.clone(), it.repo_digests.unwrap_or_default());
            (digests, (it.id, it.repo_tags.unwrap_or_default()))
        })
        .unzip();
    Some((digests, ImageList::new(names)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn volumes_that_are_binds_are_told_from_others() {
        let reply = br#"{"Volumes":[
            {"Name":"plain","Driver":"local","Options":null},
            {"Name":"disguised","Driver":"local","Options":{"type":"none","o":"bind","device":"/etc"}},
            {"Name":"nfs","Driver":"local","Options":{"type":"nfs","device":":/srv"}},
            {"Name":"other","Driver":"sshfs","Options":{"device":"/x"}}]}"#;
        let expected = BTreeMap::from([("disguised".to_owned(), "/etc".to_owned())]);
        assert_eq!(volume_binds(reply), Some(expected));
        assert_eq!(volume_binds(br#"{"Volumes":null}"#), Some(BTreeMap::new()));
        assert_eq!(volume_binds(b"no JSON"), None);
    }

    #[test]
    fn engine_without_seccomp_confines_nothing() {
        let options = |options: Value| seccomp_unconfined(&json!({ "SecurityOptions": options }));
        assert_eq!(options(json!(["name=seccomp,profile=default"])), Some(false));
        assert_eq!(options(json!(["name=seccomp,profile=unconfined"])), Some(true));
        assert_eq!(options(json!(["name=apparmor"])), Some(true));
        assert_eq!(options(Value::Null), None);
    }
}
