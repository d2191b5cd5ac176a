//! A limit on processors.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, ParamError, Rule, cis6, cis8, fails_by_hand, nist, owasp, stig},
};

pub struct CpuLimit;

static META: Meta = Meta {
    id: "container.cpu-limit",
    title: "Containers have a limit on processors",
    severity: Severity::Low,
    docs: "
## Checks
That the container may use at most `max` processors (`--cpus`, or a quota in each period); without `max`, that it has a limit of that kind or is kept to some processors (`--cpuset-cpus`).
Shares are a weight against others and no limit; with `weight: true` shares other than the usual 1024 pass.

## Why
Without a limit, one container can keep every processor of the host busy, and everything else waits.

## What a fix may break
Nothing is changed: how much a program needs, only its owner knows.
`docker update --cpus 2 NAME` sets a limit while it runs, and with less than it needs it gets slow.
",
    fix: None,
    references: &[cis6("5.12"), cis8("5.12"), stig("V-235807"), nist("4.4.3"), owasp("RULE #7")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {NanoCpus: 1500000000}" },
        Example::Passes { params: "max: 1.5", object: "HostConfig: {NanoCpus: 1500000000}" },
        Example::Passes { params: "max: 1", object: "HostConfig: {CpuQuota: 50000}" },
        Example::Passes { params: "{}", object: "HostConfig: {CpusetCpus: '0'}" },
        Example::Passes { params: "weight: true", object: "HostConfig: {CpuShares: 512}" },
        Example::Fails { params: "{}", object: "HostConfig: {CpuShares: 512}" },
        Example::Fails { params: "max: 1", object: "HostConfig: {CpuQuota: 400000, CpuPeriod: 200000}" },
        Example::Fails { params: "{}", object: "HostConfig: {NanoCpus: 0}" },
    ],
};

/// How much one container may use.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Processors, `1.5` for instance; without it any limit passes.
    #[schemars(range(min = 0.01))]
    max: Option<f64>,
    /// Whether shares other than 1024 pass.
    #[serde(default)]
    weight: bool,
}

impl Rule for CpuLimit {
    type View = ContainerSpec;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, params: &Params) -> Result<(), ParamError> {
        match params.max {
            Some(max) if !(0.01..=100_000.0).contains(&max) => {
                Err(ParamError::new("max", "not a number of processors; the least is 0.01"))
            }
            _ => Ok(()),
        }
    }

    fn judge(&self, container: &ContainerSpec, params: &Params) -> Verdict {
        let cpu = &container.limits.cpu;
        let limit = cpu.at_most().map(|it| it as f64 / 1e9);
        let weighed = params.weight && !matches!(cpu.shares, 0 | 1024);
        let holds = match (limit, params.max) {
            (Some(limit), Some(max)) => limit <= max,
            (Some(_), None) => true,
            (None, None) => !cpu.set.is_empty() || weighed,
            (None, Some(_)) => weighed,
        };
        if holds {
            return Verdict::Pass;
        }
        let seen = limit.map_or("none".to_owned(), |it| it.to_string());
        let want = params.max.map_or("a limit".to_owned(), |it| it.to_string());
        let advice = format!("`docker update --cpus NUMBER {}`", container.name);
        fails_by_hand("cpus", seen, want, advice)
    }
}
