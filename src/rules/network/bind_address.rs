//! Where ports are published that say no address.

use core::net::IpAddr;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        finding::{Severity, Verdict},
        network::Network,
    },
    rules::{Example, Meta, Rule, fails_by_hand, nist},
};

pub struct BindAddress;

static META: Meta = Meta {
    id: "network.bind-address",
    title: "Ports published without an address are not open to everybody",
    severity: Severity::High,
    docs: "
## Checks
That every bridge network that somebody made publishes ports on this host alone, or on one of `addresses`, unless the port says another: the option `com.docker.network.bridge.host_binding_ipv4`. And that containers on it are not reached past the published ports: `gateway_mode_ipv4` and `gateway_mode_ipv6` are not `nat-unprotected`, and `routed` only with `routed: true`. The default bridge is a matter of `daemon.default-publish-address`. Nothing is published on an internal network.

## Why
`-p 5432:5432` opens the port on every address of the host, past most firewalls, and most who type it mean the host itself.

## What a fix may break
Nothing is changed: a network cannot be changed, so its containers have to leave it while it is made again; what others shall reach has to name its address.
",
    fix: None,
    references: &[nist("4.3.3")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "networks: [{Name: shop, Driver: bridge, Options: {com.docker.network.bridge.host_binding_ipv4: 127.0.0.1}}]" },
        Example::Passes { params: "{addresses: [10.0.0.5], routed: true}", object: "networks: [{Name: shop, Driver: bridge, Options: {com.docker.network.bridge.host_binding_ipv4: 10.0.0.5, com.docker.network.bridge.gateway_mode_ipv6: routed}}]" },
        Example::Fails { params: "{}", object: "networks: [{Name: shop, Driver: bridge, Options: {}}]" },
        Example::Fails { params: "{}", object: "networks: [{Name: shop, Driver: bridge, Options: {com.docker.network.bridge.host_binding_ipv4: 0.0.0.0}}]" },
        Example::Fails { params: "{}", object: "networks: [{Name: shop, Driver: bridge, Options: {com.docker.network.bridge.host_binding_ipv4: 127.0.0.1, com.docker.network.bridge.gateway_mode_ipv4: nat-unprotected}}]" },
        Example::Fails { params: "{}", object: "networks: [{Name: shop, Driver: bridge, Options: {com.docker.network.bridge.host_binding_ipv4: 127.0.0.1, com.docker.network.bridge.gateway_mode_ipv6: routed}}]" },
        Example::NotApplicable { params: "{}", object: "networks: [{Name: inner, Driver: bridge, Internal: true}]" },
        Example::NotApplicable { params: "{}", object: "networks: [{Name: bridge, Driver: bridge}]" },
    ],
};

/// What a network may do with published ports.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Addresses that pass, beside those of the host alone.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    addresses: Vec<IpAddr>,
    /// Whether containers may be reached by routes, without published ports.
    #[serde(default)]
    routed: bool,
}

impl Rule for BindAddress {
    type View = Network;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, network: &Network, params: &Params) -> Verdict {
        if !network.is_users_bridge() {
            return Verdict::NotApplicable("it is no bridge that somebody made");
        }
        if network.is_internal {
            return Verdict::NotApplicable("nothing is published on an internal network");
        }
        let mut wrong = Vec::new();
        let mut todo = Vec::new();
        let binding = network.bridge_option("host_binding_ipv4").unwrap_or_default();
        let passes = binding
            .parse::<IpAddr>()
            .is_ok_and(|it| it.is_loopback() || params.addresses.contains(&it));
        if !passes {
            wrong.push(match binding {
                "" => "every address of the host".to_owned(),
                binding => binding.to_owned(),
            });
            todo.push("--opt com.docker.network.bridge.host_binding_ipv4=127.0.0.1");
        }
        let modes = [
            ("gateway_mode_ipv4", "--opt com.docker.network.bridge.gateway_mode_ipv4=nat"),
            ("gateway_mode_ipv6", "--opt com.docker.network.bridge.gateway_mode_ipv6=nat"),
        ];
        for (option, repair) in modes {
            match network.bridge_option(option) {
                Some("routed") if params.routed => {}
                Some(mode @ ("routed" | "nat-unprotected")) => {
                    wrong.push(format!("{option} {mode}"));
                    todo.push(repair);
                }
                _ => {}
            }
        }
        if wrong.is_empty() {
            return Verdict::Pass;
        }
        let advice = format!("make it again with `{}`", todo.join(" "));
        fails_by_hand("host_binding_ipv4", wrong.join(", "), "this host alone, or declared", advice)
    }
}
