//! Whether the new container means what was predicted, whatever its JSON looks like.

use super::seen::Seen;
use crate::{
    model::{
        capability::CapabilitySet,
        container::ContainerSpec,
        edit::ContainerEdit,
        mount::{Mount, MountKind},
        predict::predict,
    },
    sources::{create_body::network_mode, inspect::from_inspect},
};

/// Returns the settings that came out otherwise. What the kernel or the image decides is not
/// known before the start and not compared.
pub(super) fn misses(old: &Seen, twin: &Seen, edits: &[ContainerEdit]) -> Vec<String> {
    let mut old = old.clone();
    // A network that was given by its ID is asked for by its name.
    old.0["HostConfig"]["NetworkMode"] = network_mode(&old.0).into();
    let (Some(before), Some(after)) = (spec(&old), spec(twin)) else {
        return vec!["the whole of it: it cannot be read".into()];
    };
    let want = predict(before, edits);
    let same_mounts = !after.mounts_listed || mounts(&want) == mounts(&after);
    [
        ("privileged", want.privileged == after.privileged),
        ("capabilities", effective(&want) == effective(&after)),
        ("no_new_privileges", want.no_new_privileges == after.no_new_privileges),
        ("seccomp", want.seccomp_option == after.seccomp_option),
        ("user", want.user == after.user),
        ("read_only", want.read_only_rootfs == after.read_only_rootfs),
        ("tmpfs", want.tmpfs == after.tmpfs),
        ("mounts", same_mounts),
        ("pids_limit", want.pids_limit == after.pids_limit),
        ("memory", want.memory_bytes == after.memory_bytes),
        ("restart", want.restart_policy == after.restart_policy),
        ("network_mode", want.network_mode.text() == after.network_mode.text()),
        ("pid", want.pid_mode.text() == after.pid_mode.text()),
        ("ipc", want.ipc_mode.text() == after.ipc_mode.text()),
        ("uts", want.uts_mode.text() == after.uts_mode.text()),
        (
            "cgroup",
            want.defaulted.cgroupns == after.defaulted.cgroupns
                || want.defaulted.cgroupns.is_empty(),
        ),
        (
            "shm_size",
            want.defaulted.shm_bytes == after.defaulted.shm_bytes
                || want.defaulted.shm_bytes.is_none(),
        ),
        // Written at the first start.
        (
            "runtime",
            after.defaulted.runtime.is_empty()
                || asked_runtime(&want) == after.defaulted.runtime
                || !edits.iter().any(|it| matches!(it, ContainerEdit::Runtime(_))),
        ),
        ("logging", holds_log(&want, &after)),
        ("ports", want.published_ports == after.published_ports),
        ("publish_all", want.publish_all_ports == after.publish_all_ports),
    ]
    .into_iter()
    .filter(|(_, is_same)| !is_same)
    .map(|(setting, _)| setting.to_owned())
    .collect()
}

fn spec(seen: &Seen) -> Option<ContainerSpec> {
    let reply = serde_json::to_vec(&seen.0).ok()?;
    from_inspect(&reply).ok().map(|inspected| inspected.spec)
}

fn asked_runtime(spec: &ContainerSpec) -> &str {
    &spec.defaulted.runtime
}

/// The daemon adds its own options to what is missing.
fn holds_log(want: &ContainerSpec, after: &ContainerSpec) -> bool {
    match (&want.defaulted.log, &after.defaulted.log) {
        (Some(want), Some(after)) => {
            want.driver == after.driver
                && want.options.iter().all(|(name, it)| after.options.get(name) == Some(it))
        }
        (Some(_), None) => false,
        (None, _) => true,
    }
}

fn effective(spec: &ContainerSpec) -> CapabilitySet {
    spec.capability_request.effective(spec.privileged)
}

/// Without the names of volumes: one that comes to light gets its name from the engine, and the
/// others are compared one by one.
fn mounts(spec: &ContainerSpec) -> Vec<(&str, MountKind, &str, bool)> {
    let shown =
        |mount: &Mount| matches!(mount.kind, MountKind::Bind | MountKind::Image | MountKind::Other);
    spec.mounts
        .iter()
        .map(|mount| {
            let source = if shown(mount) { mount.source.as_str() } else { "" };
            (mount.destination.as_str(), mount.kind, source, mount.writable)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn seen(host_config: Value) -> Seen {
        Seen(json!({ "Id": "a", "Name": "/a", "Config": {}, "HostConfig": host_config }))
    }

    #[test]
    fn edit_that_took_is_no_miss_and_one_that_did_not_is() {
        let edits = [ContainerEdit::PidsLimit(64), ContainerEdit::ReadOnlyRootfs(true)];
        let old = seen(json!({}));
        let whole = seen(json!({ "PidsLimit": 64, "ReadonlyRootfs": true }));
        assert!(misses(&old, &whole, &edits).is_empty());
        let half = seen(json!({ "ReadonlyRootfs": true }));
        assert_eq!(misses(&old, &half, &edits), ["pids_limit"]);
    }

    #[test]
    fn network_by_its_id_and_by_its_name_are_one() {
        let id = "0123456789ab".repeat(5);
        let with = |mode: &str| {
            Seen(json!({ "HostConfig": { "NetworkMode": mode },
                         "NetworkSettings": { "Networks": { "back": { "NetworkID": id } } } }))
        };
        assert!(misses(&with(&id), &with("back"), &[]).is_empty());
        assert_eq!(misses(&with(&id), &with("front"), &[]), ["network_mode"]);
    }

    #[test]
    fn change_that_nobody_asked_for_is_a_miss() {
        let old = seen(json!({ "Privileged": false }));
        let looser = seen(json!({ "Privileged": true, "PidMode": "host" }));
        assert_eq!(misses(&old, &looser, &[]), ["privileged", "capabilities", "pid"]);
    }
}
