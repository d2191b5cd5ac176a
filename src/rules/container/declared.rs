//! Nothing runs that nobody declared.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        class::Class,
        container::ContainerSpec,
        edit::Eviction,
        finding::{Severity, Verdict},
        selector::Selector,
    },
    rules::{Example, Meta, ParamError, Rule, nist, not_allowed, require_entries},
};

pub struct Declared;

static META: Meta = Meta {
    id: "container.declared",
    title: "Every container that runs is declared",
    severity: Severity::High,
    docs: "
## Checks
That every container with processes fits one of the entries of `allow`, by name, image, labels, Compose project or network.

## Why
A container that nobody declared is a mistake or an intruder.

## What a fix may break
The container is put out of action as far as `evict` says: paused, also taken off its networks, or also stopped.
It is kept with its data and can be brought back.
Whatever used it no longer gets an answer.
",
    fix: Some(Class::Evict),
    references: &[nist("4.4.5")],
    implies: &[],
    examples: &[
        Example::Passes {
            params: "allow: [{name: 'web-*'}, {image: 'shop/*'}]",
            object: "{Name: /web-1, State: {Status: running}}",
        },
        Example::NotApplicable {
            params: "allow: [{name: web}]",
            object: "{Name: /miner, State: {Status: exited}}",
        },
        Example::NotApplicable {
            params: "{allow: [{name: web}], evict: pause}",
            object: "{Name: /miner, State: {Status: paused}}",
        },
        Example::Fails {
            params: "{allow: [{name: web}], evict: disconnect}",
            object: "
{Name: /miner, State: {Status: paused}, NetworkSettings: {Networks: {shop: {}}}}",
        },
        Example::Fails {
            params: "allow: [{name: web}, {labels: {tier: edge}}]",
            object: "{Name: /miner, State: {Status: running}}",
        },
    ],
};

/// Which containers may run, and what becomes of others.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("required" = ["allow"]))]
pub struct Params {
    /// A container that fits one of these may run.
    #[serde(default)]
    #[schemars(length(min = 1))]
    allow: Vec<Selector>,
    /// How far others are put out of action.
    #[serde(default)]
    evict: Eviction,
}

impl Rule for Declared {
    type View = ContainerSpec;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, params: &Params) -> Result<(), ParamError> {
        require_entries("allow", &params.allow, "allow: [{ name: \"web-*\" }]")
    }

    fn judge(&self, container: &ContainerSpec, params: &Params) -> Verdict {
        if params.allow.iter().any(|selector| selector.selects(container)) {
            return Verdict::Pass;
        }
        let want = "one that is declared";
        not_allowed(container, "container", "not declared", want, params.evict)
    }
}
