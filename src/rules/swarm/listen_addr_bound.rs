//! Who can reach the control plane.

use core::net::SocketAddr;

use crate::{
    model::{
        finding::{Severity, Verdict},
        object::Address,
        swarm::Swarm,
    },
    rules::{Example, Meta, NoParams, Rule, cis6, cis8, fails_by_hand, nist},
};

pub struct ListenAddrBound;

static META: Meta = Meta {
    id: "swarm.listen-addr-bound",
    title: "The Swarm's control plane listens on one address",
    severity: Severity::High,
    docs: "
## Checks
That no socket of the daemon's for other nodes, 2377 of managers and 7946 of all, listens on every address, as the kernel shows its process. UDP 7946 is bound where TCP 7946 is. The kernel's own UDP socket of overlay networks, 4789, takes every address whatever the Swarm says, and is not counted.

## Why
On a host with a public and an inner network, the wildcard opens the control plane to the public one.

## What a fix may break
Nothing is changed: the address is chosen when the node joins, so it has to leave and join again.
",
    fix: None,
    references: &[cis6("7.2"), cis8("7.2"), nist("4.3.5")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{info: {Swarm: {LocalNodeState: active}}, listeners: ['10.0.0.5:2377', '10.0.0.5:7946']}" },
        Example::Fails { params: "{}", object: "{info: {Swarm: {LocalNodeState: active}}, listeners: ['0.0.0.0:2377', '10.0.0.5:7946']}" },
        Example::Fails { params: "{}", object: "{info: {Swarm: {LocalNodeState: active}}, listeners: ['[::]:7946']}" },
        Example::Unknown { params: "{}", object: "info: {Swarm: {LocalNodeState: active}}" },
        Example::Unknown { params: "{}", object: "{info: {Swarm: {LocalNodeState: active}}, listeners: []}" },
        Example::NotApplicable { params: "{}", object: "info: {Swarm: {LocalNodeState: inactive}}" },
    ],
};

impl Rule for ListenAddrBound {
    type View = Swarm;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::swarm("listen-addr"))
    }

    fn judge(&self, swarm: &Swarm, _: &NoParams) -> Verdict {
        if let Some(verdict) = super::outside(swarm) {
            return verdict;
        }
        let listeners = match &swarm.listeners {
            Ok(listeners) if listeners.is_empty() => {
                return Verdict::Unknown("no socket of its process is one for other nodes".into());
            }
            Ok(listeners) => listeners,
            Err(why) => return Verdict::Unknown(why.clone()),
        };
        let is_open = |address: &&str| {
            address.parse::<SocketAddr>().is_ok_and(|it| it.ip().to_canonical().is_unspecified())
        };
        let open: Vec<&str> = listeners.iter().map(String::as_str).filter(is_open).collect();
        if open.is_empty() {
            return Verdict::Pass;
        }
        let advice = "let the node leave, and join again with `--listen-addr` and an address of \
                      the network that the nodes share; until then close the ports to others";
        fails_by_hand("listen-addr", open.join(", "), "an address of one network", advice)
    }
}
