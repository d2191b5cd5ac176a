//! What a container will look like once edits are carried out.
//!
//! `sources::lower` carries them out on the engine's JSON; a test holds the two together.

use super::{
    condition::Condition,
    container::{ContainerSpec, Namespace, RestartPolicy},
    edit::ContainerEdit,
    effective::derive,
    field::{Field, Parent},
    host_path,
    mount::{Mount, MountKind, Others, SocketReach},
};

/// Returns the container as inspect will show it after the edits.
#[must_use]
pub fn predict(mut spec: ContainerSpec, edits: &[ContainerEdit]) -> ContainerSpec {
    for edit in edits {
        apply(&mut spec, edit);
    }
    if !edits.iter().all(ContainerEdit::in_place) {
        // The kernel's word was about the process before.
        spec.process = Field::Unknown("it has not been started yet");
        spec.condition = Condition::default();
        if spec.confinement.apparmor_option.is_none() {
            spec.confinement.apparmor_shown.clear();
        }
        derive(&mut spec);
    }
    spec
}

fn apply(spec: &mut ContainerSpec, edit: &ContainerEdit) {
    match edit {
        ContainerEdit::Privileged(privileged) => {
            spec.privileged = *privileged;
            if !privileged {
                spec.masked_paths = Field::Inherited(Parent::Daemon);
                spec.read_only_paths = Field::Inherited(Parent::Daemon);
            }
        }
        ContainerEdit::BoundCapabilities(allow) => {
            spec.capability_request = spec.capability_request.bounded(*allow);
        }
        ContainerEdit::NoNewPrivileges(on) => {
            spec.no_new_privileges = Field::Set(*on);
            spec.defaulted.no_new_privileges = Some(*on);
        }
        ContainerEdit::DefaultSeccomp => spec.seccomp_option = None,
        ContainerEdit::ReadOnlyRootfs(on) => spec.read_only_rootfs = *on,
        ContainerEdit::Tmpfs { path, options } => {
            spec.tmpfs.insert(host_path::clean(path), options.clone());
        }
        ContainerEdit::User(user) => spec.user = Field::Set(user.clone()),
        ContainerEdit::RemoveMount { destination } => remove_mount(spec, destination),
        ContainerEdit::NetworkMode(word) => set_network_mode(spec, word),
        ContainerEdit::PrivatePid => spec.pid_mode = Namespace::Own,
        ContainerEdit::PrivateIpc => spec.ipc_mode = Namespace::Own,
        ContainerEdit::PrivateUts => spec.uts_mode = Namespace::Own,
        ContainerEdit::ShareableIpc => spec.ipc_mode = Namespace::Shareable,
        ContainerEdit::CgroupnsMode(word) => spec.defaulted.cgroupns.clone_from(word),
        ContainerEdit::ShmSize(bytes) => {
            spec.defaulted.shm_bytes = Some(*bytes).filter(|it| *it > 0);
        }
        ContainerEdit::Runtime(name) => spec.defaulted.runtime.clone_from(name),
        ContainerEdit::Log { driver, set, unset } => {
            let log = spec.defaulted.log.get_or_insert_default();
            log.driver.clone_from(driver);
            log.options.retain(|name, _| !unset.contains(name));
            log.options.extend(set.clone());
        }
        ContainerEdit::PublishOn { container_port, address } => {
            publish_on(spec, container_port, address);
        }
        ContainerEdit::PidsLimit(limit) => spec.pids_limit = Some(*limit).filter(|it| *it > 0),
        ContainerEdit::Memory(bytes) => {
            let before = spec.memory_bytes.unwrap_or(0);
            spec.memory_swap_bytes = memory_swap(before, spec.memory_swap_bytes, *bytes);
            spec.memory_bytes = Some(*bytes).filter(|it| *it > 0);
        }
        ContainerEdit::RestartPolicy { name, max_retries } => {
            spec.restart_policy = RestartPolicy::from_word(name, *max_retries);
        }
    }
}

/// Returns the swap limit that goes with a new memory limit, given the limits before. The engine
/// counts memory in it, refuses a memory limit above it, and doubles the memory limit where
/// nobody says anything; that habit, no swap at all, and no limit on swap are kept as they are.
pub fn memory_swap(memory_before: i64, swap_before: i64, memory: i64) -> i64 {
    match swap_before {
        unlimited if unlimited < 0 => unlimited,
        0 => memory.saturating_mul(2),
        none if none == memory_before => memory,
        double if double == memory_before.saturating_mul(2) => memory.saturating_mul(2),
        other => other.max(memory),
    }
}

/// Where the image declares a volume, the engine gives the container one without a name as soon
/// as nothing else is mounted there.
fn remove_mount(spec: &mut ContainerSpec, destination: &str) {
    let destination = host_path::clean(destination);
    spec.tmpfs.remove(&destination);
    spec.mounts.retain(|it| it.inherited || it.destination != destination);
    if spec.volume_paths.contains(&destination) {
        spec.mounts.push(Mount {
            kind: MountKind::Volume,
            source: String::new(),
            destination,
            writable: true,
            propagation: String::new(),
            driver: String::new(),
            shared_with: Others::default(),
            inherited: false,
            real_source: Field::Set(String::new()),
            reach: SocketReach::None,
        });
        spec.mounts.sort_by(|a, b| a.destination.cmp(&b.destination));
    }
}

/// The container is on the network that its mode names and on no other. A container in another
/// one's network can publish nothing.
fn set_network_mode(spec: &mut ContainerSpec, word: &str) {
    spec.network_mode = Namespace::from_word(word);
    spec.networks = match &spec.network_mode {
        Namespace::Container { .. } => {
            spec.published_ports.clear();
            spec.publish_all_ports = false;
            Vec::new()
        }
        Namespace::Own => vec!["bridge".into()],
        Namespace::None => vec!["none".into()],
        Namespace::Host => vec!["host".into()],
        Namespace::Shareable => vec!["shareable".into()],
        Namespace::Named(name) => vec![name.clone()],
    };
}

fn publish_on(spec: &mut ContainerSpec, container_port: &str, address: &str) {
    for port in &mut spec.published_ports {
        if port.container_port == container_port && port.is_wildcard() {
            port.host_ip = address.into();
        }
    }
    spec.published_ports.sort_unstable();
    // Wildcards of both families become one address, which cannot be bound twice.
    spec.published_ports.dedup();
}
