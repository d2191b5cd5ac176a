//! Ports published on addresses that somebody chose.

use core::net::IpAddr;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        class::Class,
        container::{ContainerSpec, PublishedPort},
        edit::ContainerEdit,
        finding::{Severity, Verdict},
    },
    rules::{
        Example, Meta, ParamError, Rule, cis6, cis8, fails, fails_by_hand, nist, owasp,
        pss_baseline, stig,
    },
};

pub struct NoWildcardPublish;

static META: Meta = Meta {
    id: "container.no-wildcard-publish",
    title: "Containers publish ports on every address only where that is declared",
    severity: Severity::High,
    docs: "
## Checks
That every published port names an address of the host, unless the host's port is in `public`, and that not all ports are published at once (`-P`).
No address, `0.0.0.0` and `::` are every address.
What counts is what the container asks for, whether it runs or not; in host network mode too, since the next start on another network would publish it.

## Why
The engine's packet filter rules come before the host's own, so that a firewall on the host does not protect a port that is published on every address.

## What a fix may break
With `address`, the container is replaced by one that publishes on that address.
Whoever connected through another address of the host no longer reaches it.
Without `address` nothing is changed.
",
    fix: Some(Class::Recreate),
    references: &[cis6("5.14"), cis8("5.14"), stig("V-235820"), nist("4.4.2"), nist("4.4.3"), owasp("RULE #5a"), owasp("RULE #5"), pss_baseline("Host Ports")],
    implies: &[],
    examples: &[
        Example::Passes {
            params: "{}",
            object: "HostConfig: {PortBindings: {80/tcp: [{HostIp: 127.0.0.1, HostPort: '80'}]}}",
        },
        Example::Passes {
            params: "public: [443, 53/udp]",
            object: "
HostConfig:
  PortBindings: {8443/tcp: [{HostIp: '', HostPort: '443'}], 53/udp: [{HostIp: '::', HostPort: '53'}]}",
        },
        Example::Fails {
            params: "public: [443]",
            object: "HostConfig: {PortBindings: {443/tcp: [{HostIp: '', HostPort: '8443'}]}}",
        },
        Example::Fails {
            params: "address: 127.0.0.1",
            object: "
HostConfig:
  PortBindings: {80/tcp: [{HostIp: 0.0.0.0, HostPort: '80'}, {HostIp: '::', HostPort: '80'}]}",
        },
        Example::Fails { params: "{}", object: "HostConfig: {PublishAllPorts: true}" },
    ],
};

/// What may be reached from everywhere.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Ports of the host that may be published on every address: `443`, `53/udp`.
    #[serde(default)]
    public: Vec<HostPort>,
    /// The address that a fix publishes the other ports on.
    address: Option<IpAddr>,
}

/// A port of the host; TCP unless it says otherwise.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum HostPort {
    Number(u64),
    Text(#[schemars(regex(pattern = r"^[0-9]+(/(tcp|udp|sctp))?$"))] String),
}

impl HostPort {
    /// Returns number and protocol, if they make sense.
    fn parts(&self) -> Option<(u16, &str)> {
        match self {
            Self::Number(number) => u16::try_from(*number).ok().map(|number| (number, "tcp")),
            Self::Text(text) => {
                let (number, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
                let is_known = matches!(protocol, "tcp" | "udp" | "sctp");
                number.parse().ok().filter(|_| is_known).map(|number| (number, protocol))
            }
        }
    }

    fn is(&self, port: &PublishedPort) -> bool {
        let protocol = port.container_port.split_once('/').map_or("tcp", |(_, it)| it);
        let number = port.host_port.parse().ok();
        number.is_some_and(|number| self.parts() == Some((number, protocol)))
    }
}

impl Rule for NoWildcardPublish {
    type View = ContainerSpec;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, params: &Params) -> Result<(), ParamError> {
        if let Some(at) = params.public.iter().position(|it| it.parts().is_none()) {
            let message = "a port is a number up to 65535, with a protocol behind it or without: \
                           `443`, `53/udp`";
            return Err(ParamError::new(format!("public[{at}]"), message));
        }
        match params.address {
            Some(address) if address.is_unspecified() => {
                Err(ParamError::new("address", format!("{address} is every address")))
            }
            _ => Ok(()),
        }
    }

    fn judge(&self, container: &ContainerSpec, params: &Params) -> Verdict {
        let is_public = |port: &PublishedPort| params.public.iter().any(|it| it.is(port));
        let (public, private): (Vec<_>, Vec<_>) = container
            .published_ports
            .iter()
            .filter(|it| it.is_wildcard())
            .partition(|it| is_public(it));
        if container.publish_all_ports {
            let advice = "start it without `-P`, with the ports that it needs by themselves";
            return fails_by_hand("ports", "all, on every address", "chosen ports", advice);
        }
        if private.is_empty() {
            return Verdict::Pass;
        }
        let seen: Vec<String> = private.iter().map(|port| text(port)).collect();
        let seen = seen.join(", ");
        let Some(address) = params.address else {
            let want = "an address of the host";
            let advice = "publish on one address, such as `127.0.0.1:8080:80`, or name the port in \
                          the rule as `public`, or an address for all with `address`";
            return fails_by_hand("ports", seen, want, advice);
        };
        let mut ports: Vec<&str> = private.iter().map(|it| it.container_port.as_str()).collect();
        ports.dedup();
        if public.iter().any(|port| ports.contains(&port.container_port.as_str())) {
            let advice = "one port of it is published more than once, and only some are public: \
                          publish the others on an address by hand";
            return fails_by_hand("ports", seen, format!("on {address}"), advice);
        }
        let edits = ports.into_iter().map(|container_port| ContainerEdit::PublishOn {
            container_port: container_port.to_owned(),
            address: address.to_string(),
        });
        fails("ports", seen, format!("on {address}"), edits)
    }
}

fn text(port: &PublishedPort) -> String {
    let address = match port.host_ip.as_str() {
        "" => "*",
        "::" => "[::]",
        address => address,
    };
    let host_port = if port.host_port.is_empty() { "any" } else { &port.host_port };
    format!("{address}:{host_port}->{}", port.container_port)
}
