//! Where images and containers are kept.

use serde_json::Value;

use super::key::{Repair, Wanted};
use crate::{
    model::{
        daemon::DaemonConfig,
        finding::{Severity, Verdict},
        object::Address,
    },
    rules::{Allow, Example, Meta, Rule, cis6, cis8, stig},
};

pub struct StorageDriverSupported;

static META: Meta = Meta {
    id: "daemon.storage-driver-supported",
    title: "The storage driver is one that is looked after",
    severity: Severity::Medium,
    docs: "
## Checks
That the driver in use is not `aufs`, `devicemapper`, `overlay` or `vfs`, unless `allow` names it.

## Why
The first three are no longer looked after, and later engines do not have them; `vfs` copies every layer.

## What a fix may break
Nothing is changed: with another driver local images and containers drop out of view. Push the images, change `storage-driver`, and pull them again.
",
    fix: None,
    references: &[cis6("2.6"), cis8("2.6"), cis8("2.7"), stig("V-235790")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "in-force: {storage-driver: overlay2}" },
        Example::Passes { params: "allow: [vfs]", object: "in-force: {storage-driver: vfs}" },
        Example::Fails { params: "{}", object: "in-force: {storage-driver: vfs}" },
        Example::Fails { params: "{}", object: "in-force: {storage-driver: devicemapper}" },
        Example::Unknown { params: "{}", object: "unknown: [storage-driver]" },
    ],
};

impl Rule for StorageDriverSupported {
    type View = DaemonConfig;
    type Params = Allow;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::daemon_key("storage-driver"))
    }

    fn judge(&self, config: &DaemonConfig, params: &Allow) -> Verdict {
        let holds = |value: &Value| {
            let driver = value.as_str().unwrap_or_default();
            !matches!(driver, "aufs" | "devicemapper" | "overlay" | "vfs") || params.allows(driver)
        };
        let repair = Repair::ByHand(
            "push the images, change `storage-driver`, and pull them again: what \
             the old driver holds drops out of view"
                .into(),
        );
        Wanted {
            key: "storage-driver",
            holds: &holds,
            says: "overlay2 or another one that is looked after",
            repair,
        }
        .judge(config)
    }
}
