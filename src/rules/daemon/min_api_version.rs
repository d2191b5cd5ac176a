//! Old clients stay out.

use crate::{
    model::{
        daemon::DaemonConfig,
        daemon_keys,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule, fails_by_hand},
};

pub struct MinApiVersion;

static META: Meta = Meta {
    id: "daemon.min-api-version",
    title: "The engine takes no API older than it takes by itself",
    severity: Severity::Low,
    docs: "
## Checks
That the oldest version of the API, which the engine tells, is not below its own default: 1.24 from engine 25.0 on, 1.44 from 29.0 on. Engines before 25.0 have no such setting.

## Why
Old versions of the API lack checks that later ones have; somebody who lowered it did so for a client that should be updated.

## What a fix may break
Nothing is changed: a client that still needs the old version stops working.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "min-api: '1.24'" },
        Example::Passes { params: "{}", object: "{engine: '29.1.0', min-api: '1.44'}" },
        Example::NotApplicable { params: "{}", object: "{engine: '20.10.24', min-api: '1.12'}" },
        Example::Fails { params: "{}", object: "min-api: '1.12'" },
        Example::Fails { params: "{}", object: "{engine: '29.1.0', min-api: '1.24'}" },
        Example::Unknown { params: "{}", object: "{}" },
    ],
};

impl Rule for MinApiVersion {
    type View = DaemonConfig;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, config: &DaemonConfig, _: &NoParams) -> Verdict {
        let default = match daemon_keys::release(&config.engine_version) {
            Some(release) if release >= (29, 0) => (1, 44),
            Some(release) if release >= (25, 0) => (1, 24),
            Some(_) => return Verdict::NotApplicable("engines before 25.0 have no such setting"),
            None => return Verdict::Unknown("the engine does not tell its version".into()),
        };
        let told = config.engine.min_api_version.as_deref();
        let Some(oldest) = told.and_then(daemon_keys::release) else {
            return Verdict::Unknown(
                "the engine does not tell the oldest version that it takes".into(),
            );
        };
        if oldest >= default {
            return Verdict::Pass;
        }
        let advice = "take `min-api-version` out of the file, or DOCKER_MIN_API_VERSION out of \
            the daemon's environment";
        let (major, minor) = default;
        fails_by_hand(
            "min-api-version",
            told.unwrap_or_default(),
            format!("{major}.{minor} or later"),
            advice,
        )
    }
}
