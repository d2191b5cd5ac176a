//! Values and texts of the file as they may be shown.

use serde_json::Value;

use super::{bare, layout::Layout, members::members};
use crate::model::daemon_keys;

/// Stands where a secret was.
pub const SENSITIVE: &str = "(sensitive)";

/// Returns the text with every value that can hold a secret replaced, so that it may be shown.
pub fn redacted(text: &str) -> Result<String, String> {
    let bare = bare(text);
    let mark = &text[..text.len() - bare.len()];
    let mut shown = mark.to_owned();
    let mut at = 0;
    let members = if bare.trim().is_empty() { Vec::new() } else { members(bare)? };
    let layout = Layout::of(bare, &members);
    for member in &members {
        let Some(value) = member.value(bare) else { continue };
        let safe = redact(&member.key, &value);
        if safe != value {
            let in_lines = bare[member.value.clone()].contains('\n');
            shown.push_str(&bare[at..member.value.start]);
            shown.push_str(&layout.value(&safe, member.indent(bare), in_lines));
            at = member.value.end;
        }
    }
    shown.push_str(&bare[at..]);
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
