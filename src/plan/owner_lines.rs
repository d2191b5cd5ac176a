//! What a person changes where somebody else starts the container.

use crate::{
    model::{
        capability::{CapabilityRequest, CapabilitySet},
        container::ContainerSpec,
        edit::ContainerEdit,
        owner::Owner,
        size::Size,
    },
    plan::settings::port_text,
};

/// Returns whose container it is and the lines to change there, or nothing if it is nobody's.
pub(super) fn lines(spec: &ContainerSpec, edits: &[ContainerEdit]) -> Option<String> {
    match &spec.owner {
        Owner::Nobody => None,
        Owner::Compose { project, oneoff: true, .. } => Some(format!(
            "a one-off `docker compose run` of project {project} started it, and ends it"
        )),
        Owner::Compose { project, service, oneoff: false } => {
            Some(compose(project, service, spec, edits))
        }
        Owner::Swarm { service } => Some(swarm(service, spec, edits)),
        Owner::Kubernetes { pod } => {
            Some(elsewhere("Kubernetes", &format!("the manifest of pod {pod}"), spec, edits))
        }
        Owner::Nomad { allocation } => {
            Some(elsewhere("Nomad", &format!("the job of allocation {allocation}"), spec, edits))
        }
        Owner::Ecs { task } => {
            Some(elsewhere("ECS", &format!("the task definition behind {task}"), spec, edits))
        }
    }
}

fn compose(project: &str, service: &str, spec: &ContainerSpec, edits: &[ContainerEdit]) -> String {
    let mut lines = vec![
        format!(
            "Compose project {project} starts it; change its file, then `docker compose up -d`:"
        ),
        "  services:".into(),
        format!("    {service}:"),
    ];
    lines.extend(compose_lines(spec, edits).into_iter().map(|line| format!("      {line}")));
    lines.join("\n")
}

/// Returns the edits as members of a Compose service.
fn compose_lines(spec: &ContainerSpec, edits: &[ContainerEdit]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut tmpfs = Vec::new();
    for edit in edits {
        match edit {
            ContainerEdit::Privileged(it) => lines.push(format!("privileged: {it}")),
            ContainerEdit::BoundCapabilities(allow) => {
                let CapabilityRequest { add, add_all: _, drop, drop_all } =
                    spec.capability_request.bounded(*allow);
                let drop = if drop_all { "[ALL]".to_owned() } else { drop.to_string() };
                if drop != "[]" {
                    lines.push(format!("cap_drop: {drop}"));
                }
                lines.push(format!("cap_add: {add}"));
            }
            ContainerEdit::NoNewPrivileges(it) => {
                lines.push(format!("security_opt: [\"no-new-privileges:{it}\"]"));
            }
            ContainerEdit::DefaultSeccomp => {
                lines.push("# take seccomp out of security_opt".into());
            }
            ContainerEdit::ReadOnlyRootfs(it) => lines.push(format!("read_only: {it}")),
            ContainerEdit::Tmpfs { path, options } if options.is_empty() => {
                tmpfs.push(path.clone());
            }
            ContainerEdit::Tmpfs { path, options } => tmpfs.push(format!("\"{path}:{options}\"")),
            ContainerEdit::User(user) => lines.push(format!("user: \"{user}\"")),
            ContainerEdit::RemoveMount { destination } => {
                lines.push(format!("# take the mount at {destination} out of volumes"));
            }
            ContainerEdit::NetworkMode(mode) => lines.push(format!("network_mode: {mode}")),
            ContainerEdit::PrivatePid => lines.push("# take pid out".into()),
            ContainerEdit::PrivateIpc => lines.push("ipc: private".into()),
            ContainerEdit::PrivateUts => lines.push("# take uts out".into()),
            ContainerEdit::ShareableIpc => lines.push("ipc: shareable".into()),
            ContainerEdit::CgroupnsMode(word) => lines.push(format!("cgroup: {word}")),
            ContainerEdit::ShmSize(bytes) => lines.push(format!("shm_size: {}", Size(*bytes))),
            ContainerEdit::Runtime(name) => lines.push(format!("runtime: {name}")),
            ContainerEdit::Log { driver, set, unset: _ } => {
                lines.push("# or leave `logging` out: the daemon's default is enough".into());
                lines.push("logging:".into());
                lines.push(format!("  driver: {driver}"));
                if !set.is_empty() {
                    lines.push("  options:".into());
                    lines.extend(set.iter().map(|(name, it)| format!("    {name}: \"{it}\"")));
                }
            }
            ContainerEdit::PublishOn { container_port, address } => {
                for port in spec
                    .published_ports
                    .iter()
                    .filter(|it| it.container_port == *container_port && it.is_wildcard())
                {
                    let mut port = port.clone();
                    port.host_ip.clone_from(address);
                    lines.push(format!("ports: [\"{}\"]", port_text(&port)));
                }
            }
            ContainerEdit::PidsLimit(limit) => lines.push(format!("pids_limit: {limit}")),
            ContainerEdit::Memory(bytes) => lines.push(format!("mem_limit: {}", Size(*bytes))),
            ContainerEdit::RestartPolicy { name, max_retries: 0 } => {
                lines.push(format!("restart: \"{name}\""));
            }
            ContainerEdit::RestartPolicy { name, max_retries } => {
                lines.push(format!("restart: {name}:{max_retries}"));
            }
        }
    }
    if !tmpfs.is_empty() {
        lines.push(format!("tmpfs: [{}]", tmpfs.join(", ")));
    }
    lines
}

fn swarm(service: &str, spec: &ContainerSpec, edits: &[ContainerEdit]) -> String {
    let mut flags: Vec<String> = Vec::new();
    let mut impossible: Vec<&str> = Vec::new();
    for edit in edits {
        match edit {
            // A service has no such settings, so its tasks cannot have got them from it.
            ContainerEdit::Privileged(_) => impossible.push("privileged"),
            ContainerEdit::NoNewPrivileges(_) => {
                impossible.push("no-new-privileges (set it for the whole daemon)");
            }
            ContainerEdit::DefaultSeccomp => impossible.push("seccomp"),
            ContainerEdit::PrivatePid => impossible.push("pid"),
            ContainerEdit::PrivateIpc => impossible.push("ipc"),
            ContainerEdit::PrivateUts => impossible.push("uts"),
            ContainerEdit::ShareableIpc => impossible.push("ipc"),
            ContainerEdit::CgroupnsMode(_) => impossible.push("cgroup"),
            ContainerEdit::ShmSize(_) => impossible.push("shm_size"),
            ContainerEdit::Runtime(_) => impossible.push("runtime"),
            ContainerEdit::Log { driver, set, unset: _ } => {
                flags.push(format!("--log-driver {driver}"));
                flags.extend(set.iter().map(|(name, it)| format!("--log-opt {name}={it}")));
            }
            ContainerEdit::PublishOn { container_port, .. } => {
                let port = container_port.split('/').next().unwrap_or(container_port);
                flags.push(format!("--publish-rm {port}"));
            }
            ContainerEdit::BoundCapabilities(allow) => {
                let after = spec.capability_request.bounded(*allow);
                let drop = if after.drop_all { CapabilitySet::EMPTY } else { after.drop };
                if after.drop_all {
                    flags.push("--cap-drop ALL".into());
                }
                flags.extend(drop.names().map(|name| format!("--cap-drop {name}")));
                flags.extend(after.add.names().map(|name| format!("--cap-add {name}")));
            }
            ContainerEdit::ReadOnlyRootfs(_) => flags.push("--read-only".into()),
            ContainerEdit::Tmpfs { path, .. } => {
                flags.push(format!("--mount-add type=tmpfs,destination={path}"));
            }
            ContainerEdit::User(user) => flags.push(format!("--user {user}")),
            ContainerEdit::RemoveMount { destination } => {
                flags.push(format!("--mount-rm {destination}"));
            }
            ContainerEdit::NetworkMode(_) => flags.push("--network-rm host".into()),
            ContainerEdit::PidsLimit(limit) => flags.push(format!("--limit-pids {limit}")),
            ContainerEdit::Memory(bytes) => flags.push(format!("--limit-memory {}", Size(*bytes))),
            ContainerEdit::RestartPolicy { name, max_retries } => {
                let condition = if name == "no" { "none" } else { name };
                flags.push(format!("--restart-condition {condition}"));
                if *max_retries > 0 {
                    flags.push(format!("--restart-max-attempts {max_retries}"));
                }
            }
        }
    }
    let mut text = vec![format!("Swarm starts it for service {service}")];
    if !flags.is_empty() {
        text.push(format!("  docker service update {} {service}", flags.join(" ")));
    }
    if edits.is_empty() {
        text.push(format!("  docker service rm {service}"));
    }
    if !impossible.is_empty() {
        text.push(format!("a service cannot be given: {}", impossible.join(", ")));
    }
    text.join("\n")
}

fn elsewhere(who: &str, place: &str, spec: &ContainerSpec, edits: &[ContainerEdit]) -> String {
    let mut text = vec![format!("{who} starts it; change {place}")];
    let lines = compose_lines(spec, edits);
    if !lines.is_empty() {
        text.push("what has to hold, in Docker's words:".into());
        text.extend(lines.into_iter().map(|line| format!("  {line}")));
    }
    text.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples::container;

    #[test]
    fn compose_gets_the_lines_of_its_file() {
        let mut spec = container("shop-web-1");
        spec.owner =
            Owner::Compose { project: "shop".into(), service: "web".into(), oneoff: false };
        let edits = [
            ContainerEdit::ReadOnlyRootfs(true),
            ContainerEdit::Tmpfs { path: "/run".into(), options: String::new() },
            ContainerEdit::Memory(512 << 20),
        ];
        let text = lines(&spec, &edits).unwrap();
        let (_, yaml) = text.split_once('\n').unwrap();
        assert_eq!(
            yaml,
            "  services:\n    web:\n      read_only: true\n      mem_limit: 512m\n      tmpfs: [/run]"
        );
    }

    #[test]
    fn swarm_gets_a_command_and_is_told_what_it_cannot_do() {
        let mut spec = container("shop_web.1.abc");
        spec.owner = Owner::Swarm { service: "shop_web".into() };
        let edits = [ContainerEdit::NoNewPrivileges(true), ContainerEdit::PidsLimit(512)];
        let text = lines(&spec, &edits).unwrap();
        assert!(text.contains("docker service update --limit-pids 512 shop_web"), "{text}");
        assert!(text.contains("cannot be given: no-new-privileges"), "{text}");
    }
}
