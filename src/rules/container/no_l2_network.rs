//! Past the engine's packet filter.

use crate::{
    model::{
        container::{ContainerSpec, Namespace},
        detail::Detail,
        field::Field,
        finding::{Severity, Verdict},
    },
    rules::{Allow, Example, Meta, Rule, fails_by_hand, nist},
};

pub struct NoL2Network;

static META: Meta = Meta {
    id: "container.no-l2-network",
    title: "Containers are on no network that passes the engine's packet filter by",
    severity: Severity::Medium,
    docs: "
## Checks
That no network the container is attached to, or will be at its start, has the driver `macvlan`, `ipvlan` or `host`, but for those whose name fits one of `allow`.

## Why
Such a container has an address on the network of its host, or shares the host's own: every port that it listens on is open there, published or not, and no rule of the engine sees the packets.

## What a fix may break
Nothing is changed: `docker network disconnect` takes a running container off a network, and whoever reached it there no longer does.
",
    fix: None,
    references: &[nist("4.4.2")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{HostConfig: {NetworkMode: shop}, NetworkSettings: {Networks: {shop: {}}}, Drivers: {shop: bridge}}" },
        Example::Passes { params: "{}", object: "HostConfig: {NetworkMode: default}" },
        Example::Passes { params: "allow: [lan]", object: "{HostConfig: {NetworkMode: id of lan}, Drivers: {lan: macvlan}}" },
        Example::Passes { params: "allow: [lan]", object: "{HostConfig: {NetworkMode: lan}, Drivers: {lan: macvlan}}" },
        Example::Fails { params: "{}", object: "{HostConfig: {NetworkMode: lan}, Drivers: {lan: macvlan}}" },
        Example::Fails { params: "{}", object: "{HostConfig: {NetworkMode: shop}, NetworkSettings: {Networks: {shop: {}, lan: {}}}, Drivers: {shop: bridge, lan: ipvlan}}" },
        Example::Fails { params: "{}", object: "HostConfig: {NetworkMode: host}" },
        Example::Unknown { params: "{}", object: "{HostConfig: {NetworkMode: lan}, Drivers: {shop: bridge}}" },
        Example::Unknown { params: "{}", object: "HostConfig: {NetworkMode: lan}" },
        Example::NotApplicable { params: "{}", object: "HostConfig: {NetworkMode: none}" },
        Example::NotApplicable { params: "{}", object: "HostConfig: {NetworkMode: 'container:db'}" },
    ],
};

/// Drivers whose packets the engine does not filter.
const PAST_THE_FILTER: [&str; 3] = ["host", "ipvlan", "macvlan"];

impl Rule for NoL2Network {
    type View = ContainerSpec;
    type Params = Allow;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn needs(&self) -> &'static [Detail] {
        &[Detail::NetworkDrivers]
    }

    fn judge(&self, container: &ContainerSpec, params: &Allow) -> Verdict {
        let started_on = match &container.network_mode {
            Namespace::Own | Namespace::Shareable => None,
            Namespace::Host => Some("host"),
            Namespace::Named(network) => Some(network.as_str()),
            Namespace::None => return Verdict::NotApplicable("it has no network"),
            Namespace::Container { .. } => {
                return Verdict::NotApplicable("it is in the network of another container");
            }
        };
        let mut past = Vec::new();
        let mut unknown = None;
        let names = container.networks.iter().map(String::as_str).chain(started_on);
        for (name, driver) in names.map(|it| driver(container, it)) {
            match driver {
                Ok(driver) if PAST_THE_FILTER.contains(&driver) && !params.allows(name) => {
                    past.push(if name == driver {
                        name.to_owned()
                    } else {
                        format!("{name} ({driver})")
                    });
                }
                Ok(_) => {}
                Err(why) => unknown = Some(format!("the network {name}: {why}")),
            }
        }
        past.sort_unstable();
        past.dedup();
        if past.is_empty() {
            return unknown.map_or(Verdict::Pass, Verdict::Unknown);
        }
        let advice = "take it off with `docker network disconnect`, or name the network in the \
                      rule: `allow`";
        fails_by_hand("networks", past.join(", "), "networks of other drivers", advice)
    }
}

/// Returns a network's name, which may be given as its ID, with its driver.
fn driver<'a>(
    container: &'a ContainerSpec,
    network: &'a str,
) -> (&'a str, Result<&'a str, &'static str>) {
    // Every engine has these two.
    if matches!(network, "bridge" | "host") {
        return (network, Ok(network));
    }
    match &container.network_drivers {
        Field::Set(networks) => {
            let found = networks
                .iter()
                .find(|it| it.name == network || (!it.id.is_empty() && it.id == network));
            found.map_or((network, Err("the engine does not list it")), |it| {
                (it.name.as_str(), Ok(it.driver.as_str()))
            })
        }
        Field::Unknown(why) => (network, Err(why)),
        Field::Inherited(_) => (network, Err("nobody asked for its driver")),
    }
}
