//! What the engine says itself.

use crate::{
    model::{
        daemon::DaemonConfig,
        finding::{Severity, Verdict},
    },
    rules::{Allow, Example, Meta, Rule, fails_by_hand},
};

pub struct NoWarnings;

static META: Meta = Meta {
    id: "daemon.no-warnings",
    title: "The engine warns of nothing",
    severity: Severity::Medium,
    docs: "
## Checks
That the list of warnings that the engine shows to everybody is empty, but for those that fit one of `allow`.

## Why
The engine warns of what it found while it started: an open TCP port, limits that the kernel does not enforce, bridged packets that pass the firewall by.

## What a fix may break
Nothing is changed: each warning has a remedy of its own.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "info: {Warnings: null}" },
        Example::Passes { params: "allow: ['WARNING: No swap*']", object: "info: {Warnings: ['WARNING: No swap limit support']}" },
        Example::Fails { params: "{}", object: "info: {Warnings: ['WARNING: No swap limit support']}" },
        Example::Unknown { params: "{}", object: "info: null" },
    ],
};

impl Rule for NoWarnings {
    type View = DaemonConfig;
    type Params = Allow;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, config: &DaemonConfig, params: &Allow) -> Verdict {
        let Some(warnings) = &config.engine.warnings else {
            return Verdict::Unknown("the engine does not tell".into());
        };
        let Some(seen) = params.others(warnings.iter().map(String::as_str)) else {
            return Verdict::Pass;
        };
        fails_by_hand("warnings", seen, "none", "see to what it warns of, or name it under `allow`")
    }
}
