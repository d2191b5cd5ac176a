//! Limits that the kernel keeps for each process.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
        process::ULIMIT_NAMES,
    },
    rules::{Example, Meta, ParamError, Rule, cis6, cis8, fails_by_hand, nist, owasp, stig},
};

pub struct Ulimits;

static META: Meta = Meta {
    id: "container.ulimits",
    title: "Containers have the ulimits that are asked for",
    severity: Severity::Low,
    docs: "
## Checks
That the container has every ulimit of `max`, with a hard limit of at most that much; -1 is unlimited.
What the daemon gives by default counts as the container's own.

## Why
A process that opens files or starts others without end takes from every other one on the host.

## What a fix may break
Nothing is changed: only its owner knows what the program needs. With too few files or processes it fails at the worst moment.
",
    fix: None,
    references: &[cis6("5.19"), cis8("5.19"), stig("V-235844"), nist("4.4.3"), owasp("RULE #7")],
    implies: &[],
    examples: &[
        Example::Passes { params: "max: {nofile: 65536}", object: "HostConfig: {Ulimits: [{Name: nofile, Soft: 1024, Hard: 65536}]}" },
        Example::Fails { params: "max: {nofile: 65536}", object: "HostConfig: {Ulimits: [{Name: nofile, Soft: 1024, Hard: -1}]}" },
        Example::Fails { params: "max: {nofile: 65536, nproc: 512}", object: "HostConfig: {Ulimits: [{Name: nofile, Soft: 1024, Hard: 1024}]}" },
    ],
};

/// Which ulimits there have to be.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Docker's name of a ulimit, to the highest hard limit that passes.
    #[serde(default)]
    #[schemars(required)]
    max: BTreeMap<String, i64>,
}

impl Rule for Ulimits {
    type View = ContainerSpec;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, params: &Params) -> Result<(), ParamError> {
        if params.max.is_empty() {
            let message = "`max` has to say which, for example `{ nofile: 65536, nproc: 4096 }`";
            return Err(ParamError::new("max", message));
        }
        match params.max.keys().find(|name| !ULIMIT_NAMES.iter().any(|(it, _)| it == name)) {
            Some(name) => Err(ParamError::new("max", format!("`{name}` is not a ulimit"))),
            None => Ok(()),
        }
    }

    fn judge(&self, container: &ContainerSpec, params: &Params) -> Verdict {
        let too_much = params.max.iter().filter_map(|(name, max)| {
            let given = container.defaulted.ulimits.iter().find(|it| it.name == *name);
            match given.map(|it| it.hard) {
                // -1 is unlimited.
                Some(hard) if *max == -1 || (0..=*max).contains(&hard) => None,
                Some(hard) => Some(format!("{name} {hard}")),
                None => Some(format!("no {name}")),
            }
        });
        let too_much: Vec<String> = too_much.collect();
        if too_much.is_empty() {
            return Verdict::Pass;
        }
        let want: Vec<String> =
            params.max.iter().map(|(name, max)| format!("{name} {max}")).collect();
        let advice = "start it with `--ulimit NAME=SOFT:HARD`, or declare the daemon's \
                      `default-ulimits`";
        fails_by_hand("ulimits", too_much.join(", "), want.join(", "), advice)
    }
}
