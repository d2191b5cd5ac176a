//! What the sides of a daemon's key add up to: file, command line and environment, running daemon.
//!
//! The one verdict that rules, plans and `explain` share. The engine says nothing of a key that
//! it read and did not apply (moby `daemon/reload.go`), nor of what a later start will do.

#[cfg(test)]
mod tests;

use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;

use super::{
    daemon::{DaemonConfig, DaemonKey, Flag},
    daemon_keys::{self, DaemonKeyFacts, Pickup, TakesEffect},
    daemon_value::{engine_default, is_empty, same, same_as_running, text},
    field::Field,
};

/// Where a key stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody sets it, and the daemon goes by its default.
    Unset,
    /// Nobody sets it, and what the daemon then goes by depends on the host.
    HostDecides,
    /// The file sets it, and the daemon goes by that.
    File,
    /// The command line sets it, and the file is silent.
    Flag,
    /// Variables of these names in the daemon's environment decide.
    Environment(Vec<String>),
    /// In the file, not in force: the daemon has not read it, or not in the way this key needs.
    Pending(Needs),
    /// No longer in the file, still in force.
    Left(Needs),
    /// File and command line both set it: the next start fails, and so does every reload.
    Conflict,
    /// The command line sets it, and a reload, which reads the file alone, has dropped it.
    FlagDropped,
    /// The daemon has read the file as it is, and goes by something else.
    NotTaken(NotTaken),
    /// The file cannot be read.
    Unread,
    /// What the daemon goes by cannot be told, for this reason.
    Unknown(&'static str),
}

/// What makes the daemon go by what its file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    Reload,
    Restart,
    /// A start while no container runs.
    EmptyStart,
    /// Its default in the file: a reload keeps the old value of a key that is left out.
    Written,
}

/// Why the daemon has read the file and goes by something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// A reload should have applied it, and did not.
    ByReload,
    /// Containers lived through the start, so the default bridge was left as it was.
    ByBridge,
    /// It started with the file and made something else of it.
    ByStart,
}

impl Standing {
    /// Returns the word that programs go by.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Unset => "default",
            Self::HostDecides => "host-default",
            Self::File => "file",
            Self::Flag => "flag",
            Self::Environment(_) => "environment",
            Self::Pending(Needs::Reload | Needs::Written) => "reload-pending",
            Self::Pending(Needs::Restart) => "restart-pending",
            Self::Pending(Needs::EmptyStart) => "empty-start-pending",
            Self::Left(_) => "left-in-force",
            Self::Conflict => "conflict",
            Self::FlagDropped => "flag-dropped",
            Self::NotTaken(NotTaken::ByReload) => "reload-ignored",
            Self::NotTaken(NotTaken::ByBridge) => "bridge-kept",
            Self::NotTaken(NotTaken::ByStart) => "not-taken",
            Self::Unread => "file-unreadable",
            Self::Unknown(_) => "unknown",
        }
    }

    /// Returns whether a later start or reload, whoever causes it, changes or breaks something.
    pub const fn is_waiting(&self) -> bool {
        match self {
            Self::Pending(_)
            | Self::Left(_)
            | Self::Conflict
            | Self::FlagDropped
            | Self::NotTaken(_) => true,
            Self::Unset
            | Self::HostDecides
            | Self::File
            | Self::Flag
            | Self::Environment(_)
            | Self::Unread
            | Self::Unknown(_) => false,
        }
    }
}

impl DaemonConfig {
    /// Returns where a key stands.
    pub fn standing(&self, key: &str) -> Standing {
        let Some(sides) = self.keys.get(key) else {
            return match self.file_error {
                Some(_) => Standing::Unread,
                None => Standing::Unset,
            };
        };
        let facts = daemon_keys::find(key);
        let file = sides.file.as_ref();
        if let Some(flag) = deciding_flag(key, sides) {
            return match (file, sides.running.stated()) {
                (Some(_), _) => Standing::Conflict,
                (None, Some(running)) if !same_as_running(key, &flag.value, running) => {
                    Standing::FlagDropped
                }
                (None, _) => Standing::Flag,
            };
        }
        if self.file_error.is_some() {
            return Standing::Unread;
        }
        let running = match &sides.running {
            Field::Set(running) => running,
            // Whatever the daemon fills in follows the file.
            Field::Inherited(_) => {
                return if file.is_some() { Standing::File } else { Standing::Unset };
            }
            Field::Unknown(why) => return Standing::Unknown(why),
        };
        let names = self.environment.get(key);
        match file {
            Some(file) if same_as_running(key, file, running) => Standing::File,
            Some(_) => match names.filter(|_| ENVIRONMENT_WINS.contains(&key)) {
                Some(names) => Standing::Environment(names.clone()),
                None => self.not_in_force(facts),
            },
            None => match names {
                Some(names) => Standing::Environment(names.clone()),
                None => self.without_anybody(key, facts, running),
            },
        }
    }

    /// The file says something else than the daemon goes by.
    fn not_in_force(&self, facts: Option<&DaemonKeyFacts>) -> Standing {
        let about_bridge = facts.is_some_and(|it| it.pickup == Pickup::EmptyStart);
        let reloads = facts.is_some_and(DaemonKeyFacts::reloads);
        match (reloads, about_bridge) {
            (true, _) if self.read.by_reload => Standing::NotTaken(NotTaken::ByReload),
            (true, _) if self.read.by_start => Standing::NotTaken(NotTaken::ByStart),
            (true, _) => Standing::Pending(Needs::Reload),
            (false, true) if self.read.by_start => Standing::NotTaken(NotTaken::ByBridge),
            (false, false) if self.read.by_start => Standing::NotTaken(NotTaken::ByStart),
            (false, true) if self.running_containers > 0 => Standing::Pending(Needs::EmptyStart),
            (false, _) => Standing::Pending(Needs::Restart),
        }
    }

    fn without_anybody(
        &self,
        key: &str,
        facts: Option<&DaemonKeyFacts>,
        running: &Value,
    ) -> Standing {
        let is_default = match engine_default(key) {
            Some(default) => running.is_null() || same_as_running(key, &default, running),
            None => is_empty(running),
        };
        // A process that started with the file as it is has not lost the key since.
        let may_be_left = engine_default(key).is_some() && !HOST_MAY_DECIDE.contains(&key);
        if !is_default && (self.read.by_start || !may_be_left) {
            return Standing::HostDecides;
        }
        let needs = match facts.map(|it| (it.takes_effect, it.pickup)) {
            _ if is_default => return Standing::Unset,
            Some((TakesEffect::Reload { kept_when_absent: true }, _)) => Needs::Written,
            Some((TakesEffect::Reload { kept_when_absent: false }, _)) => Needs::Reload,
            Some((_, Pickup::EmptyStart)) if self.running_containers > 0 => Needs::EmptyStart,
            Some(_) | None => Needs::Restart,
        };
        Standing::Left(needs)
    }

    /// Says in a sentence, without a full stop, where a key stands.
    pub fn says(&self, key: &str, standing: &Standing) -> String {
        let changed = || at("the file changed", self.read.file_changed_at);
        let started = || at("the daemon started", self.read.started_at);
        let last_read =
            || at("the daemon last read it", self.read.reloaded_at.or(self.read.started_at));
        let joined = |parts: [Option<String>; 2]| {
            let parts: Vec<String> = parts.into_iter().flatten().collect();
            if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
        };
        let flag = || {
            let flag = self.keys.get(key).and_then(|it| it.flag.as_ref());
            flag.map_or_else(|| "the command line".into(), named)
        };
        match standing {
            Standing::Unset => "set nowhere; the engine's default is in force".into(),
            Standing::HostDecides => "set nowhere; what is in force depends on the host".into(),
            Standing::File => "in the file, and in force".into(),
            Standing::Flag => format!("{} sets it, and it is in force", flag()),
            Standing::Environment(names) => {
                format!("{} in the daemon's environment decides", names.join(", "))
            }
            Standing::Pending(Needs::Reload | Needs::Written) => {
                format!(
                    "reload pending: in the file, not in force{}",
                    joined([changed(), last_read()])
                )
            }
            Standing::Pending(Needs::Restart) => {
                format!(
                    "restart pending: in the file, not in force{}",
                    joined([changed(), started()])
                )
            }
            Standing::Pending(Needs::EmptyStart) => format!(
                "restart pending: in the file, not in force{}; it takes a start of the daemon \
                 while no container runs",
                joined([changed(), started()])
            ),
            Standing::Left(Needs::Reload) => {
                "reload pending: no longer in the file, still in force".into()
            }
            Standing::Left(Needs::Written) => "no longer in the file, still in force: a reload \
                                               keeps the old value of a key that is left out"
                .into(),
            Standing::Left(Needs::Restart) => {
                format!(
                    "restart pending: no longer in the file, still in force{}",
                    joined([None, started()])
                )
            }
            Standing::Left(Needs::EmptyStart) => "restart pending: no longer in the file, still \
                                                  in force until the daemon starts while no \
                                                  container runs"
                .into(),
            Standing::Conflict => format!(
                "in the file, and {} sets it too: every reload is refused, and the daemon's next \
                 start fails",
                flag()
            ),
            Standing::FlagDropped => format!(
                "{} sets it, and a reload, which reads the file alone, has dropped it until the \
                 next start",
                flag()
            ),
            Standing::NotTaken(NotTaken::ByReload) => format!(
                "a reload has read the file and left the old value in force{}",
                joined([at("reloaded", self.read.reloaded_at), None])
            ),
            Standing::NotTaken(NotTaken::ByBridge) => {
                "the daemon has started with this file while containers kept running, and left \
                 the default bridge as it was; it follows at a start while no container runs"
                    .into()
            }
            Standing::NotTaken(NotTaken::ByStart) => {
                "the daemon has started with this file and goes by something else".into()
            }
            Standing::Unread => format!(
                "{}: {}",
                self.file_path,
                self.file_error.as_deref().unwrap_or("it cannot be read")
            ),
            Standing::Unknown(why) => (*why).into(),
        }
    }

    /// Returns the flag that keeps a key out of the file, and makes what the file says moot.
    pub fn deciding_flag(&self, key: &str) -> Option<&Flag> {
        self.keys.get(key).and_then(|sides| deciding_flag(key, sides))
    }

    /// Says a key's value on each side: in the file, on the command line or in the environment,
    /// in force.
    pub fn sides(&self, key: &str) -> [(&'static str, String); 3] {
        let sides = self.keys.get(key);
        let shown = |value: &Value| text(key, value);
        let file = match (sides.and_then(|it| it.file.as_ref()), &self.file_error) {
            (Some(value), _) => shown(value),
            (None, Some(_)) => "cannot be read".into(),
            (None, None) => "not there".into(),
        };
        let flag = sides.and_then(|it| it.flag.as_ref()).map(named);
        let names = self.environment.get(key).map(|names| names.join(", "));
        let given: Vec<String> = flag.into_iter().chain(names).collect();
        let running = match sides.map(|it| &it.running) {
            Some(Field::Set(Value::Null)) | None => "the engine's default".into(),
            Some(Field::Set(value)) => shown(value),
            Some(Field::Inherited(_)) => "as the file says".into(),
            Some(Field::Unknown(why)) => format!("unknown: {why}"),
        };
        let given = if given.is_empty() { "nothing".into() } else { given.join("; ") };
        [("file", file), ("start", given), ("in force", running)]
    }
}

/// Keys whose variable beats the file; for others the file beats the variable.
const ENVIRONMENT_WINS: &[&str] = &["storage-driver"];

/// Keys whose default gives way to what the host is like: rootless mode, a socket of systemd's,
/// no iptables.
const HOST_MAY_DECIDE: &[&str] =
    &["data-root", "exec-root", "group", "hosts", "ip-masq", "pidfile", "rootless"];

fn deciding_flag<'a>(key: &str, sides: &'a DaemonKey) -> Option<&'a Flag> {
    let merges = daemon_keys::find(key).is_some_and(|it| it.flag_merges);
    sides.flag.as_ref().filter(|_| !merges)
}

/// Names a flag by where it was written: `` `--icc` in docker.service:9 ``.
pub fn named(flag: &Flag) -> String {
    // The argument holds the value, which can be a secret.
    let argument = flag.argument.split(['=', ' ']).next().unwrap_or_default();
    match &flag.origin {
        Some(origin) => format!("`{argument}` in {origin}"),
        None => format!("`{argument}` on the daemon's command line"),
    }
}

/// Returns whether a value says what leaving the key out says.
pub fn is_default(key: &str, value: &Value) -> bool {
    match engine_default(key) {
        Some(default) => same(key, value, &default),
        None => is_empty(value),
    }
}

fn at(what: &str, when: Option<Timestamp>) -> Option<String> {
    let when = when?.to_zoned(TimeZone::UTC);
    Some(format!("{what} {}", when.strftime("%Y-%m-%d %H:%M UTC")))
}
