//! A task of Nomad's docker driver.

use super::{Said, bounded, list};
use crate::model::{container::ContainerSpec, edit::ContainerEdit};

pub(super) fn text<'a>(
    allocation: &str,
    label: impl Fn(&str) -> Option<&'a str>,
    spec: &ContainerSpec,
    edits: &[ContainerEdit],
) -> Vec<String> {
    let of = |name: &str| label(&format!("com.hashicorp.nomad.{name}"));
    let job = match of("job_id").or_else(|| of("job_name")) {
        Some(job) => format!("job {job}"),
        None => format!("the job of allocation {allocation}"),
    };
    let task = of("task_name").unwrap_or("NAME");
    let (of_task, config) = said(spec, edits);
    let mut text = vec![
        format!("Nomad starts it; change {job}, then `nomad job run`:"),
        format!("  task {task:?} {{"),
    ];
    text.extend(of_task.lines.iter().map(|line| format!("    {line}")));
    if !config.lines.is_empty() {
        text.push("    config {".into());
        text.extend(config.lines.iter().map(|line| format!("      {line}")));
        text.push("    }".into());
    }
    text.push("  }".into());
    let cannot = [of_task.cannot, config.cannot].concat();
    text.extend(Said { lines: Vec::new(), cannot }.text("", "a job"));
    text
}

/// Returns the edits as members of the task and of its `config`.
fn said(spec: &ContainerSpec, edits: &[ContainerEdit]) -> (Said, Said) {
    let mut task = Said::default();
    let mut config = Said::default();
    for edit in edits {
        match edit {
            ContainerEdit::Privileged(it) => config.line(format!("privileged = {it}")),
            ContainerEdit::BoundCapabilities(allow) => {
                let after = bounded(spec, *allow);
                config.line(format!("cap_drop = {}", list(&after.drop)));
                config.line(format!("cap_add = {}", list(&after.add)));
            }
            ContainerEdit::NoNewPrivileges(it) => {
                config.line(format!("security_opt = [\"no-new-privileges={it}\"]"));
            }
            ContainerEdit::DefaultSeccomp => config.line("# take seccomp out of security_opt"),
            ContainerEdit::ReadOnlyRootfs(it) => config.line(format!("readonly_rootfs = {it}")),
            ContainerEdit::Tmpfs { path, options } => {
                config.line("mount {");
                config.line("  type = \"tmpfs\"");
                config.line(format!("  target = {path:?}"));
                if !options.is_empty() {
                    config.line(format!("  # tmpfs_options for {options}"));
                }
                config.line("}");
            }
            ContainerEdit::User(user) => task.line(format!("user = {user:?}")),
            ContainerEdit::RemoveMount { destination } => {
                config.line(format!("# take {destination} out of volumes and mount"));
            }
            ContainerEdit::NetworkMode(mode) => config.line(format!("network_mode = {mode:?}")),
            ContainerEdit::PrivatePid => config.line("# take pid_mode out"),
            ContainerEdit::PrivateIpc => config.line("ipc_mode = \"private\""),
            ContainerEdit::ShareableIpc => config.line("ipc_mode = \"shareable\""),
            ContainerEdit::PrivateUts => config.line("# take uts_mode out"),
            ContainerEdit::CgroupnsMode(mode) => config.line(format!("cgroupns = {mode:?}")),
            ContainerEdit::ShmSize(bytes) => config.line(format!("shm_size = {bytes}")),
            ContainerEdit::Runtime(name) => config.line(format!("runtime = {name:?}")),
            ContainerEdit::Log { driver, set, unset: _ } => {
                config.line("logging {");
                config.line(format!("  type = {driver:?}"));
                if !set.is_empty() {
                    config.line("  config {");
                    for (name, it) in set {
                        config.line(format!("    {name} = {it:?}"));
                    }
                    config.line("  }");
                }
                config.line("}");
            }
            ContainerEdit::PublishOn { container_port, address } => {
                task.cannot(format!(
                    "an address for {container_port} alone; give its port a host_network of \
                     {address}"
                ));
            }
            ContainerEdit::PidsLimit(limit) => config.line(format!("pids_limit = {limit}")),
            ContainerEdit::Memory(bytes) => {
                let mib = bytes / (1 << 20);
                task.line(format!("resources {{ memory = {mib} }}  # or memory_max"));
            }
            ContainerEdit::RestartPolicy { max_retries, .. } => {
                task.line(format!("restart {{ attempts = {max_retries} }}"));
            }
        }
    }
    (task, config)
}
