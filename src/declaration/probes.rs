//! How probes are written: `{ tcp: 5432 }`, `{ http: { port: 8080 } }`, `{ command: [up] }`.

use std::{borrow::Cow, collections::BTreeMap, ops::Range, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de::Error};

use super::yaml::{Kind, Node};
use crate::model::{
    probe::{Asks, Probe},
    redacted::Redacted,
};

/// Whether a container works, asked before it is replaced and after: what worked before has to
/// work again, or the old container comes back. One of `tcp`, `http` and `command`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProbeEntry {
    /// A port inside the container that has to accept connections.
    #[schemars(range(min = 1, max = 65535))]
    pub tcp: Option<u16>,
    /// A page that has to be served.
    pub http: Option<HttpProbe>,
    /// A program and its arguments, run inside the container; it has to end with 0. Arguments are
    /// never shown.
    #[schemars(length(min = 1), extend("examples" = [["pg_isready", "-q"]]))]
    pub command: Option<Vec<String>>,
    /// How long one answer may take; `5s`, if left out.
    pub timeout: Option<Time>,
    /// How long to wait before it is tried again; `1s`, if left out.
    pub interval: Option<Time>,
    /// How often it is tried again; 5, if left out.
    #[schemars(range(min = 0, max = 1000))]
    pub retries: Option<u32>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpProbe {
    /// The port inside the container.
    #[schemars(range(min = 1, max = 65535))]
    pub port: u16,
    /// `/`, if left out. What stands behind a `?` is never shown.
    #[schemars(extend("examples" = ["/health"]))]
    pub path: Option<String>,
    /// The status that the answer must have; anything below 400, if left out.
    #[schemars(range(min = 100, max = 599))]
    pub status: Option<u16>,
    /// Text that the body of the answer must hold.
    pub body: Option<String>,
    /// Headers to send. They are never shown.
    pub headers: Option<BTreeMap<String, String>>,
}

/// Longer waits are no gate.
const LONGEST: Duration = Duration::from_secs(600);

/// A length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time(pub Duration);

/// Reads `500ms`, `5s`, `1m30s`.
pub(crate) fn time(text: &str) -> Option<Duration> {
    let is_short = |c: char| c.is_ascii_digit() || "smh".contains(c);
    if text.is_empty() || !text.chars().all(is_short) {
        return None;
    }
    let span: jiff::SignedDuration = text.parse().ok()?;
    Duration::try_from(span).ok().filter(|it| !it.is_zero() && *it <= LONGEST)
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        time(&text).map(Self).ok_or_else(|| D::Error::custom("expected a time such as `5s`"))
    }
}

impl JsonSchema for Time {
    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A time such as `500ms`, `5s` or `1m30s`; at most `10m`.",
            "type": "string",
            "format": "time-span",
            "pattern": "^([0-9]+(ms|s|m))+$",
            "examples": ["5s"]
        })
    }
}

impl From<ProbeEntry> for Option<Probe> {
    /// Returns nothing for an entry that [`faults`] has something to say about.
    fn from(entry: ProbeEntry) -> Self {
        let asks = match (entry.tcp, entry.http, entry.command) {
            (Some(port), None, None) => Asks::Tcp { port },
            (None, Some(http), None) => Asks::Http {
                port: http.port,
                path: http.path.unwrap_or_else(|| "/".into()),
                status: http.status,
                body: http.body,
                headers: Redacted::new(http.headers.unwrap_or_default()),
            },
            (None, None, Some(words)) => Asks::Command(Redacted::new(words)),
            _ => return None,
        };
        let or = |said: Option<Time>, default| said.map_or(default, |it| it.0);
        Some(Probe {
            asks,
            timeout: or(entry.timeout, Probe::TIMEOUT),
            interval: or(entry.interval, Probe::INTERVAL),
            retries: entry.retries.unwrap_or(Probe::RETRIES),
        })
    }
}

/// What is wrong with one entry, where, and the way out.
pub(crate) struct Fault {
    pub(crate) message: String,
    pub(crate) at: Range<usize>,
    pub(crate) help: &'static str,
}

/// Returns what the schema cannot say about one entry, which fits it.
pub(crate) fn faults(entry: &Node) -> Vec<Fault> {
    let kinds: Vec<_> = ["tcp", "http", "command"].iter().filter_map(|it| entry.get(it)).collect();
    let mut faults = Vec::new();
    match kinds.as_slice() {
        [_] => {}
        [] => faults.push(Fault {
            message: "a probe asks nothing".into(),
            at: entry.entries().first().map_or(entry.span.clone(), |it| it.key_span.clone()),
            help: "say `tcp: PORT`, `http: { port: PORT }` or `command: [PROGRAM]`",
        }),
        [first, second, ..] => faults.push(Fault {
            message: format!("a probe asks both `{}` and `{}`", first.key, second.key),
            at: second.key_span.clone(),
            help: "make two probes of it",
        }),
    }
    let Some(http) = entry.value_of("http") else { return faults };
    if let Some(path) = http.get("path")
        && let Some(text) = path.value.text()
        && (!text.starts_with('/') || !is_one_word(text))
    {
        faults.push(Fault {
            message: "`path` is not the path of a page".into(),
            at: path.key_span.clone(),
            help: "it starts with `/` and has neither spaces nor line breaks",
        });
    }
    for header in http.value_of("headers").map_or(&[][..], Node::entries) {
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        let value = header.value.text().unwrap_or_default();
        if header.key.is_empty() || !header.key.chars().all(is_token) {
            faults.push(Fault {
                message: "this is not the name of a header".into(),
                at: header.key_span.clone(),
                help: "a name has letters, digits and dashes: `Accept`",
            });
        } else if value.contains(char::is_control) {
            faults.push(Fault {
                message: format!("the value of `{}` holds a line break", header.key),
                at: header.key_span.clone(),
                help: "a header is one line; `|` in YAML keeps the line break at the end",
            });
        }
    }
    faults
}

fn is_one_word(text: &str) -> bool {
    !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// Returns where secrets may stand in the probes of a declaration: headers, a query, all of a
/// command but the program, and whatever is misspelt.
pub(crate) fn secrets(text: &str, root: &Node) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let sections = root.value_of("containers").map_or(&[][..], Node::items);
    let probes = sections.iter().filter_map(|it| it.value_of("probes")).flat_map(Node::items);
    for entry in probes.flat_map(Node::entries) {
        match (entry.key.as_str(), &entry.value.kind) {
            ("tcp" | "timeout" | "interval" | "retries", _) => {}
            ("command", Kind::List(words)) => {
                words.iter().skip(1).for_each(|it| scalars(it, &mut spans));
            }
            ("command", Kind::Text(_)) => spans.extend(from(text, &entry.value, ' ')),
            ("http", Kind::Map(members)) => {
                for member in members {
                    match member.key.as_str() {
                        "port" | "status" | "body" => {}
                        "path" => spans.extend(from(text, &member.value, '?')),
                        _ => scalars(&member.value, &mut spans),
                    }
                }
            }
            _ => scalars(&entry.value, &mut spans),
        }
    }
    spans
}

/// The rest of a text behind a character.
fn from(text: &str, node: &Node, mark: char) -> Option<Range<usize>> {
    let at = text.get(node.span.clone())?.find(mark)?;
    Some(node.span.start + at + mark.len_utf8()..node.span.end)
}

/// Numbers too: a token of digits is a token.
fn scalars(node: &Node, spans: &mut Vec<Range<usize>>) {
    match &node.kind {
        Kind::Text(_) | Kind::Number(_) => spans.push(node.span.clone()),
        Kind::List(items) => items.iter().for_each(|it| scalars(it, spans)),
        Kind::Map(entries) => entries.iter().for_each(|it| scalars(&it.value, spans)),
        Kind::Null | Kind::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit_and_an_end() {
        assert_eq!(time("1m30s"), Some(Duration::from_secs(90)));
        assert_eq!(time("500ms"), Some(Duration::from_millis(500)));
        for text in ["5", "", "0s", "-5s", "11m", "5 s", "1h", "s"] {
            assert_eq!(time(text), None, "{text}");
        }
    }
}
