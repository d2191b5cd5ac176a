//! The schema of the daemon's settings, made from the table of its keys.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use crate::{
    declaration::Settings,
    model::daemon_keys::{
        DAEMON_KEYS, DaemonKeyFacts, Member, Shape, TakesEffect, ValueKind, release_text,
    },
};

impl JsonSchema for Settings {
    fn schema_name() -> Cow<'static, str> {
        "Settings".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let properties: Map<String, Value> = DAEMON_KEYS
            .iter()
            .map(|key| {
                let mut schema = value(key);
                schema["description"] = json!(describe(key));
                (key.name.to_owned(), schema)
            })
            .collect();
        json_schema!({ "type": "object", "properties": properties, "additionalProperties": false })
    }
}

/// What an editor shows beside a key.
fn describe(key: &DaemonKeyFacts) -> String {
    let effect = match key.takes_effect {
        TakesEffect::Reload { .. } => "A reload applies it",
        TakesEffect::Restart => "Needs a restart of the daemon",
        TakesEffect::EmptyStart => "Takes effect when the daemon starts while no container runs",
        TakesEffect::Hides => {
            "Needs a restart, after which images, containers or volumes drop out of view"
        }
        TakesEffect::Breaks => "Needs a restart, which may lock somebody out",
    };
    let mut sentences = vec![format!("For security: {}", key.about)];
    sentences.extend(key.shape.says().map(|form| format!("The form: {form}")));
    sentences.extend(key.note.map(str::to_owned).map(capitalised));
    sentences.push(effect.to_owned());
    if let Some(default) = key.default_value() {
        sentences.push(format!("Default: {default}"));
    }
    sentences.push(match key.until {
        None => format!("Known to engines from {}", release_text(key.since)),
        Some(until) => format!(
            "Known to engines from {} and before {}",
            release_text(key.since),
            release_text(until)
        ),
    });
    sentences.join(". ") + "."
}

fn capitalised(text: String) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn value(key: &DaemonKeyFacts) -> Value {
    let mut schema = of_shape(key.shape).unwrap_or_else(|| of_kind(key.kind));
    match key.shape {
        Shape::AtLeast(least) => schema["minimum"] = json!(least),
        Shape::Between(least, most) => {
            schema["minimum"] = json!(least);
            schema["maximum"] = json!(most);
        }
        shape => {
            let Some(pattern) = shape.pattern() else { return schema };
            match key.kind {
                ValueKind::TextList => schema["items"]["pattern"] = json!(pattern),
                _ => schema["pattern"] = json!(pattern),
            }
        }
    }
    schema
}

/// Values that have an inside of their own.
fn of_shape(shape: Shape) -> Option<Value> {
    let text = || json!({ "type": "string" });
    let number = || json!({ "type": "integer" });
    let named = |inner: Value| json!({ "type": "object", "additionalProperties": inner });
    let object = |properties: Value, required: &[&str]| {
        json!({
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false
        })
    };
    Some(match shape {
        Shape::Pools => json!({
            "type": "array",
            "items": object(json!({ "base": text(), "size": number() }), &["base", "size"])
        }),
        Shape::Ulimits => named(object(
            json!({ "Name": text(), "Hard": number(), "Soft": number() }),
            &["Name", "Hard", "Soft"],
        )),
        Shape::Runtimes => named(object(
            json!({
                "path": text(),
                "runtimeArgs": { "type": "array", "items": text() },
                "runtimeType": text(),
                "options": { "type": "object" }
            }),
            &[],
        )),
        Shape::NetworkOptions => named(named(text())),
        _ => return None,
    })
}

fn of_kind(kind: ValueKind) -> Value {
    match kind {
        ValueKind::Bool => json!({ "type": "boolean" }),
        ValueKind::Integer => json!({ "type": "integer" }),
        ValueKind::Text([]) => json!({ "type": "string" }),
        ValueKind::Text(words) => json!({ "type": "string", "enum": words }),
        ValueKind::Size => json!({
            "type": "string",
            "format": "size",
            "pattern": "^ *[0-9]+(\\.[0-9]+)? ?[kKmMgGtTpP]?[iI]?[bB]? *$",
            "examples": ["64M"]
        }),
        ValueKind::TextList => json!({ "type": "array", "items": { "type": "string" } }),
        ValueKind::TextMap => {
            json!({ "type": "object", "additionalProperties": { "type": "string" } })
        }
        ValueKind::BoolMap(known) => {
            let properties: Map<String, Value> = known
                .iter()
                .map(|name| ((*name).to_owned(), json!({ "type": "boolean" })))
                .collect();
            json!({
                "type": "object",
                "properties": properties,
                "additionalProperties": { "type": "boolean" }
            })
        }
        ValueKind::Object(members) => {
            let properties: Map<String, Value> = members
                .iter()
                .map(|Member { name, kind }| ((*name).to_owned(), of_kind(*kind)))
                .collect();
            json!({ "type": "object", "properties": properties, "additionalProperties": false })
        }
        ValueKind::Json => json!({ "type": ["object", "array"] }),
    }
}
