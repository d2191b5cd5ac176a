//! Logs do not fill the disk.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::key::{Repair, Wanted, running};
use crate::{
    model::{
        class::Class,
        daemon::DaemonConfig,
        finding::{Severity, Verdict},
        object::Address,
    },
    rules::{Example, Meta, Rule, stig},
};

pub struct LogRotation;

static META: Meta = Meta {
    id: "daemon.log-rotation",
    title: "Log files of containers are rotated",
    severity: Severity::Medium,
    docs: "
## Checks
Where `log-driver` is `json-file`: that `log-opts` has `max-size` and `max-file`. The driver `local` rotates by itself; others keep no files.

## Why
A container that talks a lot fills the disk of the host, and with it stops everything else.

## What a fix may break
The daemon is restarted. Containers that are made from then on keep no more than that of their logs; those that exist keep their own options.
",
    fix: Some(Class::Outage),
    references: &[stig("V-235786")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "in-force: {log-driver: json-file, log-opts: {max-size: 10m, max-file: '3'}}" },
        Example::Passes { params: "{}", object: "in-force: {log-driver: local}" },
        Example::NotApplicable { params: "{}", object: "in-force: {log-driver: syslog}" },
        Example::Fails { params: "{}", object: "in-force: {log-driver: json-file}" },
        Example::Fails { params: "max-size: 50m", object: "in-force: {log-driver: json-file, log-opts: {max-size: 10m, labels: a}}" },
        Example::Unknown { params: "{}", object: "{in-force: {log-driver: json-file}, unknown: [log-opts]}" },
    ],
};

/// How much a fix lets be kept.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// How large a file may become, where nothing is said yet.
    #[serde(default = "size")]
    max_size: String,
    /// How many files are kept, where nothing is said yet.
    #[serde(default = "files")]
    max_file: String,
}

fn size() -> String {
    "10m".to_owned()
}

fn files() -> String {
    "3".to_owned()
}

impl Rule for LogRotation {
    type View = DaemonConfig;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::daemon_key("log-opts"))
    }

    fn judge(&self, config: &DaemonConfig, params: &Params) -> Verdict {
        let driver = match running(config, "log-driver") {
            Ok(driver) => driver.as_str().unwrap_or_default(),
            Err(why) => return Verdict::Unknown(why.into()),
        };
        match driver {
            "json-file" => {}
            "local" => return Verdict::Pass,
            _ => return Verdict::NotApplicable("the log driver keeps no files of its own here"),
        }
        let has = |value: &Value, name: &str| value[name].as_str().is_some_and(|it| !it.is_empty());
        let holds = |value: &Value| has(value, "max-size") && has(value, "max-file");
        let sides = config.keys.get("log-opts");
        let there = sides.and_then(|it| it.file.as_ref().or(it.running.stated()));
        let mut options = there.and_then(Value::as_object).cloned().unwrap_or_default();
        for (name, value) in [("max-size", &params.max_size), ("max-file", &params.max_file)] {
            if !there.is_some_and(|it| has(it, name)) {
                options.insert(name.to_owned(), json!(value));
            }
        }
        let says = format!("max-size {}, max-file {}", params.max_size, params.max_file);
        let repair = Repair::Set(Value::Object(options));
        Wanted { key: "log-opts", holds: &holds, says: &says, repair }.judge(config)
    }
}
