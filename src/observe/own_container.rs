//! Whether this program itself runs in a container, and in which.

use std::fs;

use crate::model::own_container;

/// Returns the ID of the container that this process runs in, or its first twelve digits. It can
/// belong to another engine.
pub fn own_container() -> Option<String> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    own_container::own_container(
        &read("/proc/self/mountinfo"),
        &read("/proc/self/cgroup"),
        &read("/proc/sys/kernel/hostname"),
    )
}
