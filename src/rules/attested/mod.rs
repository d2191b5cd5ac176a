//! What no program can judge: a person looks, and says in the declaration on which day. The rules
//! differ in nothing but the question, and how long an answer holds.

mod table;

pub use table::*;

use jiff::Unit;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Meta, ParamError, Rule, fails_by_hand};
use crate::model::{attestable::Attestable, day::Day, finding::Verdict, object::Address};

/// That a person looked, and not too long ago.
pub struct Attested {
    /// What has to be so: "the host passes …".
    statement: &'static str,
    /// How many days an answer holds.
    within_days: u32,
    of_swarm: bool,
    meta: &'static Meta,
}

/// Who looked and when.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Attestation {
    /// The day on which somebody looked and found it so.
    attested: Option<Day>,
    /// Who looked.
    #[schemars(regex(pattern = r"\S"))]
    by: Option<String>,
    /// What was looked at, and where the result is kept. For those who read the declaration.
    #[serde(rename = "evidence")]
    #[schemars(regex(pattern = r"\S"))]
    _evidence: Option<String>,
    /// How many days the answer holds; if left out, what the rule says.
    #[schemars(range(min = 1))]
    within_days: Option<u32>,
}

impl Rule for Attested {
    type View = Attestable;
    type Params = Attestation;

    fn meta(&self) -> &'static Meta {
        self.meta
    }

    fn address(&self) -> Option<Address> {
        Some(Address::attestations())
    }

    fn check(&self, params: &Attestation) -> Result<(), ParamError> {
        match (&params.attested, &params.by) {
            (Some(_), None) => Err(ParamError::new("by", "`by` has to say who looked")),
            (None, Some(_)) => Err(ParamError::new(
                "attested",
                "`attested` has to say on which day, for example `attested: 2026-11-26`",
            )),
            (Some(_), Some(_)) | (None, None) => Ok(()),
        }
    }

    fn judge(&self, asked: &Attestable, params: &Attestation) -> Verdict {
        if self.of_swarm && !asked.swarm_active {
            return Verdict::NotApplicable("Swarm is not active");
        }
        let (Some(Day(day)), Some(by)) = (params.attested, &params.by) else {
            return Verdict::Unknown(
                "nobody has said so yet; `plimsoll explain RULE` tells what to look at".into(),
            );
        };
        let within = params.within_days.unwrap_or(self.within_days);
        let age = day.until((Unit::Day, asked.today)).map_or(i32::MAX, |span| span.get_days());
        let seen = match u32::try_from(age) {
            Ok(age) if age <= within => return Verdict::Pass,
            Ok(age) => format!("{by} looked {age} days ago"),
            Err(_) => format!("{by} looks on {day}, which is still to come"),
        };
        let advice = format!("see that {}; then write the day into `attested`", self.statement);
        fails_by_hand("attested", seen, format!("somebody looked within {within} days"), advice)
    }
}
