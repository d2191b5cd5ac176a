//! The engine's programs have the fixes that are known.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    floors::{Floors, Standing, standing, wanted},
    runc_version,
};
use crate::{
    model::{
        daemon::DaemonConfig,
        finding::{Severity, Verdict},
        object::Address,
    },
    rules::{Example, Meta, ParamError, Rule, cis6, cis8, fails_by_hand, nist, owasp, stig},
};

pub struct EngineVersionSupported;

/// CVE-2024-41110: requests without a body passed authorization plugins by.
const ENGINE: [&str; 4] = ["23.0.15", "25.0.6", "26.1.5", "27.1.1"];
/// CVE-2024-25621: containerd's directories were open to every user.
const CONTAINERD: [&str; 4] = ["1.7.29", "2.0.7", "2.1.5", "2.2.0"];

/// The lowest versions that will do; a list has one for each line of releases.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Versions {
    /// `"27.1.1"`, or a list.
    engine: Option<Floors>,
    containerd: Option<Floors>,
    runc: Option<Floors>,
}

static META: Meta = Meta {
    id: "host.engine-version-supported",
    title: "Engine, containerd and runc are no older than their floors",
    severity: Severity::High,
    docs: "
## Checks
What the engine says of its programs (`/version`), against a lowest version for each. A list has one for each line of releases: with `[1.2.8, 1.3.3]`, 1.3.2 is too old, and so is every line that came before the oldest; lines after the newest are good.
By itself, as of 2026-11-26: the engine 23.0.15, 25.0.6, 26.1.5 or 27.1.1, the first without CVE-2024-41110 (authorization plugins are passed by); containerd 1.7.29, 2.0.7, 2.1.5 or 2.2.0, the first without CVE-2024-25621 (its directories are open to others); runc as `host.runc-version` says.
Distributions mend old versions without giving them a new number. One of theirs that is below a floor which nobody declared is therefore unknown: declare what your distribution calls safe, such as `engine: \"20.10.24\"`.

## Why
Ways out of containers are published with their fixes; from that day on, an old version is an open door with a description.

## What a fix may break
Nothing is changed: an update restarts the daemon, and containers with it unless `live-restore` is on.
",
    fix: None,
    references: &[cis6("1.2.2"), cis8("1.2.2"), stig("V-235788"), nist("4.4.1"), owasp("RULE #0")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "components: {Engine: 28.5.2, containerd: 2.1.9, runc: 1.3.6}" },
        Example::Passes { params: "{engine: '20.10', containerd: '1.6.20', runc: '1.1.5'}", object: "components: {Engine: 20.10.24+dfsg1, containerd: 1.6.20~ds1, runc: 1.1.5+ds1}" },
        Example::Fails { params: "{}", object: "components: {Engine: 27.1.0, containerd: 2.1.9, runc: 1.3.6}" },
        Example::Fails { params: "{}", object: "components: {Engine: 28.5.2, containerd: v1.7.28, runc: 1.3.6}" },
        Example::Fails { params: "engine: '27.0'", object: "components: {Engine: 26.1.5+dfsg1, containerd: 1.7.24~ds1, runc: 1.3.6}" },
        Example::Unknown { params: "{}", object: "components: {Engine: 26.1.5+dfsg1, containerd: 1.7.24~ds1, runc: 1.3.6}" },
        Example::Unknown { params: "{}", object: "components: {Engine: 28.5.2}" },
        Example::Unknown { params: "{}", object: "{}" },
    ],
};

impl Rule for EngineVersionSupported {
    type View = DaemonConfig;
    type Params = Versions;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::host("versions"))
    }

    fn check(&self, params: &Versions) -> Result<(), ParamError> {
        let all = [
            ("engine", &params.engine),
            ("containerd", &params.containerd),
            ("runc", &params.runc),
        ];
        all.into_iter()
            .filter_map(|(path, it)| Some((path, it.as_ref()?)))
            .try_for_each(|(path, it)| it.check(path))
    }

    fn judge(&self, config: &DaemonConfig, params: &Versions) -> Verdict {
        let programs = [
            ("Engine", &params.engine, &ENGINE[..]),
            ("containerd", &params.containerd, &CONTAINERD[..]),
            ("runc", &params.runc, &runc_version::FLOORS[..]),
        ];
        let mut old = Vec::new();
        let mut want = Vec::new();
        let mut unknown = Vec::new();
        for (name, declared, by_itself) in programs {
            let declared = declared.as_ref();
            let floors = wanted(declared, by_itself);
            let Some(component) = config.engine.components.get(name) else {
                unknown.push(format!("the engine does not tell the version of {name}"));
                continue;
            };
            let version = &component.version;
            match standing(component, declared, by_itself) {
                Standing::Good => {}
                Standing::Old => {
                    old.push(format!("{name} {version}"));
                    want.push(format!("{name} {floors} or later"));
                }
                Standing::MaybeMended => unknown.push(format!(
                    "{name} {version} is older than {floors}, and your distribution may have \
                     mended it: declare its floor"
                )),
                Standing::Untold => {
                    unknown.push(format!("{name} says {version:?}, which is no version"));
                }
            }
        }
        if !old.is_empty() {
            let advice = "update the packages; with `live-restore` on, containers run on meanwhile";
            return fails_by_hand("version", old.join(", "), want.join(", "), advice);
        }
        match unknown.is_empty() {
            true => Verdict::Pass,
            false => Verdict::Unknown(unknown.join("; ")),
        }
    }
}
