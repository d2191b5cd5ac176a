//! What containers say to those of other hosts.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        finding::{Severity, Verdict},
        network::Network,
    },
    rules::{Example, Meta, Rule, cis6, cis8, fails_by_hand, nist},
};

pub struct OverlayEncrypted;

static META: Meta = Meta {
    id: "swarm.overlay-encrypted",
    title: "Networks between hosts are encrypted",
    severity: Severity::Medium,
    docs: "
## Checks
That every overlay network that this node knows was made with the option `encrypted`, whatever its value: engines look whether it is there. The one that takes published ports, `ingress`, is asked only with `ingress: true`. A Swarm of one node has nothing to encrypt. A worker knows the networks that its own tasks are on.

## Why
An overlay carries what containers send to those of other hosts as it is: whoever is on the way reads and changes it.

## What a fix may break
Nothing is changed: a network cannot be changed, so its services have to leave it while it is made again. Encryption costs throughput, and IPsec (ESP) has to pass between the hosts.
",
    fix: None,
    references: &[cis6("7.3"), cis8("7.3"), nist("4.3.3")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{info: {Swarm: {LocalNodeState: active, Nodes: 3}}, networks: [{Name: shop, Driver: overlay, Scope: swarm, Options: {encrypted: ''}}]}" },
        Example::Passes { params: "{}", object: "{info: {Swarm: {LocalNodeState: active, Nodes: 3}}, networks: [{Name: shop, Driver: overlay, Scope: swarm, Options: {encrypted: 'false'}}]}" },
        Example::Fails { params: "{}", object: "{info: {Swarm: {LocalNodeState: active}}, networks: [{Name: shop, Driver: overlay, Scope: swarm, Options: {}}]}" },
        Example::Fails { params: "ingress: true", object: "{info: {Swarm: {LocalNodeState: active, Nodes: 3}}, networks: [{Name: ingress, Ingress: true, Driver: overlay, Scope: swarm, Options: null}]}" },
        Example::NotApplicable { params: "{}", object: "{info: {Swarm: {LocalNodeState: active, Nodes: 3}}, networks: [{Name: ingress, Ingress: true, Driver: overlay, Scope: swarm}]}" },
        Example::NotApplicable { params: "{}", object: "{info: {Swarm: {LocalNodeState: active, Nodes: 1}}, networks: [{Name: shop, Driver: overlay, Scope: swarm}]}" },
        Example::NotApplicable { params: "{}", object: "networks: [{Name: shop, Driver: bridge, Scope: local}]" },
    ],
};

/// Which networks are asked.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Whether the network that takes published ports has to be encrypted too.
    #[serde(default)]
    ingress: bool,
}

impl Rule for OverlayEncrypted {
    type View = Network;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, network: &Network, params: &Params) -> Verdict {
        if network.driver != "overlay" || network.is_config_only {
            return Verdict::NotApplicable("it is no overlay");
        }
        if network.is_ingress && !params.ingress {
            return Verdict::NotApplicable("it is the ingress network, which is not asked for");
        }
        if network.nodes == Some(1) {
            return Verdict::NotApplicable("its Swarm has one node");
        }
        if network.options.contains_key("encrypted") {
            return Verdict::Pass;
        }
        let advice = "make it again with `--opt encrypted`, and its services with it";
        fails_by_hand("Options.encrypted", "not there", "there", advice)
    }
}
