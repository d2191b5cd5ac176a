//! What a schema leaves open: the alternatives, which of them fit, and their names for people.

use serde_json::Value;

use crate::declaration::{
    schema,
    yaml::{Kind, Node},
};

/// The alternatives that a schema leaves, with references followed.
pub(super) fn ways(schema: &'static Value) -> Vec<&'static Value> {
    let reference = schema["$ref"].as_str().and_then(|it| it.strip_prefix('#'));
    if let Some(target) = reference.and_then(|pointer| schema::schema().pointer(pointer)) {
        return ways(target);
    }
    let inner = ["anyOf", "oneOf", "allOf"].into_iter().find_map(|word| schema[word].as_array());
    match inner {
        Some(inner) => inner.iter().flat_map(ways).collect(),
        None => vec![schema],
    }
}

/// Returns what a mapping has to hold besides, by what one of its keys says: the `then` or the
/// `else` of its schema.
pub(super) fn branch(schema: &'static Value, node: &Node) -> &'static Value {
    let Some(condition) = schema.get("if") else { return &Value::Null };
    let mut words = condition["properties"].as_object().into_iter().flatten();
    let is_met = words.all(|(name, word)| {
        let said = node.value_of(name).and_then(Node::text);
        let wanted = word["enum"].as_array().into_iter().flatten();
        said.is_some_and(|said| wanted.into_iter().any(|it| it.as_str() == Some(said)))
    });
    &schema[if is_met { "then" } else { "else" }]
}

pub(super) fn type_names(way: &'static Value) -> impl Iterator<Item = &'static str> {
    let implied = match way.get("const") {
        Some(Value::Bool(_)) => Some("boolean"),
        Some(Value::Number(_)) => Some("integer"),
        Some(Value::String(_)) => Some("string"),
        Some(Value::Null | Value::Array(_) | Value::Object(_)) | None => None,
    };
    implied
        .into_iter()
        .chain(way["type"].as_str())
        .chain(way["type"].as_array().into_iter().flatten().filter_map(Value::as_str))
}

pub(super) fn fits(way: &'static Value, kind: &Kind) -> bool {
    let mut names = type_names(way).peekable();
    // Without a type, everything goes.
    if names.peek().is_none() {
        return true;
    }
    names.any(|name| match kind {
        Kind::Null => name == "null",
        Kind::Bool(_) => name == "boolean",
        Kind::Number(number) => {
            name == "number" || name == "integer" && (number.is_i64() || number.is_u64())
        }
        Kind::Text(_) => name == "string",
        Kind::List(_) => name == "array",
        Kind::Map(_) => name == "object",
    })
}

pub(super) fn expectation(ways: &[&'static Value]) -> String {
    let mut words: Vec<String> = Vec::new();
    for way in ways {
        if let Some(word) = way.get("const") {
            words.push(format!(
                "`{}`",
                word.as_str().map_or_else(|| word.to_string(), str::to_owned)
            ));
            continue;
        }
        for name in type_names(way) {
            let word = match name {
                "boolean" => "`true` or `false`",
                "integer" => "a whole number",
                "number" => "a number",
                "string" => match way["format"].as_str() {
                    Some("percent") => "a share such as `20%`",
                    Some("days") => "days such as `7d`",
                    Some("date") => "a day such as `2026-12-05`",
                    Some("time-span") => "a time such as `5s`, at most `10m`",
                    Some("size") => "a size such as `64M`",
                    _ if way.get("enum").is_some() => "one of a few words",
                    _ => "text",
                },
                "array" => "a list",
                "object" => "a mapping",
                // Leaving a value out is always allowed where null is, and never the aim.
                _ => continue,
            };
            words.push(word.to_owned());
        }
    }
    words.dedup();
    match words.as_slice() {
        [] => "something else".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

pub(super) fn what(kind: &Kind) -> &'static str {
    match kind {
        Kind::Number(number) if number.as_f64().is_some_and(|it| it.fract() != 0.0) => "a fraction",
        Kind::Number(number) if number.is_f64() => "a number that large",
        Kind::Null => "empty",
        Kind::Bool(true) => "`true`",
        Kind::Bool(false) => "`false`",
        Kind::Number(_) => "a number",
        Kind::Text(_) => "text",
        Kind::List(_) => "a list",
        Kind::Map(_) => "a mapping",
    }
}
