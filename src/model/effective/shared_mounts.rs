//! What more than one container mounts.

use std::collections::HashMap;

use crate::model::{
    container::ContainerSpec,
    field::Field,
    mount::{Mount, MountKind, Others},
    snapshot::Observed,
};

/// Says of every mount which other containers mount the same, where one of them can change what
/// the others read.
pub(super) fn follow(containers: &mut [Observed]) {
    let mut users: HashMap<&str, Users<'_>> = HashMap::new();
    for spec in containers.iter().map(|it| &it.spec) {
        for (mount, source) in sources(spec) {
            let users = users.entry(source).or_default();
            users.has_writer |= mount.writable;
            if users.last != Some(spec.name.as_str()) {
                users.add(&spec.name);
            }
        }
    }
    users.retain(|_, it| it.has_writer && it.count > 1);
    let found: Vec<(usize, usize, Others)> = containers
        .iter()
        .enumerate()
        .flat_map(|(at, it)| it.spec.mounts.iter().enumerate().map(move |(nth, it)| (at, nth, it)))
        .filter_map(|(at, nth, mount)| {
            let users = users.get(source(mount)?)?;
            Some((at, nth, users.others_than(&containers[at].spec.name)))
        })
        .collect();
    for (at, nth, others) in found {
        containers[at].spec.mounts[nth].shared_with = others;
    }
}

/// Who mounts one thing.
#[derive(Default)]
struct Users<'a> {
    /// The first ones by name, one more than is told.
    first: Vec<&'a str>,
    last: Option<&'a str>,
    count: usize,
    has_writer: bool,
}

impl<'a> Users<'a> {
    fn add(&mut self, name: &'a str) {
        self.last = Some(name);
        self.count += 1;
        let at = self.first.partition_point(|it| *it < name);
        if at <= Others::TOLD {
            self.first.insert(at, name);
            self.first.truncate(Others::TOLD + 1);
        }
    }

    fn others_than(&self, name: &str) -> Others {
        let others = self.first.iter().filter(|it| **it != name).take(Others::TOLD);
        Others { first: others.map(|it| (*it).to_owned()).collect(), count: self.count - 1 }
    }
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
