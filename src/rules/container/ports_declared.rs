//! Open where somebody said so.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        container::{ContainerSpec, PublishedPort},
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, ParamError, Rule, cis6, cis8, fails_by_hand, nist, pss_baseline, stig},
};

pub struct PortsDeclared;

static META: Meta = Meta {
    id: "container.ports-declared",
    title: "Containers publish no ports but declared ones",
    severity: Severity::Medium,
    docs: "
## Checks
That every published port is in `ports`, which are written as for `docker run -p`: `443:8443`, `127.0.0.1:9090:9090`, `53:53/udp`, `[::1]:80:80`; and that the container does not publish all that its image names (`-P`).
Without an address a port is every address of the host; without `ports` nothing may be published.

## Why
A published port is open to everybody who reaches the host, past most host firewalls; which ones have to be is for the declaration to say.

## What a fix may break
Nothing is changed: a port that is closed is one that somebody may be using.
",
    fix: None,
    references: &[cis6("5.9"), cis8("5.9"), stig("V-235804"), stig("V-235837"), nist("4.4.2"), nist("4.4.3"), pss_baseline("Host Ports")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{}" },
        Example::Passes { params: "ports: ['443:8443', '127.0.0.1:53:53/udp']", object: "HostConfig: {PortBindings: {8443/tcp: [{HostIp: '0.0.0.0', HostPort: '443'}, {HostIp: '::', HostPort: '443'}], 53/udp: [{HostIp: 127.0.0.1, HostPort: '53'}]}}" },
        Example::Fails { params: "ports: ['127.0.0.1:443:8443']", object: "HostConfig: {PortBindings: {8443/tcp: [{HostPort: '443'}]}}" },
        Example::Fails { params: "{}", object: "HostConfig: {PortBindings: {80/tcp: [{HostIp: 127.0.0.1, HostPort: '80'}]}}" },
        Example::Fails { params: "ports: ['80:80']", object: "HostConfig: {PublishAllPorts: true}" },
    ],
};

/// What may be published.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Ports as `docker run -p` takes them, one by one.
    #[serde(default)]
    ports: Vec<String>,
}

impl Rule for PortsDeclared {
    type View = ContainerSpec;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, params: &Params) -> Result<(), ParamError> {
        let wrong = params.ports.iter().position(|it| read(it).is_none());
        match wrong {
            Some(at) => {
                let message = "not a published port; write `127.0.0.1:8080:80` or `53:53/udp`";
                Err(ParamError::new(format!("ports[{at}]"), message))
            }
            None => Ok(()),
        }
    }

    fn judge(&self, container: &ContainerSpec, params: &Params) -> Verdict {
        let advice = "start it without that port, or name it in the rule: `ports`";
        if container.publish_all_ports {
            return fails_by_hand("ports", "all that the image names", "declared ports", advice);
        }
        let declared: Vec<PublishedPort> = params.ports.iter().filter_map(|it| read(it)).collect();
        let is_declared = |port: &PublishedPort| {
            declared.iter().any(|it| {
                it.container_port == port.container_port
                    && it.host_port == port.host_port
                    && (it.host_ip == port.host_ip || it.is_wildcard() && port.is_wildcard())
            })
        };
        let mut others: Vec<String> = container
            .published_ports
            .iter()
            .filter(|port| !is_declared(port))
            .map(|port| match port.is_wildcard() {
                true => format!("{}:{}", port.host_port, port.container_port),
                false => format!("{}:{}:{}", port.host_ip, port.host_port, port.container_port),
            })
            .collect();
        // Both families of a wildcard are one.
        others.dedup();
        if others.is_empty() {
            return Verdict::Pass;
        }
        fails_by_hand("ports", others.join(", "), "declared ports", advice)
    }
}

/// Reads `[address:]host port:port[/protocol]`; an IPv6 address stands in brackets.
fn read(text: &str) -> Option<PublishedPort> {
    let (ports, protocol) = text.rsplit_once('/').unwrap_or((text, "tcp"));
    let (rest, inner) = ports.rsplit_once(':')?;
    let (address, outer) = rest.rsplit_once(':').unwrap_or(("", rest));
    let host_ip = address.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(address);
    let is_port = |it: &str| it.parse::<u16>().is_ok_and(|it| it > 0);
    let is_address = host_ip.is_empty() || host_ip.parse::<core::net::IpAddr>().is_ok();
    let is_protocol = matches!(protocol, "tcp" | "udp" | "sctp");
    (is_port(inner) && is_port(outer) && is_address && is_protocol).then(|| PublishedPort {
        container_port: format!("{inner}/{protocol}"),
        host_ip: host_ip.to_owned(),
        host_port: outer.to_owned(),
    })
}
