//! The kernel is no older than declared.

use schemars::JsonSchema;
use serde::Deserialize;

use super::floors::{Floors, Standing, standing, wanted};
use crate::{
    model::{
        daemon::DaemonConfig,
        engine_says::Component,
        finding::{Severity, Verdict},
        object::Address,
    },
    rules::{Example, Meta, ParamError, Rule, fails_by_hand, nist, owasp},
};

pub struct KernelSupported;

/// The lowest versions that will do.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lowest {
    /// `"6.1"`, or a list with one for each line of releases.
    min: Floors,
}

static META: Meta = Meta {
    id: "host.kernel-supported",
    title: "The kernel is no older than declared",
    severity: Severity::Medium,
    docs: "
## Checks
What the engine says of the kernel (`KernelVersion`), against `min`: a lowest version, or one for each line of releases. There is none by itself: distributions mend old kernels for ten years, so which one is good depends on whose it is.

## Why
All containers share the kernel, and a fault of it is a way out of every one.

## What a fix may break
Nothing is changed: a new kernel takes a start of the machine.
",
    fix: None,
    references: &[nist("4.5.3"), owasp("RULE #0")],
    implies: &[],
    examples: &[
        Example::Passes { params: "min: '5.10'", object: "info: {KernelVersion: 6.1.0-18-amd64}" },
        Example::Passes { params: "min: ['5.14.0', '6.1.90']", object: "info: {KernelVersion: 5.14.0-503.el9.x86_64}" },
        Example::Fails { params: "min: '5.10'", object: "info: {KernelVersion: 4.18.0-553.el8.x86_64}" },
        Example::Fails { params: "min: ['5.15.100', '6.1.90']", object: "info: {KernelVersion: 6.1.9}" },
        Example::Unknown { params: "min: '5.10'", object: "{}" },
    ],
};

impl Rule for KernelSupported {
    type View = DaemonConfig;
    type Params = Lowest;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::host("kernel"))
    }

    fn check(&self, params: &Lowest) -> Result<(), ParamError> {
        params.min.check("min")
    }

    fn judge(&self, config: &DaemonConfig, params: &Lowest) -> Verdict {
        let Some(version) = &config.engine.kernel_version else {
            return Verdict::Unknown("the engine does not tell".into());
        };
        let kernel = Component { version: version.clone(), commit: String::new() };
        match standing(&kernel, Some(&params.min), &[]) {
            Standing::Good => Verdict::Pass,
            Standing::Old | Standing::MaybeMended => fails_by_hand(
                "kernel",
                version,
                format!("{} or later", wanted(Some(&params.min), &[])),
                "install a newer kernel, and start the machine with it",
            ),
            Standing::Untold => {
                Verdict::Unknown(format!("the engine says {version:?}, which is no version"))
            }
        }
    }
}
