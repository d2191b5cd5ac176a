//! Variables of the daemon's environment that take the place of keys. Names leave this room, and
//! values only as what the daemon goes by, where secrets are masked like those of the file.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{flags::CommandLine, origin::Origins, process::Proc};

/// A key, and the variables that bear on it. The engine reads them in `daemon/config/config.go`,
/// `daemon/command/options.go`, `daemon/graphdriver` and Go's `net/http/httpproxy`.
const VARIABLES: &[(&str, &[&str])] = &[
    ("min-api-version", &["DOCKER_MIN_API_VERSION"]),
    (
        "proxies",
        &["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"],
    ),
    ("storage-driver", &["DOCKER_DRIVER"]),
    ("tlscacert", &["DOCKER_CERT_PATH"]),
    ("tlscert", &["DOCKER_CERT_PATH"]),
    ("tlskey", &["DOCKER_CERT_PATH"]),
    ("tlsverify", &["DOCKER_TLS_VERIFY"]),
];

/// The variables that are set and not empty.
#[derive(Debug, Default)]
pub(super) struct Environment {
    values: BTreeMap<String, String>,
    /// Where a variable was written down, if found.
    origins: BTreeMap<String, String>,
}

impl Environment {
    pub(super) fn read(proc: &Proc, pid: u32) -> Self {
        let names: Vec<&str> = VARIABLES.iter().flat_map(|(_, names)| *names).copied().collect();
        let mut values = proc.environment(pid, &names).unwrap_or_default();
        values.retain(|_, value| !value.is_empty());
        Self { values, origins: BTreeMap::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Looks for the places where they were set.
    pub(super) fn find(&mut self, origins: &Origins) {
        self.origins = self
            .values
            .keys()
            .filter_map(|name| Some((name.clone(), origins.of_variable(name)?)))
            .collect();
    }

    /// Returns for each key the variables that bear on it, with the place where known.
    pub(super) fn names(&self) -> BTreeMap<String, Vec<String>> {
        let named = |name: &&str| match self.origins.get(*name) {
            Some(origin) => format!("{name} ({origin})"),
            None => (*name).to_owned(),
        };
        VARIABLES
            .iter()
            .map(|(key, names)| {
                let set = names.iter().filter(|name| self.values.contains_key(**name));
                ((*key).to_owned(), set.map(named).collect::<Vec<_>>())
            })
            .filter(|(_, names)| !names.is_empty())
            .collect()
    }

    /// Returns what the environment makes of a key that neither file nor command line sets.
    pub(super) fn value(&self, key: &str, flags: &CommandLine) -> Option<Value> {
        let get = |name: &str| self.values.get(name);
        match key {
            "min-api-version" => get("DOCKER_MIN_API_VERSION").map(|it| json!(it)),
            "storage-driver" => get("DOCKER_DRIVER").map(|it| json!(it)),
            "tlsverify" => get("DOCKER_TLS_VERIFY").map(|_| json!(true)),
            "tlscacert" | "tlscert" | "tlskey" => {
                // Only TLS that a flag or the environment turned on goes by this default.
                let on = get("DOCKER_TLS_VERIFY").is_some()
                    || ["tls", "tlsverify"].iter().any(|it| flags.keys.contains_key(*it));
                let file = match key {
                    "tlscacert" => "ca.pem",
                    "tlscert" => "cert.pem",
                    _ => "key.pem",
                };
                let folder = get("DOCKER_CERT_PATH").filter(|_| on)?;
                Some(json!(format!("{}/{file}", folder.trim_end_matches('/'))))
            }
            "proxies" => {
                let members: Map<String, Value> = [
                    ("http-proxy", ["HTTP_PROXY", "http_proxy"]),
                    ("https-proxy", ["HTTPS_PROXY", "https_proxy"]),
                    ("no-proxy", ["NO_PROXY", "no_proxy"]),
                ]
                .into_iter()
                .filter_map(|(member, names)| {
                    let value = names.iter().find_map(|name| get(name))?;
                    Some((member.to_owned(), json!(value)))
                })
                .collect();
                (!members.is_empty()).then_some(Value::Object(members))
            }
            _ => None,
        }
    }
}
