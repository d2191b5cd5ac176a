//! No devices of drivers but the allowed ones.

use crate::{
    model::{
        container::{ContainerSpec, DeviceRequest},
        finding::{Severity, Verdict},
    },
    rules::{Allow, Example, Meta, Rule, fails_by_hand},
};

pub struct DeviceRequestsDeclared;

static META: Meta = Meta {
    id: "container.device-requests-declared",
    title: "Containers ask drivers for no devices but declared ones",
    severity: Severity::Medium,
    docs: "
## Checks
That what is asked of device drivers (`--gpus`, CDI) fits one of `allow`.
A request reads `DRIVER:ID`, one for each ID, or `DRIVER:all` and `DRIVER:COUNT`; without a driver it is the first capability that is asked for: `gpu:all`.

## Why
A driver puts devices, libraries and mounts into the container that no other setting shows.

## What a fix may break
Nothing is changed: only its owner knows what the program needs.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{}" },
        Example::Passes { params: "allow: ['cdi:vendor.com/gpu=*']", object: "HostConfig: {DeviceRequests: [{Driver: cdi, DeviceIDs: [vendor.com/gpu=0]}]}" },
        Example::Passes { params: "allow: ['gpu:1']", object: "HostConfig: {DeviceRequests: [{Count: 1, Capabilities: [[gpu]]}]}" },
        Example::Fails { params: "allow: ['gpu:1']", object: "HostConfig: {DeviceRequests: [{Count: -1, Capabilities: [[gpu]]}]}" },
    ],
};

impl Rule for DeviceRequestsDeclared {
    type View = ContainerSpec;
    type Params = Allow;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, params: &Allow) -> Verdict {
        let asked: Vec<String> = container.devices.requests.iter().flat_map(spelt).collect();
        let Some(seen) = params.others(asked.iter().map(String::as_str)) else {
            return Verdict::Pass;
        };
        let advice = "start it without the request, or name it in the rule: `allow`";
        fails_by_hand("devices", seen, "none, or allowed ones", advice)
    }
}

fn spelt(request: &DeviceRequest) -> Vec<String> {
    let capability = request.capabilities.iter().flatten().next();
    let from = if request.driver.is_empty() { capability } else { Some(&request.driver) };
    let from = from.map_or("any", String::as_str);
    if !request.ids.is_empty() {
        return request.ids.iter().map(|id| format!("{from}:{id}")).collect();
    }
    match request.count {
        -1 => vec![format!("{from}:all")],
        count => vec![format!("{from}:{count}")],
    }
}
