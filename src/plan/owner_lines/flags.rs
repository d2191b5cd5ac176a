//! Flags of `docker run`, for all who call it or take its flags.

use super::{Said, bounded};
use crate::{
    model::{compose::shell_word, container::ContainerSpec, edit::ContainerEdit, size::Size},
    plan::settings::port_text,
};

/// Returns the edits as flags, several in a line.
pub(super) fn said(spec: &ContainerSpec, edits: &[ContainerEdit]) -> Said {
    let mut said = Said::default();
    let mut flags: Vec<String> = Vec::new();
    let mut out: Vec<String> = Vec::new();
    for edit in edits {
        match edit {
            ContainerEdit::Privileged(true) => flags.push("--privileged".into()),
            ContainerEdit::Privileged(false) => out.push("--privileged".into()),
            ContainerEdit::BoundCapabilities(allow) => {
                let after = bounded(spec, *allow);
                flags.extend(after.drop.iter().map(|it| format!("--cap-drop={it}")));
                flags.extend(after.add.iter().map(|it| format!("--cap-add={it}")));
            }
            ContainerEdit::NoNewPrivileges(it) => {
                flags.push(format!("--security-opt=no-new-privileges={it}"));
            }
            ContainerEdit::DefaultSeccomp => out.push("--security-opt=seccomp=…".into()),
            ContainerEdit::ReadOnlyRootfs(it) => flags.push(format!("--read-only={it}")),
            ContainerEdit::Tmpfs { path, options } => flags.push(match options.as_str() {
                "" => format!("--tmpfs={}", shell_word(path)),
                options => format!("--tmpfs={}", shell_word(&format!("{path}:{options}"))),
            }),
            ContainerEdit::User(user) => flags.push(format!("--user={}", shell_word(user))),
            ContainerEdit::RemoveMount { destination } => {
                out.push(format!("--volume=…:{destination}"));
            }
            ContainerEdit::NetworkMode(mode) => flags.push(format!("--network={mode}")),
            ContainerEdit::PrivatePid => out.push("--pid=…".into()),
            ContainerEdit::PrivateIpc => flags.push("--ipc=private".into()),
            ContainerEdit::ShareableIpc => flags.push("--ipc=shareable".into()),
            ContainerEdit::PrivateUts => out.push("--uts=…".into()),
            ContainerEdit::CgroupnsMode(mode) => flags.push(format!("--cgroupns={mode}")),
            ContainerEdit::ShmSize(bytes) => flags.push(format!("--shm-size={}", Size(*bytes))),
            ContainerEdit::Runtime(name) => flags.push(format!("--runtime={}", shell_word(name))),
            ContainerEdit::Log { driver, set, unset: _ } => {
                flags.push(format!("--log-driver={driver}"));
                flags.extend(set.iter().map(|(name, it)| {
                    format!("--log-opt={}", shell_word(&format!("{name}={it}")))
                }));
            }
            ContainerEdit::PublishOn { container_port, address } => {
                for port in spec
                    .published_ports
                    .iter()
                    .filter(|it| it.container_port == *container_port && it.is_wildcard())
                {
                    let mut port = port.clone();
                    port.host_ip.clone_from(address);
                    let flag = format!("--publish={}", port_text(&port));
                    if !flags.contains(&flag) {
                        flags.push(flag);
                    }
                }
            }
            ContainerEdit::PidsLimit(limit) => flags.push(format!("--pids-limit={limit}")),
            ContainerEdit::Memory(bytes) => flags.push(format!("--memory={}", Size(*bytes))),
            ContainerEdit::RestartPolicy { name, max_retries: 0 } => {
                flags.push(format!("--restart={name}"));
            }
            ContainerEdit::RestartPolicy { name, max_retries } => {
                flags.push(format!("--restart={name}:{max_retries}"));
            }
        }
    }
    packed("", &flags, &mut said);
    packed("without ", &out, &mut said);
    said
}

/// Adds as many of them in a line as fit a screen, each line with what goes before.
fn packed(before: &str, flags: &[String], said: &mut Said) {
    let mut line = String::new();
    for flag in flags {
        if !line.is_empty() && line.len() + flag.len() > 58 {
            said.line(std::mem::take(&mut line));
        }
        line.push_str(if line.is_empty() { before } else { " " });
        line.push_str(flag);
    }
    if !line.is_empty() {
        said.line(line);
    }
}
