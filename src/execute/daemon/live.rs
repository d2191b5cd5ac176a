//! The daemon of this machine, for real.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

use super::{
    command,
    effects::{Containers, DaemonEffects, LogPosition, Process, Step},
    file::DaemonFile,
    log, manager, plugin, process, validate,
};
use crate::{
    docker::{Docker, Endpoint, events::EventFilter},
    execute::steps::patiently,
    model::{
        daemon::{DaemonConfig, DaemonStart, Service},
        daemon_check::Thing,
        daemon_keys,
    },
    store::{DaemonChange, Lock, Ran, Store},
};

/// A plugin that does not answer is tried for 15 seconds before the engine gives up.
const RELOAD_DEADLINE: Duration = Duration::from_secs(25);
/// A daemon that nobody starts again does not come back after this time without a process.
const GONE_FOR_GOOD: Duration = Duration::from_secs(3);
/// Asking a service manager takes longer than knocking at the daemon's door.
const ROUNDS_PER_QUESTION: usize = 10;
const PAUSE: Duration = Duration::from_millis(200);

/// How the daemon is to be reloaded and restarted where no service manager does it, and how long
/// that may take.
#[derive(Clone, Debug)]
pub struct Commands {
    pub reload: Option<Vec<String>>,
    pub restart: Option<Vec<String>>,
    /// From the restart to the first answer.
    pub deadline: Duration,
}

/// One machine's daemon. Connections are made when needed: the daemon comes and goes.
pub struct LiveDaemon<'a> {
    endpoint: &'a Endpoint,
    store: &'a Store,
    lock: &'a Lock,
    file: DaemonFile,
    service: Service,
    commands: Commands,
    /// Whether the engine's program can judge a file.
    validates: bool,
    error_log: Option<PathBuf>,
}

impl<'a> LiveDaemon<'a> {
    /// Finds the daemon that a snapshot describes. Fails where it cannot be changed from here.
    pub fn find(
        endpoint: &'a Endpoint,
        (store, lock): (&'a Store, &'a Lock),
        config: &DaemonConfig,
        commands: Commands,
        run: u64,
    ) -> Step<Self> {
        if !endpoint.is_local() {
            return Err(format!("the daemon behind {endpoint} is on another machine"));
        }
        let process = config.service.pid().and_then(process::process);
        if config.file_path.is_empty() {
            return Err("the daemon says of no file that it is its own".to_owned());
        }
        if process.is_some_and(|it| !process::shares_file(it, Path::new(&config.file_path))) {
            return Err("the daemon runs in a container of its own; run plimsoll there".to_owned());
        }
        let release = daemon_keys::release(&config.engine_version);
        Ok(Self {
            endpoint,
            store,
            lock,
            file: DaemonFile::locate(Path::new(&config.file_path), run)?,
            service: config.service.clone(),
            commands,
            validates: release >= Some((23, 0)) && judges_from_outside(&config.service),
            error_log: process.and_then(process::error_log),
        })
    }

    /// Finds the daemon that a note describes, whether it runs or not.
    pub(super) fn of_note(
        endpoint: &'a Endpoint,
        (store, lock): (&'a Store, &'a Lock),
        change: &DaemonChange,
        deadline: Duration,
    ) -> Self {
        let backup = change.backup.clone().unwrap_or_default();
        Self {
            endpoint,
            store,
            lock,
            file: DaemonFile::from_parts(
                change.file.clone().into(),
                change.candidate.clone().into(),
                backup.into(),
            ),
            service: change.service.clone(),
            commands: Commands {
                reload: change.reload_command.clone(),
                restart: change.restart_command.clone(),
                deadline,
            },
            validates: false,
            error_log: None,
        }
    }

    /// Returns whether there is anybody who can restart the daemon.
    pub fn can_restart(&self) -> bool {
        self.commands.restart.is_some() || manager::restart_command(&self.service).is_some()
    }

    async fn connect(&self) -> Step<Docker> {
        Docker::connect(self.endpoint).await.map_err(|error| error.to_string())
    }

    const fn nobody_starts_it_again(&self) -> bool {
        self.commands.restart.is_none()
            && matches!(self.service, Service::SysVInit { .. } | Service::OpenRc { .. })
    }

    async fn send_reload(&self) -> Step<()> {
        if let Some(words) = &self.commands.reload {
            return command::run(&mut command::declared(words)?, RELOAD_DEADLINE).await.map(drop);
        }
        if let Some(mut reload) = manager::reload_command(&self.service) {
            let done = command::run(&mut reload, RELOAD_DEADLINE).await.map(drop);
            // Not every script of OpenRC has a reload.
            if done.is_ok() || !matches!(self.service, Service::OpenRc { .. }) {
                return done;
            }
        }
        let process = self.process().await.ok_or("the daemon's process is not to be found")?;
        process::hang_up(process)
    }
}

/// Returns whether the engine's program would see from here what the daemon sees.
const fn judges_from_outside(service: &Service) -> bool {
    match service {
        Service::SystemdUser { .. } | Service::Snap { .. } => false,
        Service::Systemd { .. }
        | Service::OpenRc { .. }
        | Service::SysVInit { .. }
        | Service::Process { .. }
        | Service::NotFound => true,
    }
}

impl DaemonEffects for LiveDaemon<'_> {
    fn read_file(&self) -> Step<Option<String>> {
        self.file.read()
    }

    fn write_candidate(&self, text: &str) -> Step<()> {
        self.file.write_candidate(text)
    }

    async fn validate_candidate(&self) -> Step<()> {
        match self.process().await {
            Some(process) if self.validates => {
                validate::validate(process, self.file.candidate()).await
            }
            Some(_) | None => Ok(()),
        }
    }

    fn has(&self, thing: &Thing) -> bool {
        match thing {
            Thing::File(path) => fs::metadata(path).is_ok_and(|it| it.is_file()),
            Thing::Program(path) => {
                fs::metadata(path).is_ok_and(|it| it.is_file() && it.mode() & 0o111 != 0)
            }
            // Where groups are looked up elsewhere, their file does not tell.
            Thing::Group(name) => fs::read_to_string("/etc/group").map_or(true, |groups| {
                groups.lines().any(|line| line.split(':').next() == Some(name))
            }),
        }
    }

    async fn plugin_answers(&self, name: &str) -> bool {
        match plugin::plugin_listens(name).await {
            true => true,
            // One that the engine runs itself has no socket of that name.
            false => match self.connect().await {
                Ok(docker) => docker.get(&format!("/plugins/{name}/json")).await.is_ok(),
                Err(_) => false,
            },
        }
    }

    fn discard_candidate(&self) {
        self.file.discard_candidate();
    }

    fn back_up(&self) -> Step<Option<String>> {
        self.file.back_up()
    }

    fn discard_backup(&self) {
        self.file.discard_backup();
    }

    fn install_candidate(&self) -> Step<()> {
        self.file.install_candidate()
    }

    fn keep_found(&self) -> Step<String> {
        self.file.keep_found()
    }

    fn put_back(&self, backup: Option<&str>) -> Step<()> {
        self.file.put_back(backup.map(Path::new))
    }

    fn prune_backups(&self) {
        self.file.prune_backups();
    }

    fn note(&self, change: &DaemonChange) -> Step<()> {
        let change = DaemonChange {
            file: self.file.path().display().to_string(),
            candidate: self.file.candidate().display().to_string(),
            service: self.service.clone(),
            reload_command: self.commands.reload.clone(),
            restart_command: self.commands.restart.clone(),
            ..change.clone()
        };
        self.store.save_daemon_change(self.lock, &change).map_err(|error| error.to_string())
    }

    fn forget_note(&self) -> Step<()> {
        self.store.remove_daemon_change(self.lock).map_err(|error| error.to_string())
    }

    fn note_start(&self, start: &DaemonStart) -> Step<()> {
        let mut last = self.store.last_applied().map_err(|error| error.to_string())?;
        last.daemon_start = Some(start.clone());
        self.store.save_last_applied(self.lock, &last).map_err(|error| error.to_string())
    }

    async fn process(&self) -> Option<Process> {
        match &self.service {
            // The socket may be systemd's own.
            Service::Systemd { unit, pid: _ } => manager::main_process(unit).await,
            // Its number is another one after each restart.
            Service::SystemdUser { .. }
            | Service::OpenRc { .. }
            | Service::SysVInit { .. }
            | Service::Snap { .. }
            | Service::Process { .. }
            | Service::NotFound => process::listener(self.endpoint).await,
        }
    }

    async fn reload(&self) -> Step<BTreeMap<String, String>> {
        // Connecting asks for an answer: a signal during the start would end the daemon.
        let docker = self.connect().await?;
        let filter = EventFilter {
            kinds: vec!["daemon".to_owned()],
            actions: vec!["reload".to_owned()],
            since: None,
            until: None,
        };
        let mut events = docker.events(&filter).await.map_err(|error| error.to_string())?;
        self.send_reload().await?;
        match timeout(RELOAD_DEADLINE, events.next()).await {
            Ok(Some(Ok(event))) => Ok(event.actor.attributes),
            Ok(Some(Err(error))) => Err(error.to_string()),
            Ok(None) => Err("the daemon ended during the reload".to_owned()),
            Err(_) => Err(format!(
                "the daemon reports no reload within {} s, so it refused the file",
                RELOAD_DEADLINE.as_secs()
            )),
        }
    }

    async fn restart(&self) -> Step<()> {
        let limit = self.commands.deadline;
        match &self.commands.restart {
            Some(words) => {
                manager::forgive(&self.service).await;
                command::run(&mut command::declared(words)?, limit).await.map(drop)
            }
            None => manager::restart(&self.service, limit).await,
        }
    }

    async fn wait_until_up(&self, other_than: Option<Process>) -> Step<Option<Process>> {
        let deadline = Instant::now() + self.commands.deadline;
        let mut last_seen = Instant::now();
        let mut rounds = 0;
        loop {
            let why = match self.connect().await {
                Ok(_) => match self.process().await {
                    Some(process) if Some(process) == other_than => {
                        "the daemon was not restarted".to_owned()
                    }
                    process => return Ok(process),
                },
                Err(why) => why,
            };
            if process::any() {
                last_seen = Instant::now();
            }
            // A script says that it has started the daemon, which may have ended since.
            if self.nobody_starts_it_again() && last_seen.elapsed() > GONE_FOR_GOOD {
                return Err("the daemon has ended right after its start".to_owned());
            }
            rounds += 1;
            if rounds % ROUNDS_PER_QUESTION == 1 && manager::has_given_up(&self.service).await {
                return Err("the daemon has ended, and nobody starts it again".to_owned());
            }
            if Instant::now() >= deadline {
                return Err(why);
            }
            sleep(PAUSE).await;
        }
    }

    fn by_hand(&self, change: &DaemonChange) -> Vec<String> {
        let file = self.file.path().display();
        let put_back = match (&change.backup, &change.before) {
            _ if change.before.as_ref() == Some(&change.after) => None,
            (Some(backup), _) => Some(format!("  cp -a {backup} {file}")),
            (None, None) => Some(format!("  rm -f {file}")),
            (None, Some(_)) => None,
        };
        let reset =
            self.service.system_unit().map(|unit| format!("  systemctl reset-failed {unit}"));
        let declared = self.commands.restart.as_ref().map(|words| words.join(" "));
        let restart = declared.or_else(|| self.service.restart_line());
        [put_back, reset, restart.map(|line| format!("  {line}"))].into_iter().flatten().collect()
    }

    async fn answers(&self) -> bool {
        self.connect().await.is_ok()
    }

    async fn log_position(&self) -> LogPosition {
        log::position(&self.service, self.error_log.as_deref()).await
    }

    async fn last_words(&self, since: &LogPosition) -> Vec<String> {
        log::since(since, &self.service).await
    }

    async fn containers(&self) -> Step<Containers> {
        let docker = self.connect().await?;
        let list = docker.containers().await.map_err(|error| error.to_string())?;
        let running = list
            .iter()
            .filter(|it| it.state == "running" || it.state == "paused")
            .map(|it| Ran {
                id: it.id.clone(),
                name: it.name().to_owned(),
                paused: it.state == "paused",
            })
            .collect();
        Ok(Containers { running, all: list.into_iter().map(|it| it.id).collect() })
    }

    async fn start_container(&self, id: &str) -> Step<()> {
        let docker = self.connect().await?;
        let started = patiently(|| async { docker.start(id).await.or_else(already_so) }).await;
        started.map_err(|error| error.to_string())
    }

    async fn stop_container(&self, id: &str) -> Step<()> {
        let docker = self.connect().await?;
        docker.stop(id).await.or_else(already_so).map_err(|error| error.to_string())
    }

    async fn pause_container(&self, id: &str) -> Step<()> {
        let docker = self.connect().await?;
        docker.pause(id).await.map_err(|error| error.to_string())
    }

    async fn info(&self) -> Step<Value> {
        let reply = self.connect().await?.info().await.map_err(|error| error.to_string())?;
        serde_json::from_slice(&reply).map_err(|error| error.to_string())
    }

    async fn bridge(&self) -> Step<Option<Value>> {
        match self.connect().await?.network("bridge").await {
            Ok(reply) => serde_json::from_slice(&reply).map(Some).map_err(|it| it.to_string()),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// 304: it runs, or it does not, already.
fn already_so(error: crate::docker::DockerError) -> Result<(), crate::docker::DockerError> {
    match error.code() {
        Some(304) => Ok(()),
        _ => Err(error),
    }
}
