//! Secrets in a declaration's text, masked before the text is kept for showing its lines.

use std::ops::Range;

use crate::{
    declaration::{
        probes::secrets as secrets_of_probes,
        yaml::{Kind, Node},
    },
    model::daemon_keys,
};

/// Masks credentials in URLs, wherever they stand. The text keeps its length.
pub(crate) fn credentials(text: &mut String) {
    let mut spans = Vec::new();
    for (at, mark) in text.match_indices("://") {
        let start = at + mark.len();
        let rest = &text[start..];
        let end = rest.find(['/', ' ', '"', '\'', '\n', ',']).unwrap_or(rest.len());
        if let Some(length) = rest[..end].rfind('@') {
            spans.push(start..start + length);
        }
    }
    mask(text, &spans);
}

/// Masks the values of the daemon's keys that hold secrets. The text keeps its length.
pub(crate) fn settings(text: &mut String, root: &Node) {
    let settings = root.value_of("daemon").and_then(|daemon| daemon.value_of("settings"));
    let mut spans = Vec::new();
    for entry in settings.map_or(&[][..], Node::entries) {
        let is_secret = daemon_keys::find(&entry.key)
            .is_some_and(|key| key.holds_secret(&entry.value.to_json()));
        if is_secret {
            texts(&entry.value, &mut spans);
        }
    }
    mask(text, &spans);
}

/// Masks what probes send or run. The text keeps its length.
pub(crate) fn probes(text: &mut String, root: &Node) {
    let spans = secrets_of_probes(text, root);
    mask(text, &spans);
}

fn texts(node: &Node, spans: &mut Vec<Range<usize>>) {
    match &node.kind {
        Kind::Text(_) => spans.push(node.span.clone()),
        Kind::List(items) => items.iter().for_each(|item| texts(item, spans)),
        Kind::Map(entries) => entries.iter().for_each(|entry| texts(&entry.value, spans)),
        Kind::Null | Kind::Bool(_) | Kind::Number(_) => {}
    }
}

fn mask(text: &mut String, spans: &[Range<usize>]) {
    for span in spans {
        let Some(secret) = text.get(span.clone()) else { continue };
        let masked: String = secret
            .chars()
            .map(|c| match c {
                '\n' | '\r' => c.to_string(),
                _ => "*".repeat(c.len_utf8()),
            })
            .collect();
        text.replace_range(span.clone(), &masked);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_in_urls_are_masked_in_place() {
        let mut text = "a: http://bob:pässword@proxy.example:3128/x@y\nb: https://x.example".into();
        credentials(&mut text);
        assert_eq!(text, "a: http://*************@proxy.example:3128/x@y\nb: https://x.example");
    }
}
