//! No capabilities but the allowed ones.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        capability::CapabilitySet,
        class::Class,
        container::ContainerSpec,
        edit::ContainerEdit,
        field::Field,
        finding::{Severity, Verdict},
    },
    rules::{
        Example, Meta, Rule, cis6, cis8, fails, nist, owasp, pss_baseline, pss_restricted, stig,
    },
};

pub struct CapabilitiesBounded;

static META: Meta = Meta {
    id: "container.capabilities-bounded",
    title: "Containers hold no capabilities but the allowed ones",
    severity: Severity::High,
    docs: "
## Checks
That the capabilities in effect are among `allow`, without which the engine's own default set is allowed.
What counts is the outcome of privileged, add and drop together, and for a running container what the kernel says.

## Why
Each capability is a piece of root.
Several of them alone, such as `SYS_ADMIN`, `SYS_PTRACE` or `DAC_READ_SEARCH`, lead out of the container.

## What a fix may break
The container is replaced by one whose capabilities end at `allow`.
A program that uses one of the others gets \"operation not permitted\".
",
    fix: Some(Class::Recreate),
    references: &[cis6("5.4"), cis8("5.4"), stig("V-235801"), nist("4.4.3"), owasp("RULE #3"), pss_baseline("Capabilities"), pss_restricted("Capabilities")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{}" },
        Example::Passes {
            params: "allow: [NET_BIND_SERVICE]",
            object: "HostConfig: {CapDrop: [ALL], CapAdd: [net_bind_service]}",
        },
        Example::Fails { params: "{}", object: "HostConfig: {CapAdd: [CAP_SYS_ADMIN]}" },
        Example::Fails {
            params: "allow: [CHOWN]",
            object: "HostConfig: {CapDrop: [NET_RAW]}",
        },
        // ALL in add wins over ALL in drop.
        Example::Fails { params: "{}", object: "HostConfig: {CapAdd: [all], CapDrop: [ALL]}" },
        Example::Fails { params: "{}", object: "HostConfig: {Privileged: true, CapDrop: [ALL]}" },
    ],
};

/// Which capabilities a container may hold.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// The capabilities that pass; the engine's default set unless given.
    #[serde(default = "engine_default")]
    allow: CapabilitySet,
}

const fn engine_default() -> CapabilitySet {
    CapabilitySet::DEFAULT
}

impl Rule for CapabilitiesBounded {
    type View = ContainerSpec;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, params: &Params) -> Verdict {
        let held = match container.capabilities {
            Field::Set(held) => held,
            Field::Inherited(_) => {
                return Verdict::Unknown("its capabilities are not known".into());
            }
            Field::Unknown(why) => return Verdict::Unknown(why.into()),
        };
        if held.is_subset(params.allow) {
            return Verdict::Pass;
        }
        let (seen, field) = if container.privileged {
            ("all, since it is privileged".to_owned(), "privileged")
        } else {
            (held.without(params.allow).to_string(), "cap_add")
        };
        let unprivileged = container.privileged.then_some(ContainerEdit::Privileged(false));
        let bounded = ContainerEdit::BoundCapabilities(params.allow);
        let want = format!("none but {}", params.allow);
        fails(field, seen, want, unprivileged.into_iter().chain([bounded]))
    }
}
