//! One mention of a rule to an assignment: parameters bound, severity and mode settled.

use std::{ops::Range, sync::Arc};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::{
    declaration::{
        policy::Assignment,
        problem::{Place, Problem, SourceText},
        yaml::{Entry, Kind, Node},
    },
    model::{finding::Mode, provenance::Provenance},
    rules::{AnyRule, BoundRule, Meta, ParamError},
};

/// Binds what a rule is set to; `None` is `off`.
pub(crate) fn assignment(
    source: &Arc<SourceText>,
    rule: &'static dyn AnyRule,
    entry: &Entry,
) -> Result<Option<Assignment>, Vec<Problem>> {
    if entry.value.text() == Some("off") {
        return Ok(None);
    }
    let meta = rule.meta();
    let mut params = match entry.value.to_json() {
        Value::Object(params) => params,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    };
    let severity = take(&mut params, "severity").unwrap_or(meta.severity);
    // Of a file, the mode can be its own: `mode: "0660"`.
    let said = params.get("mode").cloned();
    let mode = said.and_then(|it| serde_json::from_value::<Mode>(it).ok());
    if mode.is_some() {
        params.shift_remove("mode");
    }
    let mode = mode.unwrap_or_default();
    let bound = bind(source, rule, &params, entry)?;
    let at = Place { source: Arc::clone(source), span: entry.key_span.clone() };
    Ok(Some(Assignment {
        meta,
        bound,
        severity,
        mode,
        from: Arc::new(provenance(&at)),
        about: rule.address(),
        digest: digest(meta, &Value::Object(params), mode),
    }))
}

/// Returns where the text at this place came from.
pub(crate) fn provenance(at: &Place) -> Provenance {
    let (line, column) = at.line_column();
    Provenance { source: Arc::from(at.source.name.as_str()), line, column }
}

/// Returns a digest that moves when the rule, its parameters or what may be done about it move.
pub(crate) fn digest(meta: &Meta, params: &Value, mode: Mode) -> Arc<str> {
    let said = format!("{}\n{}\n{}", meta.id, mode.word(), sorted(params));
    sha256(said.as_bytes()).into()
}

/// Returns the SHA-256 in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The same value with members in order, so that moving a line is no change.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<(&String, &Value)> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            members.into_iter().map(|(name, value)| (name.clone(), sorted(value))).collect()
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn take<T: DeserializeOwned>(params: &mut Map<String, Value>, name: &str) -> Option<T> {
    params.shift_remove(name).and_then(|value| serde_json::from_value(value).ok())
}

/// Binds, and on failure goes on without the parameter at fault, so that every fault is found.
fn bind(
    source: &Arc<SourceText>,
    rule: &'static dyn AnyRule,
    params: &Map<String, Value>,
    entry: &Entry,
) -> Result<Box<dyn BoundRule>, Vec<Problem>> {
    let mut left = params.clone();
    let mut problems = Vec::new();
    loop {
        match rule.bind(Value::Object(left.clone())) {
            Ok(bound) if problems.is_empty() => return Ok(bound),
            Ok(_) => return Err(problems),
            Err(error) => {
                let steps = steps(&error.path);
                let removed = steps.first().and_then(|name| left.shift_remove(*name));
                // Once something was taken out, what is said of the whole may be about the gap.
                if removed.is_some() || problems.is_empty() {
                    problems.push(bad_parameter(source, rule.meta(), &error, &steps, entry));
                }
                if removed.is_none() {
                    return Err(problems);
                }
            }
        }
    }
}

fn bad_parameter(
    source: &Arc<SourceText>,
    meta: &Meta,
    error: &ParamError,
    steps: &[&str],
    entry: &Entry,
) -> Problem {
    let place = Place { source: Arc::clone(source), span: span_at(entry, steps) };
    let message = match steps.first() {
        Some(name) => format!("`{name}` of `{}` cannot be used", meta.id),
        None => format!("the parameters of `{}` cannot be used", meta.id),
    };
    Problem::new("decl.bad-parameter", message, place).label(error.message.clone())
}

/// Reads `tmpfs[0].size`; nothing for `.`, the whole.
fn steps(path: &str) -> Vec<&str> {
    path.split(['.', '[', ']']).filter(|step| !step.is_empty() && *step != "?").collect()
}

fn span_at(entry: &Entry, steps: &[&str]) -> Range<usize> {
    let mut span = entry.key_span.clone();
    let mut node = &entry.value;
    for step in steps {
        let next = match &node.kind {
            Kind::Map(_) => node.get(step).map(|inner| (&inner.value, inner.key_span.clone())),
            Kind::List(items) => step
                .parse::<usize>()
                .ok()
                .and_then(|index| items.get(index))
                .map(|item| (item, span.clone())),
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) => None,
        };
        let Some((inner, key_span)) = next else { return span };
        node = inner;
        span = if is_scalar(node) && !node.span.is_empty() { node.span.clone() } else { key_span };
    }
    span
}

fn is_scalar(node: &Node) -> bool {
    match node.kind {
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) => true,
        Kind::List(_) | Kind::Map(_) => false,
    }
}
