//! Filters that somebody has read.

use crate::{
    model::{
        container::{ContainerSpec, Seccomp},
        finding::{Severity, Verdict},
    },
    rules::{Allow, Example, Meta, Rule, fails_by_hand},
};

pub struct SeccompProfileKnown;

static META: Meta = Meta {
    id: "container.seccomp-profile-known",
    title: "Containers use no seccomp profile but known ones",
    severity: Severity::Medium,
    docs: "
## Checks
That a container with a profile of its own has one whose digest fits one of `allow`; wildcards are allowed.
The digest is that of the profile as the engine keeps it, without the spaces of the file, and a failure shows it; it also names the calls that lead out of containers and that the profile lets through.
The engine's own profile passes; none at all is `container.seccomp-confined`'s.

## Why
A profile is a long list, and one that lets `keyctl`, `bpf` or `mount` through looks like any other.

## What a fix may break
Nothing is changed: whether the profile is right, its owner knows.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {SecurityOpt: [seccomp=builtin]}" },
        Example::Passes { params: "allow: ['sha256:4b9a1429*']", object: r#"HostConfig: {SecurityOpt: ['seccomp={"defaultAction":"SCMP_ACT_ERRNO"}']}"# },
        Example::Fails { params: "{}", object: r#"HostConfig: {SecurityOpt: ['seccomp={"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["bpf","read"],"action":"SCMP_ACT_ALLOW"}]}']}"# },
        Example::Unknown { params: "{}", object: "HostConfig: {SecurityOpt: [seccomp=word]}" },
    ],
};

impl Rule for SeccompProfileKnown {
    type View = ContainerSpec;
    type Params = Allow;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, params: &Allow) -> Verdict {
        let (digest, risky_calls) = match &container.seccomp_option {
            None | Some(Seccomp::Builtin | Seccomp::Unconfined) => return Verdict::Pass,
            Some(Seccomp::Unreadable) => {
                return Verdict::Unknown("its seccomp profile cannot be read".into());
            }
            Some(Seccomp::Profile { digest, risky_calls, .. }) => (digest, risky_calls),
        };
        if params.allows(digest) {
            return Verdict::Pass;
        }
        let seen = match risky_calls.as_slice() {
            [] => digest.clone(),
            calls => format!("{digest}, which lets {} through", calls.join(", ")),
        };
        let advice = "read the profile, and name its digest in the rule: `allow`";
        fails_by_hand("security_opt", seen, "the engine's profile, or an allowed one", advice)
    }
}
