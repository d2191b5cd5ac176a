//! The text of `daemon.json` after an edit, with everything that is not edited left as it was.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    ops::Range,
};

use serde::{Deserializer, de};
use serde_json::{Value, value::RawValue};

use super::{Action, Plan};
use crate::model::daemon_keys;

/// Stands where a secret was.
pub const SENSITIVE: &str = "(sensitive)";

/// Returns the file's text with these keys set and those taken out. Order, indentation and
/// unknown keys stay. No text, or an empty one, is a file without keys.
pub fn edited(
    text: Option<&str>,
    set: &BTreeMap<String, Value>,
    remove: &BTreeSet<String>,
) -> Result<String, String> {
    let text = text.unwrap_or_default();
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        return Ok(fresh(set));
    }
    let members = members(text)?;
    let indent = Indent::of(text, &members);

    let mut pieces: Vec<String> = Vec::new();
    let mut written = BTreeSet::new();
    for (index, member) in members.iter().enumerate() {
        // The daemon goes by the last of equal keys, so an edit leaves one.
        let is_last = members.iter().skip(index + 1).all(|later| later.key != member.key);
        if remove.contains(&member.key) || (set.contains_key(&member.key) && !is_last) {
            continue;
        }
        let piece = match set.get(&member.key) {
            Some(value) if member.value(text) != Some(value.clone()) => {
                let head = &text[member.whole.start..member.value.start];
                format!("{head}{}", indent.text(value))
            }
            Some(_) | None => text[member.whole.clone()].to_owned(),
        };
        written.insert(member.key.as_str());
        pieces.push(piece);
    }
    for (key, value) in set {
        if !written.contains(key.as_str()) {
            pieces.push(format!("{}: {}", Value::from(key.as_str()), indent.text(value)));
        }
    }
    let opening = text.find('{').ok_or("the file is not a JSON object")?;
    let closing = text.rfind('}').ok_or("the file is not a JSON object")?;
    let inner = if pieces.is_empty() {
        String::new()
    } else {
        let joint = format!(",{}", indent.between);
        format!("{}{}{}", indent.first, pieces.join(&joint), indent.last)
    };
    Ok(format!("{}{inner}{}", &text[..=opening], &text[closing..]))
}

/// Returns the file's text once everything is done that a plan would do now.
pub fn after(plan: &Plan, text: Option<&str>) -> Result<String, String> {
    let mut set = BTreeMap::new();
    let mut remove = BTreeSet::new();
    for change in plan.todo() {
        match &change.action {
            Action::DaemonKey { key, value: Some(value), write: true, .. } => {
                set.insert(key.clone(), value.clone());
            }
            Action::DaemonKey { key, value: None, write: true, .. } => {
                remove.insert(key.clone());
            }
            Action::DaemonKey { write: false, .. }
            | Action::UpdateContainer { .. }
            | Action::ReplaceContainer { .. }
            | Action::EvictContainer { .. } => {}
        }
    }
    edited(text, &set, &remove)
}

fn fresh(set: &BTreeMap<String, Value>) -> String {
    let indent = Indent::usual();
    let lines: Vec<String> = set
        .iter()
        .map(|(key, value)| format!("  {}: {}", Value::from(key.as_str()), indent.text(value)))
        .collect();
    if lines.is_empty() { "{}\n".to_owned() } else { format!("{{\n{}\n}}\n", lines.join(",\n")) }
}

/// Returns the text with every value that can hold a secret replaced, so that it may be shown.
pub fn redacted(text: &str) -> Result<String, String> {
    let mut shown = String::with_capacity(text.len());
    let mut at = 0;
    let members = if text.trim().is_empty() { Vec::new() } else { members(text)? };
    let indent = Indent::of(text, &members);
    for member in &members {
        let Some(value) = member.value(text) else { continue };
        let safe = redact(&member.key, &value);
        if safe != value {
            shown.push_str(&text[at..member.value.start]);
            shown.push_str(&indent.text(&safe));
            at = member.value.end;
        }
    }
    shown.push_str(&text[at..]);
    Ok(shown)
}

/// Returns the value of a key as it may be shown: credentials in URLs and members that are named
/// like secrets are gone, and with a key that is known for secrets every text in it.
pub fn redact(key: &str, value: &Value) -> Value {
    let sensitive = daemon_keys::find(key).is_some_and(|facts| facts.sensitive);
    redact_inside(value, sensitive)
}

fn redact_inside(value: &Value, all: bool) -> Value {
    match value {
        Value::String(_) if all => Value::from(SENSITIVE),
        Value::String(text) => Value::from(without_credentials(text)),
        Value::Array(items) => items.iter().map(|item| redact_inside(item, all)).collect(),
        Value::Object(inner) => inner
            .iter()
            .map(|(name, item)| (name.clone(), redact_inside(item, all || names_a_secret(name))))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

fn names_a_secret(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ["token", "password", "passwd", "secret", "credential", "apikey", "api-key"]
        .iter()
        .any(|word| lower.contains(word))
}

fn without_credentials(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let authority = &rest[..rest.find('/').unwrap_or(rest.len())];
    match authority.rfind('@') {
        Some(at) => format!("{scheme}://{SENSITIVE}@{}", &rest[at + 1..]),
        None => text.to_owned(),
    }
}

/// One `"key": value` of the file's top level.
struct Member {
    key: String,
    /// From the opening quote of the key to the end of the value.
    whole: Range<usize>,
    value: Range<usize>,
}

impl Member {
    fn value(&self, text: &str) -> Option<Value> {
        serde_json::from_str(&text[self.value.clone()]).ok()
    }
}

fn members(text: &str) -> Result<Vec<Member>, String> {
    // The daemon accepts a byte order mark; the parser does not.
    let bare = text.trim_start_matches('\u{feff}');
    let shift = text.len() - bare.len();
    let mut deserializer = serde_json::Deserializer::from_str(bare);
    let pairs = deserializer
        .deserialize_map(Pairs)
        .and_then(|pairs| deserializer.end().map(|()| pairs))
        .map_err(|error| format!("the file is not a JSON object: {error}"))?;
    let mut members = Vec::with_capacity(pairs.len());
    let mut at = text.find('{').map_or(0, |brace| brace + 1);
    for (key, raw) in pairs {
        // A borrowed raw value is a part of the text it was read from.
        let start = raw.get().as_ptr().addr() - bare.as_ptr().addr() + shift;
        let value = start..start + raw.get().len();
        let quote = text[at..].find('"').map_or(at, |quote| at + quote);
        at = value.end;
        members.push(Member { key, whole: quote..value.end, value });
    }
    Ok(members)
}

struct Pairs;

impl<'de> de::Visitor<'de> for Pairs {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(pairs)
    }
}

/// How the file lays its members out.
struct Indent {
    /// Before the first member, between two (after the comma), and after the last.
    first: String,
    between: String,
    last: String,
    /// One step.
    step: String,
}

impl Indent {
    fn usual() -> Self {
        Self { first: "\n  ".into(), between: "\n  ".into(), last: "\n".into(), step: "  ".into() }
    }

    fn of(text: &str, members: &[Member]) -> Self {
        let (Some(first), Some(last)) = (members.first(), members.last()) else {
            return Self::usual();
        };
        let opening = text.find('{').map_or(0, |brace| brace + 1);
        let closing = text.rfind('}').unwrap_or(text.len());
        let lead = text[opening..first.whole.start].to_owned();
        let between = match members.get(1) {
            Some(second) => {
                text[first.whole.end..second.whole.start].trim_start_matches([' ', ',']).to_owned()
            }
            None if lead.contains('\n') => lead.clone(),
            None => " ".to_owned(),
        };
        let between = if between.is_empty() { " ".to_owned() } else { between };
        let step = lead.rsplit('\n').next().filter(|it| lead.contains('\n') && !it.is_empty());
        let step = step.unwrap_or("  ").to_owned();
        let tail = text[last.whole.end..closing].to_owned();
        Self { first: lead, between, last: tail, step }
    }

    /// Returns a value as text: on one line where that is short, else a member a line.
    fn text(&self, value: &Value) -> String {
        let line = one_line(value);
        if line.len() <= 60 || !self.between.contains('\n') {
            return line;
        }
        let inner = format!("\n{0}{0}", self.step);
        let outer = format!("\n{}", self.step);
        match value {
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(one_line).collect();
                format!("[{inner}{}{outer}]", items.join(&format!(",{inner}")))
            }
            Value::Object(map) => {
                let items: Vec<String> = map
                    .iter()
                    .map(|(k, v)| format!("{}: {}", Value::from(k.as_str()), one_line(v)))
                    .collect();
                format!("{{{inner}{}{outer}}}", items.join(&format!(",{inner}")))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => line,
        }
    }
}

fn one_line(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(one_line).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(map) if map.is_empty() => "{}".into(),
        Value::Object(map) => {
            let items: Vec<String> = map
                .iter()
                .map(|(k, v)| format!("{}: {}", Value::from(k.as_str()), one_line(v)))
                .collect();
            format!("{{ {} }}", items.join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(before: Option<&str>, set: Value, remove: &[&str], after: &str) {
        let set = set.as_object().unwrap().iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        let remove = remove.iter().map(|key| (*key).to_owned()).collect();
        assert_eq!(edited(before, &set, &remove).unwrap(), after);
    }

    #[test]
    fn missing_or_empty_file_becomes_a_file_of_the_keys() {
        let after = "{\n  \"icc\": false,\n  \"live-restore\": true\n}\n";
        check(None, json!({"live-restore": true, "icc": false}), &[], after);
        check(Some(" \n"), json!({"live-restore": true, "icc": false}), &[], after);
        check(Some("{}\n"), json!({"icc": false}), &[], "{\n  \"icc\": false\n}\n");
        check(None, json!({}), &["icc"], "{}\n");
    }

    #[test]
    fn only_what_is_edited_changes() {
        check(
            Some(
                "{\n    \"debug\":true,\n    \"x-unknown\": [1,  2],\n    \"log-opts\": { \"a\": \"b\" }\n}",
            ),
            json!({"debug": false, "icc": false}),
            &["log-opts"],
            "{\n    \"debug\":false,\n    \"x-unknown\": [1,  2],\n    \"icc\": false\n}",
        );
    }

    #[test]
    fn file_on_one_line_stays_on_one_line() {
        check(
            Some(r#"{"debug": true}"#),
            json!({"icc": false}),
            &[],
            r#"{"debug": true, "icc": false}"#,
        );
        check(Some(r#"{"a":1,"b":2}"#), json!({"b": 3}), &["a"], r#"{"b":3}"#);
    }

    #[test]
    fn key_given_twice_is_left_once() {
        check(
            Some("{\n  \"icc\": true,\n  \"debug\": true,\n  \"icc\": true\n}\n"),
            json!({"icc": false}),
            &[],
            "{\n  \"debug\": true,\n  \"icc\": false\n}\n",
        );
    }

    #[test]
    fn taking_everything_out_leaves_an_empty_object() {
        check(Some("{\n  \"icc\": true\n}\n"), json!({}), &["icc"], "{}\n");
    }

    #[test]
    fn keys_and_texts_with_quotes_and_braces_do_not_confuse() {
        check(
            Some("{\"a}\\\"{\": \"}\", \"b\": \"{\"}"),
            json!({"b": "\"}"}),
            &[],
            "{\"a}\\\"{\": \"}\", \"b\": \"\\\"}\"}",
        );
    }

    #[test]
    fn byte_order_mark_stays() {
        check(Some("\u{feff}{\"a\": 1}"), json!({"b": 2}), &[], "\u{feff}{\"a\": 1, \"b\": 2}");
    }

    #[test]
    fn what_is_not_an_object_is_refused() {
        for text in ["[]", "{", "{\"a\": 1,}", "// note\n{}", "{} {}", "null"] {
            assert!(edited(Some(text), &BTreeMap::new(), &BTreeSet::new()).is_err(), "{text}");
        }
    }

    #[test]
    fn setting_what_is_set_changes_nothing() {
        let text = "{ \"log-opts\": {\"max-size\":\"10m\"} }";
        check(Some(text), json!({"log-opts": {"max-size": "10m"}}), &["icc"], text);
    }

    #[test]
    fn secrets_do_not_show() {
        let text = r#"{"proxies": {"http-proxy": "http://me:canary@proxy:3128/"}, "log-opts": {"splunk-token": "canary", "max-size": "1m"}, "icc": true}"#;
        let shown = redacted(text).unwrap();
        assert!(!shown.contains("canary"), "{shown}");
        assert!(shown.contains("\"icc\": true") && shown.contains("1m"), "{shown}");
    }
}
