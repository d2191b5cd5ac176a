//! Room for containers.

use serde_json::Value;

use super::key::{Repair, Wanted, running, texts};
use crate::{
    model::{
        daemon::DaemonConfig,
        finding::{Severity, Verdict},
        object::Address,
    },
    rules::{Example, Meta, NoParams, Rule, cis_moved},
};

pub struct NoBasesizeOverride;

static META: Meta = Meta {
    id: "daemon.no-basesize-override",
    title: "The size of containers of devicemapper is not changed",
    severity: Severity::Low,
    docs: "
## Checks
With the storage driver devicemapper: that no `storage-opts` sets `dm.basesize`.

## Why
A larger base lets every container take more of the disk than there is.

## What a fix may break
Nothing is changed: the size of containers that exist does not follow.
",
    fix: None,
    references: &cis_moved("2.11", "2.12"),
    implies: &[],
    examples: &[
        Example::Passes {
            params: "{}",
            object: "{engine: \"20.10.24\", in-force: {storage-driver: devicemapper}}",
        },
        Example::NotApplicable { params: "{}", object: "in-force: {storage-driver: overlay2}" },
        Example::Fails {
            params: "{}",
            object: "{engine: \"20.10.24\", in-force: {storage-driver: devicemapper, storage-opts: [dm.basesize=50G]}}",
        },
        Example::Unknown { params: "{}", object: "unknown: [storage-driver]" },
    ],
};

impl Rule for NoBasesizeOverride {
    type View = DaemonConfig;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::daemon_key("storage-opts"))
    }

    fn judge(&self, config: &DaemonConfig, _: &NoParams) -> Verdict {
        match running(config, "storage-driver") {
            Ok(driver) if *driver == "devicemapper" => {}
            Ok(_) => return Verdict::NotApplicable("the storage driver is not devicemapper"),
            Err(why) => return Verdict::Unknown(why.into()),
        }
        let holds = |value: &Value| !texts(value).iter().any(|it| it.starts_with("dm.basesize"));
        let repair = Repair::ByHand("take `dm.basesize` out of `storage-opts`".into());
        Wanted { key: "storage-opts", holds: &holds, says: "without dm.basesize", repair }
            .judge(config)
    }
}
