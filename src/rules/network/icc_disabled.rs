//! Containers that share a network, and do not need to.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        finding::{Severity, Verdict},
        glob::Glob,
        network::Network,
    },
    rules::{Example, Meta, ParamError, Rule, fails_by_hand, nist},
};

pub struct IccDisabled;

static META: Meta = Meta {
    id: "network.icc-disabled",
    title: "Containers on these networks do not reach each other",
    severity: Severity::Medium,
    docs: "
## Checks
That the bridge networks that `networks` names were made with `com.docker.network.bridge.enable_icc=false`. The default bridge is a matter of `daemon.icc-disabled`.

## Why
Whoever gets into one container can attack every port of the others on its network, published or not.

## What a fix may break
Nothing is changed: a network cannot be changed, so its containers have to leave it while it is made again, and those that talk to each other need another one.
",
    fix: None,
    references: &[nist("4.3.3")],
    implies: &[],
    examples: &[
        Example::Passes { params: "networks: ['*']", object: "networks: [{Name: dmz, Driver: bridge, Options: {com.docker.network.bridge.enable_icc: 'false'}}]" },
        Example::Passes { params: "networks: ['*']", object: "networks: [{Name: dmz, Driver: bridge, Options: {com.docker.network.bridge.enable_icc: '0'}}]" },
        Example::Fails { params: "networks: ['dmz*']", object: "networks: [{Name: dmz, Driver: bridge, Options: {}}]" },
        Example::Fails { params: "networks: ['*']", object: "networks: [{Name: dmz, Driver: bridge, Options: {com.docker.network.bridge.enable_icc: 'True'}}]" },
        Example::Unknown { params: "networks: ['*']", object: "networks: [{Name: dmz, Driver: bridge, Options: {com.docker.network.bridge.enable_icc: maybe}}]" },
        Example::NotApplicable { params: "networks: ['dmz*']", object: "networks: [{Name: shop, Driver: bridge}]" },
        Example::NotApplicable { params: "networks: ['*']", object: "networks: [{Name: bridge, Driver: bridge}]" },
        Example::NotApplicable { params: "networks: ['*']", object: "networks: [{Name: lan, Driver: macvlan}]" },
    ],
};

/// Which networks are asked.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Names of networks that have to hold to it; `*` and `?` are wildcards.
    #[serde(default)]
    networks: Vec<Glob>,
}

impl Rule for IccDisabled {
    type View = Network;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, params: &Params) -> Result<(), ParamError> {
        if params.networks.is_empty() {
            return Err(ParamError::new("networks", "has to say which networks; `*` is all"));
        }
        Ok(())
    }

    fn judge(&self, network: &Network, params: &Params) -> Verdict {
        if !network.is_users_bridge() {
            return Verdict::NotApplicable("it is no bridge that somebody made");
        }
        if !params.networks.iter().any(|it| it.fits(&network.name)) {
            return Verdict::NotApplicable("the rule names other networks");
        }
        let icc = network.bridge_option("enable_icc");
        match icc.map_or(Some(true), as_switch) {
            Some(false) => Verdict::Pass,
            Some(true) => {
                let advice = "make it again with \
                              `--opt com.docker.network.bridge.enable_icc=false`";
                fails_by_hand("enable_icc", icc.unwrap_or("not said"), "false", advice)
            }
            None => Verdict::Unknown("enable_icc is neither true nor false".into()),
        }
    }
}

/// Reads a switch as engines do (Go `strconv.ParseBool`).
fn as_switch(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}
