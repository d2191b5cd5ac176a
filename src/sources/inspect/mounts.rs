//! Mounts, as the reply lists them and as the container asks for them.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, de::IgnoredAny};

use super::{HostConfig, Text, text};
use crate::{
    model::{
        field::Field,
        host_path,
        mount::{Mount, MountKind, Others, SocketReach},
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
    #[serde(borrow)]
    propagation: Option<Text<'a>>,
    #[serde(borrow)]
    driver: Option<Text<'a>>,
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
    #[serde(borrow)]
    bind_options: Option<BindOptions<'a>>,
    tmpfs_options: Option<TmpfsOptions>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BindOptions<'a> {
    #[serde(borrow)]
    propagation: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TmpfsOptions {
    size_bytes: Option<i64>,
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
        let mut mount = mount(kind, bind.source.unwrap_or(""), &bind.destination, bind.writable);
        mount.propagation = bind.propagation.to_owned();
        asked.insert(bind.destination, mount);
    }
    for entry in host.mounts.iter().flatten() {
        let target = text(entry.target.as_ref());
        if text(entry.kind.as_ref()) == "tmpfs" {
            let size = entry.tmpfs_options.as_ref().and_then(|it| it.size_bytes);
            let options = size.filter(|it| *it > 0).map(|it| format!("size={it}"));
            tmpfs.insert(host_path::clean(target), options.unwrap_or_default());
            continue;
        }
        let mut mount = mount(
            kind(text(entry.kind.as_ref())),
            text(entry.source.as_ref()),
            target,
            !entry.read_only.unwrap_or(false),
        );
        let options = entry.bind_options.as_ref();
        mount.propagation = text(options.and_then(|it| it.propagation.as_ref())).to_owned();
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
            MountKind::Image => text(entry.name.as_ref()),
            MountKind::Bind | MountKind::Other => text(entry.source.as_ref()),
        };
        let destination = text(entry.destination.as_ref());
        let mut mount = mount(kind, source, destination, entry.writable.unwrap_or(true));
        mount.propagation = text(entry.propagation.as_ref()).to_owned();
        mount.driver = text(entry.driver.as_ref()).to_owned();
        mount.inherited = takes_mounts && !asked.contains_key(&mount.destination);
        asked.insert(mount.destination.clone(), mount);
    }
    Mounts { mounts: asked.into_values().collect(), tmpfs, volume_paths }
}

fn kind(word: &str) -> MountKind {
    match word {
        "bind" => MountKind::Bind,
        "volume" => MountKind::Volume,
        "image" => MountKind::Image,
        _ => MountKind::Other,
    }
}

fn mount(kind: MountKind, source: &str, destination: &str, writable: bool) -> Mount {
    Mount {
        kind,
        source: source.to_owned(),
        destination: host_path::clean(destination),
        writable,
        propagation: String::new(),
        driver: String::new(),
        shared_with: Others::default(),
        inherited: false,
        real_source: Field::Unknown("where it leads on the host was not looked up"),
        reach: SocketReach::None,
    }
}
