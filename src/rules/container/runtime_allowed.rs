//! Run by a program that somebody chose.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
        glob::Glob,
    },
    rules::{Example, Meta, ParamError, Rule, fails_by_hand, nist, require_entries},
};

pub struct RuntimeAllowed;

static META: Meta = Meta {
    id: "container.runtime-allowed",
    title: "Containers are run by an allowed runtime",
    severity: Severity::High,
    docs: "
## Checks
That the runtime of the container, its own or the engine's default, fits one of `allow`; wildcards are allowed. Without `allow` it has to be runc.

## Why
The runtime is what sets the container up: a sandbox (gVisor, Kata) keeps the kernel away from it, and one that nobody knows can leave everything out.

## What a fix may break
Nothing is changed: not every program works under every runtime.
",
    fix: None,
    references: &[nist("4.5.3")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {Runtime: runc}" },
        Example::Passes { params: "{}", object: "{}" },
        Example::Passes { params: r#"allow: [runsc, "kata-*"]"#, object: "HostConfig: {Runtime: kata-qemu}" },
        Example::Fails { params: "{}", object: "HostConfig: {Runtime: nvidia}" },
        Example::Fails { params: "allow: [runsc]", object: r#"HostConfig: {Runtime: ""}"# },
    ],
};

/// What may run containers.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Names of runtimes, with wildcards.
    #[serde(default = "runc")]
    #[schemars(length(min = 1))]
    allow: Vec<Glob>,
}

/// By its name as a runtime and by that of its shim.
fn runc() -> Vec<Glob> {
    vec![Glob::new("runc"), Glob::new("io.containerd.runc.v2")]
}

impl Rule for RuntimeAllowed {
    type View = ContainerSpec;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, params: &Params) -> Result<(), ParamError> {
        require_entries("allow", &params.allow, "[runc, runsc]")
    }

    fn judge(&self, container: &ContainerSpec, params: &Params) -> Verdict {
        let runtime = match container.defaulted.runtime.as_str() {
            "" => container.engine.default_runtime.as_str(),
            own => own,
        };
        if runtime.is_empty() {
            return Verdict::Unknown("the engine's default runtime is not known".into());
        }
        if params.allow.iter().any(|it| it.fits(runtime)) {
            return Verdict::Pass;
        }
        let advice = "start it with one of these: `--runtime NAME`";
        fails_by_hand("runtime", runtime, params.allow.join(", "), advice)
    }
}
