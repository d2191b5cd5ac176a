//! The text of `daemon.json` after an edit, with everything that is not edited left as it was.

mod layout;
mod members;
mod redact;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

pub use self::redact::{SENSITIVE, redact, redacted};
use self::{
    layout::Layout,
    members::{Member, members},
};
use super::{Action, Plan};

const BYTE_ORDER_MARK: char = '\u{feff}';

/// Returns the text of a file's bytes, its byte order mark included.
pub fn decoded(bytes: Vec<u8>) -> Result<String, String> {
    // The engine reads UTF-16 too, where a mark says so.
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err("it is written in UTF-16, and plimsoll edits UTF-8 only; save it as UTF-8, \
                    `iconv -f UTF-16 -t UTF-8` does it"
            .to_owned());
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("line {line} holds bytes that are not UTF-8; save it as UTF-8")
    })
}

/// Returns what the engine reads in the file: of keys that are given twice, the last one. An
/// empty text has no keys.
pub fn values(text: &str) -> Result<Map<String, Value>, String> {
    let bare = bare(text);
    if bare.trim().is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_str(bare) {
        Ok(Value::Object(values)) => Ok(values),
        Ok(_) => Err("it is no JSON object".to_owned()),
        Err(error) => {
            // Engines before 23.0 decoded a stream, and took its first value.
            let mut stream = serde_json::Deserializer::from_str(bare).into_iter::<Value>();
            Err(match stream.next() {
                Some(Ok(Value::Object(_))) => format!(
                    "there is text after the JSON object (line {}); engines before 23.0 take no \
                     notice of it, later ones do not start with it: take it out",
                    error.line()
                ),
                _ => format!("it is no JSON that the engine reads: {error}"),
            })
        }
    }
}

/// Returns the keys that the file gives more than once, each with what it says and on which line.
pub fn given_twice(text: &str) -> BTreeMap<String, String> {
    let bare = bare(text);
    let members = members(bare).unwrap_or_default();
    let mut places: BTreeMap<&str, Vec<&Member>> = BTreeMap::new();
    for member in &members {
        places.entry(&member.key).or_default().push(member);
    }
    places.retain(|_, all| all.len() > 1);
    let shown = |member: &&Member| {
        let value = member.value(bare).map(|it| redact(&member.key, &it));
        let line = value.as_ref().map(layout::one_line).unwrap_or_default();
        let cut: String = line.chars().take(40).collect();
        let dots = if cut.len() < line.len() { "…" } else { "" };
        format!("{cut}{dots} on line {}", member.line(bare))
    };
    places
        .into_iter()
        .map(|(key, all)| (key.to_owned(), all.iter().map(shown).collect::<Vec<_>>().join(" and ")))
        .collect()
}

/// Returns why a key that is given twice is not edited.
pub fn ambiguous(key: &str, places: &str) -> String {
    format!(
        "the file gives {key} more than once: {places}; the engine goes by the last one; take \
         the others out, then plan again"
    )
}

/// Returns the file's text with these keys set and those taken out. Everything else stays, byte
/// for byte. No text, or an empty one, is a file without keys.
pub fn edited(
    text: Option<&str>,
    set: &BTreeMap<String, Value>,
    remove: &BTreeSet<String>,
) -> Result<String, String> {
    let text = text.unwrap_or_default();
    let bare = bare(text);
    let mark = &text[..text.len() - bare.len()];
    if bare.trim().is_empty() {
        let layout = Layout::of(bare, &[]);
        return Ok(format!("{mark}{}{}", layout.fresh(set), layout.newline));
    }
    let members = members(bare)?;
    for (key, places) in given_twice(text) {
        if set.contains_key(&key) || remove.contains(&key) {
            return Err(ambiguous(&key, &places));
        }
    }
    let layout = Layout::of(bare, &members);
    Ok(format!("{mark}{}", edited_object(bare, &members, (set, remove), &layout)))
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
            | Action::ReplaceAutoRemoved { .. }
            | Action::RestartContainer { .. }
            | Action::EvictContainer { .. }
            | Action::SetFiles { .. } => {}
        }
    }
    edited(text, &set, &remove)
}

/// Returns the text of an object, and what is around it, with members set and taken out. What
/// stays keeps the white space before it, so that blank lines and odd commas survive.
fn edited_object(
    text: &str,
    members: &[Member],
    (set, remove): (&BTreeMap<String, Value>, &BTreeSet<String>),
    layout: &Layout,
) -> String {
    let (Some(first), Some(last)) = (members.first(), members.last()) else {
        return match (text.find('{'), text.rfind('}'), set.is_empty()) {
            (Some(opening), Some(closing), false) => {
                format!("{}{}{}", &text[..opening], layout.fresh(set), &text[closing + 1..])
            }
            _ => text.to_owned(),
        };
    };
    let lead = first.whole.start;
    let (opening, closing) =
        (text[..lead].rfind('{'), last.whole.end + text[last.whole.end..].find('}').unwrap_or(0));
    let opening = opening.map_or(lead, |brace| brace + 1);
    let joint = layout.joint(text, members);

    let mut inner = String::new();
    let mut end_before = None;
    for member in members {
        let gap = end_before.map_or(opening..lead, |end| end..member.whole.start);
        end_before = Some(member.whole.end);
        if remove.contains(&member.key) {
            continue;
        }
        inner.push_str(if inner.is_empty() { &text[opening..lead] } else { &text[gap] });
        inner.push_str(&text[member.whole.start..member.value.start]);
        let old = &text[member.value.clone()];
        match set.get(&member.key) {
            Some(new) => inner.push_str(&edited_value(old, new, layout, member.indent(text))),
            None => inner.push_str(old),
        }
    }
    let there: BTreeSet<&str> = members.iter().map(|member| member.key.as_str()).collect();
    for (key, value) in set.iter().filter(|(key, _)| !there.contains(key.as_str())) {
        inner.push_str(if inner.is_empty() { &text[opening..lead] } else { &joint });
        let value = layout.value(value, first.indent(text), false);
        inner.push_str(&format!("{}{}{value}", Value::from(key.as_str()), layout.colon));
    }
    let tail = if inner.is_empty() { "" } else { &text[last.whole.end..closing] };
    format!("{}{inner}{tail}{}", &text[..opening], &text[closing..])
}

/// Of an object, only the members that differ are written anew.
fn edited_value(old: &str, new: &Value, layout: &Layout, indent: &str) -> String {
    let was: Option<Value> = serde_json::from_str(old).ok();
    if was.as_ref() == Some(new) {
        return old.to_owned();
    }
    let (Some(Value::Object(was)), Value::Object(now)) = (&was, new) else {
        return layout.value(new, indent, old.contains('\n'));
    };
    let members = members(old).unwrap_or_default();
    // Of members that are given twice, nobody could tell which one to edit.
    if was.is_empty() || now.is_empty() || members.len() != was.len() {
        return layout.value(new, indent, old.contains('\n'));
    }
    let set = now.iter().filter(|(name, value)| was.get(*name) != Some(*value));
    let set = set.map(|(name, value)| (name.clone(), value.clone())).collect();
    let remove = was.keys().filter(|name| !now.contains_key(*name)).cloned().collect();
    edited_object(old, &members, (&set, &remove), layout)
}

/// The engine takes one byte order mark; the parser takes none.
fn bare(text: &str) -> &str {
    text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)
}
