//! Programs that start containers.

use crate::{
    model::{
        daemon::DaemonConfig,
        finding::{Severity, Verdict},
        object::Address,
    },
    rules::{Allow, Example, Meta, Rule, fails_by_hand},
};

pub struct RuntimesDeclared;

static META: Meta = Meta {
    id: "daemon.runtimes-declared",
    title: "Only known programs start containers",
    severity: Severity::High,
    docs: "
## Checks
That the engine knows no runtime beside `runc` and its built-in names, but those of `allow`; and that the program behind those is `runc` as the engine finds it.

## Why
A runtime is a program that runs as root for every container that names it.

## What a fix may break
Nothing is changed: containers that name the runtime would no longer start.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "info: {Runtimes: {runc: {path: runc}, io.containerd.runc.v2: {path: runc}}}" },
        Example::Passes { params: "allow: [runsc]", object: "info: {Runtimes: {runc: {path: runc}, runsc: {path: /usr/bin/runsc}}}" },
        Example::Fails { params: "{}", object: "info: {Runtimes: {runc: {path: runc}, sneaky: {path: /tmp/x}}}" },
        Example::Fails { params: "{}", object: "info: {Runtimes: {runc: {path: /tmp/runc}}}" },
        Example::Unknown { params: "{}", object: "{}" },
    ],
};

impl Rule for RuntimesDeclared {
    type View = DaemonConfig;
    type Params = Allow;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::daemon_key("runtimes"))
    }

    fn judge(&self, config: &DaemonConfig, params: &Allow) -> Verdict {
        let Some(runtimes) = &config.engine.runtimes else {
            return Verdict::Unknown("the engine does not tell its runtimes".into());
        };
        let is_built_in = |name: &str, program: &str| {
            (name == "runc" || name.starts_with("io.containerd.")) && program == "runc"
        };
        let others: Vec<String> = runtimes
            .iter()
            .filter(|(name, program)| !is_built_in(name, program) && !params.allows(name))
            .map(|(name, program)| format!("{name} ({program})"))
            .collect();
        if others.is_empty() {
            return Verdict::Pass;
        }
        let advice = "take it out of `runtimes`, or name it in the rule: `allow`";
        fails_by_hand("runtimes", others.join(", "), "runc, or allowed ones", advice)
    }
}
