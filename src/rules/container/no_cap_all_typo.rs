//! No contradiction that gives everything.

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule, fails_by_hand},
};

pub struct NoCapAllTypo;

static META: Meta = Meta {
    id: "container.no-cap-all-typo",
    title: "Containers do not drop all capabilities and add all at once",
    severity: Severity::High,
    docs: "
## Checks
That `ALL` is not both among the capabilities to add and among those to drop.

## Why
The engine lets adding win: such a container holds every capability, although its lines read as if it held none.

## What a fix may break
Nothing is changed: only its owner knows what was meant.
`container.capabilities-bounded` takes the capabilities away that are not allowed.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {CapDrop: [ALL], CapAdd: [CHOWN]}" },
        Example::Passes { params: "{}", object: "HostConfig: {CapAdd: [ALL]}" },
        Example::Fails { params: "{}", object: "HostConfig: {CapDrop: [ALL], CapAdd: [all]}" },
    ],
};

impl Rule for NoCapAllTypo {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        let request = container.capability_request;
        if !(request.add_all && request.drop_all) {
            return Verdict::Pass;
        }
        let advice = "take `ALL` out of `cap_add` and name there what the program needs";
        fails_by_hand("cap_add", "ALL, and ALL in cap_drop", "ALL in cap_drop alone", advice)
    }
}
