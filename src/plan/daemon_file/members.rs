//! Where the members of a JSON object stand in its text.

use std::ops::Range;

use serde_json::Value;

use crate::model::json_members;

/// One `"key": value`.
pub(super) struct Member {
    pub(super) key: String,
    /// From the opening quote of the key to the end of the value.
    pub(super) whole: Range<usize>,
    pub(super) value: Range<usize>,
}

impl Member {
    pub(super) fn value(&self, text: &str) -> Option<Value> {
        serde_json::from_str(&text[self.value.clone()]).ok()
    }

    /// Counted from one.
    pub(super) fn line(&self, text: &str) -> usize {
        text[..self.whole.start].matches('\n').count() + 1
    }

    /// Returns the white space that its line starts with.
    pub(super) fn indent<'t>(&self, text: &'t str) -> &'t str {
        let before = &text[..self.whole.start];
        let line = &text[before.rfind('\n').map_or(0, |newline| newline + 1)..];
        &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
    }
}

/// Lists the members of the object that a text consists of, in their order.
pub(super) fn members(text: &str) -> Result<Vec<Member>, String> {
    let places = json_members::members(text)
        .map_err(|error| format!("the file is not a JSON object: {error}"))?;
    let mut members = Vec::with_capacity(places.len());
    let mut at = text.find('{').map_or(0, |brace| brace + 1);
    for (key, value) in places {
        let quote = text[at..].find('"').map_or(at, |quote| at + quote);
        at = value.end;
        members.push(Member { key, whole: quote..value.end, value });
    }
    Ok(members)
}
