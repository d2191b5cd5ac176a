//! The engine takes orders at declared places alone.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        daemon::DaemonConfig,
        finding::{Severity, Verdict},
        glob::Glob,
        object::Address,
    },
    rules::{Example, Meta, ParamError, Rule, fails_by_hand, nist, owasp},
};

pub struct ListenerInventory;

/// Where the engine may listen.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Listeners {
    /// Addresses as in `hosts`: `unix:///run/docker.sock`, `tcp://10.0.0.5:2376`; `*` and `?` are
    /// wildcards. If left out, the usual socket alone.
    allow: Option<Vec<String>>,
}

/// Of root's daemon, and of rootless ones.
const USUAL: [&str; 2] = ["unix:///run/docker.sock", "unix:///run/user/*/docker.sock"];

static META: Meta = Meta {
    id: "host.listener-inventory",
    title: "The engine listens at declared places alone",
    severity: Severity::Critical,
    docs: "
## Checks
That every socket which the daemon's process takes orders on is one of `allow`: Unix sockets by their path, links followed, TCP sockets by address and port. What the process really holds counts, not what file and arguments say, so sockets that the service manager opened count too. Those of metrics, of Swarm, of the engine's own parts and of published ports take no orders. Without `allow`, the usual socket alone is declared.
Other programs that pass on to the socket what they are told, proxies above all, are not seen here; containers that hold it are judged by `container.no-engine-socket`.

## Why
Whoever reaches such a socket is root on this host; one more, that somebody added for a tool, is a door that nobody watches.

## What a fix may break
Nothing is changed: clients of an address that is taken away no longer reach the engine. The daemon has to be restarted.
",
    fix: None,
    references: &[nist("4.3.2"), owasp("RULE #1")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{listens: [], sockets: [/run/docker.sock]}" },
        Example::Passes { params: "{}", object: "{listens: [], sockets: [/run/user/1000/docker.sock]}" },
        Example::Passes { params: "allow: ['unix:///var/run/docker.sock', 'tcp://10.0.0.5:*']", object: "{listens: ['10.0.0.5:2376'], sockets: [/run/docker.sock]}" },
        Example::Passes { params: "allow: ['unix:///run/docker.sock', 'tcp://0.0.0.0:2376']", object: "{listens: ['[::]:2376'], sockets: [/run/docker.sock]}" },
        Example::Passes { params: "{}", object: "{in-force: {metrics-addr: '127.0.0.1:9323'}, listens: ['127.0.0.1:9323', '[::]:7946'], sockets: [/run/docker.sock], node-ports: [2377, 7946]}" },
        Example::Fails { params: "{}", object: "{listens: ['127.0.0.1:2375'], sockets: [/run/docker.sock]}" },
        Example::Fails { params: "{}", object: "{in-force: {metrics-addr: '127.0.0.1:9323'}, listens: ['10.0.0.5:9323'], sockets: [/run/docker.sock]}" },
        Example::Fails { params: "{}", object: "{listens: ['[::]:7946'], sockets: [/run/docker.sock]}" },
        Example::Fails { params: "{}", object: "{listens: [], sockets: [/run/docker.sock, /srv/ci/docker.sock]}" },
        Example::Fails { params: "allow: []", object: "{listens: [], sockets: [/run/docker.sock]}" },
        Example::Unknown { params: "{}", object: "{sockets: [/run/docker.sock]}" },
        Example::Unknown { params: "{}", object: "{listens: []}" },
    ],
};

impl Rule for ListenerInventory {
    type View = DaemonConfig;
    type Params = Listeners;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::host("listeners"))
    }

    fn check(&self, params: &Listeners) -> Result<(), ParamError> {
        let is_address = |it: &String| {
            ["unix:///", "tcp://"].iter().any(|scheme| it.starts_with(scheme)) || it == "*"
        };
        match params.allow.iter().flatten().position(|it| !is_address(it)) {
            None => Ok(()),
            Some(at) => Err(ParamError::new(
                format!("allow[{at}]"),
                "an address starts with `unix:///` or `tcp://`",
            )),
        }
    }

    fn judge(&self, config: &DaemonConfig, params: &Listeners) -> Verdict {
        let (Some(tcp), Some(unix)) = (config.order_addresses(), &config.host.order_sockets) else {
            return Verdict::Unknown(
                "the sockets of the daemon's process cannot be looked at".into(),
            );
        };
        let usual = || USUAL.map(str::to_owned).to_vec();
        let allowed = params.allow.clone().unwrap_or_else(usual);
        let allowed: Vec<Glob> = allowed.iter().map(|it| Glob::new(one_spelling(it))).collect();
        let all = unix
            .iter()
            .map(|it| format!("unix://{it}"))
            .chain(tcp.iter().map(|it| format!("tcp://{it}")));
        let others: Vec<String> = all
            .map(|it| one_spelling(&it))
            .filter(|it| !allowed.iter().any(|allowed| allowed.fits(it)))
            .collect();
        if others.is_empty() {
            return Verdict::Pass;
        }
        let advice = "take it out of `hosts`, of the daemon's arguments, or of `ListenStream=` in \
            docker.socket, and restart the daemon; or name it under `allow`";
        fails_by_hand("hosts", others.join(", "), "declared addresses alone", advice)
    }
}

/// Spells addresses that mean the same alike: a socket for all addresses takes both families, and
/// `/var/run` is a link to `/run`.
fn one_spelling(address: &str) -> String {
    const SAME: [(&str, &str); 5] = [
        ("unix:///var/run/", "unix:///run/"),
        ("tcp://[::]:", "tcp://0.0.0.0:"),
        ("tcp://:", "tcp://0.0.0.0:"),
        ("tcp://localhost:", "tcp://127.0.0.1:"),
        ("tcp://[::ffff:", "tcp://"),
    ];
    let Some((from, to)) = SAME.iter().find(|(from, _)| address.starts_with(from)) else {
        return address.to_owned();
    };
    let rest = &address[from.len()..];
    match from.ends_with("ffff:") {
        true => format!("{to}{}", rest.replacen("]:", ":", 1)),
        false => format!("{to}{rest}"),
    }
}
