//! User IDs of its own.

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule, cis6, cis8, fails_by_hand, nist, stig},
};

pub struct NoHostUserns;

static META: Meta = Meta {
    id: "container.no-host-userns",
    title: "Containers do not take the host's user IDs where they have others",
    severity: Severity::High,
    docs: "
## Checks
On an engine that maps user IDs (`userns-remap`, rootless): that the container does not ask for the host's (`--userns host`).
On other engines every container has the host's, and the rule does not apply.

## Why
With mapped IDs, root in a container is nobody on the host; with the host's it is root there too.

## What a fix may break
Nothing is changed: files that the container owns belong to other IDs afterwards, and options such as `--network host` or `--pid host` need the host's.
",
    fix: None,
    references: &[cis6("5.31"), cis8("5.31"), stig("V-235817"), nist("4.4.3")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{}" },
        Example::Fails { params: "{}", object: "HostConfig: {UsernsMode: host}" },
    ],
};

impl Rule for NoHostUserns {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        match container.engine.maps_users {
            Some(true) => {}
            Some(false) => return Verdict::NotApplicable("the engine maps no user IDs"),
            None => {
                return Verdict::Unknown("whether the engine maps user IDs is not known".into());
            }
        }
        if !container.confinement.host_userns {
            return Verdict::Pass;
        }
        let advice = "start it without `--userns host`";
        fails_by_hand("userns_mode", "host", "the engine's mapping", advice)
    }
}
