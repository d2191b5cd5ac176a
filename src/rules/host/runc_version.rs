//! Runc has the fixes against known ways out of containers.

use schemars::JsonSchema;
use serde::Deserialize;

use super::floors::{Floors, Standing, standing, wanted};
use crate::{
    model::{
        daemon::DaemonConfig,
        finding::{Severity, Verdict},
        object::Address,
    },
    rules::{Example, Meta, ParamError, Rule, fails_by_hand, nist, owasp},
};

pub struct RuncVersion;

/// CVE-2025-31133, CVE-2025-52565 and CVE-2025-52881: masked paths led out of containers.
pub(super) const FLOORS: [&str; 3] = ["1.2.8", "1.3.3", "1.4.0"];

/// The lowest versions that will do.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lowest {
    /// `"1.3.3"`, or a list with one for each line of releases.
    min: Option<Floors>,
}

static META: Meta = Meta {
    id: "host.runc-version",
    title: "Runc has no known way out",
    severity: Severity::Critical,
    docs: "
## Checks
What the engine says of runc (`/version`), against `min`: a lowest version, or one for each line of releases. By itself, as of 2026-11-26, those are 1.2.8, 1.3.3 and 1.4.0, the first without CVE-2025-31133, CVE-2025-52565 and CVE-2025-52881.
Distributions mend old versions without giving them a new number. One of theirs that is older, with no `min` declared, is therefore unknown: declare what your distribution calls safe.

## Why
Runc sets every container up as root. With these faults, an image or a start of one is enough to write to the host's kernel settings, and that is root on the host.

## What a fix may break
Nothing is changed: an update of runc counts for containers that are started from then on.
",
    fix: None,
    references: &[nist("4.4.1"), owasp("RULE #0")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "components: {runc: 1.3.6+ds1}" },
        Example::Passes { params: "min: '1.1.5'", object: "components: {runc: 1.1.5+ds1}" },
        Example::Fails { params: "{}", object: "components: {runc: 1.3.2}" },
        Example::Fails { params: "min: ['1.1.12', '1.2.0']", object: "components: {runc: 1.1.5+ds1}" },
        Example::Unknown { params: "{}", object: "components: {runc: 1.1.5+ds1}" },
        Example::Unknown { params: "{}", object: "{}" },
    ],
};

impl Rule for RuncVersion {
    type View = DaemonConfig;
    type Params = Lowest;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::host("versions"))
    }

    fn check(&self, params: &Lowest) -> Result<(), ParamError> {
        params.min.as_ref().map_or(Ok(()), |it| it.check("min"))
    }

    fn judge(&self, config: &DaemonConfig, params: &Lowest) -> Verdict {
        let Some(runc) = config.engine.components.get("runc") else {
            return Verdict::Unknown("the engine does not tell the version of runc".into());
        };
        let floors = wanted(params.min.as_ref(), &FLOORS);
        match standing(runc, params.min.as_ref(), &FLOORS) {
            Standing::Good => Verdict::Pass,
            Standing::Old => fails_by_hand(
                "runc",
                &runc.version,
                format!("{floors} or later"),
                "update runc, and start containers anew that run untrusted images",
            ),
            Standing::MaybeMended => Verdict::Unknown(format!(
                "runc {} is older than {floors}, and your distribution may have mended it: declare \
                 its floor as `min`",
                runc.version
            )),
            Standing::Untold => {
                Verdict::Unknown(format!("runc says {:?}, which is no version", runc.version))
            }
        }
    }
}
