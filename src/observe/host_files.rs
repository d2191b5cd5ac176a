//! Looks at the files that this very daemon goes by: owners, modes, and the directories above.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use rustix::fs::getxattr;
use serde_json::Value;

use super::{
    accounts,
    daemon::LocalDaemon,
    origin,
    rooted::{Root, is_absent},
};
use crate::{
    docker::Endpoint,
    model::{
        daemon::{DaemonConfig, Service},
        host_files::{FileAttributes, FileFacts, HostFiles, SeenFile, SocketUnit, Subject},
    },
};

/// Where containerd listens if nobody says otherwise: its own, and one that the daemon starts.
const CONTAINERD_SOCKETS: [&str; 2] =
    ["/run/containerd/containerd.sock", "/run/docker/containerd/containerd.sock"];
const DATA_ROOT: &str = "/var/lib/docker";
const PLUGIN_FOLDERS: [&str; 3] =
    ["/etc/docker/plugins", "/usr/lib/docker/plugins", "/run/docker/plugins"];
const PROGRAMS: [&str; 9] = [
    "containerd",
    "containerd-shim",
    "containerd-shim-runc-v1",
    "containerd-shim-runc-v2",
    "docker",
    "docker-init",
    "docker-proxy",
    "dockerd",
    "runc",
];
/// Plugins of the command line, which root starts too.
const PROGRAM_FOLDERS: [&str; 4] = [
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
];
const ACCESS_LIST: &str = "system.posix_acl_access";

/// Looks at all of them. Blocks.
pub(super) fn look(
    local: Result<&LocalDaemon, &'static str>,
    config: &DaemonConfig,
    endpoint: &Endpoint,
) -> HostFiles {
    let local = match local {
        Ok(local) => local,
        Err(why) => return HostFiles { unseen: Some(why.into()), ..HostFiles::default() },
    };
    let root = &local.root;
    let owner = local.owner;
    let paths = Paths { root, config, endpoint };
    let files = Subject::ALL.map(|subject| {
        let seen = match paths.of(subject) {
            Ok(paths) => paths.iter().filter_map(|path| see(root, path, owner)).collect(),
            Err((path, why)) => vec![SeenFile { path, facts: Err(why) }],
        };
        (subject, seen)
    });
    HostFiles {
        unseen: None,
        files: files.into(),
        owner,
        groups: accounts::groups(root).unwrap_or_default().into_iter().collect(),
        socket_unit: paths.socket_unit(),
        within_reach: root.is_ours(),
    }
}

/// Finds out which files are meant.
pub(super) struct Paths<'a> {
    pub(super) root: &'a Root,
    pub(super) config: &'a DaemonConfig,
    pub(super) endpoint: &'a Endpoint,
}

impl Paths<'_> {
    /// Returns the paths, or one that could not be looked for and why.
    pub(super) fn of(&self, subject: Subject) -> Result<BTreeSet<PathBuf>, (String, String)> {
        let one = |path: &str| Ok(BTreeSet::from([PathBuf::from(path)]));
        match subject {
            Subject::CdiSpecs => {
                let folders = self.said("cdi-spec-dirs");
                let folders = folders.as_array().into_iter().flatten().filter_map(Value::as_str);
                self.with_contents(folders.map(PathBuf::from))
            }
            Subject::ContainerdSock => Ok(match self.said("containerd").as_str() {
                Some(path) => BTreeSet::from([path.trim_start_matches("unix://").into()]),
                None => CONTAINERD_SOCKETS.map(PathBuf::from).into(),
            }),
            Subject::DaemonJson => one(&self.config.file_path),
            Subject::DataRoot => {
                let said = self.said("data-root");
                let root = Path::new(said.as_str().unwrap_or(DATA_ROOT));
                Ok([root.into(), root.join("containers"), root.join("volumes")].into())
            }
            Subject::DockerService => self.unit(self.service_unit()),
            Subject::DockerSock => Ok(self.sockets()),
            Subject::DockerSocketUnit => self.unit("docker.socket"),
            Subject::EngineBinaries => self.programs(),
            Subject::EngineKey => Ok(BTreeSet::from([self.folder().join("key.json")])),
            Subject::EtcDefaultDocker => one("/etc/default/docker"),
            Subject::EtcDocker => Ok(BTreeSet::from([self.folder()])),
            Subject::EtcSysconfigDocker => {
                let mut paths = origin::variable_files(self.root, self.service_unit());
                paths.insert("/etc/sysconfig/docker".into());
                paths.remove(Path::new("/etc/default/docker"));
                Ok(paths)
            }
            Subject::PluginSpecs => self.with_contents(PLUGIN_FOLDERS.map(PathBuf::from)),
            Subject::RegistryCerts => self.certificates(),
            Subject::TlsCa => Ok(self.tls("tlscacert", "ca.pem")),
            Subject::TlsCert => Ok(self.tls("tlscert", "cert.pem")),
            Subject::TlsKey => Ok(self.tls("tlskey", "key.pem")),
        }
    }

    /// What the daemon goes by, else what its file or command line says.
    fn said(&self, key: &str) -> Value {
        let Some(sides) = self.config.keys.get(key) else { return Value::Null };
        let flag = sides.flag.as_ref().map(|it| &it.value);
        let said = sides.running.stated().filter(|it| !it.is_null());
        said.or(flag).or(sides.file.as_ref()).cloned().unwrap_or_default()
    }

    fn service_unit(&self) -> &str {
        self.config.service.system_unit().unwrap_or("docker.service")
    }

    fn unit(&self, unit: &str) -> Result<BTreeSet<PathBuf>, (String, String)> {
        match &self.config.service {
            Service::SystemdUser { unit, .. } => {
                Err((unit.clone(), "it is a unit of a user's own systemd".into()))
            }
            _ => Ok(origin::unit_files(self.root, unit)),
        }
    }

    /// `/etc/docker`, or where the file of a rootless daemon is.
    fn folder(&self) -> PathBuf {
        match &self.config.service {
            Service::SystemdUser { .. } => {
                Path::new(&self.config.file_path).parent().unwrap_or(Path::new("/")).into()
            }
            _ => "/etc/docker".into(),
        }
    }

    fn sockets(&self) -> BTreeSet<PathBuf> {
        let hosts = self.said("hosts");
        let hosts = hosts.as_array().into_iter().flatten().filter_map(Value::as_str);
        let declared = hosts.filter_map(|it| it.strip_prefix("unix://")).map(PathBuf::from);
        let mut sockets: BTreeSet<PathBuf> = declared.collect();
        if let Endpoint::Unix(path) = self.endpoint {
            // Where this run reaches it need not be a path of the daemon's.
            let ours = fs::metadata(path).ok().map(|it| (it.dev(), it.ino()));
            let there = self.root.find(path).and_then(fs::metadata).ok();
            if ours.is_some() && ours == there.map(|it| (it.dev(), it.ino())) {
                sockets.insert(path.clone());
            }
        }
        if sockets.is_empty() {
            sockets.insert("/run/docker.sock".into());
        }
        // One socket by two paths is one.
        let resolved = |path: &PathBuf| self.root.resolve(path).unwrap_or_else(|_| path.clone());
        sockets.iter().map(resolved).collect()
    }

    /// Returns what makes the socket, where the daemon takes it over from systemd.
    fn socket_unit(&self) -> Option<SocketUnit> {
        let hosts = self.said("hosts");
        let mut hosts = hosts.as_array().into_iter().flatten().filter_map(Value::as_str);
        let is_handed_over = matches!(self.config.service, Service::Systemd { .. })
            && hosts.any(|it| it.starts_with("fd://"));
        is_handed_over.then(|| socket_unit(&origin::unit_texts(self.root, "docker.socket")))
    }

    /// Returns the programs that run as root, by where packages put them and as the engine says.
    fn programs(&self) -> Result<BTreeSet<PathBuf>, (String, String)> {
        let places = ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"];
        let usual = places.iter().flat_map(|it| PROGRAMS.map(|name| Path::new(it).join(name)));
        let runtimes = self.config.engine.runtimes.iter().flatten().map(|(_, it)| it.as_str());
        let said = runtimes.chain([self.config.host.program.as_str()]);
        let said = said.filter(|it| it.starts_with('/')).map(PathBuf::from);
        let beside = self.with_contents(PROGRAM_FOLDERS.map(PathBuf::from))?;
        let all = usual.chain(said).chain(beside);
        // One program by two paths is one.
        Ok(all.map(|path| self.root.resolve(&path).unwrap_or(path)).collect())
    }

    /// Returns directories and what is in them; those that are not there are left out.
    fn with_contents(
        &self,
        folders: impl IntoIterator<Item = PathBuf>,
    ) -> Result<BTreeSet<PathBuf>, (String, String)> {
        let mut found = BTreeSet::new();
        for folder in folders {
            match list(self.root, &folder) {
                Ok(entries) => found.extend(entries),
                Err(error) if is_absent(&error) => continue,
                Err(error) => {
                    return Err((
                        folder.display().to_string(),
                        format!("cannot be listed: {error}"),
                    ));
                }
            }
            found.insert(folder);
        }
        Ok(found)
    }

    fn certificates(&self) -> Result<BTreeSet<PathBuf>, (String, String)> {
        let folder = self.folder().join("certs.d");
        let mut found = BTreeSet::new();
        let refused = |path: &Path, error: &io::Error| {
            (path.display().to_string(), format!("cannot be listed: {error}"))
        };
        let registries = match list(self.root, &folder) {
            Err(error) if is_absent(&error) => return Ok(found),
            other => other.map_err(|error| refused(&folder, &error))?,
        };
        for registry in registries {
            match list(self.root, &registry) {
                // A file beside the registries.
                Err(error) if is_absent(&error) => {
                    found.insert(registry);
                }
                files => found.extend(files.map_err(|error| refused(&registry, &error))?),
            }
        }
        Ok(found)
    }

    /// Without TLS nobody reads the file; with it, the daemon has a place where it looks.
    fn tls(&self, key: &str, default: &str) -> BTreeSet<PathBuf> {
        let on = ["tls", "tlsverify"].iter().any(|it| self.said(it) == true);
        match self.said(key).as_str() {
            Some(path) if !path.is_empty() => BTreeSet::from([path.into()]),
            _ if on => BTreeSet::from([Path::new("/root/.docker").join(default)]),
            _ => BTreeSet::new(),
        }
    }
}

fn list(root: &Root, folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = root.find(folder).and_then(fs::read_dir)?;
    entries.map(|entry| Ok(folder.join(entry?.file_name()))).collect()
}

/// Returns what is there; nothing if nothing is.
fn see(root: &Root, path: &Path, owner: (u32, u32)) -> Option<SeenFile> {
    let facts = match facts(root, path, owner) {
        Ok(facts) => Ok(facts),
        Err(error) if is_absent(&error) => return None,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err("no permission to look at it; run plimsoll as root".to_owned())
        }
        Err(error) => Err(error.to_string()),
    };
    Some(SeenFile { path: path.display().to_string(), facts })
}

fn facts(root: &Root, path: &Path, owner: (u32, u32)) -> io::Result<FileFacts> {
    let resolved = root.resolve(path)?;
    let outside = root.outside(&resolved);
    let metadata = fs::symlink_metadata(&outside)?;
    let mut above: BTreeMap<PathBuf, fs::Metadata> = BTreeMap::new();
    for directory in path.ancestors().skip(1).chain(resolved.ancestors().skip(1)) {
        let directory = root.resolve(directory)?;
        let metadata = fs::symlink_metadata(root.outside(&directory))?;
        above.insert(directory, metadata);
    }
    let open_parents = above
        .into_iter()
        .filter(|(_, it)| is_open(it, owner))
        .map(|(directory, _)| directory.display().to_string())
        .collect();
    let has_access_list =
        getxattr(&outside, ACCESS_LIST, &mut [0_u8; 0][..]).is_ok_and(|it| it > 0);
    let (uid, gid, mode) = (metadata.uid(), metadata.gid(), metadata.mode() & 0o7777);
    let attributes = FileAttributes { uid, gid, mode, has_access_list };
    Ok(FileFacts { attributes, open_parents })
}

/// Whether somebody else can put another file in the place of one in this directory. In one like
/// `/tmp` nobody can, of what belongs to others.
fn is_open(directory: &fs::Metadata, (uid, _): (u32, u32)) -> bool {
    const STICKY: u32 = 0o1000;
    let others_write = directory.mode() & 0o002 != 0 && directory.mode() & STICKY == 0;
    others_write || !(directory.uid() == 0 || directory.uid() == uid)
}

/// What the settings of a socket come to; the last one of each wins.
fn socket_unit(texts: &[String]) -> SocketUnit {
    let mut unit = SocketUnit::default();
    for line in texts.iter().flat_map(|text| text.lines()) {
        let Some((key, value)) = line.split_once('=') else { continue };
        let value = value.trim();
        match key.trim() {
            "SocketMode" => {
                unit.mode = u32::from_str_radix(value, 8).unwrap_or(SocketUnit::default().mode);
            }
            "SocketUser" => value.clone_into(&mut unit.user),
            "SocketGroup" => value.clone_into(&mut unit.group),
            _ => {}
        }
    }
    unit
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::observe::scratch::Scratch;

    fn chmod(path: PathBuf, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// The scratch directory belongs to whoever runs the tests.
    fn me(scratch: &Scratch) -> (u32, u32) {
        let metadata = fs::metadata(scratch.path("")).unwrap();
        (metadata.uid(), metadata.gid())
    }

    #[test]
    fn file_behind_links_counts_with_every_directory_on_the_way() {
        let scratch = Scratch::new();
        scratch.file("srv/real/key.pem", "");
        scratch.directory("etc/docker");
        symlink("/srv/real/key.pem", scratch.path("etc/docker/key.pem")).unwrap();
        chmod(scratch.path("srv/real/key.pem"), 0o640);
        let root = Root::new(scratch.path(""));
        let look = || see(&root, Path::new("/etc/docker/key.pem"), me(&scratch)).unwrap();
        let facts = look().facts.unwrap();
        assert_eq!((facts.attributes.uid, facts.attributes.mode), (me(&scratch).0, 0o640));
        assert!(facts.open_parents.is_empty(), "{:?}", facts.open_parents);
        chmod(scratch.path("srv/real"), 0o777);
        chmod(scratch.path("etc"), 0o1777);
        assert_eq!(look().facts.unwrap().open_parents, ["/srv/real"]);
        assert_eq!(see(&root, Path::new("/not/there"), (0, 0)), None);
    }

    #[test]
    fn last_drop_in_by_name_says_how_the_socket_is_made() {
        let scratch = Scratch::new();
        let unit = "[Socket]\nListenStream=/run/docker.sock\nSocketMode=0660\nSocketGroup=docker\n";
        scratch.file("usr/lib/systemd/system/docker.socket", unit);
        let root = Root::new(scratch.path(""));
        let look = || socket_unit(&origin::unit_texts(&root, "docker.socket"));
        let made = SocketUnit { mode: 0o660, group: "docker".into(), ..SocketUnit::default() };
        assert_eq!(look(), made);
        scratch.file("etc/systemd/system/docker.socket.d/20-b.conf", "[Socket]\nSocketMode=0666\n");
        scratch.file("run/systemd/system/docker.socket.d/10-a.conf", "[Socket]\nSocketMode=0600\n");
        scratch.file("run/systemd/system/docker.socket.d/20-b.conf", "[Socket]\nSocketMode=0600\n");
        assert_eq!(look(), SocketUnit { mode: 0o666, ..made });
    }

    #[test]
    fn certificates_of_every_registry_are_found() {
        let scratch = Scratch::new();
        scratch.file("etc/docker/certs.d/r.example:5000/client.key", "");
        scratch.file("etc/docker/certs.d/r.example:5000/ca.crt", "");
        scratch.file("etc/docker/certs.d/stray", "");
        let root = Root::new(scratch.path(""));
        let config = DaemonConfig::default();
        let endpoint = Endpoint::Unix("/run/docker.sock".into());
        let paths = Paths { root: &root, config: &config, endpoint: &endpoint };
        let found = paths.of(Subject::RegistryCerts).unwrap();
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found.iter().any(|it| it.ends_with("r.example:5000/client.key")));
        assert!(paths.of(Subject::TlsKey).unwrap().is_empty());
    }
}
