//! No Swarm that nobody asked for.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        finding::{Severity, Verdict},
        object::Address,
        swarm::Swarm,
    },
    rules::{Example, Meta, Rule, cis, fails_by_hand},
};

pub struct InactiveUnlessDeclared;

static META: Meta = Meta {
    id: "swarm.inactive-unless-declared",
    title: "The engine is in no Swarm that was not asked for",
    severity: Severity::Medium,
    docs: "
## Checks
That the engine is no node of a Swarm, unless `wanted: true` says that it shall be one. A node that is locked, or cannot reach the others, is one too.

## Why
A node listens on further ports, and whoever controls a manager decides what every node runs.

## What a fix may break
Nothing is changed: leaving a Swarm ends its tasks on this host, and the last manager takes the Swarm with it.
",
    fix: None,
    references: &cis("5.1"),
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "info: {Swarm: {LocalNodeState: inactive}}" },
        Example::Passes { params: "wanted: true", object: "info: {Swarm: {LocalNodeState: active}}" },
        Example::Fails { params: "{}", object: "info: {Swarm: {LocalNodeState: active}}" },
        Example::Fails { params: "{}", object: "info: {Swarm: {LocalNodeState: locked}}" },
        Example::Unknown { params: "{}", object: "info: {}" },
    ],
};

/// Whether there is to be a Swarm.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Whether this host may be a node of one.
    #[serde(default)]
    wanted: bool,
}

impl Rule for InactiveUnlessDeclared {
    type View = Swarm;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::swarm("membership"))
    }

    fn judge(&self, swarm: &Swarm, params: &Params) -> Verdict {
        match swarm.state.as_str() {
            "" => Verdict::Unknown("the engine does not tell of a Swarm".into()),
            "inactive" => Verdict::Pass,
            _ if params.wanted => Verdict::Pass,
            state => {
                let advice = "take the node out with `docker swarm leave`, or say in the rule that \
                              it is wanted: `wanted: true`";
                fails_by_hand("Swarm.LocalNodeState", state, "inactive", advice)
            }
        }
    }
}
