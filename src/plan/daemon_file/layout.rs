//! How a file lays its members out, so that what is written looks like what was there.

use std::collections::BTreeMap;

use serde_json::Value;

use super::members::Member;

/// A value that is no longer than this may stand on one line.
const SHORT: usize = 60;

pub(super) struct Layout {
    pub(super) newline: &'static str,
    /// One step to the right.
    step: String,
    /// Between a key and its value.
    pub(super) colon: String,
    on_one_line: bool,
}

impl Layout {
    /// Reads it from a whole file.
    pub(super) fn of(text: &str, members: &[Member]) -> Self {
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let Some(first) = members.first() else {
            return Self {
                newline,
                step: "  ".to_owned(),
                colon: ": ".to_owned(),
                on_one_line: false,
            };
        };
        let inside = &text[text.find('{').unwrap_or(0)..first.whole.start];
        let head = &text[first.whole.start..first.value.start];
        let colon = &head[head.rfind('"').map_or(0, |quote| quote + 1)..];
        let on_one_line = !text.trim().contains('\n');
        let step = if inside.contains('\n') { first.indent(text) } else { "" };
        Self {
            newline,
            step: if step.is_empty() { "  " } else { step }.to_owned(),
            colon: if colon.contains('\n') { ": " } else { colon }.to_owned(),
            on_one_line,
        }
    }

    /// Returns a whole file's object.
    pub(super) fn fresh(&self, set: &BTreeMap<String, Value>) -> String {
        let Self { newline, step, colon, .. } = self;
        let lines: Vec<String> = set
            .iter()
            .map(|(key, value)| {
                format!(
                    "{step}{}{colon}{}",
                    Value::from(key.as_str()),
                    self.value(value, step, false)
                )
            })
            .collect();
        match lines.is_empty() {
            true => "{}".to_owned(),
            false => format!("{{{newline}{}{newline}}}", lines.join(&format!(",{newline}"))),
        }
    }

    /// Returns what stands between two members of an object: the gap with the fewest blank lines
    /// of those that break the line, or else the last one.
    pub(super) fn joint(&self, text: &str, members: &[Member]) -> String {
        let gaps = || members.windows(2).map(|two| &text[two[0].whole.end..two[1].whole.start]);
        let broken = gaps().filter(|gap| gap.contains('\n')).min_by_key(|gap| gap.len());
        if let Some(gap) = broken.or_else(|| gaps().next_back()) {
            return gap.to_owned();
        }
        let first = members.first().map_or(0, |first| first.whole.start);
        let lead = &text[text[..first].rfind('{').map_or(0, |brace| brace + 1)..first];
        match (lead.contains('\n'), self.is_dense()) {
            (true, _) => format!(",{lead}"),
            (false, true) => ",".to_owned(),
            (false, false) => ", ".to_owned(),
        }
    }

    /// Returns a value as text: on one line where that is short, else a member a line.
    pub(super) fn value(&self, value: &Value, indent: &str, in_lines: bool) -> String {
        let line = if self.is_dense() { value.to_string() } else { one_line(value) };
        if self.on_one_line || (!in_lines && line.len() <= SHORT) {
            return line;
        }
        let Self { newline, step, colon, .. } = self;
        let inner = format!("{newline}{indent}{step}");
        let outer = format!("{newline}{indent}");
        match value {
            Value::Array(items) if !items.is_empty() => {
                let items: Vec<String> = items.iter().map(one_line).collect();
                format!("[{inner}{}{outer}]", items.join(&format!(",{inner}")))
            }
            Value::Object(map) if !map.is_empty() => {
                let items: Vec<String> = map
                    .iter()
                    .map(|(k, v)| format!("{}{colon}{}", Value::from(k.as_str()), one_line(v)))
                    .collect();
                format!("{{{inner}{}{outer}}}", items.join(&format!(",{inner}")))
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Object(_) => line,
        }
    }

    /// Written by a program, without a space anywhere.
    fn is_dense(&self) -> bool {
        self.on_one_line && self.colon == ":"
    }
}

pub(super) fn one_line(value: &Value) -> String {
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
