//! Networks that nobody is on.

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        finding::{Severity, Verdict},
        glob::Glob,
        network::Network,
    },
    rules::{Example, Meta, Rule, fails_by_hand, nist},
};

pub struct UnusedRemoved;

static META: Meta = Meta {
    id: "network.unused-removed",
    title: "Networks that nobody uses are removed",
    severity: Severity::Low,
    docs: "
## Checks
That every network that somebody made has a container, running or not, or a service on it, or is not older than `max-days` days, 7 without it, by the engine's clock; but for those that `allow` names. Who is on a network of a Swarm, only managers know.

## Why
Every network keeps an address range and rules of the firewall, and a forgotten one is joined by mistake.

## What a fix may break
Nothing is changed: what is started later and asks for the network would not start.
",
    fix: None,
    references: &[nist("4.3.3")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{now: '2026-11-26T12:00:00Z', networks: [{Name: shop, Id: n1, Created: '2026-01-01T00:00:00Z'}], containers: [{NetworkSettings: {Networks: {shop: {NetworkID: ''}}}}]}" },
        Example::Passes { params: "{}", object: "{now: '2026-11-26T12:00:00Z', networks: [{Name: shop, Id: n1, Created: '2026-11-20T00:00:00Z'}], containers: []}" },
        Example::Fails { params: "{}", object: "{now: '2026-11-26T12:00:00Z', networks: [{Name: shop, Id: n1, Created: '2026-01-01T00:00:00Z'}], containers: []}" },
        Example::Fails { params: "max-days: 0", object: "{now: '2026-11-26T12:00:00Z', info: {Swarm: {LocalNodeState: active, ControlAvailable: true, Nodes: 1}}, networks: [{Name: shop, Id: n1, Scope: swarm, Created: '2026-11-25T00:00:00Z'}], containers: [], services: []}" },
        Example::Unknown { params: "{}", object: "{now: '2026-11-26T12:00:00Z', networks: [{Name: shop, Id: n1, Created: '2026-01-01T00:00:00Z'}]}" },
        Example::NotApplicable { params: "{}", object: "{now: '2026-11-26T12:00:00Z', info: {Swarm: {LocalNodeState: active}}, networks: [{Name: shop, Id: n1, Scope: swarm, Created: '2026-01-01T00:00:00Z'}], containers: []}" },
        Example::NotApplicable { params: "{}", object: "{networks: [{Name: bridge}], containers: []}" },
    ],
};

/// Which networks may be there for nobody.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// The highest number of days that passes.
    #[serde(default = "seven")]
    max_days: u32,
    /// Names of those that may stay; `*` and `?` are wildcards.
    #[serde(default)]
    allow: Vec<Glob>,
}

const fn seven() -> u32 {
    7
}

impl Rule for UnusedRemoved {
    type View = Network;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, network: &Network, params: &Params) -> Verdict {
        if network.is_engines_own() {
            return Verdict::NotApplicable("the engine made it for itself");
        }
        match network.is_used {
            Some(true) => return Verdict::Pass,
            None if network.is_swarm && network.nodes.is_none() => {
                return Verdict::NotApplicable("only managers know who is on a network of a Swarm");
            }
            None => return Verdict::Unknown("who is on it could not be seen".into()),
            Some(false) => {}
        }
        if params.allow.iter().any(|it| it.fits(&network.name)) {
            return Verdict::Pass;
        }
        let (Some(created), Some(now)) = (network.created, network.now) else {
            return Verdict::Unknown(
                "when it was made, or the engine's clock, is not known".into(),
            );
        };
        let age = now.duration_since(created);
        if age <= SignedDuration::from_hours(i64::from(params.max_days) * 24) {
            return Verdict::Pass;
        }
        let days = age.as_hours() / 24;
        let advice = format!("remove it with `docker network rm {}`", network.name);
        let want = format!("in use, or {} days old at most", params.max_days);
        fails_by_hand("network", format!("nobody is on it, {days} days old"), want, advice)
    }
}
