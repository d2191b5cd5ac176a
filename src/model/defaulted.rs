//! Settings of containers for which the daemon has a default, and what that default is.
//!
//! Some defaults are copied into a container when it is created (moby `adaptContainerSettings`,
//! `mergeAndVerifyLogConfig`), others are looked up at each of its starts.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::{
    daemon::DaemonConfig, daemon_keys, daemon_value::same_as_running, field::Field,
    standing::is_default,
};

/// What one container says. Most of it was filled in by the daemon where nobody asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Defaulted {
    /// `None` where the source does not tell.
    pub log: Option<LogConfig>,
    /// `private` or `host`; empty on engines before 20.10.
    pub cgroupns: String,
    pub shm_bytes: Option<i64>,
    /// Empty until the first start on some engines.
    pub runtime: String,
    /// The container's own say; `None` leaves it to the daemon.
    pub no_new_privileges: Option<bool>,
    /// The container's own say; `None` leaves it to the daemon.
    pub init: Option<bool>,
    /// Empty leaves it to the daemon.
    pub cgroup_parent: String,
    /// Those that the daemon has a default for are shown with its default of today.
    pub ulimits: Vec<Ulimit>,
    /// Whether it has name servers, options or search domains of its own.
    pub dns: bool,
    /// Empty without SELinux.
    pub process_label: String,
    /// When it was created, RFC 3339 as the engine says it.
    pub created_at: String,
    /// When it last ended, in the same words; the first year if it never ran.
    pub finished_at: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogConfig {
    pub driver: String,
    /// Values can be secrets.
    pub options: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ulimit {
    pub name: String,
    pub soft: i64,
    pub hard: i64,
}

/// What the daemon gives containers, and has given them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DaemonDefaults {
    /// What it goes by today, key by key, as far as that is known.
    in_force: BTreeMap<String, Field<Value>>,
    /// What it went by when plimsoll looked before, as text.
    earlier: BTreeMap<String, Vec<Value>>,
    /// When its process started.
    pub started_at: Option<Timestamp>,
    /// Whether this engine has no such daemon.
    pub is_missing: bool,
}

impl DaemonDefaults {
    /// Takes over what the daemon goes by. `earlier` is what it went by before.
    pub fn of(daemon: &DaemonConfig, earlier: &BTreeMap<String, Vec<Value>>) -> Self {
        let followed = daemon.keys.iter().filter(|(key, _)| daemon_keys::reaches_containers(key));
        Self {
            in_force: followed.map(|(key, it)| (key.clone(), it.running.clone())).collect(),
            earlier: earlier.clone(),
            started_at: daemon.read.started_at,
            is_missing: daemon.is_missing,
        }
    }

    /// Returns what the daemon goes by.
    pub fn value(&self, key: &str) -> Option<&Value> {
        self.in_force.get(key).and_then(Field::stated).filter(|it| !it.is_null())
    }

    /// Returns whether the daemon goes by this value; `None` if nobody can tell.
    pub fn goes_by(&self, key: &str, want: &Value) -> Option<bool> {
        match self.in_force.get(key)?.stated()? {
            Value::Null => Some(is_default(key, want)),
            running => Some(same_as_running(key, want, running)),
        }
    }

    /// Returns whether a container can have this value because the daemon gave it: the daemon
    /// gives it today, gave it when it was looked at before, or gives it unless told otherwise.
    pub fn may_have_given(&self, key: &str, value: &Value) -> bool {
        is_default(key, value)
            || self.value(key).is_some_and(|it| same_as_running(key, value, it))
            || self.earlier.get(key).into_iter().flatten().any(|it| same_as_running(key, value, it))
    }
}

/// Keys whose earlier values are remembered, since a container that has one may have it from the
/// daemon.
pub const REMEMBERED: &[&str] = &["default-runtime", "default-shm-size", "log-driver"];
