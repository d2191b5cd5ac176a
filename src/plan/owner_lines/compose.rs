//! A service in a Compose file.

use super::{Said, bounded};
use crate::{
    model::{
        compose::Origin, container::ContainerSpec, edit::ContainerEdit, owner::Claim, size::Size,
    },
    plan::settings::port_text,
};

pub(super) fn text(
    project: &str,
    service: &str,
    spec: &ContainerSpec,
    edits: &[ContainerEdit],
) -> Vec<String> {
    let origin = Origin::from_labels(&spec.labels);
    let file = match (&origin, &spec.claim) {
        (Some(origin), Claim::Confirmed(_) | Claim::Unchecked) => origin.paths().last(),
        (Some(_), Claim::Doubtful(_) | Claim::False(_)) | (None, _) => None,
    };
    let file = file.unwrap_or_else(|| "its file".into());
    let up = match &origin {
        Some(origin) => origin.command("up -d"),
        None => "docker compose up -d".into(),
    };
    let mut text = vec![
        format!("Compose project {project} starts it; change {file}:"),
        "  services:".into(),
        format!("    {service}:"),
    ];
    text.extend(said(spec, edits).text("      ", "Compose"));
    text.push("then:".into());
    text.push(format!("  {up}"));
    text
}

/// Returns the edits as members of a service.
pub(super) fn said(spec: &ContainerSpec, edits: &[ContainerEdit]) -> Said {
    let mut said = Said::default();
    let mut tmpfs = Vec::new();
    let mut ports = Vec::new();
    for edit in edits {
        match edit {
            ContainerEdit::Privileged(it) => said.line(format!("privileged: {it}")),
            ContainerEdit::BoundCapabilities(allow) => {
                let after = bounded(spec, *allow);
                if !after.drop.is_empty() {
                    said.line(format!("cap_drop: [{}]", after.drop.join(", ")));
                }
                said.line(format!("cap_add: [{}]", after.add.join(", ")));
            }
            ContainerEdit::NoNewPrivileges(it) => {
                said.line(format!("security_opt: [\"no-new-privileges:{it}\"]"));
            }
            ContainerEdit::DefaultSeccomp => said.line("# take seccomp out of security_opt"),
            ContainerEdit::ReadOnlyRootfs(it) => said.line(format!("read_only: {it}")),
            ContainerEdit::Tmpfs { path, options } if options.is_empty() => {
                tmpfs.push(path.clone());
            }
            ContainerEdit::Tmpfs { path, options } => tmpfs.push(format!("\"{path}:{options}\"")),
            ContainerEdit::User(user) => said.line(format!("user: \"{user}\"")),
            ContainerEdit::RemoveMount { destination } => {
                said.line(format!("# take the mount at {destination} out of volumes"));
            }
            ContainerEdit::NetworkMode(mode) => said.line(format!("network_mode: {mode}")),
            ContainerEdit::PrivatePid => said.line("# take pid out"),
            ContainerEdit::PrivateIpc => said.line("ipc: private"),
            ContainerEdit::PrivateUts => said.line("# take uts out"),
            ContainerEdit::ShareableIpc => said.line("ipc: shareable"),
            ContainerEdit::CgroupnsMode(word) => said.line(format!("cgroup: {word}")),
            ContainerEdit::ShmSize(bytes) => said.line(format!("shm_size: {}", Size(*bytes))),
            ContainerEdit::Runtime(name) => said.line(format!("runtime: {name}")),
            ContainerEdit::Log { driver, set, unset: _ } => {
                said.line("# or leave `logging` out: the daemon's default is enough");
                said.line("logging:");
                said.line(format!("  driver: {driver}"));
                if !set.is_empty() {
                    said.line("  options:");
                    for (name, it) in set {
                        said.line(format!("    {name}: \"{it}\""));
                    }
                }
            }
            ContainerEdit::PublishOn { container_port, address } => {
                let wildcards = spec.published_ports.iter();
                for port in
                    wildcards.filter(|it| it.container_port == *container_port && it.is_wildcard())
                {
                    let mut port = port.clone();
                    port.host_ip.clone_from(address);
                    ports.push(format!("\"{}\"", port_text(&port)));
                }
            }
            ContainerEdit::PidsLimit(limit) => said.line(format!("pids_limit: {limit}")),
            ContainerEdit::Memory(bytes) => said.line(format!("mem_limit: {}", Size(*bytes))),
            ContainerEdit::RestartPolicy { name, max_retries: 0 } => {
                said.line(format!("restart: \"{name}\""));
            }
            ContainerEdit::RestartPolicy { name, max_retries } => {
                said.line(format!("restart: \"{name}:{max_retries}\""));
            }
        }
    }
    if !tmpfs.is_empty() {
        said.line(format!("tmpfs: [{}]", tmpfs.join(", ")));
    }
    // Both families of a wildcard come to the same.
    ports.dedup();
    if !ports.is_empty() {
        said.line(format!("ports: [{}]", ports.join(", ")));
    }
    said
}
