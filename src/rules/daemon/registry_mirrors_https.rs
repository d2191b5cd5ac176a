//! Mirrors show who they are.

use serde_json::Value;

use super::key::{Repair, Wanted, texts};
use crate::{
    model::{
        daemon::DaemonConfig,
        finding::{Severity, Verdict},
        object::Address,
    },
    rules::{Allow, Example, Meta, Rule},
};

pub struct RegistryMirrorsHttps;

static META: Meta = Meta {
    id: "daemon.registry-mirrors-https",
    title: "Mirrors of registries are reached over TLS",
    severity: Severity::Medium,
    docs: "
## Checks
That every mirror begins with `https://` and, where `allow` is given, fits one of it.

## Why
A mirror answers for the registry: whoever is between it and the host decides which image comes.

## What a fix may break
Nothing is changed: whether a mirror has a certificate only its owner knows.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes {
            params: "{}",
            object: "in-force: {registry-mirrors: ['https://mirror.example/']}",
        },
        Example::Passes { params: "{}", object: "{}" },
        Example::Fails {
            params: "{}",
            object: "in-force: {registry-mirrors: ['http://mirror.example/']}",
        },
        Example::Fails {
            params: "allow: ['https://own.example/*']",
            object: "in-force: {registry-mirrors: ['https://mirror.example/']}",
        },
        Example::Unknown { params: "{}", object: "unknown: [registry-mirrors]" },
    ],
};

impl Rule for RegistryMirrorsHttps {
    type View = DaemonConfig;
    type Params = Allow;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::daemon_key("registry-mirrors"))
    }

    fn judge(&self, config: &DaemonConfig, params: &Allow) -> Verdict {
        let is_declared = |it: &str| params.allow.is_empty() || params.allows(it);
        let holds = |value: &Value| {
            texts(value).iter().all(|it| it.starts_with("https://") && is_declared(it))
        };
        let repair = Repair::ByHand(
            "set `registry-mirrors` under `daemon.settings`, with addresses that \
             begin with `https://`"
                .into(),
        );
        Wanted { key: "registry-mirrors", holds: &holds, says: "known ones, over TLS", repair }
            .judge(config)
    }
}
