//! Logs outlive the host.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::key::{Repair, Wanted};
use crate::{
    model::{
        daemon::DaemonConfig,
        finding::{Severity, Verdict},
        object::Address,
    },
    rules::{Example, Meta, Rule, cis6, cis8, stig},
};

pub struct LogDriverCentral;

static META: Meta = Meta {
    id: "daemon.log-driver-central",
    title: "Logs of containers leave the host",
    severity: Severity::Medium,
    docs: "
## Checks
That `log-driver` is one of `allow`, by itself those that send logs to another machine. `none` never passes.

## Why
Logs that are kept on the host go with it, and whoever takes it over can change them.

## What a fix may break
Nothing is changed: where logs go, and with which options, is for their owner to say.
",
    fix: None,
    references: &[cis6("2.13"), cis8("2.14"), stig("V-235831"), stig("V-235833")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "in-force: {log-driver: syslog}" },
        Example::Passes { params: "allow: [journald]", object: "in-force: {log-driver: journald}" },
        Example::Fails { params: "{}", object: "in-force: {log-driver: json-file}" },
        Example::Fails { params: "{}", object: "in-force: {log-driver: local}" },
        Example::Fails { params: "allow: [none]", object: "in-force: {log-driver: none}" },
        Example::Unknown { params: "{}", object: "unknown: [log-driver]" },
    ],
};

/// Which drivers.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// Drivers that pass.
    #[serde(default = "remote")]
    allow: Vec<String>,
}

fn remote() -> Vec<String> {
    ["awslogs", "fluentd", "gcplogs", "gelf", "splunk", "syslog"].map(str::to_owned).into()
}

impl Rule for LogDriverCentral {
    type View = DaemonConfig;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::daemon_key("log-driver"))
    }

    fn judge(&self, config: &DaemonConfig, params: &Params) -> Verdict {
        let holds = |value: &Value| {
            let driver = value.as_str().unwrap_or_default();
            driver != "none" && params.allow.iter().any(|it| it == driver)
        };
        let repair = Repair::ByHand(
            "set `log-driver` and `log-opts` under `daemon.settings`; containers \
             that exist keep the driver they were made with"
                .into(),
        );
        let says = params.allow.join(" or ");
        Wanted { key: "log-driver", holds: &holds, says: &says, repair }.judge(config)
    }
}
