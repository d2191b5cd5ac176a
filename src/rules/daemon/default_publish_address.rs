//! Ports that say no address.

use core::net::IpAddr;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::key::{Repair, Wanted, running};
use crate::{
    model::{
        class::Class,
        daemon::DaemonConfig,
        finding::{Severity, Verdict},
        object::Address,
    },
    rules::{Example, Meta, ParamError, Rule, owasp, stig},
};

pub struct DefaultPublishAddress;

static META: Meta = Meta {
    id: "daemon.default-publish-address",
    title: "Ports are published on this machine unless somebody says more",
    severity: Severity::High,
    docs: "
## Checks
That `ip`, on which the default bridge publishes ports that name no address, is `address` or a loopback one. Networks that people make have an option of their own.

## Why
`-p 5432:5432` opens a database to everybody who reaches the host, past most firewalls; with this, opening a port takes an address.

## What a fix may break
The daemon is started while no container runs, as the bridge follows only then. Services that are to be reached from outside, and say no address, no longer are.
",
    fix: Some(Class::Outage),
    references: &[stig("V-235820"), owasp("RULE #5")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "in-force: {ip: 127.0.0.1}" },
        Example::Passes { params: "address: 10.0.0.5", object: "in-force: {ip: 10.0.0.5}" },
        Example::Fails { params: "{}", object: "{}" },
        Example::Fails { params: "{}", object: "{in-force: {ip: 0.0.0.0}, file: {ip: 127.0.0.1}}" },
        Example::NotApplicable { params: "{}", object: "in-force: {bridge: none}" },
        Example::Unknown { params: "{}", object: "unknown: [ip]" },
    ],
};

/// On which address ports are published.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// The address.
    #[serde(default = "loopback")]
    address: IpAddr,
}

fn loopback() -> IpAddr {
    IpAddr::from([127, 0, 0, 1])
}

impl Rule for DefaultPublishAddress {
    type View = DaemonConfig;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::daemon_key("ip"))
    }

    fn check(&self, params: &Params) -> Result<(), ParamError> {
        if params.address.is_unspecified() {
            return Err(ParamError::new("address", "is every address"));
        }
        Ok(())
    }

    fn judge(&self, config: &DaemonConfig, params: &Params) -> Verdict {
        if running(config, "bridge").is_ok_and(|it| *it == "none") {
            return Verdict::NotApplicable("there is no default bridge network");
        }
        let holds = |value: &Value| {
            let address: Option<IpAddr> = value.as_str().and_then(|it| it.parse().ok());
            address.is_some_and(|it| it.is_loopback() || it == params.address)
        };
        let says = params.address.to_string();
        let repair = Repair::Set(json!(says));
        Wanted { key: "ip", holds: &holds, says: &says, repair }.judge(config)
    }
}
