//! What the daemon tells everybody.

use core::net::IpAddr;
use serde_json::{Value, json};

use super::key::{Repair, Wanted, together};
use crate::{
    model::{
        class::Class,
        daemon::DaemonConfig,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule},
};

pub struct MetricsNotPublic;

static META: Meta = Meta {
    id: "daemon.metrics-not-public",
    title: "Metrics and diagnostics are not open to the network",
    severity: Severity::Medium,
    docs: "
## Checks
That `metrics-addr` is not set or is a loopback address, and that `network-diagnostic-port` is 0.

## Why
Neither asks who is there: metrics tell what runs on the host, and the diagnostic port lets its network be changed.

## What a fix may break
The daemon is restarted where metrics are moved. Whoever reads them from another machine no longer can; put a proxy that asks for a name in between.
",
    fix: Some(Class::Outage),
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{}" },
        Example::Passes { params: "{}", object: "in-force: {metrics-addr: '127.0.0.1:9323'}" },
        Example::Fails { params: "{}", object: "in-force: {metrics-addr: '0.0.0.0:9323'}" },
        Example::Fails { params: "{}", object: "in-force: {metrics-addr: ':9323'}" },
        Example::Fails { params: "{}", object: "in-force: {network-diagnostic-port: 2000}" },
        Example::Unknown { params: "{}", object: "unknown: [metrics-addr]" },
    ],
};

impl Rule for MetricsNotPublic {
    type View = DaemonConfig;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, config: &DaemonConfig, _: &NoParams) -> Verdict {
        let sides = config.keys.get("metrics-addr");
        let there = sides
            .and_then(|it| it.running.stated().filter(|it| it.is_string()).or(it.file.as_ref()));
        let port = there.and_then(Value::as_str).and_then(|it| it.rsplit_once(':'));
        let own = port.map(|(_, port)| json!(format!("127.0.0.1:{port}")));
        let metrics = Wanted {
            key: "metrics-addr",
            holds: &is_own,
            says: "not set, or a loopback address",
            repair: own.map_or(Repair::Remove, Repair::Set),
        };
        let diagnostics = Wanted {
            key: "network-diagnostic-port",
            holds: &|value| value.as_u64().unwrap_or_default() == 0,
            says: "0",
            repair: Repair::Set(json!(0)),
        };
        together([metrics.judge(config), diagnostics.judge(config)])
    }
}

fn is_own(value: &Value) -> bool {
    let address = value.as_str().unwrap_or_default();
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let host = host.trim_matches(['[', ']']);
    let is_loopback = host.parse::<IpAddr>().is_ok_and(|it| it.is_loopback());
    address.is_empty() || host == "localhost" || is_loopback
}
