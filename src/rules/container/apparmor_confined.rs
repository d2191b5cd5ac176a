//! AppArmor holds the container.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        class::Class,
        container::ContainerSpec,
        edit::ContainerEdit,
        finding::{Severity, Verdict},
        glob::Glob,
    },
    rules::{
        Example, Meta, Rule, cis6, cis8, fails, fails_by_hand, nist, owasp, pss_baseline, stig,
    },
};

pub struct ApparmorConfined;

static META: Meta = Meta {
    id: "container.apparmor-confined",
    title: "Containers are confined by AppArmor where the host has it",
    severity: Severity::High,
    docs: "
## Checks
On a host with AppArmor: that the container's profile is neither `unconfined` nor empty, be that by option or because it is privileged; with `allow`, that it fits one of these, wildcards allowed.
A container without an option gets the engine's own, `docker-default`.
On hosts without AppArmor the rule does not apply.

## Why
The profile keeps a container from mounting, from writing to most of `/proc` and `/sys`, and from tracing what is outside of it, even if another layer fails.

## What a fix may break
A privileged container is replaced by one that is not; see `container.no-privileged`.
Otherwise nothing is changed: whoever turned AppArmor off has to start it again without `--security-opt apparmor=unconfined`, and a program that mounts gets an error then.
",
    fix: Some(Class::Recreate),
    references: &[cis6("5.2"), cis8("5.2"), stig("V-235799"), nist("4.4.3"), owasp("RULE #6"), pss_baseline("AppArmor")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{}" },
        Example::Passes { params: "allow: [docker-default, web]", object: "HostConfig: {SecurityOpt: [apparmor=web]}" },
        Example::Fails { params: "{}", object: "HostConfig: {SecurityOpt: [apparmor=unconfined]}" },
        Example::Fails { params: "{}", object: "HostConfig: {Privileged: true}" },
        Example::Fails { params: "allow: [docker-default]", object: "{AppArmorProfile: web, HostConfig: {SecurityOpt: [apparmor=web]}}" },
    ],
};

/// Which profiles pass.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Names of profiles, with wildcards; without it every one passes.
    #[serde(default)]
    allow: Vec<Glob>,
}

/// What the engine gives a container that asks for none.
const DEFAULT: &str = "docker-default";

impl Rule for ApparmorConfined {
    type View = ContainerSpec;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, params: &Params) -> Verdict {
        match container.engine.apparmor {
            Some(true) => {}
            Some(false) => return Verdict::NotApplicable("the host has no AppArmor"),
            None => return Verdict::Unknown("whether the host has AppArmor is not known".into()),
        }
        let confinement = &container.confinement;
        let by_privilege = container.privileged && confinement.apparmor_option.is_none();
        let profile = match (&confinement.apparmor_option, confinement.apparmor_shown.as_str()) {
            (Some(option), _) => option,
            (None, _) if by_privilege => "unconfined",
            (None, "") => DEFAULT,
            (None, shown) => shown,
        };
        if profile == "unconfined" || profile.is_empty() {
            if by_privilege {
                let seen = "unconfined, since it is privileged";
                return fails("privileged", seen, DEFAULT, [ContainerEdit::Privileged(false)]);
            }
            let advice = "start it without `--security-opt apparmor=unconfined`";
            return fails_by_hand("security_opt", "apparmor=unconfined", DEFAULT, advice);
        }
        if params.allow.is_empty() || params.allow.iter().any(|it| it.fits(profile)) {
            return Verdict::Pass;
        }
        let advice = "start it with one of these profiles: `--security-opt apparmor=NAME`";
        let seen = format!("apparmor={profile}");
        fails_by_hand("security_opt", seen, params.allow.join(", "), advice)
    }
}
