//! Settings that a declaration gives the daemon, key by key.
//!
//! Not in `RULES`: they are asked for in the declaration's `daemon` section.

#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::{
    model::{
        class::Class,
        daemon::DaemonConfig,
        daemon_keys,
        daemon_value::{engine_default, same, text},
        edit::Edit,
        finding::{Fix, Severity, Verdict},
        object::{Object, View},
        standing::{NotTaken, Standing, is_default, named},
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
        let standing = config.standing(key);
        let says = || config.says(key, &standing);
        match &standing {
            Standing::Conflict => twice(config, key, text(key, want)),
            Standing::Flag | Standing::FlagDropped => self.judge_flag(config, &standing),
            Standing::Unread => Verdict::Unknown(says()),
            Standing::Unset
            | Standing::HostDecides
            | Standing::File
            | Standing::Environment(_)
            | Standing::Pending(_)
            | Standing::Left(_)
            | Standing::NotTaken(_)
            | Standing::Unknown(_) => {
                let sides = config.keys.get(key);
                let Some(file) = sides.and_then(|it| it.file.as_ref()) else {
                    return self.fails(absent_but(config, key, &standing));
                };
                if !same(key, file, want) {
                    return self.fails(text(key, file));
                }
                match &standing {
                    Standing::File => Verdict::Pass,
                    Standing::Unknown(why) => Verdict::Unknown((*why).into()),
                    Standing::NotTaken(NotTaken::ByStart) | Standing::Environment(_) => {
                        let seen = in_force(config, key).unwrap_or_default();
                        fails_by_hand(name(key), seen, text(key, want), says())
                    }
                    _ => {
                        let running = in_force(config, key).unwrap_or_default();
                        let file = text(key, file);
                        self.fails(format!("{running} in effect, {file} in the file"))
                    }
                }
            }
        }
    }

    /// The command line decides.
    fn judge_flag(&self, config: &DaemonConfig, standing: &Standing) -> Verdict {
        let (key, want) = (self.key.as_str(), &self.want);
        let Some(flag) = config.deciding_flag(key) else {
            return Verdict::Unknown(config.says(key, standing));
        };
        let same = same(key, &flag.value, want);
        if same && *standing == Standing::Flag {
            return Verdict::Pass;
        }
        let seen = in_force(config, key).unwrap_or_else(|| text(key, &flag.value));
        let advice = match same {
            true => format!(
                "{}; restart the daemon, and move the setting to the file",
                config.says(key, standing)
            ),
            false => format!(
                "{} decides: change it there, or take it out so that the file decides",
                named(flag)
            ),
        };
        fails_by_hand(name(key), seen, text(key, want), advice)
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
        let standing = config.standing(key);
        let sides = config.keys.get(key);
        if let Some(flag) = config.deciding_flag(key).filter(|it| !is_default(key, &it.value)) {
            let advice = format!("{} decides: take it out there", named(flag));
            return fails_by_hand(name(key), text(key, &flag.value), "absent", advice);
        }
        if let Some(file) = sides.and_then(|it| it.file.as_ref()).filter(|it| !is_default(key, it))
        {
            return self.fails(text(key, file), default);
        }
        match &standing {
            Standing::Unread | Standing::Unknown(_) => {
                Verdict::Unknown(config.says(key, &standing))
            }
            Standing::Conflict => twice(config, key, "absent".into()),
            Standing::Unset | Standing::File | Standing::Flag => Verdict::Pass,
            Standing::Environment(_) => {
                let seen = in_force(config, key).unwrap_or_default();
                let advice = format!("{}: take it out there", config.says(key, &standing));
                fails_by_hand(name(key), seen, "absent", advice)
            }
            Standing::HostDecides => Verdict::Unknown(
                "what the daemon goes by without the key depends on the host".into(),
            ),
            Standing::Pending(_)
            | Standing::Left(_)
            | Standing::FlagDropped
            | Standing::NotTaken(_) => {
                let running = in_force(config, key).unwrap_or_default();
                self.fails(format!("{running} in effect, absent in the file"), default)
            }
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
            Edit::DaemonKeyAbsent { .. }
            | Edit::Container(_)
            | Edit::Restart { .. }
            | Edit::Evict { .. }
            | Edit::HostFile(_) => "absent".into(),
        };
        fails(&self.key, seen, want, edit)
    }
}

fn fails(key: &str, seen: String, want: String, edit: Edit) -> Verdict {
    let fix = Fix::Edits(vec![edit]);
    Verdict::Fail { field: name(key), seen, want: want.into(), fix }
}

/// A key that neither side may have while the other has it.
fn twice(config: &DaemonConfig, key: &str, want: String) -> Verdict {
    let seen = "in the file and on the command line";
    let advice = format!("{}; take one of the two out", config.says(key, &Standing::Conflict));
    fails_by_hand(name(key), seen, want, advice)
}

/// What the daemon goes by, where that is anything.
fn in_force(config: &DaemonConfig, key: &str) -> Option<String> {
    let running = config.keys.get(key)?.running.stated().filter(|it| !it.is_null())?;
    Some(text(key, running))
}

/// Nothing in the file; what is in force all the same, and why.
fn absent_but(config: &DaemonConfig, key: &str, standing: &Standing) -> String {
    let why = match standing {
        Standing::Environment(names) => format!("by {}", names.join(", ")),
        Standing::Left(_) => "from before".into(),
        _ => return "absent".into(),
    };
    let running = in_force(config, key).unwrap_or_default();
    format!("absent in the file, {running} in effect {why}")
}

/// Returns the key as text that lives as long as the program.
pub(super) fn name(key: &str) -> &'static str {
    daemon_keys::find(key).map_or("daemon.json", |it| it.name)
}
