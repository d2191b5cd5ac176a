//! Policies for tests, made without YAML.

use std::{collections::BTreeMap, sync::Arc};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    policy::{Assignment, Choice, Choices, Limits, Policy, Waiver},
    problem::{Place, SourceText},
};
use crate::{
    model::{
        container::ContainerSpec,
        daemon::DaemonConfig,
        edit::Edit,
        finding::{Fix, Mode, Severity, Verdict},
        object::Address,
        provenance::Provenance,
        selector::{Patterns, Selector},
    },
    rules::{AnyRule, Meta, Rule},
};

pub fn policy() -> Policy {
    Policy {
        daemon: Vec::new(),
        containers: Vec::new(),
        waivers: Vec::new(),
        limits: Limits::default(),
        allowances: Vec::new(),
        probes: Vec::new(),
        restart_command: None,
        reload_command: None,
        settings: BTreeMap::new(),
        absent: BTreeMap::new(),
        digest: "d1".into(),
        files: Vec::new(),
    }
}

pub fn named(pattern: &str) -> Selector {
    Selector { name: Some(Patterns::One(pattern.into())), ..Selector::default() }
}

pub fn at(line: u32) -> Provenance {
    Provenance { source: "host.yaml".into(), line, column: 7 }
}

pub fn assignment(rule: &'static dyn AnyRule, params: Value) -> Assignment {
    Assignment {
        meta: rule.meta(),
        digest: format!("{}{params}", rule.meta().id).into(),
        bound: rule.bind(params).unwrap(),
        severity: rule.meta().severity,
        mode: Mode::Enforce,
        from: Arc::new(at(9)),
        about: rule.address(),
    }
}

/// One rule with its choices, each a selector and an assignment or `None` for off.
pub fn choices(
    rule: &'static dyn AnyRule,
    choices: Vec<(Selector, Option<Assignment>)>,
) -> Choices {
    let choices = choices.into_iter().map(|(on, assignment)| Choice { on, assignment }).collect();
    Choices { meta: rule.meta(), choices }
}

pub fn waiver(id: &str, rule: &'static str, on: Selector, expires: &str) -> Waiver {
    Waiver {
        id: id.into(),
        rule,
        on,
        reason: "vendor image".into(),
        owner: "netops".into(),
        ticket: Some("SEC-88".into()),
        expires: expires.parse().unwrap(),
        from: at(70),
        expires_at: Place {
            source: Arc::new(SourceText { name: "plimsoll.yaml".into(), text: String::new() }),
            span: 0..0,
        },
        only_image: None,
    }
}

/// A container rule that asks for whatever a test wants, of every container: its parameters are
/// the edits, or the words for a person, or the reason why it is unknown.
pub struct Wants(pub &'static Meta);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WantsParams {
    Pass,
    #[schemars(skip)]
    Edits(Vec<Edit>),
    ByHand(String),
    Unknown(String),
    NotApplicable,
}

/// What there is to know about a rule that only tests know.
pub const fn meta(id: &'static str, severity: Severity, implies: &'static [&'static str]) -> Meta {
    Meta {
        id,
        title: "Things are as the test wants them",
        severity,
        docs: "",
        fix: None,
        references: &[],
        implies,
        examples: &[],
    }
}

fn verdict(params: &WantsParams) -> Verdict {
    let fail =
        |fix| Verdict::Fail { field: "field", seen: "this".into(), want: "that".into(), fix };
    match params {
        WantsParams::Pass => Verdict::Pass,
        WantsParams::Edits(edits) => fail(Fix::Edits(edits.clone())),
        WantsParams::ByHand(text) => fail(Fix::ByHand(text.clone().into())),
        WantsParams::Unknown(why) => Verdict::Unknown(why.clone()),
        WantsParams::NotApplicable => Verdict::NotApplicable("the test says so"),
    }
}

impl Rule for Wants {
    type View = ContainerSpec;
    type Params = WantsParams;

    fn meta(&self) -> &'static Meta {
        self.0
    }

    fn judge(&self, _: &ContainerSpec, params: &WantsParams) -> Verdict {
        verdict(params)
    }
}

/// The same about the daemon.
pub struct DaemonWants(pub &'static Meta);

impl Rule for DaemonWants {
    type View = DaemonConfig;
    type Params = WantsParams;

    fn meta(&self) -> &'static Meta {
        self.0
    }

    fn judge(&self, _: &DaemonConfig, params: &WantsParams) -> Verdict {
        verdict(params)
    }
}

/// An assignment that asks for these edits.
pub fn wants(rule: &'static dyn AnyRule, edits: &[Edit]) -> Assignment {
    assignment(rule, json!({ "edits": edits }))
}

/// An assignment about a daemon's key.
pub fn about_key(key: &str, assignment: Assignment) -> Assignment {
    Assignment { about: Some(Address::daemon_key(key)), ..assignment }
}
