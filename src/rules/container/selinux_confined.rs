//! SELinux holds the container.

use crate::{
    model::{
        class::Class,
        container::ContainerSpec,
        edit::ContainerEdit,
        finding::{Severity, Verdict},
    },
    rules::{
        Example, Meta, NoParams, Rule, cis6, cis8, fails, fails_by_hand, nist, owasp, pss_baseline,
    },
};

pub struct SelinuxConfined;

static META: Meta = Meta {
    id: "container.selinux-confined",
    title: "Containers are confined by SELinux where the engine uses it",
    severity: Severity::High,
    docs: "
## Checks
On an engine with SELinux: that labels are not turned off (`label=disable`, or privileged), no user or role of its own is asked for, and the type is one of those made for containers.
On other engines the rule does not apply.

## Why
The label keeps a container that breaks out from files and processes of the host and of other containers.

## What a fix may break
A privileged container is replaced by one that is not; see `container.no-privileged`.
Otherwise nothing is changed: with labels on, a container cannot read mounts from the host that are not labelled for it (`:z`, `:Z`), and only its owner knows which it needs.
",
    fix: Some(Class::Recreate),
    references: &[cis6("5.3"), cis8("5.3"), nist("4.4.3"), owasp("RULE #6"), pss_baseline("SELinux")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{}" },
        Example::Passes { params: "{}", object: "{ProcessLabel: 'system_u:system_r:container_t:s0:c1,c2', HostConfig: {SecurityOpt: ['label=level:s0:c1,c2']}}" },
        Example::Fails { params: "{}", object: "HostConfig: {SecurityOpt: [label=disable]}" },
        Example::Fails { params: "{}", object: "HostConfig: {SecurityOpt: ['label=type:spc_t']}" },
        Example::Fails { params: "{}", object: "HostConfig: {Privileged: true, SecurityOpt: [label=disable]}" },
    ],
};

/// The types that the Pod Security Standards allow.
const TYPES: &[&str] =
    &["container_t", "container_init_t", "container_kvm_t", "container_engine_t"];

impl Rule for SelinuxConfined {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        match container.engine.selinux {
            Some(true) => {}
            Some(false) => return Verdict::NotApplicable("the engine does not use SELinux"),
            None => {
                return Verdict::Unknown("whether the engine uses SELinux is not known".into());
            }
        }
        let want = "a label made for containers";
        if container.privileged {
            let seen = "none, since it is privileged";
            return fails("privileged", seen, want, [ContainerEdit::Privileged(false)]);
        }
        let advice = "start it without that option, and label its mounts: `:z` or `:Z`";
        let fault = container.confinement.labels.iter().find(|label| match label.split_once(':') {
            None => *label == "disable",
            Some(("type", name)) => !TYPES.contains(&name),
            Some((part, _)) => matches!(part, "user" | "role"),
        });
        if let Some(label) = fault {
            return fails_by_hand("security_opt", format!("label={label}"), want, advice);
        }
        // `user:role:type:level`, given to it when it was created.
        match container.defaulted.process_label.split(':').nth(2) {
            None => Verdict::Pass,
            Some(name) if TYPES.contains(&name) => Verdict::Pass,
            Some(name) => fails_by_hand("security_opt", name, want, advice),
        }
    }
}
