//! Programs that change what containers are made of.

use serde_json::{Value, json};

use super::key::{Repair, Wanted};
use crate::{
    model::{
        class::Class,
        daemon::DaemonConfig,
        finding::{Severity, Verdict},
        object::Address,
    },
    rules::{Example, Meta, NoParams, Rule},
};

pub struct NoNriUndeclared;

static META: Meta = Meta {
    id: "daemon.no-nri-undeclared",
    title: "No plugin changes what containers are made of",
    severity: Severity::High,
    docs: "
## Checks
That NRI is off: `nri-opts` does not enable it, and the engine does not tell of it (`/info`). Engines have it from 29.2 on; where its plugins are wanted, switch the rule off or waive it.

## Why
An NRI plugin, and whoever reaches the socket that plugins come in by, changes mounts and environment of every container that is made, whatever was asked for and whatever rules said of the request.

## What a fix may break
The daemon is reloaded. Containers that are made from then on miss what plugins would have given them, such as secrets.
",
    fix: Some(Class::Live),
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "engine: '29.2.0'" },
        Example::Passes { params: "{}", object: "{engine: '29.2.0', in-force: {nri-opts: {enable: false, plugin-path: /opt/nri/plugins}}}" },
        Example::Passes { params: "{}", object: "{engine: '29.2.0', unknown: [nri-opts]}" },
        Example::Fails { params: "{}", object: "{engine: '29.2.0', in-force: {nri-opts: {enable: true}}}" },
        Example::Fails { params: "{}", object: "{engine: '29.2.0', in-force: {nri-opts: {}}, file: {nri-opts: {enable: true, plugin-path: /opt/p}}}" },
        Example::Fails { params: "{}", object: "{engine: '29.2.0', unknown: [nri-opts], info: {NRI: {Info: [[socket-path, /run/nri.sock]]}}}" },
        Example::Unknown { params: "{}", object: "{engine: '29.2.0', unknown: [nri-opts], info: null}" },
        Example::NotApplicable { params: "{}", object: "{}" },
    ],
};

impl Rule for NoNriUndeclared {
    type View = DaemonConfig;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::daemon_key("nri-opts"))
    }

    fn judge(&self, config: &DaemonConfig, _: &NoParams) -> Verdict {
        let Some(sides) = config.keys.get("nri-opts") else {
            return Verdict::NotApplicable("engines have NRI from 29.2 on");
        };
        let holds = |value: &Value| value["enable"] != true;
        let there = sides.file.as_ref().or(sides.running.stated());
        let mut options = there.and_then(Value::as_object).cloned().unwrap_or_default();
        options.insert("enable".into(), json!(false));
        let repair = Repair::Set(Value::Object(options));
        let wanted = Wanted { key: "nri-opts", holds: &holds, says: "off", repair };
        match (wanted.judge(config), config.engine.nri) {
            (Verdict::Unknown(_), Some(true)) => wanted.fails(config, "on".into()),
            (Verdict::Unknown(_), Some(false)) => Verdict::Pass,
            (verdict, _) => verdict,
        }
    }
}
