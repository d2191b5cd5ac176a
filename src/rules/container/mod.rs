//! Rules about one container.

pub mod annotations_declared;
pub mod capabilities_bounded;
pub mod cgroup_parent_default;
pub mod declared;
pub mod default_proc_masks;
pub mod device_classes;
pub mod device_requests_declared;
pub mod follows_daemon_defaults;
pub mod healthcheck;
pub mod memory_limit;
pub mod networks_declared;
pub mod no_cap;
pub mod no_cap_all_typo;
pub mod no_cap_mknod;
pub mod no_default_bridge;
pub mod no_engine_socket;
pub mod no_engine_socket_ancestor;
pub mod no_host_devices;
pub mod no_host_ipc;
pub mod no_host_network;
pub mod no_host_pid;
pub mod no_host_uts;
pub mod no_hosts_override;
pub mod no_inherited_mounts;
pub mod no_legacy_links;
pub mod no_new_privileges;
pub mod no_oom_bypass;
pub mod no_privileged;
pub mod no_privileged_host_port;
pub mod no_publish_all;
pub mod no_root_group;
pub mod no_sensitive_bind;
pub mod no_systempaths_unconfined;
pub mod no_wildcard_device_rule;
pub mod no_wildcard_publish;
pub mod non_root_user;
pub mod pids_limit;
pub mod private_cgroupns;
pub mod read_only_rootfs;
pub mod restart_bounded;
pub mod safe_sysctls;
pub mod seccomp_confined;

use crate::{
    model::{
        container::{ContainerSpec, Namespace},
        edit::ContainerEdit,
        field::Field,
        finding::Verdict,
        mount::Mount,
    },
    rules::{fails, fails_by_hand},
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
    let seen: Vec<String> = at_fault.iter().map(|mount| mount_text(mount)).collect();
    let seen = seen.join(", ");
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
    let access = if mount.writable { "" } else { ":ro" };
    let leads_to = match &mount.real_source {
        Field::Set(real) if *real != mount.source => format!(" (which is {real})"),
        Field::Set(_) | Field::Inherited(_) | Field::Unknown(_) => String::new(),
    };
    format!("{}:{}{access}{leads_to}", mount.source, mount.destination)
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
        Namespace::Container { id, reaches_host: Field::Set(true) } => fails_by_hand(
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
