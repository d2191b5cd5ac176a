//! As many managers as survive a loss, and no others.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        finding::{Severity, Verdict},
        glob::Glob,
        object::Address,
        swarm::Swarm,
    },
    rules::{Example, Meta, ParamError, Rule, cis6, cis8, fails_by_hand, nist},
};

pub struct ManagerQuorum;

static META: Meta = Meta {
    id: "swarm.manager-quorum",
    title: "The Swarm has an odd number of managers, neither too few nor too many",
    severity: Severity::Medium,
    docs: "
## Checks
That the number of managers is odd, at least `min` and at most `max`, three and seven without them; and, where `managers` names hosts, that every manager is one of those.

## Why
More than half of the managers have to be there for anything to change. A single one is a single point of failure, an even number survives no more losses than one less, and each of them holds every secret of the Swarm.

## What a fix may break
Nothing is changed: promote and demote one node at a time, and look that all are reachable in between.
",
    fix: None,
    references: &[cis6("7.1"), cis8("7.1"), nist("4.3.5")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "info: {Swarm: {LocalNodeState: active, ControlAvailable: true, Managers: 3, Nodes: 9, Cluster: {}}}" },
        Example::Passes { params: "{min: 1, managers: ['m*']}", object: "{info: {Swarm: {LocalNodeState: active, ControlAvailable: true, Managers: 1, Cluster: {}}}, managers: [{Description: {Hostname: m1}}]}" },
        Example::Fails { params: "{}", object: "info: {Swarm: {LocalNodeState: active, ControlAvailable: true, Managers: 1, Nodes: 3, Cluster: {}}}" },
        Example::Fails { params: "{}", object: "info: {Swarm: {LocalNodeState: active, ControlAvailable: true, Managers: 4, Nodes: 4, Cluster: {}}}" },
        Example::Fails { params: "{min: 1, managers: [m1]}", object: "{info: {Swarm: {LocalNodeState: active, ControlAvailable: true, Managers: 1, Cluster: {}}}, managers: [{Description: {Hostname: m2}}]}" },
        Example::Unknown { params: "managers: [m1]", object: "info: {Swarm: {LocalNodeState: active, ControlAvailable: true, Managers: 3, Cluster: {}}}" },
        Example::Unknown { params: "{}", object: "info: {Swarm: {LocalNodeState: locked}}" },
        Example::NotApplicable { params: "{}", object: "info: {Swarm: {LocalNodeState: active}}" },
    ],
};

/// Which managers there may be.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The lowest number that passes.
    #[serde(default = "three")]
    min: u64,
    /// The highest number that passes.
    #[serde(default = "seven")]
    max: u64,
    /// Host names of those that may be one; `*` and `?` are wildcards. All may, if left out.
    managers: Option<Vec<Glob>>,
}

const fn three() -> u64 {
    3
}

const fn seven() -> u64 {
    7
}

impl Rule for ManagerQuorum {
    type View = Swarm;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::swarm("managers"))
    }

    fn check(&self, params: &Params) -> Result<(), ParamError> {
        if params.max < params.min {
            return Err(ParamError::new("max", "is less than `min`"));
        }
        Ok(())
    }

    fn judge(&self, swarm: &Swarm, params: &Params) -> Verdict {
        let managers = match super::of_manager(swarm).map(|it| it.managers) {
            Err(verdict) => return verdict,
            Ok(None) => return Verdict::Unknown("the engine does not tell how many".into()),
            Ok(Some(managers)) => managers,
        };
        let (min, max) = (params.min, params.max);
        if !(min..=max).contains(&managers) || managers % 2 == 0 {
            return fails_by_hand(
                "Swarm.Managers",
                managers.to_string(),
                format!("an odd number from {min} to {max}"),
                "promote or demote nodes: `docker node promote`, `docker node demote`",
            );
        }
        let Some(allowed) = &params.managers else { return Verdict::Pass };
        let names = match &swarm.managers {
            Ok(names) => names,
            Err(why) => return Verdict::Unknown(why.clone()),
        };
        let is_other = |name: &&str| !allowed.iter().any(|it| it.fits(name));
        let others: Vec<&str> = names.iter().map(String::as_str).filter(is_other).collect();
        if others.is_empty() {
            return Verdict::Pass;
        }
        let advice = "demote them with `docker node demote`, or name them in the rule: `managers`";
        fails_by_hand("Swarm.Managers", others.join(", "), "declared managers only", advice)
    }
}
