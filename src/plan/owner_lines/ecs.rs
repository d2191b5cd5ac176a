//! A container in an ECS task definition.

use super::{Said, bounded, list};
use crate::model::{container::ContainerSpec, edit::ContainerEdit};

pub(super) fn text<'a>(
    task: &str,
    label: impl Fn(&str) -> Option<&'a str>,
    spec: &ContainerSpec,
    edits: &[ContainerEdit],
) -> Vec<String> {
    let of = |name: &str| label(&format!("com.amazonaws.ecs.{name}"));
    let family = match of("task-definition-family") {
        Some(family) => format!("task definition {family}"),
        None => format!("the task definition behind {task}"),
    };
    let mut text =
        vec![format!("ECS starts it; register a new revision of {family}, in which it has:")];
    if let Some(name) = of("container-name") {
        text.push(format!("  \"name\": {name:?},"));
    }
    text.extend(said(spec, edits).text("  ", "ECS"));
    text
}

/// Returns the edits as members of a container definition.
fn said(spec: &ContainerSpec, edits: &[ContainerEdit]) -> Said {
    let mut said = Said::default();
    let mut linux = Vec::new();
    let mut tmpfs = Vec::new();
    for edit in edits {
        match edit {
            ContainerEdit::Privileged(it) => said.line(format!("\"privileged\": {it},")),
            ContainerEdit::BoundCapabilities(allow) => {
                let after = bounded(spec, *allow);
                linux.push(format!(
                    "\"capabilities\": {{ \"drop\": {}, \"add\": {} }}",
                    list(&after.drop),
                    list(&after.add)
                ));
            }
            ContainerEdit::NoNewPrivileges(true) => {
                said.line("\"dockerSecurityOptions\": [\"no-new-privileges\"],");
            }
            ContainerEdit::NoNewPrivileges(false) => {
                said.line("// take no-new-privileges out of dockerSecurityOptions");
            }
            ContainerEdit::DefaultSeccomp => said.cannot("seccomp; the daemon's default holds"),
            ContainerEdit::ReadOnlyRootfs(it) => {
                said.line(format!("\"readonlyRootFilesystem\": {it},"));
            }
            ContainerEdit::Tmpfs { path, .. } => {
                tmpfs.push(format!("{{ \"containerPath\": {path:?}, \"size\": 64 }}"));
            }
            ContainerEdit::User(user) => said.line(format!("\"user\": {user:?},")),
            ContainerEdit::RemoveMount { destination } => {
                said.line(format!("// take {destination} out of mountPoints"));
            }
            ContainerEdit::NetworkMode(mode) => {
                let mode = if mode == "none" { "none" } else { "bridge" };
                said.line(format!("// for the whole task: \"networkMode\": \"{mode}\""));
            }
            ContainerEdit::PrivatePid => said.line("// for the whole task: take pidMode out"),
            ContainerEdit::PrivateIpc => {
                said.line("// for the whole task: \"ipcMode\": \"none\"");
            }
            ContainerEdit::ShareableIpc => {
                said.line("// for the whole task: \"ipcMode\": \"task\"");
            }
            ContainerEdit::PrivateUts => said.cannot("uts"),
            ContainerEdit::CgroupnsMode(_) => said.cannot("cgroup namespace"),
            ContainerEdit::ShmSize(bytes) => {
                linux.push(format!("\"sharedMemorySize\": {}", bytes / (1 << 20)));
            }
            ContainerEdit::Runtime(_) => said.cannot("runtime; the daemon's default holds"),
            ContainerEdit::Log { driver, set, unset: _ } => {
                let options: Vec<String> =
                    set.iter().map(|(name, it)| format!("{name:?}: {it:?}")).collect();
                said.line(format!(
                    "\"logConfiguration\": {{ \"logDriver\": {driver:?}, \"options\": {{ {} }} }},",
                    options.join(", ")
                ));
            }
            ContainerEdit::PublishOn { .. } => said.cannot("an address to publish on"),
            ContainerEdit::PidsLimit(limit) => {
                said.cannot(format!(
                    "pids_limit; a `nproc` ulimit of {limit} comes close for other users than root"
                ));
            }
            ContainerEdit::Memory(bytes) => {
                said.line(format!("\"memory\": {},", bytes / (1 << 20)));
            }
            ContainerEdit::RestartPolicy { .. } => {
                said.cannot("a number of restarts; the service replaces tasks that end");
            }
        }
    }
    if !tmpfs.is_empty() {
        linux.push(format!("\"tmpfs\": [{}]", tmpfs.join(", ")));
    }
    if !linux.is_empty() {
        said.line(format!("\"linuxParameters\": {{ {} }},", linux.join(", ")));
    }
    said
}
