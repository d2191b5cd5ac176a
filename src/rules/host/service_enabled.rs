//! The engine comes up with the machine, or does not.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        finding::{Severity, Verdict},
        host_system::HostSystem,
        object::Address,
    },
    rules::{Example, Meta, Rule, fails_by_hand},
};

pub struct ServiceEnabled;

/// What is wanted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Boot {
    /// Whether the engine is to start with the machine; by itself it is.
    #[serde(default = "yes")]
    enabled: bool,
}

const fn yes() -> bool {
    true
}

static META: Meta = Meta {
    id: "host.service-enabled",
    title: "The engine starts with the machine, or does not, as declared",
    severity: Severity::Low,
    docs: "
## Checks
That the service which looks after the daemon is set to start with the machine: a unit of systemd that a target wants and that nobody masked, a service in a runlevel of OpenRC, a script that starts. A unit of a user starts without a login only if the user lingers. With `enabled: false`, that it is not set to. A socket that starts the engine when somebody asks does not count: containers do not come up by it.
That the daemon runs is seen from its answers. Where nothing known looks after its process, this is not judged.

## Why
After a restart of the machine nothing else brings containers back, with their restart policies and what watches over them.

## What a fix may break
Nothing is changed: the command that does it is named. The daemon that runs goes on.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "at-boot: {service: docker.service, is-enabled: true}" },
        Example::Passes { params: "enabled: false", object: "at-boot: {service: docker.service}" },
        Example::Fails { params: "{}", object: "at-boot: {service: docker.service}" },
        Example::Fails { params: "{}", object: "at-boot: {service: docker.service, is-enabled: true, waits-for: ann}" },
        Example::Fails { params: "enabled: false", object: "at-boot: {service: docker.service, is-enabled: true}" },
        Example::NotApplicable { params: "{}", object: "at-boot: {}" },
        Example::Unknown { params: "{}", object: "{unseen: the engine is elsewhere}" },
    ],
};

impl Rule for ServiceEnabled {
    type View = HostSystem;
    type Params = Boot;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::host("service"))
    }

    fn judge(&self, host: &HostSystem, params: &Boot) -> Verdict {
        let service = match &host.at_boot {
            Ok(Some(service)) => service,
            Ok(None) => {
                return Verdict::NotApplicable("no service manager looks after the daemon");
            }
            Err(why) => return Verdict::Unknown(why.clone()),
        };
        let name = &service.service;
        let starts = service.is_enabled && service.waits_for.is_none();
        if starts == params.enabled {
            return Verdict::Pass;
        }
        let seen = match (&service.waits_for, starts) {
            (Some(user), false) if service.is_enabled => {
                format!("{name} starts when {user} logs in")
            }
            (_, true) => format!("{name} starts with the machine"),
            (_, false) => format!("{name} does not start with the machine"),
        };
        let (want, command) = match params.enabled {
            true => ("starts with the machine", &service.enable),
            false => ("does not start with the machine", &service.disable),
        };
        fails_by_hand("service", seen, want, format!("`{command}`"))
    }
}
