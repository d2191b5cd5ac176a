//! Programs that the engine asks, and that run with rights of the host.

use crate::{
    model::{
        daemon::DaemonConfig,
        finding::{Severity, Verdict},
        object::Address,
    },
    rules::{Allow, Example, Meta, Rule, fails_by_hand},
};

pub struct PluginsDeclared;

static META: Meta = Meta {
    id: "daemon.plugins-declared",
    title: "The engine has no plugins but declared ones",
    severity: Severity::High,
    docs: "
## Checks
That every plugin that is enabled (`docker plugin ls`), and every one that the engine finds by a socket or a file in its directories, fits one of `allow`, in full or with `*` and `?`. Which rights a plugin was given is not judged.

## Why
A plugin for volumes, networks, logs or authorization is a program of the host: it mounts, it sees what it is asked about, and it stays when every container is gone.

## What a fix may break
Nothing is changed: what uses the plugin fails without it.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "plugins: []" },
        Example::Passes { params: "allow: ['opa*']", object: "plugins: [opa-docker-authz]" },
        Example::Fails { params: "allow: [opa]", object: "plugins: [opa, 'vieux/sshfs:latest']" },
        Example::Unknown { params: "{}", object: "{}" },
    ],
};

impl Rule for PluginsDeclared {
    type View = DaemonConfig;
    type Params = Allow;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::host("plugins"))
    }

    fn judge(&self, config: &DaemonConfig, params: &Allow) -> Verdict {
        let Some(plugins) = &config.host.plugins else {
            return Verdict::Unknown("which plugins the engine has could not be looked at".into());
        };
        match params.others(plugins.iter().map(String::as_str)) {
            None => Verdict::Pass,
            Some(others) => fails_by_hand(
                "plugins",
                others,
                "none, or allowed ones",
                "`docker plugin disable` it, or take its file out of /etc/docker/plugins, \
                 /usr/lib/docker/plugins or /run/docker/plugins; or name it in `allow`",
            ),
        }
    }
}
