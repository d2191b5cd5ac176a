//! Completing a spec from its surroundings, once, before any rule looks.

use std::collections::BTreeMap;

use super::{capability::CapabilitySet, container::ContainerSpec};

/// What decides the inherited parts of a container. Every part may be missing. The kernel's word
/// on a running process goes before today's daemon defaults, since the container was created
/// under yesterday's.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Whether the daemon's own seccomp profile is `unconfined`.
    pub daemon_seccomp_unconfined: Option<bool>,
    /// Paths of sockets that control an engine, after symlinks.
    pub control_sockets: Vec<String>,
    /// Host paths of mounts, as given, to the same after symlinks.
    pub real_paths: BTreeMap<String, String>,
    /// Names of volumes that are binds in disguise, to the host path.
    pub volume_binds: BTreeMap<String, String>,
}

/// What the kernel says about one process (`/proc/PID/status`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessFacts {
    pub no_new_privileges: bool,
    /// 0 off, 1 strict, 2 filter.
    pub seccomp: u8,
    /// In the namespace of the observer.
    pub uid: u32,
    pub bounding: CapabilitySet,
}

/// Resolves what is inherited and derives what is effective, as far as the surroundings allow.
pub fn complete(
    mut spec: ContainerSpec,
    _around: &Surroundings,
    _process: Option<&ProcessFacts>,
) -> ContainerSpec {
    spec.capabilities =
        super::field::Field::Set(spec.capability_request.effective(spec.privileged));
    spec
}
