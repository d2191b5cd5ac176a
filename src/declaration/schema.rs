//! The JSON Schema of a declaration, made from its types, the rules and the daemon's keys.
//!
//! Draft-07, which editors have understood longest. The file is checked against this schema too.

mod settings;

use std::{borrow::Cow, sync::LazyLock};

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema};
use serde_json::{Map, Value, json};

use crate::{
    declaration::{
        ContainerRules, DaemonKeyName, Declaration, HostRules, Version, WaivableRule, WaivedObjects,
    },
    model::{
        daemon_keys::DAEMON_KEYS,
        finding::{Mode, Severity},
        object::ObjectKind,
        selector::Selector,
    },
    rules::{AnyRule, RULES},
};

static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    SchemaSettings::draft07().into_generator().into_root_schema_for::<Declaration>().to_value()
});

/// Returns the schema.
pub fn schema() -> &'static Value {
    &SCHEMA
}

/// Returns the schema as the text of a file.
pub fn text() -> String {
    // A tree of strings and numbers always has a text.
    serde_json::to_string_pretty(schema()).map_or_else(|_| String::new(), |text| text + "\n")
}

/// Returns whether a rule is declared under `containers`.
pub(crate) fn about_containers(rule: &dyn AnyRule) -> bool {
    rule.kind() == ObjectKind::Container
}

/// Returns whether a rule is declared under `rules`. Which images a host may run is a property of
/// the host, though it is judged on containers.
pub(crate) fn about_host(rule: &dyn AnyRule) -> bool {
    !about_containers(rule) || !rule.meta().id.starts_with("container.")
}

impl JsonSchema for HostRules {
    fn schema_name() -> Cow<'static, str> {
        "HostRules".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        rule_map(generator, about_host)
    }
}

impl JsonSchema for ContainerRules {
    fn schema_name() -> Cow<'static, str> {
        "ContainerRules".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        rule_map(generator, about_containers)
    }
}

fn rule_map(generator: &mut SchemaGenerator, belongs: fn(&dyn AnyRule) -> bool) -> Schema {
    let mut properties = Map::new();
    for rule in RULES.iter().copied().filter(|rule| belongs(*rule)) {
        properties.insert(rule.meta().id.to_owned(), rule_value(generator, rule));
    }
    json_schema!({ "type": "object", "properties": properties, "additionalProperties": false })
}

/// `true`, `off`, or the parameters with severity and mode beside them.
fn rule_value(generator: &mut SchemaGenerator, rule: &'static dyn AnyRule) -> Value {
    let meta = rule.meta();
    let mut parameters = Value::from(rule.params_schema(generator));
    if let Value::Object(schema) = &mut parameters {
        schema.remove("title");
        schema.insert("type".to_owned(), json!("object"));
        schema.insert("additionalProperties".to_owned(), json!(false));
        // Some rules have defaults for all of their parameters and still cannot do without one.
        if let Some(name) = rule.bind(json!({})).err().and_then(|error| first_step(&error.path)) {
            schema.entry("required").or_insert_with(|| json!([name]));
        }
        let properties = schema.entry("properties").or_insert_with(|| json!({}));
        properties["severity"] = described(
            generator.subschema_for::<Severity>(),
            &format!("How bad it is when the rule does not hold; `{}` by itself.", meta.severity),
        );
        let mode = generator.subschema_for::<Mode>();
        let may = "What plimsoll may do about it; `enforce` by itself.";
        properties["mode"] = match properties.get("mode") {
            None => described(mode, may),
            // Of a file, the mode can be its own.
            Some(own) => json!({
                "description": "The bits that may be set, in octal (`\"0660\"`); or what plimsoll may do about it.",
                "anyOf": [own, mode],
            }),
        };
    }
    let mut ways = Vec::new();
    if required(&parameters).is_empty() {
        ways.push(json!({ "const": true, "description": "On, with its defaults." }));
    }
    ways.push(json!({ "const": "off", "description": "Not asked for here." }));
    ways.push(parameters);
    json!({ "description": format!("{} ({}).", meta.title, meta.severity), "anyOf": ways })
}

fn first_step(path: &str) -> Option<String> {
    path.split(['.', '[']).find(|step| !step.is_empty()).map(str::to_owned)
}

/// Returns the names that an object must have.
pub(crate) fn required(schema: &Value) -> Vec<&str> {
    schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// In draft-07 whatever stands beside a `$ref` does not count.
fn described(schema: Schema, description: &str) -> Value {
    json!({ "description": description, "allOf": [schema] })
}

impl JsonSchema for DaemonKeyName {
    fn schema_name() -> Cow<'static, str> {
        "DaemonKeyName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<&str> = DAEMON_KEYS.iter().map(|key| key.name).collect();
        json_schema!({ "type": "string", "enum": names })
    }
}

impl JsonSchema for WaivableRule {
    fn schema_name() -> Cow<'static, str> {
        "WaivableRule".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let ids: Vec<&str> = RULES.iter().map(|rule| rule.meta().id).collect();
        json_schema!({ "type": "string", "enum": ids })
    }
}

/// A waiver of a rule that judges containers, networks or services says which; one of a rule about
/// the host as a whole does not.
pub(crate) fn match_by_rule(waiver: &mut Schema) {
    let of_host: Vec<&str> =
        RULES.iter().filter(|rule| !rule.kind().is_named()).map(|rule| rule.meta().id).collect();
    waiver.insert(
        "if".into(),
        json!({ "properties": { "rule": { "enum": of_host } }, "required": ["rule"] }),
    );
    waiver.insert("then".into(), json!({ "properties": { "match": false, "only-while": false } }));
    waiver.insert("else".into(), json!({ "required": ["match"] }));
}

impl JsonSchema for WaivedObjects {
    fn schema_name() -> Cow<'static, str> {
        "WaivedObjects".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Selector::json_schema(generator);
        schema.insert("minProperties".to_owned(), json!(1));
        schema
    }
}

impl JsonSchema for Version {
    fn schema_name() -> Cow<'static, str> {
        "Version".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "const": 1 })
    }
}
