//! A container in a pod's manifest.

use super::{Said, bounded, list};
use crate::model::{container::ContainerSpec, edit::ContainerEdit};

pub(super) fn text<'a>(
    pod: &str,
    label: impl Fn(&str) -> Option<&'a str>,
    spec: &ContainerSpec,
    edits: &[ContainerEdit],
) -> Vec<String> {
    let space = label("io.kubernetes.pod.namespace").unwrap_or("default");
    let mut text = vec![format!(
        "Kubernetes starts it; change what makes pod {pod} (namespace {space}), in the pod's spec:"
    )];
    let (of_pod, of_container) = said(spec, edits);
    text.extend(of_pod.lines.iter().map(|line| format!("  {line}")));
    if !of_container.lines.is_empty() {
        let name = label("io.kubernetes.container.name").unwrap_or("NAME");
        text.push("  containers:".into());
        text.push(format!("  - name: {name}"));
    }
    let said =
        Said { lines: of_container.lines, cannot: [of_pod.cannot, of_container.cannot].concat() };
    text.extend(said.text("    ", "a pod"));
    text
}

/// Returns the edits as members of the pod's spec and of the container.
fn said(spec: &ContainerSpec, edits: &[ContainerEdit]) -> (Said, Said) {
    let mut pod = Said::default();
    let mut container = Said::default();
    let mut security = Vec::new();
    let mut volumes = Vec::new();
    let mut mounts = Vec::new();
    for edit in edits {
        match edit {
            ContainerEdit::Privileged(it) => security.push(format!("privileged: {it}")),
            ContainerEdit::BoundCapabilities(allow) => {
                let after = bounded(spec, *allow);
                security.push(format!(
                    "capabilities: {{ drop: {}, add: {} }}",
                    list(&after.drop),
                    list(&after.add)
                ));
            }
            ContainerEdit::NoNewPrivileges(it) => {
                security.push(format!("allowPrivilegeEscalation: {}", !it));
            }
            ContainerEdit::DefaultSeccomp => {
                security.push("seccompProfile: { type: RuntimeDefault }".into());
            }
            ContainerEdit::ReadOnlyRootfs(it) => {
                security.push(format!("readOnlyRootFilesystem: {it}"));
            }
            ContainerEdit::User(user) => {
                let (user, group) = user.split_once(':').unwrap_or((user, ""));
                for (member, id) in [("runAsUser", user), ("runAsGroup", group)] {
                    match id.parse::<u32>() {
                        Ok(id) => security.push(format!("{member}: {id}")),
                        Err(_) if id.is_empty() => {}
                        Err(_) => container.cannot(format!("{member}: {id}, which is no number")),
                    }
                }
            }
            ContainerEdit::Tmpfs { path, .. } => {
                let name = format!("tmpfs-{}", volumes.len() + 1);
                volumes.push(format!("- {{ name: {name}, emptyDir: {{ medium: Memory }} }}"));
                mounts.push(format!("- {{ name: {name}, mountPath: {path:?} }}"));
            }
            ContainerEdit::ShmSize(bytes) => {
                volumes.push(format!(
                    "- {{ name: shm, emptyDir: {{ medium: Memory, sizeLimit: \"{bytes}\" }} }}"
                ));
                mounts.push("- { name: shm, mountPath: /dev/shm }".into());
            }
            ContainerEdit::RemoveMount { destination } => {
                container.line(format!("# take the mount at {destination} out of volumeMounts"));
            }
            ContainerEdit::NetworkMode(mode) if mode == "none" => {
                pod.cannot("network_mode none; a NetworkPolicy comes close");
            }
            ContainerEdit::NetworkMode(_) => pod.line("hostNetwork: false"),
            ContainerEdit::PrivatePid => pod.line("hostPID: false"),
            ContainerEdit::PrivateIpc => pod.line("hostIPC: false"),
            ContainerEdit::ShareableIpc => pod.cannot("ipc; the containers of a pod share one"),
            ContainerEdit::PrivateUts => pod.line("hostNetwork: false  # the host name with it"),
            ContainerEdit::CgroupnsMode(_) => pod.cannot("cgroup namespace; the runtime decides"),
            ContainerEdit::Runtime(name) => {
                pod.line(format!("runtimeClassName: NAME  # a RuntimeClass of handler {name}"));
            }
            ContainerEdit::Log { .. } => pod.cannot("logging; the daemon's default holds"),
            ContainerEdit::PublishOn { container_port, address } => {
                let port = container_port.split('/').next().unwrap_or(container_port);
                container.line(format!("ports:  # those of {port}: hostIP: {address:?}"));
            }
            ContainerEdit::PidsLimit(limit) => {
                pod.cannot(format!("pids_limit; the kubelet's podPidsLimit: {limit} does it"));
            }
            ContainerEdit::Memory(bytes) => {
                container.line(format!("resources: {{ limits: {{ memory: \"{bytes}\" }} }}"));
            }
            ContainerEdit::RestartPolicy { .. } => {
                pod.cannot("a number of restarts; it restarts with growing pauses");
            }
        }
    }
    if !security.is_empty() {
        container.line("securityContext:");
        container.lines.extend(security.into_iter().map(|line| format!("  {line}")));
    }
    if !mounts.is_empty() {
        container.line("volumeMounts:");
        container.lines.extend(mounts);
        pod.line("volumes:");
        pod.lines.extend(volumes);
    }
    (pod, container)
}
