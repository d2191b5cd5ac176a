//! Images come unchanged.

use serde_json::{Value, json};

use super::key::{Repair, Wanted, texts};
use crate::{
    model::{
        class::Class,
        daemon::DaemonConfig,
        finding::{Severity, Verdict},
        object::Address,
    },
    rules::{Allow, Example, Meta, Rule, cis6, cis8, nist, stig},
};

pub struct NoInsecureRegistries;

static META: Meta = Meta {
    id: "daemon.no-insecure-registries",
    title: "Every registry has to show who it is",
    severity: Severity::High,
    docs: "
## Checks
That no registry or address range is exempt from certificates, but those of `allow`: the list that the running engine shows, without the loopback ranges, which are always there.

## Why
Images from such a registry can be swapped on the way, and a password for it be read.

## What a fix may break
The daemon is reloaded with a list of what is allowed; left out, the old list would stay in force. Pulls from a registry without a certificate fail.
",
    fix: Some(Class::Live),
    references: &[cis6("2.5"), cis8("2.5"), stig("V-235789"), nist("4.2.1")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{}" },
        Example::Passes { params: "allow: ['10.0.0.0/8', 'lab:*']", object: "in-force: {insecure-registries: ['lab:5000']}" },
        Example::Fails { params: "{}", object: "in-force: {insecure-registries: ['r.example:5000']}" },
        Example::Fails { params: "allow: [lab]", object: "in-force: {insecure-registries: ['0.0.0.0/0', lab]}" },
        Example::Fails { params: "{}", object: "{in-force: {insecure-registries: []}, file: {insecure-registries: [r]}}" },
        Example::Unknown { params: "{}", object: "unknown: [insecure-registries]" },
    ],
};

impl Rule for NoInsecureRegistries {
    type View = DaemonConfig;
    type Params = Allow;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::daemon_key("insecure-registries"))
    }

    fn judge(&self, config: &DaemonConfig, params: &Allow) -> Verdict {
        let loopback = |it: &&str| !matches!(*it, "127.0.0.0/8" | "::1/128");
        let holds =
            |value: &Value| params.others(texts(value).into_iter().filter(loopback)).is_none();
        let sides = config.keys.get("insecure-registries");
        let there = sides.and_then(|it| it.file.as_ref().or(it.running.stated()));
        let kept: Vec<&str> =
            there.map(texts).into_iter().flatten().filter(|it| params.allows(it)).collect();
        let repair = Repair::Set(json!(kept));
        let says = if kept.is_empty() { "none".to_owned() } else { kept.join(", ") };
        Wanted { key: "insecure-registries", holds: &holds, says: &says, repair }.judge(config)
    }
}
