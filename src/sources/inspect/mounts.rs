//! Mounts, as the reply lists them and as the container asks for them.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, de::IgnoredAny};

use super::{HostConfig, Text, text};
use crate::{
    model::{
        field::Field,
        host_path,
        mount::{Mount, MountKind, SocketReach},
    },
    sources::options::Bind,
};

/// An entry of the reply's `Mounts`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Listed<'a> {
    #[serde(borrow, rename = "Type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    source: Option<Text<'a>>,
    #[serde(borrow)]
    destination: Option<Text<'a>>,
    #[serde(rename = "RW")]
    writable: Option<bool>,
}

/// An entry of `HostConfig.Mounts`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Asked<'a> {
    #[serde(borrow, rename = "Type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    source: Option<Text<'a>>,
    #[serde(borrow)]
    target: Option<Text<'a>>,
    read_only: Option<bool>,
}

pub(super) struct Mounts {
    pub mounts: Vec<Mount>,
    pub tmpfs: BTreeMap<String, String>,
    pub volume_paths: Vec<String>,
}

/// Joins both by destination. What the reply lists is what is so; what is only asked for counts
/// too, since a container that never started, or a create request, has no list.
pub(super) fn mounts(
    listed: &[Listed<'_>],
    host: &HostConfig<'_>,
    volumes: &BTreeMap<Cow<'_, str>, IgnoredAny>,
) -> Mounts {
    let mut asked: BTreeMap<String, Mount> = BTreeMap::new();
    let mut tmpfs = BTreeMap::new();
    for path in volumes.keys() {
        let mount = mount(MountKind::Volume, "", path, true);
        asked.insert(mount.destination.clone(), mount);
    }
    let volume_paths = asked.keys().cloned().collect();
    for Text(entry) in host.binds.iter().flatten() {
        let bind = Bind::parse(entry);
        let kind = if bind.is_host_path() { MountKind::Bind } else { MountKind::Volume };
        let mount = mount(kind, bind.source.unwrap_or(""), &bind.destination, bind.writable);
        asked.insert(bind.destination, mount);
    }
    for entry in host.mounts.iter().flatten() {
        let target = text(entry.target.as_ref());
        if text(entry.kind.as_ref()) == "tmpfs" {
            tmpfs.insert(host_path::clean(target), String::new());
            continue;
        }
        let mount = mount(
            kind(text(entry.kind.as_ref())),
            text(entry.source.as_ref()),
            target,
            !entry.read_only.unwrap_or(false),
        );
        asked.insert(mount.destination.clone(), mount);
    }
    let has_tmpfs = host.tmpfs.iter().flatten();
    tmpfs.extend(has_tmpfs.map(|(path, options)| (host_path::clean(path), options.clone())));

    let takes_mounts = host.volumes_from.as_ref().is_some_and(|it| !it.is_empty());
    for entry in listed {
        let word = text(entry.kind.as_ref());
        if word == "tmpfs" {
            continue;
        }
        let kind = kind(word);
        let source = match kind {
            MountKind::Volume => text(entry.name.as_ref()),
            // Its source is where the engine unpacked it, for each container anew.
            MountKind::Other if word == "image" => text(entry.name.as_ref()),
            MountKind::Bind | MountKind::Other => text(entry.source.as_ref()),
        };
        let destination = text(entry.destination.as_ref());
        let mut mount = mount(kind, source, destination, entry.writable.unwrap_or(true));
        mount.inherited = takes_mounts && !asked.contains_key(&mount.destination);
        asked.insert(mount.destination.clone(), mount);
    }
    Mounts { mounts: asked.into_values().collect(), tmpfs, volume_paths }
}

fn kind(word: &str) -> MountKind {
    match word {
        "bind" => MountKind::Bind,
        "volume" => MountKind::Volume,
        _ => MountKind::Other,
    }
}

fn mount(kind: MountKind, source: &str, destination: &str, writable: bool) -> Mount {
    Mount {
        kind,
        source: source.to_owned(),
        destination: host_path::clean(destination),
        writable,
        inherited: false,
        real_source: Field::Unknown("where it leads on the host was not looked up"),
        reach: SocketReach::None,
    }
}
