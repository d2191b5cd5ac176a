//! What the engine says about itself that decides what its containers may do.

use std::{collections::BTreeSet, os::unix::fs::MetadataExt as _};

use serde_json::Value;

use super::{daemon::LocalDaemon, surroundings::HARMLESS};
use crate::{model::engine_facts::EngineFacts, sources::info::engine_says};

/// Reads them from `/info`, and from the sockets where they can be looked at. Blocks.
pub(super) fn gather(info: &Value, local: Option<&LocalDaemon>) -> EngineFacts {
    let text = |key: &str| info[key].as_str().unwrap_or_default();
    let says = engine_says(info);
    let has_any = |names: &[&str]| {
        let has: Option<Vec<bool>> = names.iter().map(|name| says.has_option(name)).collect();
        has.map(|has| has.contains(&true))
    };
    EngineFacts {
        apparmor: has_any(&["apparmor"]),
        selinux: has_any(&["selinux"]),
        maps_users: has_any(&["userns", "rootless"]),
        default_runtime: text("DefaultRuntime").to_owned(),
        limits_layers: limits_layers(info),
        version: version(text("ServerVersion")),
        now: text("SystemTime").parse().ok(),
        socket_groups: local.and_then(socket_groups),
    }
}

/// Of overlay2 only that on XFS can, and there `/info` does not tell whether quotas are on (moby
/// `daemon/graphdriver/overlay2`); containerd's store cannot.
fn limits_layers(info: &Value) -> Option<bool> {
    let status = info["DriverStatus"].as_array()?;
    let value = |name: &str| {
        status.iter().find(|it| it[0] == name).and_then(|it| it[1].as_str()).unwrap_or_default()
    };
    match info["Driver"].as_str()? {
        "btrfs" | "zfs" | "windowsfilter" | "devicemapper" => Some(true),
        "overlay2" if value("Backing Filesystem") == "xfs" => None,
        "overlay2" | "fuse-overlayfs" | "overlayfs" | "vfs" => Some(false),
        _ => None,
    }
}

fn version(text: &str) -> Option<[u32; 3]> {
    let mut parts = text.split(|it: char| !it.is_ascii_digit()).map(str::parse);
    let mut next = || parts.next()?.ok();
    Some([next()?, next()?, next()?])
}

pub(super) fn socket_groups(local: &LocalDaemon) -> Option<BTreeSet<u32>> {
    let taking_orders = local.listeners.iter().filter(|path| {
        path.to_str().is_some_and(|path| !HARMLESS.iter().any(|part| path.contains(part)))
    });
    let metadata = taking_orders.map(|path| std::fs::metadata(local.root.outside(path)).ok());
    let all: Option<Vec<_>> = metadata.collect();
    let writable = all?.into_iter().filter(|it| it.mode() & 0o020 != 0);
    Some(writable.map(|it| it.gid()).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn security_options_tell_what_there_is() {
        let info = json!({ "SecurityOptions": ["name=apparmor", "name=seccomp,profile=userns"] });
        let facts = gather(&info, None);
        assert_eq!((facts.apparmor, facts.maps_users), (Some(true), Some(false)));
        assert_eq!(gather(&json!({}), None).apparmor, None);
        let rootless = json!({ "SecurityOptions": ["name=rootless"] });
        assert_eq!(gather(&rootless, None).maps_users, Some(true));
    }

    #[test]
    fn versions_of_distributions_have_three_numbers_too() {
        assert_eq!(version("20.10.24+dfsg1"), Some([20, 10, 24]));
        assert_eq!(version("28.5.2"), Some([28, 5, 2]));
        assert_eq!(version("dev"), None);
    }

    #[test]
    fn overlay_on_other_than_xfs_cannot_limit_layers() {
        let overlay = |fs: &str| json!({ "Driver": "overlay2", "DriverStatus": [["Backing Filesystem", fs]] });
        assert_eq!(limits_layers(&overlay("extfs")), Some(false));
        assert_eq!(limits_layers(&overlay("xfs")), None);
        assert_eq!(limits_layers(&json!({ "Driver": "zfs", "DriverStatus": [] })), Some(true));
    }
}
