//! Rules about one container.

pub mod age;
pub mod annotations_declared;
pub mod apparmor_confined;
pub mod blkio_limits;
pub mod capabilities_bounded;
pub mod caps_useless_for_nonroot;
pub mod cgroup_parent_default;
pub mod core_ulimit_zero;
pub mod cpu_limit;
pub mod created_by_declared_tool;
pub mod declared;
pub mod default_proc_masks;
pub mod device_classes;
pub mod device_requests_declared;
pub mod engine_proxy_is_narrow;
pub mod expired;
pub mod follows_daemon_defaults;
pub mod healthcheck;
pub mod healthy;
pub mod init_process;
pub mod kernel_truth;
pub mod log_driver;
pub mod masked_paths_current;
pub mod memory_limit;
pub mod networks_declared;
pub mod no_bind_through_volume;
pub mod no_cap;
pub mod no_cap_all_typo;
pub mod no_cap_mknod;
pub mod no_default_bridge;
pub mod no_engine_env;
pub mod no_engine_socket;
pub mod no_engine_socket_ancestor;
pub mod no_foreign_runtime_socket;
pub mod no_host_devices;
pub mod no_host_ipc;
pub mod no_host_network;
pub mod no_host_pid;
pub mod no_host_root_equivalent_combo;
pub mod no_host_userns;
pub mod no_host_uts;
pub mod no_hostprocess;
pub mod no_hosts_override;
pub mod no_inherited_mounts;
pub mod no_ipc_sharing;
pub mod no_l2_network;
pub mod no_legacy_links;
pub mod no_live_exec;
pub mod no_net_sharing;
pub mod no_new_privileges;
pub mod no_oom_bypass;
pub mod no_pid_sharing;
pub mod no_privileged;
pub mod no_privileged_exec;
pub mod no_privileged_host_port;
pub mod no_publish_all;
pub mod no_root_exec;
pub mod no_root_group;
pub mod no_secret_env;
pub mod no_sensitive_bind;
pub mod no_shared_propagation;
pub mod no_socket_group;
pub mod no_sshd;
pub mod no_symlinked_bind_source;
pub mod no_systempaths_unconfined;
pub mod no_wildcard_device_rule;
pub mod no_wildcard_publish;
pub mod no_writable_cgroups;
pub mod no_writable_drift;
pub mod non_root_user;
pub mod own_network;
pub mod pids_limit;
pub mod ports_declared;
pub mod private_cgroupns;
pub mod read_only_rootfs;
pub mod restart_bounded;
pub mod restart_storm;
pub mod runtime_allowed;
pub mod safe_sysctls;
pub mod seccomp_confined;
pub mod seccomp_profile_known;
pub mod selinux_confined;
pub mod shm_and_tmpfs_bounded;
pub mod stop_timeout_sane;
pub mod storage_quota;
pub mod uid_high;
pub mod ulimits;
pub mod volume_not_shared;
pub mod volume_types_allowed;

use std::borrow::Cow;

use wildmatch::WildMatch;

use crate::{
    model::{
        container::{ContainerSpec, Namespace},
        edit::ContainerEdit,
        field::Field,
        finding::Verdict,
        host_path,
        mount::{Mount, MountKind},
    },
    rules::{Allow, fails, fails_by_hand},
};

/// Judges every mount by where it leads. One that is at fault makes a failure, whatever is not
/// known about others; without one, a mount of which it is not known where it leads does not
/// pass.
fn mounts_verdict(
    container: &ContainerSpec,
    want: &'static str,
    is_at_fault: impl Fn(&Mount) -> bool,
) -> Verdict {
    let at_fault: Vec<&Mount> = container.mounts.iter().filter(|it| is_at_fault(it)).collect();
    if at_fault.is_empty() {
        return unknown_mount(container).map_or(Verdict::Pass, Verdict::Unknown);
    }
    let mut seen = String::new();
    for mount in &at_fault {
        let between = if seen.is_empty() { "" } else { ", " };
        seen.extend([between, &mount_text(mount)]);
    }
    if at_fault.iter().any(|mount| mount.inherited) {
        let advice = "it takes mounts over from another container: start it without \
                      `--volumes-from`, or put the other container right";
        return fails_by_hand("volumes_from", seen, want, advice);
    }
    let edits = at_fault
        .into_iter()
        .map(|mount| ContainerEdit::RemoveMount { destination: mount.destination.clone() });
    fails("volumes", seen, want, edits)
}

fn mount_text(mount: &Mount) -> String {
    let Mount { source, destination, .. } = mount;
    let access = if mount.writable { "" } else { ":ro" };
    match &mount.real_source {
        Field::Set(real) if real != source => {
            format!("{source}:{destination}{access} (which is {real})")
        }
        Field::Set(_) | Field::Inherited(_) | Field::Unknown(_) => {
            format!("{source}:{destination}{access}")
        }
    }
}

/// Returns the host path as far as it is known. A bind whose symlinks cannot be followed counts
/// as it is written.
fn leads_to(mount: &Mount) -> Option<Cow<'_, str>> {
    match (&mount.real_source, mount.kind) {
        (Field::Set(path), _) => Some(Cow::from(path)).filter(|path| !path.is_empty()),
        (Field::Inherited(_) | Field::Unknown(_), MountKind::Bind) => {
            Some(host_path::clean_on_host(&mount.source).into())
        }
        (
            Field::Inherited(_) | Field::Unknown(_),
            MountKind::Volume | MountKind::Image | MountKind::Other,
        ) => None,
    }
}

/// Returns why the mounts cannot be judged, if they cannot.
fn unknown_mount(container: &ContainerSpec) -> Option<String> {
    if !container.mounts_listed {
        return Some("mounts that it takes from others are listed from its first start on".into());
    }
    container.mounts.iter().find_map(|mount| match &mount.real_source {
        Field::Set(_) => None,
        Field::Inherited(_) => Some(format!("{}: it is not known where it leads", mount.source)),
        Field::Unknown(why) => Some(format!("{}: {why}", mount_text(mount))),
    })
}

/// Judges a namespace that a container may share with the host.
fn namespace_verdict(
    field: &'static str,
    mode: &Namespace,
    fix: Result<ContainerEdit, &'static str>,
) -> Verdict {
    match mode {
        Namespace::Own | Namespace::None | Namespace::Shareable | Namespace::Named(_) => {
            Verdict::Pass
        }
        Namespace::Host => match fix {
            Ok(edit) => fails(field, "host", "not the host's", [edit]),
            Err(advice) => fails_by_hand(field, "host", "not the host's", advice),
        },
        Namespace::Container { reaches_host: Field::Set(false), .. } => Verdict::Pass,
        Namespace::Container { id, reaches_host: Field::Set(true), .. } => fails_by_hand(
            field,
            format!("that of container {}, which is the host's", short(id)),
            "not the host's",
            "put the container that it joins right; this one follows",
        ),
        Namespace::Container { reaches_host: Field::Inherited(_), .. } => {
            Verdict::Unknown("it is not known where the container that it joins leads".into())
        }
        Namespace::Container { reaches_host: Field::Unknown(why), .. } => {
            Verdict::Unknown((*why).into())
        }
    }
}

/// Returns an ID as Docker shows it.
fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

/// Judges a namespace that a container may share with another one.
fn sharing_verdict(field: &'static str, mode: &Namespace, params: &Allow) -> Verdict {
    let Namespace::Container { id, name, .. } = mode else { return Verdict::Pass };
    // A request names the container as it was typed.
    let is_known = !name.is_empty() || id.len() != 64;
    let name = if name.is_empty() { short(id) } else { name };
    if params.allows(name) {
        return Verdict::Pass;
    }
    if !is_known && !params.is_empty() {
        return Verdict::Unknown("the container that it joins was not found".into());
    }
    let advice = "start it without that, or name the other container in the rule: `allow`";
    fails_by_hand(field, format!("that of container {name}"), "its own", advice)
}

/// Returns whether a device of the host is a disk, or something made of disks.
fn is_disk(path: &str) -> bool {
    const DISKS: [&str; 10] = [
        "/dev/dm-*",
        "/dev/hd?*",
        "/dev/loop*",
        "/dev/mapper/*",
        "/dev/md*",
        "/dev/mmcblk*",
        "/dev/nvme*",
        "/dev/sd?*",
        "/dev/vd?*",
        "/dev/xvd?*",
    ];
    let path = host_path::clean(path);
    DISKS.iter().any(|it| WildMatch::new(it).matches(&path))
}

/// Returns what was seen of what runs in a container, or that nobody knows.
fn looked_at<T>(inside: &Field<T>) -> Result<&T, Verdict> {
    match inside {
        Field::Set(seen) => Ok(seen),
        Field::Unknown(why) => Err(Verdict::Unknown((*why).into())),
        Field::Inherited(_) => Err(Verdict::Unknown("what runs in it was not looked at".into())),
    }
}
