//! Kernel and engine are in FIPS mode, or are not.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        daemon::DaemonConfig,
        finding::{Severity, Verdict},
        object::Address,
    },
    rules::{Example, Meta, Rule, fails_by_hand, stig},
};

pub struct FipsMode;

/// What is wanted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fips {
    /// Whether it is to be on; by itself it is.
    #[serde(default = "on")]
    enabled: bool,
}

const fn on() -> bool {
    true
}

static META: Meta = Meta {
    id: "host.fips-mode",
    title: "FIPS mode is as declared",
    severity: Severity::Low,
    docs: "
## Checks
That the kernel's FIPS mode (`/proc/sys/crypto/fips_enabled`) and the engine's (`fips` among its security options) are both on; with `enabled: false`, that both are off. A kernel that knows no such mode has it off.
Only engines that were built for it, such as Mirantis Container Runtime, have that option: others never say it, whatever the kernel does.

## Why
Where only validated cryptography may be used, it has to be in force below and in the engine; where nobody asks for it, it takes away ciphers and keys that others rely on.

## What a fix may break
Nothing is changed. Turning it on takes a restart of the machine; keys and certificates that are too short or of other kinds stop working.
",
    fix: None,
    references: &[stig("V-235777")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{kernel-fips: true, info: {SecurityOptions: ['name=fips']}}" },
        Example::Passes { params: "enabled: false", object: "{kernel-fips: false, info: {SecurityOptions: ['name=seccomp']}}" },
        Example::Fails { params: "{}", object: "{kernel-fips: false, info: {SecurityOptions: ['name=seccomp']}}" },
        Example::Fails { params: "{}", object: "{kernel-fips: true, info: {SecurityOptions: ['name=seccomp']}}" },
        Example::Fails { params: "enabled: false", object: "{kernel-fips: true, info: {SecurityOptions: []}}" },
        Example::Fails { params: "{}", object: "{info: {SecurityOptions: ['name=seccomp']}}" },
        Example::Unknown { params: "enabled: false", object: "{info: {SecurityOptions: ['name=seccomp']}}" },
        Example::Unknown { params: "{}", object: "{kernel-fips: true}" },
    ],
};

impl Rule for FipsMode {
    type View = DaemonConfig;
    type Params = Fips;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::host("kernel"))
    }

    fn judge(&self, config: &DaemonConfig, params: &Fips) -> Verdict {
        let kernel = config.host.kernel_fips;
        let engine = config.engine.has_option("fips");
        let wanted = params.enabled;
        let is_other = |seen: Option<bool>| seen.is_some_and(|it| it != wanted);
        let advice = match (is_other(kernel), wanted) {
            (true, true) => "turn it on as the distribution does, and restart the machine",
            (true, false) => {
                "take `fips=1` from the kernel's command line, and restart the machine"
            }
            (false, true) => "use an engine that is built for it",
            (false, false) => "start the engine without it",
        };
        if is_other(kernel) || is_other(engine) {
            let word = |seen: Option<bool>| match seen {
                Some(true) => "on",
                Some(false) => "off",
                None => "not known",
            };
            let seen = format!("kernel: {}, engine: {}", word(kernel), word(engine));
            return fails_by_hand("fips", seen, if wanted { "on" } else { "off" }, advice);
        }
        match (kernel, engine) {
            (None, _) => Verdict::Unknown("the kernel's FIPS mode could not be looked at".into()),
            (_, None) => Verdict::Unknown("the engine does not tell its security options".into()),
            (Some(_), Some(_)) => Verdict::Pass,
        }
    }
}
