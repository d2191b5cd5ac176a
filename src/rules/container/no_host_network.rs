//! A network of its own.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        class::Class,
        container::{ContainerSpec, Namespace},
        edit::ContainerEdit,
        finding::{Severity, Verdict},
    },
    rules::{
        Example, Meta, ParamError, Rule, cis6, cis8, container::namespace_verdict, nist,
        pss_baseline, stig,
    },
};

pub struct NoHostNetwork;

static META: Meta = Meta {
    id: "container.no-host-network",
    title: "Containers do not use the host's network",
    severity: Severity::High,
    docs: "
## Checks
That the network mode is not `host`, also not by joining a container that uses the host's network.

## Why
In the host's network a container reaches services that listen on loopback only, and abstract sockets, and binds any port past every rule of the engine.

## What a fix may break
With `network`, the container is replaced by one on that network.
Its ports are not published by that, so that what connects to them from outside has to be let in again, and addresses on loopback mean the container itself.
Without `network` nothing is changed.
",
    fix: Some(Class::Recreate),
    references: &[cis6("5.10"), cis8("5.10"), stig("V-235805"), nist("4.4.3"), pss_baseline("Host Namespaces")],
    implies: &["container.no-l2-network", "container.own-network"],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {NetworkMode: default}" },
        Example::Fails { params: "{}", object: "HostConfig: {NetworkMode: host}" },
        Example::Fails { params: "network: shop", object: "HostConfig: {NetworkMode: host}" },
        Example::Unknown { params: "{}", object: "HostConfig: {NetworkMode: 'container:abc'}" },
    ],
};

/// Where a container goes instead.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The network that a fix puts the container on; `bridge` is the engine's default one. It
    /// has to exist.
    network: Option<String>,
}

impl Rule for NoHostNetwork {
    type View = ContainerSpec;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, params: &Params) -> Result<(), ParamError> {
        let Some(network) = &params.network else { return Ok(()) };
        let is_own = match Namespace::from_word(network) {
            Namespace::Host | Namespace::Container { .. } => false,
            Namespace::Own | Namespace::None | Namespace::Shareable | Namespace::Named(_) => true,
        };
        if is_own && !network.is_empty() {
            return Ok(());
        }
        Err(ParamError::new("network", format!("`{network}` is not a network of its own")))
    }

    fn judge(&self, container: &ContainerSpec, params: &Params) -> Verdict {
        let fix = params.network.clone().map(ContainerEdit::NetworkMode).ok_or(
            "start it on a network of its own with the ports published that it needs, or name a \
             network in the rule: `network: bridge`",
        );
        namespace_verdict("network_mode", &container.network_mode, fix)
    }
}
