//! Looks at the machine that the engine runs on.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{
    audit, boot, client_configs,
    daemon::LocalDaemon,
    engine_facts, firewall,
    host_files::Paths,
    process::Proc,
    rooted::{Root, is_absent},
    subids, unit_files,
};
use crate::{
    docker::Endpoint,
    model::{
        daemon::DaemonConfig,
        detail::Detail,
        host_files::Subject,
        host_system::{
            Audited, AuditedPath, DataRoot, HARDENING_SYSCTLS, HostSystem, Seen, SocketGroup,
        },
    },
};

const CONTAINERD_CONFIG: &str = "/etc/containerd/config.toml";
const CONTAINERD_ROOT: &str = "/var/lib/containerd";

/// Looks at all of it. Blocks.
pub(super) fn look(
    local: Result<&LocalDaemon, &'static str>,
    proc: &Proc,
    (config, endpoint): (&DaemonConfig, &Endpoint),
    info: &Value,
    details: &BTreeSet<Detail>,
) -> HostSystem {
    let local = match local {
        Ok(local) => local,
        Err(why) => return HostSystem::unseen(why),
    };
    let root = &local.root;
    let paths = Paths { root, config, endpoint };
    let socket_groups = socket_groups(local);
    let client_configs = match details.contains(&Detail::ClientConfigs) {
        true => client_configs::look(root, &socket_groups, local.owner.0),
        false => Err("nobody looked".into()),
    };
    let filter_hooks = match details.contains(&Detail::FilterHooks) {
        true => firewall::look(root, config, info),
        false => Err("nobody looked".into()),
    };
    HostSystem {
        client_configs,
        subids: subids::look(root, config, info, local.owner.0),
        at_boot: boot::look(root, &config.service),
        filter_hooks,
        unit_files: unit_files::look(root, config),
        audit: audit::look(root),
        audited: audited(local, &paths, info),
        socket_groups,
        other_accounts: other_accounts(root),
        data_roots: data_roots(local, proc, &paths, info),
        sysctls: sysctls(root),
    }
}

fn audited(
    local: &LocalDaemon,
    paths: &Paths<'_>,
    info: &Value,
) -> BTreeMap<Audited, Vec<AuditedPath>> {
    let root = &local.root;
    let one = |path: &str| BTreeSet::from([PathBuf::from(path)]);
    let of = |subject| paths.of(subject).unwrap_or_default();
    Audited::ALL
        .into_iter()
        .filter_map(|subject| {
            let meant = match subject {
                Audited::Containerd => one("/usr/bin/containerd"),
                Audited::ContainerdConfig => one(CONTAINERD_CONFIG),
                Audited::ContainerdShim => one("/usr/bin/containerd-shim"),
                Audited::ContainerdShimRuncV1 => one("/usr/bin/containerd-shim-runc-v1"),
                Audited::ContainerdShimRuncV2 => one("/usr/bin/containerd-shim-runc-v2"),
                Audited::ContainerdSocket => of(Subject::ContainerdSock),
                Audited::DaemonJson => of(Subject::DaemonJson),
                Audited::DataRoot => one(data_root(info)?),
                Audited::DockerService => with_folders(of(Subject::DockerService)),
                Audited::DockerSocket => {
                    &with_folders(of(Subject::DockerSocketUnit)) | &of(Subject::DockerSock)
                }
                Audited::Dockerd if !local.program.is_empty() => one(&local.program),
                Audited::Dockerd => one("/usr/bin/dockerd"),
                Audited::EtcDefaultDocker => one("/etc/default/docker"),
                Audited::EtcDocker => of(Subject::EtcDocker),
                Audited::EtcSysconfigDocker => one("/etc/sysconfig/docker"),
                Audited::RunContainerd => one("/run/containerd"),
                Audited::Runc => ["/usr/bin/runc", "/usr/sbin/runc"].map(PathBuf::from).into(),
            };
            let there: BTreeMap<String, bool> =
                meant.iter().filter_map(|path| there(root, path)).collect();
            let there = there
                .into_iter()
                .map(|(path, is_directory)| AuditedPath { path, is_directory })
                .collect::<Vec<_>>();
            (!there.is_empty()).then_some((subject, there))
        })
        .collect()
}

/// Returns where a path leads, and whether to a directory; one that cannot be looked at is there.
fn there(root: &Root, path: &Path) -> Option<(String, bool)> {
    let resolved = root.resolve(path).unwrap_or_else(|_| path.to_path_buf());
    let is_directory = match fs::symlink_metadata(root.outside(&resolved)) {
        Ok(metadata) => metadata.is_dir(),
        Err(error) if is_absent(&error) => return None,
        Err(_) => false,
    };
    Some((resolved.display().to_string(), is_directory))
}

/// Whoever adds a drop-in changes the unit: of those that are there, the directory counts.
fn with_folders(units: BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
    let folder = |path: &PathBuf| {
        let folder = path.parent()?;
        folder.extension().is_some_and(|it| it == "d").then(|| folder.to_path_buf())
    };
    units.into_iter().map(|path| folder(&path).unwrap_or(path)).collect()
}

fn data_root(info: &Value) -> Option<&str> {
    info["DockerRootDir"].as_str().filter(|it| !it.is_empty())
}

fn socket_groups(local: &LocalDaemon) -> Seen<Vec<SocketGroup>> {
    let root = &local.root;
    let groups = engine_facts::socket_groups(local)
        .ok_or("the sockets that the engine listens on could not be looked at")?;
    let read = |path: &str| {
        let text = root.find(Path::new(path)).and_then(fs::read_to_string);
        text.map_err(|error| format!("{path} cannot be read: {error}"))
    };
    Ok(members(&read("/etc/group")?, &read("/etc/passwd")?, &groups, local.owner.0))
}

fn members(group: &str, passwd: &str, groups: &BTreeSet<u32>, owner: u32) -> Vec<SocketGroup> {
    let columns = |text: &str| -> Vec<Vec<String>> {
        text.lines().map(|line| line.split(':').map(str::to_owned).collect()).collect()
    };
    let number = |row: &[String], at: usize| row.get(at).and_then(|it| it.parse::<u32>().ok());
    let accounts = columns(passwd);
    let rows = columns(group);
    let spared = |user: &str| {
        let account = accounts.iter().find(|it| it.first().is_some_and(|it| it == user));
        let uid = account.and_then(|it| number(it, 2));
        uid.is_some_and(|uid| uid == 0 || uid == owner)
    };
    let of_group = |gid: u32| {
        let named: Vec<&Vec<String>> =
            rows.iter().filter(|it| number(it, 2) == Some(gid)).collect();
        let listed = named.iter().filter_map(|it| it.get(3)).flat_map(|it| it.split(','));
        let primary =
            accounts.iter().filter(|it| number(it, 3) == Some(gid)).filter_map(|it| it.first());
        let members = listed.map(str::trim).chain(primary.map(String::as_str));
        SocketGroup {
            gid,
            name: named.first().and_then(|it| it.first()).cloned().unwrap_or_default(),
            members: members
                .filter(|it| !it.is_empty() && !spared(it))
                .map(str::to_owned)
                .collect(),
        }
    };
    groups.iter().map(|gid| of_group(*gid)).collect()
}

/// Of the machine's one kernel; a setting that it does not have has no file.
fn sysctls(root: &Root) -> Seen<BTreeMap<String, i64>> {
    let mut seen = BTreeMap::new();
    for name in HARDENING_SYSCTLS {
        let path = format!("/proc/sys/{}", name.replace('.', "/"));
        match root.find(Path::new(&path)).and_then(fs::read_to_string) {
            Ok(text) => {
                let value = text.trim().parse().map_err(|_| format!("{path} holds no number"))?;
                seen.insert(name.to_owned(), value);
            }
            Err(error) if is_absent(&error) => {}
            Err(error) => return Err(format!("{path} cannot be read: {error}")),
        }
    }
    Ok(seen)
}

/// Returns the services that `/etc/nsswitch.conf` asks for groups and users beside the files.
fn other_accounts(root: &Root) -> Vec<String> {
    const LOCAL: [&str; 4] = ["files", "compat", "systemd", "myhostname"];
    let path = root.find(Path::new("/etc/nsswitch.conf"));
    let text = path.and_then(fs::read_to_string).unwrap_or_default();
    let asked = text.lines().filter_map(|line| {
        let (database, services) = line.split('#').next()?.split_once(':')?;
        matches!(database.trim(), "group" | "passwd" | "initgroups").then_some(services)
    });
    let services = asked.flat_map(str::split_whitespace);
    let others = services.filter(|it| !it.starts_with('[') && !LOCAL.contains(it));
    let others: BTreeSet<String> = others
        .filter(|it| it.chars().all(|it| it.is_ascii_alphanumeric()))
        .map(str::to_owned)
        .collect();
    others.into_iter().collect()
}

fn data_roots(
    local: &LocalDaemon,
    proc: &Proc,
    paths: &Paths<'_>,
    info: &Value,
) -> Seen<Vec<DataRoot>> {
    let docker = data_root(info).ok_or("the engine does not tell where its data lies")?;
    let mounts = proc
        .text(local.pid, "mountinfo")
        .map_err(|error| format!("the daemon's mounts cannot be read: {error}"))?;
    let mounts = Mount::all(&mounts);
    let mut roots = vec![unmapped(docker).to_owned()];
    if paths.config.host.containerd_store {
        roots.push(containerd_root(&local.root));
    }
    let look = |path: String| {
        let resolved = local.root.resolve(Path::new(&path)).unwrap_or_else(|_| path.clone().into());
        let own = Mount::of(&mounts, &resolved);
        let above = resolved.parent().and_then(|it| Mount::of(&mounts, it));
        let own = own.ok_or_else(|| format!("no mount holds {path}"))?;
        Ok(DataRoot {
            // The daemon mounts its directory onto itself, which makes no other file system.
            is_own: own.point == resolved && above.is_none_or(|it| it.device != own.device),
            mounted_at: own.point.display().to_string(),
            path,
        })
    };
    roots.into_iter().map(look).collect()
}

/// With `userns-remap` the engine keeps data in a directory of its own below.
fn unmapped(path: &str) -> &str {
    let is_mapped = |last: &str| {
        last.split_once('.').is_some_and(|(uid, gid)| {
            [uid, gid].iter().all(|it| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit()))
        })
    };
    match path.rsplit_once('/') {
        Some((above, last)) if is_mapped(last) && !above.is_empty() => above,
        _ => path,
    }
}

/// Returns `root` of containerd's own file.
fn containerd_root(root: &Root) -> String {
    let path = root.find(Path::new(CONTAINERD_CONFIG));
    let text = path.and_then(fs::read_to_string).unwrap_or_default();
    let top = text.lines().map(str::trim).take_while(|line| !line.starts_with('['));
    let said = top.filter_map(|line| {
        let value = line.strip_prefix("root")?.trim_start().strip_prefix('=')?.trim();
        Some(value.trim_matches(['"', '\'']).to_owned())
    });
    said.last().unwrap_or_else(|| CONTAINERD_ROOT.to_owned())
}

struct Mount {
    device: String,
    point: PathBuf,
}

impl Mount {
    fn all(table: &str) -> Vec<Self> {
        let row = |line: &str| {
            let mut columns = line.split(' ').skip(2);
            let device = columns.next()?.to_owned();
            let point = columns.nth(1)?.replace("\\040", " ").into();
            Some(Self { device, point })
        };
        table.lines().filter_map(row).collect()
    }

    /// Returns the one that a path lies on: the last of those that reach deepest.
    fn of<'a>(all: &'a [Self], path: &Path) -> Option<&'a Self> {
        let holding = all.iter().filter(|it| path.starts_with(&it.point));
        holding.max_by_key(|it| it.point.components().count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::scratch::Scratch;

    #[test]
    fn members_are_found_by_number_and_primary_group() {
        let group = "root:x:0:\ndocker:x:998:bob, root\ndocker-old:x:998:alice\nother:x:1:eve\n";
        let passwd = "root:x:0:0::/:\nbob:x:1000:1000::/:\nci:x:1001:998::/:\nowner:x:7:998::/:\n";
        let found = members(group, passwd, &[998].into(), 7);
        let members: Vec<&str> = found[0].members.iter().map(String::as_str).collect();
        assert_eq!((found[0].name.as_str(), members), ("docker", vec!["alice", "bob", "ci"]));
    }

    #[test]
    fn accounts_of_a_directory_service_are_told_of() {
        let scratch = Scratch::new();
        let root = Root::new(scratch.path(""));
        assert!(other_accounts(&root).is_empty());
        let text = "passwd: files systemd\ngroup: files [SUCCESS=merge] sss # ldap\nhosts: dns\n";
        scratch.file("etc/nsswitch.conf", text);
        assert_eq!(other_accounts(&root), ["sss"]);
    }

    #[test]
    fn file_system_of_its_own_is_another_device_mounted_there() {
        let table = "1 0 8:1 / / rw - ext4 /dev/a rw\n\
                     2 1 8:1 /var/lib/docker /var/lib/docker rw - ext4 /dev/a rw\n\
                     3 1 8:2 / /srv/da\\040ta rw - ext4 /dev/b rw\n";
        let mounts = Mount::all(table);
        let of = |path: &str| {
            let path = Path::new(path);
            (Mount::of(&mounts, path).unwrap(), Mount::of(&mounts, path.parent().unwrap()).unwrap())
        };
        let (own, above) = of("/var/lib/docker");
        assert_eq!(own.device, above.device);
        let (own, above) = of("/srv/da ta");
        assert!(own.point == Path::new("/srv/da ta") && own.device != above.device);
        assert_eq!(of("/srv/dat").0.point, Path::new("/"));
    }

    #[test]
    fn directory_of_mapped_users_belongs_to_the_one_above() {
        assert_eq!(unmapped("/var/lib/docker/100000.100000"), "/var/lib/docker");
        assert_eq!(unmapped("/srv/docker.d"), "/srv/docker.d");
    }

    #[test]
    fn root_of_containerd_is_the_one_at_the_top() {
        let scratch = Scratch::new();
        let root = Root::new(scratch.path(""));
        assert_eq!(containerd_root(&root), "/var/lib/containerd");
        scratch
            .file("etc/containerd/config.toml", "version = 2\nroot = '/srv/c'\n[x]\nroot = '/y'\n");
        assert_eq!(containerd_root(&root), "/srv/c");
    }
}
