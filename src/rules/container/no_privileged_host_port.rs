//! High ports of the host, unless somebody says otherwise.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        container::{ContainerSpec, PublishedPort},
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, Rule, cis6, cis8, fails_by_hand, nist, stig},
};

pub struct NoPrivilegedHostPort;

static META: Meta = Meta {
    id: "container.no-privileged-host-port",
    title: "Containers publish on the host's low ports only where that is declared",
    severity: Severity::Low,
    docs: "
## Checks
That no published port of the host is below 1024, unless it is in `allow`.
What counts is what the container asks for, in both address families, whether it runs or not.

## Why
On other systems only root opens the low ports, so people trust what answers there; a container gets them from the engine whoever started it.

## What a fix may break
Nothing is changed: who connects to the port has to be told another one.
",
    fix: None,
    references: &[cis6("5.8"), cis8("5.8"), stig("V-235819"), nist("4.4.3")],
    implies: &[],
    examples: &[
        Example::Passes {
            params: "{}",
            object: "HostConfig: {PortBindings: {80/tcp: [{HostPort: '1024'}], 81/tcp: [{HostPort: ''}]}}",
        },
        Example::Passes {
            params: "allow: [443]",
            object: "HostConfig: {PortBindings: {8443/tcp: [{HostPort: '443'}]}}",
        },
        Example::Fails {
            params: "allow: [443]",
            object: "HostConfig: {PortBindings: {80/tcp: [{HostIp: '::', HostPort: '80'}]}}",
        },
        Example::Fails {
            params: "{}",
            object: "HostConfig: {PortBindings: {80/tcp: [{HostPort: 1020-1030}]}}",
        },
    ],
};

/// Which low ports may be published.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Ports of the host.
    #[serde(default)]
    allow: Vec<u16>,
}

impl Rule for NoPrivilegedHostPort {
    type View = ContainerSpec;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, params: &Params) -> Verdict {
        let low: Vec<String> = container
            .published_ports
            .iter()
            .filter(|port| {
                lowest(port)
                    .is_some_and(|it| (1..1024).contains(&it) && !params.allow.contains(&it))
            })
            .map(|port| format!("{}->{}", port.host_port, port.container_port))
            .collect();
        if low.is_empty() {
            return Verdict::Pass;
        }
        let advice = "publish on a port from 1024 on, or name the port in the rule: `allow`";
        fails_by_hand("ports", low.join(", "), "1024 or higher", advice)
    }
}

/// Returns the port, or the first of a range; `None` where the engine chooses.
fn lowest(port: &PublishedPort) -> Option<u16> {
    port.host_port.split('-').next()?.trim().parse().ok()
}
