//! Switches that no file shows.

use crate::{
    model::{
        daemon::DaemonConfig,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule, fails_by_hand},
};

pub struct NoInsecureEnv;

static META: Meta = Meta {
    id: "daemon.no-insecure-env",
    title: "No variable weakens the daemon",
    severity: Severity::High,
    docs: "
## Checks
That the environment of the daemon's process sets none of `DOCKER_INSECURE_NO_IPTABLES_RAW`, `DOCKER_IGNORE_BR_NETFILTER_ERROR` and `DOCKER_MIN_API_VERSION`.

## Why
They open published ports to neighbours on the network, let a missing firewall pass, or let old clients in; they stand in a unit where nobody looks.

## What a fix may break
Nothing is changed: take the variable out of the unit, and restart the daemon.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "variables: []" },
        Example::Fails { params: "{}", object: "variables: [DOCKER_INSECURE_NO_IPTABLES_RAW]" },
        Example::Unknown { params: "{}", object: "{}" },
    ],
};

impl Rule for NoInsecureEnv {
    type View = DaemonConfig;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, config: &DaemonConfig, _: &NoParams) -> Verdict {
        let Some(set) = &config.host.weakening_variables else {
            return Verdict::Unknown(
                "the environment of the daemon's process cannot be read".into(),
            );
        };
        if set.is_empty() {
            return Verdict::Pass;
        }
        let advice = "take it out of the daemon's unit, and restart the daemon";
        fails_by_hand("environment", set.join(", "), "not set", advice)
    }
}
