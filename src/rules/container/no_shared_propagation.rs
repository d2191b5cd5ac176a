//! What is mounted inside stays inside.

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
        mount::Mount,
    },
    rules::{
        Example, Meta, NoParams, Rule, cis6, cis8, container::mount_text, fails_by_hand, nist, stig,
    },
};

pub struct NoSharedPropagation;

static META: Meta = Meta {
    id: "container.no-shared-propagation",
    title: "Mounts of containers do not spread to the host",
    severity: Severity::Medium,
    docs: "
## Checks
That no mount has the propagation `shared` or `rshared`.

## Why
What a container mounts below such a mount appears on the host and in every other container that shares it, and stays there.

## What a fix may break
Nothing is changed: storage plugins and agents that mount for others need it, and nothing else does.
",
    fix: None,
    references: &[cis6("5.20"), cis8("5.20"), stig("V-235810"), nist("4.4.3")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {Binds: ['/srv:/srv:rslave']}" },
        Example::Passes { params: "{}", object: "Mounts: [{Type: bind, Source: /srv, Destination: /srv, Propagation: rprivate}]" },
        Example::Fails { params: "{}", object: "HostConfig: {Binds: ['/srv:/srv:ro,rshared']}" },
        Example::Fails { params: "{}", object: "Mounts: [{Type: bind, Source: /a, Destination: /a, Propagation: rprivate}, {Type: bind, Source: /srv, Destination: /srv, Propagation: shared}]" },
    ],
};

impl Rule for NoSharedPropagation {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        let is_shared = |mount: &&Mount| matches!(mount.propagation.as_str(), "shared" | "rshared");
        let shared: Vec<String> = container
            .mounts
            .iter()
            .filter(is_shared)
            .map(|it| format!("{}:{}", mount_text(it), it.propagation))
            .collect();
        if shared.is_empty() {
            if !container.mounts_listed {
                let why = "mounts that it takes from others are listed from its first start on";
                return Verdict::Unknown(why.into());
            }
            return Verdict::Pass;
        }
        let advice = "start it without `shared` for that mount; `rslave` lets it see what the host \
                      mounts later";
        fails_by_hand("volumes", shared.join(", "), "rprivate or rslave", advice)
    }
}
