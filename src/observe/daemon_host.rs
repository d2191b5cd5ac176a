//! Reads what a change of the daemon depends on beside its settings.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::Value;

use super::{
    daemon::LocalDaemon,
    rooted::{Root, is_absent},
    swarm_state,
};
use crate::{docker::Endpoint, model::daemon_host::DaemonHost};

/// Where plugins have their sockets, and files that say where they are (moby
/// `pkg/plugins/discovery_unix.go`).
const PLUGIN_SOCKETS: &str = "/run/docker/plugins";
const PLUGIN_FILES: [&str; 2] = ["/etc/docker/plugins", "/usr/lib/docker/plugins"];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Plugin {
    name: String,
    enabled: bool,
}

/// Gathers what the engine's replies and this machine tell. Blocks.
pub(super) fn gather(
    endpoint: &Endpoint,
    info: &Value,
    (plugins, volumes): (Option<&[u8]>, Option<&[u8]>),
    local: Option<&LocalDaemon>,
) -> DaemonHost {
    let count =
        |member: &str| info[member].as_u64().and_then(|it| it.try_into().ok()).unwrap_or_default();
    let root = local.map(|local| &local.root);
    let names = |path: &str| first_columns(root?, path);
    DaemonHost {
        program: local.map(|local| local.program.clone()).unwrap_or_default(),
        client_address: endpoint.to_string(),
        client_uid: rustix::process::geteuid().as_raw(),
        bridge_netfilter: root.map(bridge_netfilter),
        plugins: root.map(|root| {
            let managed = plugins.map(managed_plugins).unwrap_or_default();
            &legacy_plugins(root) | &managed
        }),
        groups: names("/etc/group"),
        has_remap_user: names("/etc/passwd").map(|it| it.contains("dockremap")),
        tcp_listeners: local.and_then(|local| local.tcp_listeners.clone()),
        order_sockets: local.and_then(order_sockets),
        node_ports: swarm_state::ports_of_node(root, info),
        weakening_variables: local.and_then(|local| local.weakening_variables.clone()),
        selinux_enforcing: root.and_then(selinux_enforcing),
        apparmor_mode: root.and_then(apparmor_mode),
        kernel_fips: root.and_then(kernel_fips),
        containerd_store: uses_containerd_store(info),
        // Seen at the containers.
        runtimes_in_use: BTreeMap::new(),
        images: count("Images"),
        containers: count("Containers"),
        volumes: volumes.and_then(volume_count),
    }
}

/// Sockets that the engine makes for its own parts, below its directory of running things.
const OWN_SOCKETS: [&str; 3] = ["libnetwork", "metrics.sock", "swarm/control.sock"];

/// It was found by one of them, so that none is one too few.
fn order_sockets(local: &LocalDaemon) -> Option<Vec<String>> {
    let folder = local.exec_root();
    let folder = local.root.resolve(&folder).unwrap_or(folder);
    let is_own = |path: &PathBuf| OWN_SOCKETS.iter().any(|it| path.starts_with(folder.join(it)));
    let sockets = local.listeners.iter().filter(|path| !is_own(path));
    let sockets: Vec<String> = sockets.map(|it| it.display().to_string()).collect();
    (!sockets.is_empty()).then_some(sockets)
}

/// A kernel that knows nothing of it has no such file.
fn kernel_fips(root: &Root) -> Option<bool> {
    match root.find(Path::new("/proc/sys/crypto/fips_enabled")).and_then(fs::read_to_string) {
        Ok(text) => Some(text.trim() == "1"),
        Err(error) => is_absent(&error).then_some(false),
    }
}

/// Without SELinux there is no such file.
fn selinux_enforcing(root: &Root) -> Option<bool> {
    match root.find(Path::new("/sys/fs/selinux/enforce")).and_then(fs::read_to_string) {
        Ok(text) => Some(text.trim() == "1"),
        Err(error) => is_absent(&error).then_some(false),
    }
}

fn apparmor_mode(root: &Root) -> Option<String> {
    let path = root.find(Path::new("/sys/module/apparmor/parameters/mode"));
    match path.and_then(fs::read_to_string) {
        Ok(text) => Some(text.trim().to_owned()),
        Err(error) => is_absent(&error).then(String::new),
    }
}

fn uses_containerd_store(info: &Value) -> bool {
    let rows = info["DriverStatus"].as_array().into_iter().flatten();
    rows.into_iter().any(|row| row[0] == "driver-type" && row[1] == "io.containerd.snapshotter.v1")
}

fn volume_count(reply: &[u8]) -> Option<usize> {
    let reply: Value = serde_json::from_slice(reply).ok()?;
    Some(reply["Volumes"].as_array().map_or(0, Vec::len))
}

/// The daemon loads the module by itself where the kernel has it.
fn bridge_netfilter(root: &Root) -> bool {
    let exists = |path: &str| root.find(Path::new(path)).is_ok_and(|path| path.exists());
    if exists("/proc/sys/net/bridge/bridge-nf-call-iptables") {
        return true;
    }
    let Ok(release) = fs::read_to_string("/proc/sys/kernel/osrelease") else { return true };
    let modules = Path::new("/lib/modules").join(release.trim());
    ["modules.dep", "modules.builtin"].iter().any(|list| {
        root.find(&modules.join(list))
            .and_then(fs::read_to_string)
            .is_ok_and(|text| text.contains("/br_netfilter.ko"))
    })
}

/// Plugins that the engine runs itself. It takes them by name with or without their tag.
fn managed_plugins(reply: &[u8]) -> BTreeSet<String> {
    let plugins: Vec<Plugin> = serde_json::from_slice(reply).unwrap_or_default();
    let enabled = plugins.into_iter().filter(|plugin| plugin.enabled).map(|plugin| plugin.name);
    enabled
        .flat_map(|name| {
            let bare = name.strip_suffix(":latest").map(str::to_owned);
            [Some(name), bare].into_iter().flatten()
        })
        .collect()
}

/// Plugins that are programs of their own: those that listen, and those that a file tells of.
fn legacy_plugins(root: &Root) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let entries = |directory: &Path| -> Vec<std::path::PathBuf> {
        let listed = root.find(directory).and_then(fs::read_dir);
        listed.into_iter().flatten().flatten().map(|entry| entry.path()).collect()
    };
    let stem = |path: &Path| path.file_stem().and_then(|it| it.to_str()).map(str::to_owned);
    for path in entries(Path::new(PLUGIN_SOCKETS)) {
        let socket = match path.is_dir() {
            true => path.join(path.file_name().unwrap_or_default()).with_extension("sock"),
            false => path,
        };
        if socket.extension().is_some_and(|it| it == "sock") && UnixStream::connect(&socket).is_ok()
        {
            found.extend(stem(&socket));
        }
    }
    for directory in PLUGIN_FILES {
        let files = entries(Path::new(directory)).into_iter();
        let says_where = |path: &std::path::PathBuf| {
            path.extension().is_some_and(|it| it == "spec" || it == "json")
        };
        found.extend(files.filter(says_where).filter_map(|path| stem(&path)));
    }
    found
}

/// Returns the names that a file of accounts begins its lines with.
fn first_columns(root: &Root, path: &str) -> Option<BTreeSet<String>> {
    let text = fs::read_to_string(root.find(Path::new(path)).ok()?).ok()?;
    Some(text.lines().filter_map(|line| line.split(':').next()).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use serde_json::json;

    use super::*;
    use crate::observe::scratch::Scratch;

    #[test]
    fn module_is_there_or_can_be_loaded() {
        let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
        let bare = Scratch::new();
        let root = |scratch: &Scratch| Root::new(scratch.path(""));
        assert!(!bridge_netfilter(&root(&bare)));
        let list = format!("lib/modules/{}/modules.dep", release.trim());
        bare.file(&list, "kernel/net/bridge/br_netfilter.ko.xz: kernel/net/bridge/bridge.ko.xz\n");
        assert!(bridge_netfilter(&root(&bare)));
        let loaded = Scratch::new();
        loaded.file("proc/sys/net/bridge/bridge-nf-call-iptables", "1");
        assert!(bridge_netfilter(&root(&loaded)));
    }

    #[test]
    fn plugins_count_if_they_listen_or_a_file_tells_of_them() {
        let scratch = Scratch::new();
        scratch.directory("run/docker/plugins/c");
        let sockets = scratch.path("run/docker/plugins");
        let _a = UnixListener::bind(sockets.join("a.sock")).unwrap();
        drop(UnixListener::bind(sockets.join("dead.sock")).unwrap());
        let _c = UnixListener::bind(sockets.join("c/c.sock")).unwrap();
        scratch.file("etc/docker/plugins/b.spec", "tcp://localhost:1");
        let found = legacy_plugins(&Root::new(scratch.path("")));
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["a", "b", "c"]);
        let managed =
            json!([{"Name": "x:latest", "Enabled": true}, {"Name": "y", "Enabled": false}]);
        let found = managed_plugins(managed.to_string().as_bytes());
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["x", "x:latest"]);
    }

    #[test]
    fn store_is_told_by_the_kind_of_its_driver() {
        let info = |kind: &str| json!({"DriverStatus": [["driver-type", kind]]});
        assert!(uses_containerd_store(&info("io.containerd.snapshotter.v1")));
        assert!(!uses_containerd_store(&info("x")) && !uses_containerd_store(&json!({})));
    }
}
