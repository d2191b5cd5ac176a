//! Nothing said to the runtime but what is allowed.

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
    },
    rules::{Allow, Example, Meta, Rule, fails_by_hand},
};

pub struct AnnotationsDeclared;

static META: Meta = Meta {
    id: "container.annotations-declared",
    title: "Containers say nothing to their runtime but declared annotations",
    severity: Severity::Medium,
    docs: "
## Checks
That the name of every `--annotation` fits one of `allow`.

## Why
Runtimes act on annotations: hooks, hypervisor settings and mounts can be asked for in them, past every other setting that is looked at.

## What a fix may break
Nothing is changed: only its owner knows what the runtime is told for.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{}" },
        Example::Passes { params: "allow: ['org.example.*']", object: "HostConfig: {Annotations: {org.example.note: web}}" },
        Example::Fails { params: "{}", object: "HostConfig: {Annotations: {run.oci.hooks.stderr: /x}}" },
    ],
};

impl Rule for AnnotationsDeclared {
    type View = ContainerSpec;
    type Params = Allow;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, params: &Allow) -> Verdict {
        let Some(seen) = params.others(container.annotations.iter().map(String::as_str)) else {
            return Verdict::Pass;
        };
        let advice = "start it without the annotation, or name it in the rule: `allow`";
        fails_by_hand("annotations", seen, "none, or allowed ones", advice)
    }
}
