//! The daemon from three sides: its file, its command line, and what it goes by.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{
    environment::Environment,
    file_obstacle::{obstacle, only_regular},
    flags::CommandLine,
    origin::Origins,
    process::Proc,
    rooted::{Root, is_absent},
    running::{self, Evidence, Live},
};
use crate::{
    docker::Endpoint,
    model::{
        daemon::{DaemonConfig, DaemonKey, DaemonStart, FileFinding, FileRead, Service},
        daemon_digest, daemon_file,
        daemon_host::DaemonHost,
        daemon_keys::{self, DAEMON_KEYS, DaemonKeyFacts, Release},
        engine_says::EngineSays,
        field::Field,
    },
    plan::daemon_file::{decoded, given_twice, values},
    sources::info::{components, engine_says},
};

/// Podman answers the same API from a process that ends when nobody asks.
pub(super) const PODMAN: &str = "Podman";
/// Engines from here on skip a byte order mark, and decode UTF-16 with one.
const READS_MARKS: Release = (23, 0);
const DEFAULT_FILE: &str = "/etc/docker/daemon.json";
const WEAKENING_VARIABLES: [&str; 3] = [
    "DOCKER_IGNORE_BR_NETFILTER_ERROR",
    "DOCKER_INSECURE_NO_IPTABLES_RAW",
    "DOCKER_MIN_API_VERSION",
];
/// How much later than the process the file may seem to be and still have been there: clocks of
/// files and processes tick in hundredths, and the daemon reads its file later than this.
const CLOCK_SLACK: Duration = Duration::from_millis(30);
/// The daemon itself writes beside its file in its first moments (`key.json` up to 28).
const FIRST_MOMENTS: Duration = Duration::from_secs(60);

/// The daemon's process and what it reads, seen from the same machine.
#[derive(Debug)]
pub(super) struct LocalDaemon {
    pub(super) root: Root,
    /// Paths of the sockets it listens on, links followed.
    pub(super) listeners: Vec<PathBuf>,
    /// Path of its program; empty if nobody may look.
    pub(super) program: String,
    pub(super) pid: u32,
    start_ticks: Option<u64>,
    started_at: Option<SystemTime>,
    command_line: CommandLine,
    environment: Environment,
    file: ConfigFile,
    service: Service,
    socket_group: Option<String>,
    /// User and group of its process, in numbers of this machine.
    pub(super) owner: (u32, u32),
    /// TCP addresses that its process listens on.
    pub(super) tcp_listeners: Option<Vec<String>>,
    /// Variables that turn a protection of the engine's off.
    pub(super) weakening_variables: Option<Vec<String>>,
}

/// The daemon's file, whether it is there or not.
#[derive(Debug, Default)]
struct ConfigFile {
    path: String,
    exists: bool,
    error: Option<String>,
    /// Whether the error is one of what it says.
    is_faulty: bool,
    values: Map<String, Value>,
    /// What it says, if it can be read.
    text: String,
    /// What keeps it from being replaced.
    obstacle: Option<String>,
    /// When its contents, or if it is absent its folder, last changed.
    changed_at: Option<SystemTime>,
}

/// Finds and reads the process behind a socket. Blocks.
pub(super) fn look(proc: &Proc, endpoint: &Endpoint) -> Result<LocalDaemon, &'static str> {
    let socket = match endpoint {
        Endpoint::Unix(path) => path,
        Endpoint::Tcp { .. } => return Err("the engine is reached over TCP and may be elsewhere"),
    };
    let pid = proc.find_daemon(socket)?;
    let root = proc.root(pid);
    let arguments = proc.arguments(pid).map_err(|_| "the daemon's process has just ended")?;
    let mut command_line = CommandLine::read(&arguments);
    let service = proc.service(pid);
    let mut environment = Environment::read(proc, pid);
    if !command_line.keys.is_empty() || !environment.is_empty() {
        let origins = Origins::read(&root, service.system_unit());
        for flag in command_line.keys.values_mut() {
            flag.origin = origins.of(&flag.argument);
        }
        environment.find(&origins);
    }
    let path = file_path(proc, pid, command_line.config_file.as_deref());
    let start_ticks = proc.start_ticks(pid);
    Ok(LocalDaemon {
        listeners: proc.listeners(pid).unwrap_or_default(),
        owner: proc.owner(pid).unwrap_or_default(),
        tcp_listeners: proc.tcp_listeners(pid).ok(),
        weakening_variables: proc
            .environment(pid, &WEAKENING_VARIABLES)
            .ok()
            .map(|set| set.into_keys().collect()),
        start_ticks,
        started_at: start_ticks.and_then(|ticks| proc.moment(ticks, SystemTime::now())),
        program: proc.program(pid).unwrap_or_default(),
        file: ConfigFile::read(&root, path),
        socket_group: socket_group(&root, socket),
        root,
        pid,
        command_line,
        environment,
        service,
    })
}

/// Returns the path of the file as the daemon sees it (moby `getDefaultDaemonConfigFile`).
fn file_path(proc: &Proc, pid: u32, flag: Option<&str>) -> PathBuf {
    if let Some(flag) = flag {
        let base = proc.working_directory(pid).unwrap_or_else(|_| "/".into());
        return base.join(flag);
    }
    let names = ["ROOTLESSKIT_STATE_DIR", "XDG_CONFIG_HOME", "HOME"];
    let environment = proc.environment(pid, &names).unwrap_or_default();
    let set = |name: &str| environment.get(name).filter(|value| !value.is_empty());
    let home = || set("HOME").map(|home| Path::new(home).join(".config"));
    match set("ROOTLESSKIT_STATE_DIR") {
        None => DEFAULT_FILE.into(),
        Some(_) => set("XDG_CONFIG_HOME")
            .map(PathBuf::from)
            .or_else(home)
            .map_or_else(|| DEFAULT_FILE.into(), |folder| folder.join("docker/daemon.json")),
    }
}

fn socket_group(root: &Root, socket: &Path) -> Option<String> {
    let gid = fs::metadata(socket).ok()?.gid().to_string();
    let groups = fs::read_to_string(root.find(Path::new("/etc/group")).ok()?).ok()?;
    groups.lines().find_map(|line| {
        let mut columns = line.split(':');
        let name = columns.next()?;
        (columns.nth(1)? == gid).then(|| name.to_owned())
    })
}

impl ConfigFile {
    fn read(root: &Root, path: PathBuf) -> Self {
        let mut file = Self {
            path: path.display().to_string(),
            obstacle: obstacle(root, &path),
            ..Self::default()
        };
        let read = root.find(&path).and_then(|outside| {
            let metadata = fs::metadata(&outside)?;
            only_regular(&metadata)?;
            Ok((fs::read(&outside)?, changed_at(&metadata)))
        });
        match read {
            Ok((bytes, changed)) => {
                file.exists = true;
                file.changed_at = changed;
                let parsed = decoded(bytes).and_then(|text| Ok((values(&text)?, text)));
                match parsed {
                    Ok((values, text)) => {
                        file.values = values;
                        file.text = text;
                    }
                    Err(error) => {
                        file.error = Some(error);
                        file.is_faulty = true;
                    }
                }
            }
            Err(error) if is_absent(&error) => {
                let folder = path.parent().unwrap_or(Path::new("/"));
                file.changed_at = root
                    .find(folder)
                    .and_then(fs::metadata)
                    .ok()
                    .and_then(|metadata| changed_at(&metadata))
                    .and_then(|at| at.checked_sub(FIRST_MOMENTS));
            }
            Err(error) => {
                // Without permission to look, it may well be there.
                file.exists = true;
                file.error = Some(reason(&error));
            }
        }
        file
    }

    /// Returns why it says nothing, to this engine or to us.
    fn error(&self, release: Option<Release>) -> Option<String> {
        let marked = self.text.starts_with('\u{feff}');
        let old = release.is_some_and(|release| release < READS_MARKS);
        self.error.clone().or_else(|| {
            (marked && old).then(|| {
                "it starts with a byte order mark, and engines before 23.0 do not start with \
                 one; save it without"
                    .to_owned()
            })
        })
    }

    fn findings(&self, release: Option<Release>) -> Vec<FileFinding> {
        daemon_file::findings(&self.text, release)
    }

    /// Returns whether the process has read what is there now.
    fn is_older_than(&self, started_at: Option<SystemTime>) -> bool {
        match (self.changed_at, started_at) {
            (Some(changed), Some(started)) => changed <= started + CLOCK_SLACK,
            // No folder, no file.
            (None, _) => !self.exists,
            (Some(_), None) => false,
        }
    }
}

/// The later of the two times: moving a file into place keeps the one and sets the other.
fn changed_at(metadata: &fs::Metadata) -> Option<SystemTime> {
    let inode =
        Duration::new(metadata.ctime().try_into().ok()?, metadata.ctime_nsec().try_into().ok()?);
    Some(metadata.modified().ok()?.max(SystemTime::UNIX_EPOCH + inode))
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "no permission to read it; run plimsoll as root".to_owned()
        }
        _ => error.to_string(),
    }
}

/// Puts the sides together, and writes down what to remember about the process.
pub(super) fn assemble(
    local: Result<&LocalDaemon, &'static str>,
    live: &Live<'_>,
    known_start: Option<&DaemonStart>,
) -> (DaemonConfig, Option<DaemonStart>) {
    let engine_version = live.version_text("Version");
    let release = daemon_keys::release(&engine_version);
    let known_start = known_start.filter(|start| {
        local.is_ok_and(|it| it.pid == start.pid && it.start_ticks == Some(start.start_ticks))
    });
    let nothing = ConfigFile::default();
    let no_flags = CommandLine::default();
    let no_variables = Environment::default();
    let (file, flags) = local.map_or((&nothing, &no_flags), |it| (&it.file, &it.command_line));
    let environment = local.map_or(&no_variables, |it| &it.environment);
    let file_error = file.error(release);
    let file_values = if file_error.is_some() { &Map::new() } else { &file.values };
    let evidence = local.map(|local| Evidence {
        file_error: file_error.is_some(),
        file_is_older: file.is_older_than(local.started_at),
        started_at: local.started_at,
        file_changed_at: file.changed_at,
        known_start,
        socket_group: local.socket_group.as_deref(),
    });
    let known = DAEMON_KEYS
        .iter()
        .filter(|facts| release.is_none_or(|release| facts.known_to(release)))
        .map(|facts| facts.name);
    let names: BTreeSet<&str> = known
        .chain(file_values.keys().map(String::as_str))
        .chain(flags.keys.keys().map(String::as_str))
        .collect();
    let keys: BTreeMap<String, DaemonKey> = names
        .into_iter()
        .map(|name| {
            let file = file_values.get(name).cloned();
            let flag = flags.keys.get(name).cloned();
            let variable = environment.value(name, flags);
            let running = daemon_keys::find(name).map_or(
                Field::Unknown("the engine does not know the key, or plimsoll does not"),
                |facts| {
                    let given = running::Given {
                        file: file.as_ref(),
                        flag: flag.as_ref().map(|flag| &flag.value),
                        variable: variable.as_ref(),
                    };
                    running::running(facts, release, live, evidence.as_ref(), given)
                },
            );
            (name.to_owned(), DaemonKey { file, flag, running })
        })
        .collect();
    let start = local
        .ok()
        .and_then(|local| Some(remember(local.pid, local.start_ticks?, &keys, known_start)));
    let config = DaemonConfig {
        keys,
        file_path: if local.is_ok() { file.path.clone() } else { DEFAULT_FILE.to_owned() },
        file_exists: file.exists,
        file_given_twice: given_twice(&file.text),
        file_obstacle: file.obstacle.clone(),
        file_is_faulty: file_error.is_some() && (file.is_faulty || file.error.is_none()),
        file_error: local.map_or_else(|why| Some(why.to_owned()), |_| file_error),
        engine_version,
        api_version: live.version_text("ApiVersion"),
        swarm_active: live.swarm_active(),
        cgroup_version: live.cgroup_version(),
        log_drivers: live.log_drivers(),
        file_findings: file.findings(release),
        service: local.map_or(Service::NotFound, |local| local.service.clone()),
        host: DaemonHost::default(),
        engine: EngineSays {
            min_api_version: live.version["MinAPIVersion"].as_str().map(str::to_owned),
            components: components(live.version),
            ..engine_says(live.info)
        },
        running_containers: live.running_containers(),
        environment: environment.names(),
        is_missing: live.engine_name() == PODMAN,
        read: local.map_or_else(|_| FileRead::default(), |local| local.file_read(live)),
    };
    (config, start)
}

impl LocalDaemon {
    /// Returns where it may keep what only exists while it runs.
    pub(super) fn exec_root(&self) -> PathBuf {
        let flag = self.command_line.keys.get("exec-root").map(|it| &it.value);
        let said = flag.or_else(|| self.file.values.get("exec-root")).and_then(Value::as_str);
        let usual = || match (&self.service, self.owner.0) {
            (Service::SystemdUser { runtime_directory, .. }, _) => {
                format!("{runtime_directory}/docker")
            }
            (_, 0) => "/run/docker".to_owned(),
            (_, owner) => format!("/run/user/{owner}/docker"),
        };
        said.map_or_else(usual, str::to_owned).into()
    }

    /// Returns when the process read its file, as far as times tell.
    fn file_read(&self, live: &Live<'_>) -> FileRead {
        let time = |at: SystemTime| Timestamp::try_from(at).ok();
        let reloaded_at = live.reload_since(self.started_at).map(|(_, at)| at);
        FileRead {
            file_changed_at: self.file.changed_at.filter(|_| self.file.exists).and_then(time),
            started_at: self.started_at.and_then(time),
            reloaded_at: reloaded_at.and_then(time),
            by_start: self.file.is_older_than(self.started_at),
            by_reload: reloaded_at
                .zip(self.file.changed_at)
                .is_some_and(|(reloaded, changed)| reloaded >= changed),
        }
    }
}

fn remember(
    pid: u32,
    start_ticks: u64,
    keys: &BTreeMap<String, DaemonKey>,
    before: Option<&DaemonStart>,
) -> DaemonStart {
    let mut start =
        DaemonStart { pid, start_ticks, keys: BTreeMap::new(), unknown: BTreeSet::new() };
    for (name, key) in keys {
        let facts = daemon_keys::find(name);
        match &key.running {
            Field::Set(value) if is_unset(value, facts) => {}
            Field::Set(value) => {
                let digest = daemon_digest::digests([(name.as_str(), value)]);
                if digest.is_empty() {
                    start.unknown.insert(name.clone());
                }
                start.keys.extend(digest);
            }
            // What is in neither side is no key of this process.
            Field::Unknown(_) | Field::Inherited(_) if facts.is_none() => {}
            Field::Unknown(_) | Field::Inherited(_) => {
                match before.and_then(|it| it.keys.get(name)) {
                    Some(digest) => {
                        start.keys.insert(name.clone(), digest.clone());
                    }
                    None => {
                        start.unknown.insert(name.clone());
                    }
                }
            }
        }
    }
    start
}

fn is_unset(value: &Value, facts: Option<&DaemonKeyFacts>) -> bool {
    value.is_null() || facts.and_then(DaemonKeyFacts::default_value).as_ref() == Some(value)
}

#[cfg(test)]
mod tests;
