//! One file per rule. A rule judges a view and never acts; what it would change is data.

pub mod container;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::model::{
    class::Class,
    finding::{Severity, Verdict},
    object::{Object, ObjectKind, View},
};

/// Every rule there is, sorted by ID.
pub static RULES: &[&dyn AnyRule] = &[&container::pids_limit::PidsLimit];

/// Finds a rule by its ID.
pub fn find(id: &str) -> Option<&'static dyn AnyRule> {
    RULES.iter().copied().find(|rule| rule.meta().id == id)
}

/// One thing that must hold.
pub trait Rule: Sync + 'static {
    /// What it looks at.
    type View: View;
    /// What a declaration may say about it.
    type Params: DeserializeOwned + JsonSchema + Send + Sync + 'static;

    fn meta(&self) -> &'static Meta;

    /// Same view and same parameters give the same verdict, always.
    fn judge(&self, view: &Self::View, params: &Self::Params) -> Verdict;
}

/// Everything about a rule that is text. Docs, schema and the README table are made from it.
#[derive(Debug)]
pub struct Meta {
    pub id: &'static str,
    /// A sentence about the good state: "Containers do not run privileged".
    pub title: &'static str,
    pub severity: Severity,
    /// Markdown under the headings *Checks*, *Why*, *What a fix may break*.
    pub docs: &'static str,
    /// What its fix costs; `None` where a person has to do it.
    pub fix: Option<Class>,
    pub references: &'static [Reference],
    /// Rules that cannot hold while this one fails. Reported once, under this one.
    pub implies: &'static [&'static str],
    /// Small objects that pass and fail. Shown in the docs, run by the tests.
    pub examples: &'static [Example],
}

/// A number in somebody's benchmark.
#[derive(Debug)]
pub struct Reference {
    pub benchmark: &'static str,
    pub edition: &'static str,
    /// A string: 5.10 is not 5.1.
    pub item: &'static str,
}

/// Parameters as YAML, and an object as the engine's inspect reply shows it, in YAML, cut down
/// to what matters.
#[derive(Debug)]
pub enum Example {
    Passes { params: &'static str, object: &'static str },
    Fails { params: &'static str, object: &'static str },
    Unknown { params: &'static str, object: &'static str },
}

/// A rule with its types erased, so that all fit in one list.
pub trait AnyRule: Sync {
    fn meta(&self) -> &'static Meta;
    fn kind(&self) -> ObjectKind;
    /// Returns the schema of the parameters in place, not as a reference.
    fn params_schema(&self, generator: &mut SchemaGenerator) -> Schema;
    /// Reads the parameters; an object without members stands for `true`.
    fn bind(&'static self, params: Value) -> Result<Box<dyn BoundRule>, ParamError>;
}

/// Why parameters do not fit a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamError {
    /// Where, within the parameters: `tmpfs[0]`; `.` for the whole.
    pub path: String,
    pub message: String,
}

/// A rule with its parameters.
pub trait BoundRule: Send + Sync {
    /// Returns `None` when the object is of another kind.
    fn judge(&self, object: Object<'_>) -> Option<Verdict>;
}

struct Bound<R: Rule> {
    rule: &'static R,
    params: R::Params,
}

impl<R: Rule> BoundRule for Bound<R> {
    fn judge(&self, object: Object<'_>) -> Option<Verdict> {
        R::View::of(object).map(|view| self.rule.judge(view, &self.params))
    }
}

impl<R: Rule> AnyRule for R {
    fn meta(&self) -> &'static Meta {
        Rule::meta(self)
    }

    fn kind(&self) -> ObjectKind {
        R::View::KIND
    }

    fn params_schema(&self, generator: &mut SchemaGenerator) -> Schema {
        R::Params::json_schema(generator)
    }

    fn bind(&'static self, params: Value) -> Result<Box<dyn BoundRule>, ParamError> {
        serde_path_to_error::deserialize(params)
            .map(|params| Box::new(Bound { rule: self, params }) as Box<dyn BoundRule>)
            .map_err(|error| ParamError {
                path: error.path().to_string(),
                message: error.into_inner().to_string(),
            })
    }
}

/// For rules that are simply on or off.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoParams {}
