//! YAML text to a tree that knows where everything stands, and values to YAML text. The only place
//! that names the YAML library: its options, its limits, its errors.

use std::{fmt, ops::Range, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Number, Value};
use serde_yaml::{
    Error, Options, Spanned,
    options::{DuplicateKeyPolicy, NonFiniteFloatPolicy},
};

use crate::declaration::{
    conceal,
    problem::{Place, Problem, SourceText},
};

/// Longer files are refused unread; a declaration is a few kilobytes.
const MAX_BYTES: usize = 1 << 20;
const MAX_NODES: usize = 50_000;
const MAX_DEPTH: usize = 64;
const MAX_ALIASES: usize = 200;

/// Returns a value as YAML in block style, with a line break at the end.
pub(crate) fn write(value: &impl Serialize) -> String {
    // Maps of text and JSON values have nothing that YAML cannot say.
    serde_yaml::to_string(value).unwrap_or_default()
}

/// One value, and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// Bytes; empty for mappings and lists in block style, which have no text of their own.
    pub(crate) span: Range<usize>,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    /// In the order of the file. A key given twice is here twice.
    Map(Vec<Entry>),
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Range<usize>,
    pub(crate) value: Node,
}

/// Reads one file.
pub(crate) fn read(name: &str, bytes: &[u8]) -> Result<(Arc<SourceText>, Node), Box<Problem>> {
    if bytes.len() > MAX_BYTES {
        let problem =
            Problem::without_text("decl.too-large", "the file is too large for a declaration");
        let size = bytes.len();
        return Err(Box::new(
            problem.note(format!("`{name}` has {size} bytes; at most {MAX_BYTES} are read")),
        ));
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return Err(Box::new(not_text(name, bytes, error.valid_up_to()))),
    };
    let mut shown = text.to_owned();
    conceal::credentials(&mut shown);
    let source = |text: String| Arc::new(SourceText { name: name.to_owned(), text });
    match serde_yaml::from_str_with_options::<Option<Spanned<Node>>>(text, options()) {
        Ok(Some(root)) => {
            let root = settle(root);
            conceal::settings(&mut shown, &root);
            conceal::probes(&mut shown, &root);
            Ok((source(shown), root))
        }
        Ok(None) | Err(Error::Eof { .. }) => Err(Box::new(empty(source(shown)))),
        Err(error) => Err(Box::new(refusal(&error, source(shown)))),
    }
}

fn not_text(name: &str, bytes: &[u8], start: usize) -> Problem {
    // What stands before the fault is the same text in both, so the position holds.
    let text = String::from_utf8_lossy(bytes).into_owned();
    let source = Arc::new(SourceText { name: name.to_owned(), text });
    let span = start..start + char::REPLACEMENT_CHARACTER.len_utf8();
    Problem::new("decl.not-utf8", "the file is not UTF-8 text", Place { source, span })
        .label(format!("byte {start} is 0x{:02x}", bytes.get(start).copied().unwrap_or(0)))
        .help("save it as UTF-8")
}

fn options() -> Options {
    serde_yaml::options! {
        budget: serde_yaml::budget! {
            max_nodes: MAX_NODES,
            max_depth: MAX_DEPTH,
            max_aliases: MAX_ALIASES,
            max_documents: 2,
        },
        alias_limits: serde_yaml::alias_limits! { max_total_replayed_events: MAX_NODES },
        // They are kept, so that all of them are reported and not only the first.
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        null_as_string: true,
        reject_unsupported_tags: true,
        with_snippet: false,
        emit_comments: false,
    }
}

fn empty(source: Arc<SourceText>) -> Problem {
    Problem::new("decl.empty", "the declaration is empty", Place { source, span: 0..0 })
        .help("start with `version: 1`, or let `plimsoll init` write a file to start from")
}

fn refusal(error: &Error, source: Arc<SourceText>) -> Problem {
    let text = source.text.as_str();
    let start = error.location().map_or(0, |at| offset(text, &at));
    let span = start..start + text[start..].chars().next().map_or(0, char::len_utf8);
    let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[line_start..].lines().next().unwrap_or("");
    let place = Place { source: Arc::clone(&source), span };
    match innermost(error) {
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::AliasReplayCounterOverflow { .. } => Problem::new(
            "decl.too-complex",
            "the file grows too large when it is read",
            place,
        )
        .label("the limit is reached here")
        .note(format!(
            "at most {MAX_NODES} values, {MAX_DEPTH} levels and {MAX_ALIASES} aliases are read"
        )),
        Error::MultipleDocuments { .. } => {
            Problem::new("decl.yaml", "the file holds more than one document", place)
                .label("a second one starts here")
                .help("one file is one declaration; name others under `extends`")
        }
        _ if line.trim_start_matches(' ').starts_with('\t') => {
            let tab = line_start + line.find('\t').unwrap_or(0);
            let place = Place { source, span: tab..tab + 1 };
            Problem::new("decl.yaml", "a tab where YAML wants spaces", place)
                .label("tab")
                .help("indent with spaces")
        }
        inner => Problem::new("decl.yaml", "this is not YAML that can be read", place)
            .label(plain(&inner.to_string())),
    }
}

/// What an alias leads to is reported in two layers.
fn innermost(error: &Error) -> &Error {
    match error {
        Error::AliasError { error, .. } => innermost(error),
        other => other,
    }
}

/// Faults of the syntax come with line and column only.
fn offset(text: &str, at: &serde_yaml::Location) -> usize {
    let as_usize = |n: u64| usize::try_from(n).unwrap_or(0);
    let offset = match at.span().byte_offset() {
        Some(offset) => as_usize(offset),
        None => {
            let line: &str =
                text.split_inclusive('\n').nth(as_usize(at.line()).saturating_sub(1)).unwrap_or("");
            let lines_before: usize = text
                .split_inclusive('\n')
                .take(as_usize(at.line()).saturating_sub(1))
                .map(str::len)
                .sum();
            let columns = as_usize(at.column()).saturating_sub(1);
            lines_before + line.chars().take(columns).map(char::len_utf8).sum::<usize>()
        }
    };
    floor_char_boundary(text, offset)
}

/// Takes "at line 3 column 4" off, which is shown anyway.
fn plain(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let line = line.find(" at line ").map_or(line, |end| &line[..end]);
    let line = line.strip_prefix("error: ").unwrap_or(line);
    line.trim_end_matches([':', ' ']).to_owned()
}

fn floor_char_boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

impl Node {
    /// Returns the value of a key; the first, where it is given twice.
    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// Returns the value of a key.
    pub(crate) fn value_of(&self, key: &str) -> Option<&Self> {
        self.get(key).map(|entry| &entry.value)
    }

    /// Returns what the mapping holds; nothing for other values.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Map(entries) => entries,
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::List(_) => &[],
        }
    }

    /// Returns what the list holds; nothing for other values.
    pub(crate) fn items(&self) -> &[Self] {
        match &self.kind {
            Kind::List(items) => items,
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Map(_) => &[],
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::List(_) | Kind::Map(_) => None,
        }
    }

    /// Returns the same value without places.
    pub(crate) fn to_json(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(it) => Value::Bool(*it),
            Kind::Number(it) => Value::Number(it.clone()),
            Kind::Text(it) => Value::String(it.clone()),
            Kind::List(items) => items.iter().map(Self::to_json).collect(),
            Kind::Map(entries) => {
                let mut map = Map::new();
                for entry in entries {
                    map.entry(entry.key.clone()).or_insert_with(|| entry.value.to_json());
                }
                Value::Object(map)
            }
        }
    }
}

fn settle(read: Spanned<Node>) -> Node {
    Node { kind: read.value.kind, span: bytes(&read.defined) }
}

/// The place of the definition: what an alias or a merge brings in is mended where it is written.
fn bytes(at: &serde_yaml::Location) -> Range<usize> {
    let as_usize = |n: Option<u64>| n.and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    let start = as_usize(at.span().byte_offset());
    start..start + as_usize(at.span().byte_len())
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KindVisitor).map(|kind| Self { kind, span: 0..0 })
    }
}

struct KindVisitor;

impl<'de> de::Visitor<'de> for KindVisitor {
    type Value = Kind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Kind, E> {
        Ok(Kind::Null)
    }

    fn visit_none<E>(self) -> Result<Kind, E> {
        Ok(Kind::Null)
    }

    fn visit_bool<E>(self, it: bool) -> Result<Kind, E> {
        Ok(Kind::Bool(it))
    }

    fn visit_i64<E>(self, it: i64) -> Result<Kind, E> {
        Ok(Kind::Number(it.into()))
    }

    fn visit_u64<E>(self, it: u64) -> Result<Kind, E> {
        Ok(Kind::Number(it.into()))
    }

    fn visit_f64<E>(self, it: f64) -> Result<Kind, E> {
        Ok(Number::from_f64(it).map_or_else(|| Kind::Text(it.to_string()), Kind::Number))
    }

    fn visit_i128<E>(self, it: i128) -> Result<Kind, E> {
        Ok(Kind::Text(it.to_string()))
    }

    fn visit_u128<E>(self, it: u128) -> Result<Kind, E> {
        Ok(Kind::Text(it.to_string()))
    }

    fn visit_str<E>(self, it: &str) -> Result<Kind, E> {
        Ok(Kind::Text(it.to_owned()))
    }

    fn visit_string<E>(self, it: String) -> Result<Kind, E> {
        Ok(Kind::Text(it))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Kind, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element::<Spanned<Node>>()? {
            items.push(settle(item));
        }
        Ok(Kind::List(items))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Kind, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            let value = settle(map.next_value()?);
            entries.push(Entry { key_span: bytes(&key.defined), key: key.value, value });
        }
        Ok(Kind::Map(entries))
    }
}
