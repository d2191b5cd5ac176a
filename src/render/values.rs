//! Values, sizes, times and counts as people read them.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::paragraph::plain;
use crate::plan::{Cause, Change, Lost, Shown};

/// Lists and maps longer than this show what changes and count the rest.
const LONG: usize = 4;

/// Returns a setting before and after, as text.
pub(super) fn before_after(before: &Shown, after: &Shown) -> (String, String) {
    match (before, after) {
        (Shown::Value(Value::Array(one)), Shown::Value(Value::Array(other)))
            if one.len().max(other.len()) > LONG =>
        {
            let same = one.iter().filter(|it| other.contains(it)).count();
            let changed = |items: &[Value], without: &[Value], same: usize| {
                let changed = items.iter().filter(|it| !without.contains(it)).cloned().collect();
                format!("{}{}", text(&Value::Array(changed)), unchanged(same))
            };
            (changed(one, other, 0), changed(other, one, same))
        }
        (Shown::Value(Value::Object(one)), Shown::Value(Value::Object(other)))
            if one.len().max(other.len()) > 1 =>
        {
            let same = one.iter().filter(|(key, it)| other.get(*key) == Some(it)).count();
            let changed = |items: &Map<String, Value>, without: &Map<String, Value>, same| {
                let changed = items.iter().filter(|(key, it)| without.get(*key) != Some(it));
                let changed = changed.map(|(key, it)| (key.clone(), it.clone())).collect();
                format!("{}{}", text(&Value::Object(changed)), unchanged(same))
            };
            (changed(one, other, 0), changed(other, one, same))
        }
        (before, after) => (shown(before), shown(after)),
    }
}

fn unchanged(count: usize) -> String {
    if count == 0 { String::new() } else { format!(" ({count} unchanged)") }
}

pub(super) fn shown(value: &Shown) -> String {
    match value {
        Shown::Absent => "none".into(),
        Shown::Sensitive => "(sensitive)".into(),
        Shown::Value(value) => text(value),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "\"\"".into(),
        Value::String(text) => plain(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(text).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let members: Vec<String> =
                members.iter().map(|(key, it)| format!("{}: {}", plain(key), text(it))).collect();
            format!("{{{}}}", members.join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

pub(super) const fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::Intent => "intent",
        Cause::Drift => "drift",
        Cause::Both => "both",
        Cause::New => "new",
        Cause::WaiverEnded => "waiver-ended",
        Cause::RuleUpdate => "rule-update",
    }
}

pub(super) use crate::model::size::rounded as bytes;

/// Returns what a change discards, a line each.
pub(super) fn lost(lost: &Lost, change: &Change) -> String {
    let mut lines = Vec::new();
    match (&lost.files, lost.layer_bytes) {
        (None, _) => lines.push("unknown: the writable layer was not looked at".to_owned()),
        (Some(files), size) if !files.is_empty() => {
            let size = size.map_or(String::new(), |it| format!("{} in ", bytes(it)));
            let some: Vec<String> = files.iter().take(3).map(|it| shortened(&plain(it))).collect();
            let more = if files.len() > some.len() { ", and more" } else { "" };
            lines.push(format!(
                "writable layer: {size}{}, {}{more}",
                counted(files.len(), "file"),
                some.join(", ")
            ));
            if files.len() > some.len() {
                lines.push(format!("full list: `plimsoll explain {}`", change.address));
            }
        }
        (Some(_), _) => {}
    }
    lines.extend(lost.also.iter().cloned());
    if lines.is_empty() {
        lines.push("nothing found".into());
    }
    lines.join("\n")
}

/// Keeps the end of a long path, which tells most.
fn shortened(path: &str) -> String {
    const ROOM: usize = 48;
    match path.chars().count().checked_sub(ROOM) {
        None | Some(0) => path.to_owned(),
        Some(over) => path
            .chars()
            .skip(over + 1)
            .fold("…".to_owned(), |text, c| text + c.encode_utf8(&mut [0; 4])),
    }
}

pub(super) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Returns how long ago something was, roughly.
pub(super) fn ago(then: &str, now: Timestamp) -> Option<String> {
    let then: Timestamp = then.parse().ok()?;
    let seconds = now.duration_since(then).as_secs().max(0);
    Some(match seconds {
        0..60 => format!("{seconds} s ago"),
        60..3_600 => format!("{} min ago", seconds / 60),
        3_600..172_800 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} d ago", seconds / 86_400),
    })
}

pub(super) fn took(milliseconds: u64) -> String {
    format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn long_lists_show_what_changes() {
        let before = Shown::Value(json!(["a", "b", "c", "d", "e"]));
        let after = Shown::Value(json!(["a", "b", "c", "d", "f"]));
        assert_eq!(before_after(&before, &after), ("[e]".into(), "[f] (4 unchanged)".into()));
    }

    #[test]
    fn long_and_odd_paths_stay_readable() {
        assert_eq!(shortened("/etc/motd"), "/etc/motd");
        let long = format!("/var/{}/end", "ö".repeat(300));
        assert_eq!(shortened(&long).chars().count(), 48);
        assert!(shortened(&long).starts_with('…') && shortened(&long).ends_with("/end"));
    }

    #[test]
    fn sizes_and_ages_are_round() {
        assert_eq!(bytes(19_083_264), "18.2 MiB");
        let now = "2026-11-26T10:00:00Z".parse().unwrap();
        assert_eq!(ago("2026-11-23T09:00:00Z", now).unwrap(), "3 d ago");
        assert_eq!(ago("2026-11-26T09:59:30Z", now).unwrap(), "30 s ago");
    }
}
