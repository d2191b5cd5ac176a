//! Traffic of containers beside that of the managers.

use core::net::IpAddr;

use crate::{
    model::{
        finding::{Severity, Verdict},
        object::Address,
        swarm::Swarm,
    },
    rules::{Example, Meta, NoParams, Rule, cis, fails_by_hand},
};

pub struct DataPlaneSeparated;

static META: Meta = Meta {
    id: "swarm.data-plane-separated",
    title: "Containers of a Swarm talk by another address than its managers",
    severity: Severity::Low,
    docs: "
## Checks
That this node has an address for the traffic between containers (`--data-path-addr`) that is not the one it is managed by. The engine keeps both in a file under its data root, which has to be readable.

## Why
What containers send between hosts is then on a network of its own: it can be filtered by itself, and does not crowd out the managers.

## What a fix may break
Nothing is changed: the address is chosen when the node joins, so it has to leave and join again.
",
    fix: None,
    references: &cis("7.9"),
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{info: {Swarm: {LocalNodeState: active}}, state: {AdvertiseAddr: '10.0.0.5:2377', DataPathAddr: 10.1.0.5}}" },
        Example::Fails { params: "{}", object: "{info: {Swarm: {LocalNodeState: active}}, state: {AdvertiseAddr: '10.0.0.5:2377', DataPathAddr: ''}}" },
        Example::Fails { params: "{}", object: "{info: {Swarm: {LocalNodeState: active}}, state: {LocalAddr: '10.0.0.5', DataPathAddr: 10.0.0.5}}" },
        Example::Fails { params: "{}", object: "{info: {Swarm: {LocalNodeState: active}}, state: {AdvertiseAddr: '[2001:db8::5]:2377', DataPathAddr: '2001:db8:0::5'}}" },
        Example::Unknown { params: "{}", object: "info: {Swarm: {LocalNodeState: active}}" },
        Example::NotApplicable { params: "{}", object: "info: {Swarm: {LocalNodeState: inactive}}" },
    ],
};

impl Rule for DataPlaneSeparated {
    type View = Swarm;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::swarm("data-path"))
    }

    fn judge(&self, swarm: &Swarm, _: &NoParams) -> Verdict {
        if let Some(verdict) = super::outside(swarm) {
            return verdict;
        }
        let addresses = match &swarm.addresses {
            Ok(addresses) => addresses,
            Err(why) => return Verdict::Unknown(why.clone()),
        };
        let (management, data) = (&addresses.management, &addresses.data);
        let read = |text: &str| text.parse::<IpAddr>().map(|it| it.to_canonical()).ok();
        let is_same = data == management || read(data).is_some() && read(data) == read(management);
        if !data.is_empty() && !is_same {
            return Verdict::Pass;
        }
        let advice = "let the node leave, and join again with `--data-path-addr` and an address \
                      of another network";
        let seen = format!("both at {management}");
        fails_by_hand("data-path-addr", seen, "an address of its own", advice)
    }
}
