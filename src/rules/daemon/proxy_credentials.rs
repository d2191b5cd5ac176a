//! Passwords of proxies.

use serde_json::Value;

use crate::{
    model::{
        daemon::DaemonConfig,
        finding::{Severity, Verdict},
        object::Address,
    },
    rules::{Example, Meta, NoParams, Rule, fails_by_hand},
};

pub struct ProxyCredentials;

static META: Meta = Meta {
    id: "daemon.proxy-credentials",
    title: "No password of a proxy is in the daemon's settings",
    severity: Severity::Medium,
    docs: "
## Checks
That no proxy of the daemon, from its file or its environment, has a user and a password in its address. They are named here, never shown.

## Why
The file and the unit are readable by everybody on most hosts, and every build with these proxies gets them too.

## What a fix may break
Nothing is changed: let the proxy know the host by its address or a certificate, or keep the file to root (`chmod 0600`) and waive the rule.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "in-force: {proxies: {http-proxy: 'http://proxy:3128'}}" },
        Example::Passes { params: "{}", object: "{}" },
        Example::Fails { params: "{}", object: "file: {proxies: {https-proxy: 'http://me:secret@proxy:3128'}}" },
        Example::Fails { params: "{}", object: "info: {HttpProxy: 'http://xxxxx:xxxxx@proxy'}" },
        Example::Unknown { params: "{}", object: "info: null" },
    ],
};

impl Rule for ProxyCredentials {
    type View = DaemonConfig;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::daemon_key("proxies"))
    }

    fn judge(&self, config: &DaemonConfig, _: &NoParams) -> Verdict {
        let sides = config.keys.get("proxies");
        let in_file = sides.into_iter().flat_map(|it| it.file.iter().chain(it.running.stated()));
        let named = in_file.filter_map(Value::as_object).flatten();
        let has = |value: &Value| value.as_str().is_some_and(|it| it.contains('@'));
        let mut found: Vec<&str> =
            named.filter(|(_, it)| has(it)).map(|(name, _)| name.as_str()).collect();
        found.extend(&config.engine.proxies_with_credentials);
        found.sort_unstable();
        found.dedup();
        if found.is_empty() {
            // The environment counts too, and the engine shows what comes of both.
            return match config.engine.warnings {
                Some(_) => Verdict::Pass,
                None => Verdict::Unknown("the engine does not tell its proxies".into()),
            };
        }
        let seen = format!("a user and a password in {}", found.join(", "));
        let advice = "let the proxy know the host without a password, or keep the file to root \
            and waive the rule";
        fails_by_hand("proxies", seen, "addresses alone", advice)
    }
}
