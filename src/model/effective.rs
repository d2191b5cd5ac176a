//! Completing a spec from its surroundings, once, before any rule looks.

mod shared_mounts;
#[cfg(test)]
mod tests;

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::{
    claim::{self, Evidence},
    container::{ContainerSpec, Namespace, Seccomp},
    defaulted::DaemonDefaults,
    engine_facts::EngineFacts,
    field::Field,
    host_path,
    image::{ImageFacts, ImageFiles, ImageList},
    mount::{Mount, MountKind, SocketReach},
    owner::Owner,
    process::ProcessFacts,
    snapshot::Observed,
};

/// What decides the inherited parts of a container. Every part may be missing, and what is
/// missing stays unknown; leave out what could not be read rather than filling in a guess. The
/// kernel's word on a running process goes before today's daemon defaults, since the container
/// was created under yesterday's.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Whether the daemon's own seccomp profile is `unconfined`, or the kernel has no seccomp
    /// (`/info` `SecurityOptions`).
    pub daemon_seccomp_unconfined: Option<bool>,
    /// Sockets that control an engine, after symlinks: what the daemon listens on. The places
    /// where engines are by default ([`WELL_KNOWN_SOCKETS`]) need not be named.
    pub control_sockets: Vec<String>,
    /// Host paths, as containers and volumes give them, to the same after symlinks. The end of a
    /// path that does not exist stays as it is, behind its longest part that does. A path that
    /// is not here was not looked up: its container is on another machine.
    pub real_paths: BTreeMap<String, String>,
    /// Names of volumes that are binds in disguise (driver `local` with a `device` that is a
    /// host path), to that path as given. `None` when volumes could not be listed.
    pub volume_binds: Option<BTreeMap<String, String>>,
    /// Image ID to the image's `RepoDigests`; an image that is not here was not looked at.
    pub repo_digests: BTreeMap<String, Vec<String>>,
    /// `None` when images could not be listed.
    pub images: Option<ImageList>,
    /// Image ID to what the image says, or why that is not known; an image that is not here was
    /// not looked at.
    pub image_facts: BTreeMap<String, Result<Arc<ImageFacts>, &'static str>>,
    /// Image ID to what lies in its layers, likewise.
    pub image_files: BTreeMap<String, Field<Arc<ImageFiles>>>,
    pub daemon_defaults: Arc<DaemonDefaults>,
    pub engine: Arc<EngineFacts>,
    /// What speaks for or against the claims of owners.
    pub evidence: Evidence,
}

/// Where engines and container runtimes listen unless told otherwise, after symlinks.
pub const WELL_KNOWN_SOCKETS: &[&str] = &[
    "/run/docker.sock",
    "/run/containerd/containerd.sock",
    "/run/docker/containerd/containerd.sock",
    "/run/podman/podman.sock",
    "/run/crio/crio.sock",
    "/run/buildkit/buildkitd.sock",
    "/run/k3s/containerd/containerd.sock",
    "/run/cri-dockerd.sock",
    "/run/dockershim.sock",
];

/// Resolves what is inherited and derives what is effective, as far as the surroundings allow.
/// `process` is the container's first process, or why nothing is known about it.
pub fn complete(
    mut spec: ContainerSpec,
    around: &Surroundings,
    process: Result<Arc<ProcessFacts>, &'static str>,
) -> ContainerSpec {
    spec.daemon_defaults = Arc::clone(&around.daemon_defaults);
    spec.engine = Arc::clone(&around.engine);
    if spec.owner == Owner::Nobody
        && let Some(unit) = around.evidence.units.get(&spec.name)
    {
        spec.owner = Owner::Unit { unit: unit.clone() };
    }
    spec.claim = claim::check(&spec, &around.evidence);
    if let Some(unconfined) = around.daemon_seccomp_unconfined {
        let seccomp = if unconfined { Seccomp::Unconfined } else { Seccomp::Builtin };
        spec.seccomp_default = Field::Set(seccomp);
    }
    derive(&mut spec);
    if let Some(digests) = around.repo_digests.get(&spec.image_id) {
        spec.repo_digests = Field::Set(digests.clone());
    }
    complete_image(&mut spec, around);
    if let Ok(process) = &process {
        take_kernels_word(&mut spec, process);
    } else if !matches!(spec.no_new_privileges, Field::Set(_)) {
        spec.no_new_privileges = Field::Unknown(
            "the daemon's default when it was created decides, and only a running process shows it",
        );
    }
    spec.process = process.map_or_else(Field::Unknown, Field::Set);
    for mount in &mut spec.mounts {
        mount.real_source = real_source(mount, around);
        mount.reach = reach(mount, around);
    }
    spec
}

fn complete_image(spec: &mut ContainerSpec, around: &Surroundings) {
    if let Some(images) = &around.images {
        (spec.image_seen.tags, spec.image_seen.named_now) = images.names(spec);
    }
    if let Some(files) = around.image_files.get(&spec.image_id) {
        spec.image_seen.files = files.clone();
    }
    match around.image_facts.get(&spec.image_id) {
        Some(Ok(facts)) => spec.image_seen.facts = Field::Set(Arc::clone(facts)),
        Some(Err(why)) => spec.image_seen.facts = Field::Unknown(why),
        None => {}
    }
}

/// Sets the fields that follow from others for a container created now.
pub(super) fn derive(spec: &mut ContainerSpec) {
    spec.capabilities = Field::Set(spec.capability_request.effective(spec.privileged));
    spec.seccomp = match &spec.seccomp_option {
        Some(option) => Field::Set(option.clone()),
        None if spec.privileged => Field::Set(Seccomp::Unconfined),
        None => spec.seccomp_default.clone(),
    };
    spec.uid = match &spec.user {
        Field::Set(user) => uid_of(user),
        Field::Inherited(parent) => Field::Inherited(*parent),
        Field::Unknown(why) => Field::Unknown(why),
    };
}

/// Returns the user ID that a user as Docker writes it stands for, if it does not depend on the
/// image. In an inspect reply the image's user is already merged in, so that empty is root.
pub fn uid_of(user: &str) -> Field<u32> {
    let name = user.split_once(':').map_or(user, |(name, _)| name);
    match name {
        "" | "root" => Field::Set(0),
        number if number.bytes().all(|b| b.is_ascii_digit()) => number
            .parse()
            .map_or(Field::Unknown("its user is a number that is out of range"), Field::Set),
        _ => Field::Unknown(
            "its user is a name, and what it stands for is in the image; only a running process \
             shows it",
        ),
    }
}

fn take_kernels_word(spec: &mut ContainerSpec, process: &ProcessFacts) {
    spec.capabilities = Field::Set(process.bounding);
    if !matches!(spec.no_new_privileges, Field::Set(_)) {
        spec.no_new_privileges = Field::Set(process.no_new_privileges);
    }
    if spec.seccomp_option.is_none() && !spec.privileged {
        // The kernel does not tell which filter it is; the daemon's default is the only one that
        // a container without an option can have.
        let filtered = process.seccomp != 0;
        spec.seccomp = Field::Set(if filtered { Seccomp::Builtin } else { Seccomp::Unconfined });
    }
    if matches!(spec.uid, Field::Unknown(_)) {
        spec.uid = Field::Set(process.uid);
    }
}

fn real_source(mount: &Mount, around: &Surroundings) -> Field<String> {
    let given = match mount.kind {
        MountKind::Bind => &mount.source,
        MountKind::Volume if mount.source.is_empty() => return Field::Set(String::new()),
        MountKind::Volume => match &around.volume_binds {
            Some(binds) => match binds.get(&mount.source) {
                Some(path) => path,
                None => return Field::Set(String::new()),
            },
            None => return Field::Unknown("the volumes of the engine could not be listed"),
        },
        MountKind::Image => return Field::Set(String::new()),
        MountKind::Other => return Field::Unknown("a kind of mount that is not known"),
    };
    around
        .real_paths
        .get(given)
        .map_or(Field::Unknown("the host's symlinks cannot be followed from here"), |path| {
            Field::Set(host_path::clean_on_host(path))
        })
}

/// Returns how the mount leads to a socket. A path whose symlinks are not known counts as it is
/// written; that it is not known stays visible in `real_source`.
fn reach(mount: &Mount, around: &Surroundings) -> SocketReach {
    let source = match (&mount.real_source, mount.kind) {
        (Field::Set(path), _) if path.is_empty() => return SocketReach::None,
        (Field::Set(path), _) => path.clone(),
        (Field::Inherited(_) | Field::Unknown(_), MountKind::Bind) => {
            host_path::clean_on_host(&mount.source)
        }
        (
            Field::Inherited(_) | Field::Unknown(_),
            MountKind::Volume | MountKind::Image | MountKind::Other,
        ) => return SocketReach::None,
    };
    let mut reach = SocketReach::None;
    let listening = around.control_sockets.iter().map(|it| Cow::from(host_path::clean_on_host(it)));
    for socket in listening.chain(WELL_KNOWN_SOCKETS.iter().copied().map(Cow::from)) {
        if source == socket {
            return SocketReach::Is(socket.into());
        }
        if reach == SocketReach::None && host_path::is_within(&socket, &source) {
            reach = SocketReach::Holds(socket.into());
        }
    }
    reach
}

/// Follows what leads from one container to others: `container:ID` to its end, whether a
/// container that joins another one's namespace is in the host's, and mounts of the same thing.
/// Wants every container of the host; a target that is missing stays unknown.
pub fn follow_joined(containers: &mut [Observed]) {
    follow_namespaces(containers);
    shared_mounts::follow(containers);
}

fn follow_namespaces(containers: &mut [Observed]) {
    let joins = |spec: &ContainerSpec| {
        modes(spec).into_iter().any(|it| matches!(it, Namespace::Container { .. }))
    };
    if !containers.iter().any(|it| joins(&it.spec)) {
        return;
    }
    let modes_of: HashMap<String, [Namespace; 3]> = containers
        .iter()
        .flat_map(|it| [&it.spec.id, &it.spec.name].map(|key| (key, &it.spec)))
        .map(|(key, spec)| (key.clone(), modes(spec).map(Clone::clone)))
        .collect();
    let names: HashMap<String, String> =
        containers.iter().map(|it| (it.spec.id.clone(), it.spec.name.clone())).collect();
    for container in containers {
        let spec = &mut container.spec;
        let modes = [&mut spec.network_mode, &mut spec.pid_mode, &mut spec.ipc_mode];
        for (which, mode) in modes.into_iter().enumerate() {
            let end = reaches_host(&modes_of, mode, which);
            if let Namespace::Container { id, name, reaches_host } = mode {
                *name = names.get(id).cloned().unwrap_or_default();
                *reaches_host = end;
            }
        }
    }
}

/// The namespaces that a container can join.
const fn modes(spec: &ContainerSpec) -> [&Namespace; 3] {
    [&spec.network_mode, &spec.pid_mode, &spec.ipc_mode]
}

fn reaches_host(
    modes_of: &HashMap<String, [Namespace; 3]>,
    start: &Namespace,
    which: usize,
) -> Field<bool> {
    let mut mode = start;
    // Engines refuse circles at creation; counting costs nothing and cannot hang.
    for _ in 0..=modes_of.len() {
        let id = match mode {
            Namespace::Host => return Field::Set(true),
            Namespace::Container { id, .. } => id,
            Namespace::Own | Namespace::None | Namespace::Shareable | Namespace::Named(_) => {
                return Field::Set(false);
            }
        };
        match modes_of.get(id) {
            Some(next) => mode = &next[which],
            None => return Field::Unknown("the container that it joins was not found"),
        }
    }
    Field::Unknown("the containers that it joins go round in a circle")
}
