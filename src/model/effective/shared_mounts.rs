//! What more than one container mounts.

use std::collections::HashMap;

use crate::model::{
    container::ContainerSpec,
    field::Field,
    mount::{Mount, MountKind},
    snapshot::Observed,
};

/// Says of every mount which other containers mount the same, where one of them can change what
/// the others read.
pub(super) fn follow(containers: &mut [Observed]) {
    let mut users: HashMap<String, Users> = HashMap::new();
    for spec in containers.iter().map(|it| &it.spec) {
        for (mount, source) in sources(spec) {
            let users = users.entry(source.to_owned()).or_default();
            users.has_writer |= mount.writable;
            if users.names.last() != Some(&spec.name) {
                users.names.push(spec.name.clone());
            }
        }
    }
    users.retain(|_, it| it.has_writer && it.names.len() > 1);
    if users.is_empty() {
        return;
    }
    for spec in containers.iter_mut().map(|it| &mut it.spec) {
        let found: Vec<Vec<String>> = spec
            .mounts
            .iter()
            .map(|mount| {
                let users = source(mount).and_then(|it| users.get(it));
                let others =
                    users.into_iter().flat_map(|it| &it.names).filter(|it| **it != spec.name);
                let mut others: Vec<String> = others.cloned().collect();
                others.sort();
                others.dedup();
                others
            })
            .collect();
        for (mount, others) in spec.mounts.iter_mut().zip(found) {
            mount.shared_with = others;
        }
    }
}

#[derive(Default)]
struct Users {
    names: Vec<String>,
    has_writer: bool,
}

fn sources(spec: &ContainerSpec) -> impl Iterator<Item = (&Mount, &str)> {
    spec.mounts.iter().filter_map(|mount| source(mount).map(|it| (mount, it)))
}

/// Returns what two containers have in common if both mount it: a host path, or a volume's name.
fn source(mount: &Mount) -> Option<&str> {
    let known = match (&mount.real_source, mount.kind) {
        (Field::Set(real), MountKind::Bind | MountKind::Volume) if !real.is_empty() => real,
        (_, MountKind::Bind | MountKind::Volume) => &mount.source,
        (_, MountKind::Image | MountKind::Other) => return None,
    };
    Some(known.as_str()).filter(|it| !it.is_empty())
}
