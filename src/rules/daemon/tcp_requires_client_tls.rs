//! Nobody orders the engine about without a certificate.

use super::key::{running, texts};
use crate::{
    model::{
        daemon::DaemonConfig,
        daemon_keys,
        finding::{Severity, Verdict},
        object::Address,
    },
    rules::{Example, Meta, NoParams, Rule, cis6, cis8, fails_by_hand, nist, owasp, stig},
};

pub struct TcpRequiresClientTls;

static META: Meta = Meta {
    id: "daemon.tcp-requires-client-tls",
    title: "The engine listens on TCP only for clients with a certificate",
    severity: Severity::Critical,
    docs: "
## Checks
That the daemon listens on no TCP address, or asks every client for a certificate: `tlsverify` is on, or on engines from 26.0 `tls` is on and `tlsverify` left out; older ones then let everybody in. `tlsverify: false` is encryption without a question.
For a socket that the service manager opens (`fd://`), the addresses that the daemon's process really listens on count, without those of metrics and Swarm.

## Why
Whoever reaches the API is root on the host.

## What a fix may break
Nothing is changed: without certificates on both sides nobody reaches the engine over the network any more.
",
    fix: None,
    references: &[cis6("2.7"), cis8("2.8"), stig("V-235776"), nist("4.3.2"), owasp("RULE #1")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "in-force: {hosts: ['unix:///var/run/docker.sock']}" },
        Example::Passes { params: "{}", object: "in-force: {hosts: ['tcp://0.0.0.0:2376'], tlsverify: true}" },
        Example::Passes { params: "{}", object: "in-force: {hosts: ['tcp://0.0.0.0:2376'], tls: true}" },
        Example::Passes { params: "{}", object: "{flags: {hosts: ['fd://']}, listens: []}" },
        Example::Fails { params: "{}", object: "in-force: {hosts: ['unix:///run/docker.sock', 'tcp://0.0.0.0:2375']}" },
        Example::Fails { params: "{}", object: "in-force: {hosts: ['tcp://127.0.0.1:2376'], tls: true, tlsverify: false}" },
        Example::Fails { params: "{}", object: "{engine: 20.10.24, in-force: {hosts: ['tcp://0.0.0.0:2376'], tls: true}}" },
        Example::Fails { params: "{}", object: "{flags: {hosts: ['fd://']}, listens: ['[::]:2375']}" },
        Example::Unknown { params: "{}", object: "unknown: [hosts]" },
        Example::Unknown { params: "{}", object: "in-force: {hosts: ['fd://']}" },
    ],
};

/// From here on `tls` alone is known to ask for certificates (moby `newAPIServerTLSConfig`); 20.10
/// took `tlsverify` for no where it was left out (`newAPIServerConfig`).
const ASKS_BY_ITSELF: daemon_keys::Release = (26, 0);

impl Rule for TcpRequiresClientTls {
    type View = DaemonConfig;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::daemon_key("hosts"))
    }

    fn judge(&self, config: &DaemonConfig, _: &NoParams) -> Verdict {
        let hosts = match running(config, "hosts") {
            Ok(hosts) => texts(hosts),
            Err(why) => return Verdict::Unknown(why.into()),
        };
        let mut open: Vec<&str> =
            hosts.iter().filter(|it| it.starts_with("tcp://")).copied().collect();
        if hosts.iter().any(|it| it.starts_with("fd:")) {
            let Some(listeners) = config.order_addresses() else {
                return Verdict::Unknown(
                    "the sockets of the daemon's process cannot be looked at".into(),
                );
            };
            open.extend(listeners);
        }
        if open.is_empty() {
            return Verdict::Pass;
        }
        let (tls, verify) = match (running(config, "tls"), running(config, "tlsverify")) {
            (Ok(tls), Ok(verify)) => (*tls == true, verify.as_bool()),
            (Err(why), _) | (_, Err(why)) => return Verdict::Unknown(why.into()),
        };
        let asks_by_itself =
            daemon_keys::release(&config.engine_version).is_some_and(|it| it >= ASKS_BY_ITSELF);
        if verify.unwrap_or(tls && asks_by_itself) {
            return Verdict::Pass;
        }
        let how = match tls || verify.is_some() {
            true => "encrypted, for everybody",
            false => "for everybody",
        };
        let advice = "take the TCP address out (`ssh://` reaches the engine without one), or make \
            certificates and set `tlsverify`, `tlscacert`, `tlscert` and `tlskey`";
        fails_by_hand(
            "hosts",
            format!("{} {how}", open.join(", ")),
            "no TCP address, or clients with a certificate",
            advice,
        )
    }
}
