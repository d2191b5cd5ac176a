//! YAML to Policy. Text comes in, problems with positions or a policy come out; no I/O, no clock.
//!
//! The types here are the shape of the file. The JSON Schema is made from them, and the file is
//! checked against that schema, so that editors and plimsoll agree on what is right.

pub mod baseline;
mod bind;
mod check;
pub mod choose;
mod conceal;
pub mod import;
mod limits;
pub mod policy;
mod probes;
pub mod problem;
mod resolve;
#[cfg(test)]
pub mod samples;
pub mod schema;
mod starter;
mod yaml;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::model::{class::Class, day::Day, selector::Selector};

use self::{
    limits::{Days, Retention},
    policy::ComposeContainers,
    policy::MaxChanges,
    probes::ProbeEntry,
};
pub use self::{resolve::load, starter::starter};

/// How a Docker host must be set up: the daemon's settings, and what every container on it must
/// hold to.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "plimsoll declaration")]
pub struct Declaration {
    /// The version of this file's grammar.
    pub version: Version,
    /// What this declaration builds on: names of shipped baselines, or files such as
    /// `./base.yaml`, relative to this one. Later ones win, and this file wins over all of them.
    #[schemars(extend("examples" = [["essential"], ["essential", "./base.yaml"]]))]
    pub extends: Option<Vec<Extended>>,
    /// The daemon's file, `daemon.json`.
    pub daemon: Option<DaemonSection>,
    /// What must hold for the host as a whole: its daemon, and which images it may run.
    pub rules: Option<HostRules>,
    /// What must hold for containers. Each entry selects some; for one rule the last entry that
    /// selects a container wins.
    pub containers: Option<Vec<ContainerSection>>,
    /// Accepted deviations, each with a reason, an owner and an end.
    pub waivers: Option<Vec<WaiverEntry>>,
    /// How far `apply` and `enforce` may go by themselves.
    pub limits: Option<LimitsSection>,
}

/// What a declaration builds on.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Extended {
    /// The name of a shipped baseline, or the path of a file.
    Named(String),
    Edition(BaselineEdition),
}

/// A shipped baseline as a certain edition of its standard has it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BaselineEdition {
    /// Its name: `cis-docker-l1`.
    pub baseline: String,
    /// The edition. A baseline that is named alone is of the newest one.
    #[schemars(extend("examples" = ["1.6"]))]
    pub edition: String,
}

/// The version of the grammar; there is one.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Version(pub u32);

/// What the daemon's file must say.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DaemonSection {
    /// Keys of `daemon.json` with the values they must have. Keys that are not named here are
    /// left alone.
    pub settings: Option<Settings>,
    /// Keys that `daemon.json` must not hold.
    pub absent: Option<Vec<DaemonKeyName>>,
    /// The command that restarts the daemon, as a list of words. Only for a daemon that no
    /// service manager looks after.
    #[schemars(length(min = 1), extend("examples" = [["rc-service", "docker", "restart"]]))]
    pub restart_command: Option<Vec<String>>,
    /// The command that makes the daemon read its file again, as a list of words. Only for a
    /// daemon that no service manager looks after.
    #[schemars(length(min = 1), extend("examples" = [["rc-service", "docker", "reload"]]))]
    pub reload_command: Option<Vec<String>>,
}

/// Keys of `daemon.json`, in its own spelling.
#[derive(Debug, Default, Deserialize)]
pub struct Settings(pub BTreeMap<String, Value>);

/// The name of a key of `daemon.json`.
#[derive(Debug, Deserialize)]
pub struct DaemonKeyName(pub String);

/// Rules about the host by ID, each `true`, `off`, or its parameters.
#[derive(Debug, Default, Deserialize)]
pub struct HostRules(pub BTreeMap<String, Value>);

/// Rules about containers by ID, each `true`, `off`, or its parameters.
#[derive(Debug, Default, Deserialize)]
pub struct ContainerRules(pub BTreeMap<String, Value>);

/// What must hold for the containers that it selects.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ContainerSection {
    /// What people call this group of containers.
    #[schemars(extend("examples" = ["edge"]))]
    pub name: Option<String>,
    /// Which containers it is about; all of them, if left out.
    #[serde(rename = "match")]
    pub on: Option<Selector>,
    /// What must hold for them.
    pub rules: Option<ContainerRules>,
    /// What becomes of files that a container changed outside its volumes, when it has to be
    /// replaced.
    pub writable_layer: Option<WritableLayer>,
    /// What may be done to one that was started with `--rm` and is gone once it stops.
    pub auto_remove: Option<AutoRemove>,
    /// Whether plimsoll reaches the engine through it: a socket proxy, a VPN. It is never stopped
    /// then.
    pub carries_connection: Option<bool>,
    /// How to tell that they work. Of several entries that select a container, the last one with
    /// `probes` counts; `[]` asks nothing.
    pub probes: Option<Vec<ProbeEntry>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WritableLayer {
    /// A container with changed files is not replaced unless somebody allows it.
    Keep,
    /// Changed files may go.
    Discard,
    /// Changed files go into an image first, and the replacement is made from that one. What is
    /// in the environment is in that image as well, no registry knows it, and whatever an
    /// intruder changed stays.
    Commit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AutoRemove {
    /// It is left alone where it would have to stop: there is no way back to it.
    Hold,
    /// It may be replaced, with a copy of it at hand until its replacement has proved itself.
    Replace,
}

/// An accepted deviation: one rule, some containers or this host, until a day.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(transform = schema::match_by_rule)]
pub struct WaiverEntry {
    /// What reports call it.
    #[schemars(extend("examples" = ["W-12"]))]
    #[schemars(regex(pattern = r"\S"))]
    pub id: String,
    /// The rule that need not hold.
    pub rule: WaivableRule,
    /// For which containers. A rule about the host is waived without it.
    #[serde(rename = "match", default)]
    #[schemars(with = "WaivedObjects")]
    pub on: Option<WaivedObjects>,
    /// Why this is accepted.
    #[schemars(regex(pattern = r"\S"))]
    pub reason: String,
    /// Who answers for it.
    #[schemars(regex(pattern = r"\S"))]
    pub owner: String,
    /// Where it is tracked.
    pub ticket: Option<String>,
    /// The last day on which it holds, UTC: `2026-12-05`.
    pub expires: Day,
    /// What else ends it.
    pub only_while: Option<OnlyWhile>,
}

/// What a waiver holds for and no longer.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OnlyWhile {
    /// The digest of the image that the container was made of, its ID or that of its repository:
    /// another image, another look.
    #[schemars(regex(pattern = r"^sha256:[0-9a-f]{64}$"))]
    pub image: String,
}

/// The ID of a rule that a waiver can be about.
#[derive(Debug, Deserialize)]
pub struct WaivableRule(pub String);

/// A selector that says something: a waiver for everything is no waiver.
#[derive(Debug, Deserialize)]
pub struct WaivedObjects(pub Selector);

/// How far plimsoll may go without being asked.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LimitsSection {
    /// The worst effect that is acceptable.
    pub ceiling: Option<Ceiling>,
    /// How many objects one run may change: a number, or a share such as `20%` of those that were
    /// looked at. If left out, 5 or 20 %, whichever is more.
    pub max_changes: Option<MaxChanges>,
    /// When changes may be made. Not supported yet; the list has to be empty.
    #[schemars(length(max = 0))]
    pub windows: Option<Vec<Value>>,
    /// What to do about containers that Docker Compose started.
    pub compose: Option<ComposeContainers>,
    /// How long containers that were replaced are kept for the way back: `7d`, or 0 to remove
    /// them at once. Seven days, if left out.
    pub retention: Option<Retention>,
    /// How far ahead a waiver may end, by how bad it is when its rule does not hold.
    pub waivers: Option<WaiverDays>,
}

/// The longest that waivers may have to go.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaiverDays {
    /// 365 days, if left out.
    pub low: Option<Days>,
    /// 180 days, if left out.
    pub medium: Option<Days>,
    /// 90 days, if left out.
    pub high: Option<Days>,
    /// 30 days, if left out.
    pub critical: Option<Days>,
}

/// The worst effect that each command may have by itself.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ceiling {
    /// For `plimsoll apply`; `restart`, if left out.
    pub apply: Option<Class>,
    /// For `plimsoll enforce`; `live`, if left out.
    pub enforce: Option<Class>,
}

#[cfg(test)]
mod tests;
