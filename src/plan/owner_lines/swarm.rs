//! A Swarm service, as `docker service update` takes it.

use super::{Said, bounded};
use crate::model::{
    compose::shell_word, container::ContainerSpec, edit::ContainerEdit, size::Size,
};

pub(super) fn text<'a>(
    service: &str,
    label: impl Fn(&str) -> Option<&'a str>,
    spec: &ContainerSpec,
    edits: &[ContainerEdit],
) -> Vec<String> {
    let service = shell_word(service);
    let mut text = vec![format!("Swarm starts it for service {service}:")];
    let Said { lines, cannot } = said(spec, edits);
    if !lines.is_empty() {
        text.push(format!("  docker service update {} {service}", lines.join(" ")));
    }
    if edits.is_empty() {
        text.push(format!("  docker service rm {service}"));
    }
    if !cannot.is_empty() {
        text.push(format!("a service has no word for: {}", cannot.join("; ")));
    }
    if let Some(stack) = label("com.docker.stack.namespace") {
        text.push(format!(
            "it is of stack {stack}, whose next deploy goes by its file: change that as well"
        ));
    }
    text
}

/// Returns the edits as flags.
fn said(spec: &ContainerSpec, edits: &[ContainerEdit]) -> Said {
    let mut said = Said::default();
    for edit in edits {
        match edit {
            // A service has no such settings, so its tasks cannot have got them from it.
            ContainerEdit::Privileged(_) => said.cannot("privileged"),
            // The API takes these two from 1.44 on; no command does.
            ContainerEdit::NoNewPrivileges(_) => {
                said.cannot("no-new-privileges (set it for the whole daemon)");
            }
            ContainerEdit::DefaultSeccomp => said.cannot("seccomp (its default is the daemon's)"),
            ContainerEdit::PrivatePid => said.cannot("pid"),
            ContainerEdit::PrivateIpc | ContainerEdit::ShareableIpc => said.cannot("ipc"),
            ContainerEdit::PrivateUts => said.cannot("uts"),
            ContainerEdit::CgroupnsMode(_) => said.cannot("cgroup"),
            ContainerEdit::ShmSize(bytes) => said.line(format!(
                "--mount-add type=tmpfs,destination=/dev/shm,tmpfs-size={}",
                Size(*bytes)
            )),
            ContainerEdit::Runtime(_) => said.cannot("runtime (its default is the daemon's)"),
            ContainerEdit::Log { driver, set, unset: _ } => {
                said.line(format!("--log-driver {driver}"));
                for (name, it) in set {
                    said.line(format!("--log-opt {}", shell_word(&format!("{name}={it}"))));
                }
            }
            ContainerEdit::PublishOn { container_port, .. } => {
                said.line(format!("--publish-rm {container_port}"));
                said.cannot("an address to publish on; publish it from a container that can");
            }
            ContainerEdit::BoundCapabilities(allow) => {
                let after = bounded(spec, *allow);
                for name in after.drop {
                    said.line(format!("--cap-drop {name}"));
                }
                for name in after.add {
                    said.line(format!("--cap-add {name}"));
                }
            }
            ContainerEdit::ReadOnlyRootfs(it) => said.line(format!("--read-only={it}")),
            ContainerEdit::Tmpfs { path, options } => {
                let mut mount = format!("type=tmpfs,destination={path}");
                for option in options.split(',') {
                    match option.split_once('=') {
                        Some(("size", size)) => mount.push_str(&format!(",tmpfs-size={size}")),
                        Some(("mode", mode)) => mount.push_str(&format!(",tmpfs-mode={mode}")),
                        _ if option.is_empty() => {}
                        _ => said.cannot(format!("{option} for the tmpfs {path}")),
                    }
                }
                said.line(format!("--mount-add {}", shell_word(&mount)));
            }
            ContainerEdit::User(user) => said.line(format!("--user {}", shell_word(user))),
            ContainerEdit::RemoveMount { destination } => {
                said.line(format!("--mount-rm {}", shell_word(destination)));
            }
            ContainerEdit::NetworkMode(_) => said.line("--network-rm host"),
            ContainerEdit::PidsLimit(limit) => said.line(format!("--limit-pids {limit}")),
            ContainerEdit::Memory(bytes) => said.line(format!("--limit-memory {}", Size(*bytes))),
            // Tasks have the policy `no`: Swarm starts a new one.
            ContainerEdit::RestartPolicy { name, max_retries } => {
                let condition = match name.as_str() {
                    "no" => "none",
                    "on-failure" => "on-failure",
                    _ => "any",
                };
                said.line(format!("--restart-condition {condition}"));
                if *max_retries > 0 {
                    said.line(format!("--restart-max-attempts {max_retries}"));
                }
            }
        }
    }
    said
}
