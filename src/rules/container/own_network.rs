//! A network that was made for it.

use crate::{
    model::{
        container::{ContainerSpec, Namespace},
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule, fails_by_hand},
};

pub struct OwnNetwork;

static META: Meta = Meta {
    id: "container.own-network",
    title: "Containers are on a network that was made for them",
    severity: Severity::Low,
    docs: "
## Checks
That the container is on at least one network that somebody made, beside the default bridge and the host's own.
It does not apply to a container without a network or in the network of another.

## Why
On a network of its own a container sees those it works with, by name, and nobody else.

## What a fix may break
Nothing is changed: `docker network connect` puts a running container on another network.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {NetworkMode: shop}" },
        Example::Passes { params: "{}", object: "{HostConfig: {NetworkMode: bridge}, NetworkSettings: {Networks: {bridge: {}, shop: {}}}}" },
        Example::Fails { params: "{}", object: "HostConfig: {NetworkMode: default}" },
        Example::Fails { params: "{}", object: "HostConfig: {NetworkMode: host}" },
        Example::NotApplicable { params: "{}", object: "HostConfig: {NetworkMode: none}" },
    ],
};

impl Rule for OwnNetwork {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        let seen = match &container.network_mode {
            Namespace::None => return Verdict::NotApplicable("it has no network"),
            Namespace::Container { .. } => {
                return Verdict::NotApplicable("it is in the network of another container");
            }
            Namespace::Named(_) => return Verdict::Pass,
            Namespace::Own | Namespace::Shareable => "bridge",
            Namespace::Host => "host",
        };
        let is_own = |name: &String| !matches!(name.as_str(), "bridge" | "host" | "none");
        if container.networks.iter().any(is_own) {
            return Verdict::Pass;
        }
        let advice = format!("`docker network connect NETWORK {}`", container.name);
        fails_by_hand("networks", seen, "a network of its own", advice)
    }
}
