//! Settings that a declaration gives the daemon, key by key.
//!
//! Not in `RULES`: they are asked for in the declaration's `daemon` section.

#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::{
    model::{
        class::Class,
        daemon::{DaemonConfig, DaemonKey, Flag},
        daemon_keys,
        daemon_value::{engine_default, is_empty, same, same_as_running, text},
        edit::Edit,
        field::Field,
        finding::{Fix, Severity, Verdict},
        object::{Object, View},
    },
    rules::{BoundRule, Meta, fails_by_hand},
};

pub static SETTING: Meta = Meta {
    id: "daemon.settings",
    title: "The daemon goes by the declared setting",
    severity: Severity::Medium,
    docs: "
## Checks
That the daemon's file holds the declared value and that the running daemon goes by it; or that its command line says the same, in which case the file must not hold the key.
Values are compared by what they mean: the order of labels, a slash behind a mirror, the spelling of a size make no difference.
Where the running value shows nowhere, the file has to be older than the daemon.

## Why
A file that is right and a daemon that was never reloaded, or a flag in a unit file that nobody remembers, are what reading one side misses.

## What a fix may break
The file gets this one key; other keys stay as they are.
Some keys take effect at a reload, which interrupts nothing; others need a restart of the daemon, which stops containers unless `live-restore` is on.
The plan says which, for each key.
",
    fix: Some(Class::Outage),
    references: &[],
    implies: &[],
    examples: &[],
};

pub static ABSENT: Meta = Meta {
    id: "daemon.absent",
    title: "The daemon has no setting of its own for this key",
    severity: Severity::Medium,
    docs: "
## Checks
That neither the daemon's file nor its command line gives the key a value other than the engine's default, and that the running daemon goes by that default.

## Why
A setting that somebody once needed, such as `insecure-registries` or `debug`, stays until somebody looks.

## What a fix may break
The key is taken out of the file.
A reload keeps the old value of some keys when they are left out; those are written with the engine's default instead.
Whatever relied on the setting no longer has it.
",
    fix: Some(Class::Outage),
    references: &[],
    implies: &[],
    examples: &[],
};

/// Asks that the daemon goes by this value.
pub fn setting(key: String, want: Value) -> Box<dyn BoundRule> {
    Box::new(Setting { key, want })
}

/// Asks that nobody gives the daemon this key.
pub fn absent(key: String) -> Box<dyn BoundRule> {
    Box::new(Absent { key })
}

/// Returns how bad it is when a key is not as declared.
pub fn severity_of(key: &str) -> Severity {
    match key {
        "hosts" | "tls" | "tlsverify" | "tlscacert" | "tlscert" | "tlskey" => Severity::Critical,
        "insecure-registries"
        | "ip6tables"
        | "iptables"
        | "no-new-privileges"
        | "seccomp-profile"
        | "selinux-enabled"
        | "userns-remap" => Severity::High,
        "cgroup-parent" | "debug" | "default-ulimits" | "experimental" | "labels"
        | "live-restore" | "log-format" | "log-level" | "storage-opts" | "userland-proxy" => {
            Severity::Low
        }
        _ => Severity::Medium,
    }
}

struct Setting {
    key: String,
    want: Value,
}

impl BoundRule for Setting {
    fn judge(&self, object: Object<'_>) -> Option<Verdict> {
        DaemonConfig::of(object).map(|config| self.judge_daemon(config))
    }
}

impl Setting {
    fn judge_daemon(&self, config: &DaemonConfig) -> Verdict {
        let (key, want) = (self.key.as_str(), &self.want);
        let found = config.keys.get(key);
        if let Some(flag) = found.and_then(|it| deciding_flag(key, it)) {
            if same(key, &flag.value, want) {
                return Verdict::Pass;
            }
            let advice = format!(
                "{} decides: change it there, or take it out so that the file decides",
                named(flag)
            );
            return fails_by_hand(name(key), text(key, &flag.value), text(key, want), advice);
        }
        if let Some(why) = &config.file_error {
            return unreadable(config, why);
        }
        let Some((found, file)) = found.and_then(|it| it.file.as_ref().map(|file| (it, file)))
        else {
            return self.fails("absent".into());
        };
        if !same(key, file, want) {
            return self.fails(text(key, file));
        }
        match &found.running {
            Field::Set(running) if same_as_running(key, want, running) => Verdict::Pass,
            Field::Set(running) => {
                let file = text(key, file);
                self.fails(format!("{} in effect, {file} in the file", text(key, running)))
            }
            Field::Inherited(_) => Verdict::Pass,
            Field::Unknown(why) => Verdict::Unknown((*why).into()),
        }
    }

    fn fails(&self, seen: String) -> Verdict {
        let edit = Edit::DaemonKey { key: self.key.clone(), value: self.want.clone() };
        fails(&self.key, seen, text(&self.key, &self.want), edit)
    }
}

struct Absent {
    key: String,
}

impl BoundRule for Absent {
    fn judge(&self, object: Object<'_>) -> Option<Verdict> {
        DaemonConfig::of(object).map(|config| self.judge_daemon(config))
    }
}

impl Absent {
    fn judge_daemon(&self, config: &DaemonConfig) -> Verdict {
        let key = self.key.as_str();
        let default = engine_default(key);
        let is_default = |value: &Value| match &default {
            Some(default) => same(key, value, default),
            None => is_empty(value),
        };
        let Some(found) = config.keys.get(key) else {
            return match &config.file_error {
                Some(why) => unreadable(config, why),
                None => Verdict::Pass,
            };
        };
        if let Some(flag) = deciding_flag(key, found).filter(|it| !is_default(&it.value)) {
            let advice = format!("{} decides: take it out there", named(flag));
            return fails_by_hand(name(key), text(key, &flag.value), "absent", advice);
        }
        if let Some(why) = &config.file_error {
            return unreadable(config, why);
        }
        if let Some(file) = found.file.as_ref().filter(|it| !is_default(it)) {
            return self.fails(text(key, file), default);
        }
        match &found.running {
            Field::Set(Value::Null) => Verdict::Pass,
            Field::Set(running) => match &default {
                Some(default) if same_as_running(key, default, running) => Verdict::Pass,
                Some(_) => {
                    let seen = format!("{} in effect, absent in the file", text(key, running));
                    self.fails(seen, default)
                }
                None if is_empty(running) => Verdict::Pass,
                None => Verdict::Unknown(
                    "what the daemon goes by without the key depends on the host".into(),
                ),
            },
            Field::Inherited(_) => Verdict::Pass,
            Field::Unknown(why) => Verdict::Unknown((*why).into()),
        }
    }

    fn fails(&self, seen: String, default: Option<Value>) -> Verdict {
        let key = self.key.clone();
        let is_kept = daemon_keys::find(&key).is_some_and(|it| it.kept_when_absent());
        let edit = match default.filter(|_| is_kept) {
            Some(value) => Edit::DaemonKey { key, value },
            None => Edit::DaemonKeyAbsent { key },
        };
        let want = match &edit {
            Edit::DaemonKey { value, .. } => text(&self.key, value),
            Edit::DaemonKeyAbsent { .. } | Edit::Container(_) | Edit::Evict { .. } => {
                "absent".into()
            }
        };
        fails(&self.key, seen, want, edit)
    }
}

fn fails(key: &str, seen: String, want: String, edit: Edit) -> Verdict {
    Verdict::Fail { field: name(key), seen, want, fix: Fix::Edits(vec![edit]) }
}

/// Returns the flag that makes the file's say moot.
fn deciding_flag<'a>(key: &str, found: &'a DaemonKey) -> Option<&'a Flag> {
    let merges = daemon_keys::find(key).is_some_and(|it| it.flag_merges);
    found.flag.as_ref().filter(|_| !merges)
}

fn named(flag: &Flag) -> String {
    // The argument holds the value, which can be a secret only after the `=`.
    let argument = flag.argument.split('=').next().unwrap_or(&flag.argument);
    match &flag.origin {
        Some(origin) => format!("`{argument}` in {origin}"),
        None => format!("`{argument}` on the daemon's command line"),
    }
}

fn unreadable(config: &DaemonConfig, why: &str) -> Verdict {
    Verdict::Unknown(format!("{}: {why}", config.file_path))
}

/// Returns the key as text that lives as long as the program.
fn name(key: &str) -> &'static str {
    daemon_keys::find(key).map_or("daemon.json", |it| it.name)
}
