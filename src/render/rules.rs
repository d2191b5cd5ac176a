//! Rules as a table, and one rule in full.

use std::io::{self, Write};

use schemars::SchemaGenerator;
use serde_json::Value;

use super::{
    Style,
    paragraph::{plain, wrapped},
    table,
};
use crate::rules::{
    self, AnyRule, Example, Meta, Reference,
    listing::{Changed, Listed},
};

/// A rule, and its numbers in the standard that is shown; none where none is.
pub type Numbered = (&'static Meta, Vec<&'static str>);

/// Writes rules, a line each; with numbers, what else there is to a rule has no room.
pub fn table(out: &mut dyn Write, rules: &[Numbered], style: &Style) -> io::Result<()> {
    let is_numbered = rules.iter().any(|(_, items)| !items.is_empty());
    let head = match is_numbered {
        true => vec!["number", "rule", "holds when"],
        false => vec!["rule", "severity", "fix", "holds when"],
    };
    let mut rows = vec![head.into_iter().map(str::to_owned).collect()];
    rows.extend(rules.iter().map(|(meta, items)| match is_numbered {
        true => vec![items.join(", "), meta.id.to_owned(), meta.title.to_owned()],
        false => [meta.id, meta.severity.word(), fix(meta), meta.title].map(str::to_owned).into(),
    }));
    table::table(out, style, &rows)
}

/// Writes what has changed between two listings, what is new and may fail last.
pub fn changed(
    out: &mut dyn Write,
    changed: &Changed,
    since: &str,
    style: &Style,
) -> io::Result<()> {
    let Changed { retired, moved, added } = changed;
    let row = |mark: &str, it: &Listed, what: &str| {
        [mark, &it.id, it.severity.word(), what].map(str::to_owned).to_vec()
    };
    let numbered = |it: &Listed| match it.items.as_slice() {
        [] => it.title.clone(),
        items => format!("{}: {}", items.join(", "), it.title),
    };
    let mut rows = Vec::new();
    rows.extend(retired.iter().map(|it| row("-", it, &numbered(it))));
    rows.extend(moved.iter().map(|(it, what)| row("~", it, what)));
    rows.extend(added.iter().map(|it| row("+", it, &numbered(it))));
    if rows.is_empty() {
        return writeln!(out, "Nothing has changed since {}.", plain(since));
    }
    table::table(out, style, &rows)?;
    let dot = style.dot();
    writeln!(
        out,
        "\nsince {}: {} retired{dot}{} moved{dot}{} added",
        plain(since),
        retired.len(),
        moved.len(),
        added.len()
    )?;
    let last = added.last().or(moved.last().map(|(it, _)| it));
    match last {
        Some(it) => writeln!(out, "\nNext:  plimsoll explain {}", it.id),
        None => Ok(()),
    }
}

fn fix(meta: &Meta) -> &'static str {
    meta.fix.map_or("by hand", |class| class.word())
}

/// Writes everything there is to know about a rule.
pub fn rule(out: &mut dyn Write, meta: &Meta, style: &Style) -> io::Result<()> {
    writeln!(out, "{}", style.bold(meta.id))?;
    writeln!(out, "{}", meta.title)?;
    writeln!(
        out,
        "severity {}, fix: {}",
        style.by_severity(meta.severity, meta.severity.word()),
        fix(meta)
    )?;
    writeln!(out)?;
    docs(out, meta.docs, style)?;
    if let Some(rule) = rules::find(meta.id) {
        parameters(out, rule, style)?;
    }
    examples(out, meta, style)?;
    if !meta.implies.is_empty() {
        section(out, "Implies", style)?;
        writeln!(out, "{}\n", meta.implies.join(", "))?;
    }
    if !meta.references.is_empty() {
        section(out, "References", style)?;
        for reference in meta.references {
            let Reference { benchmark, edition, item } = reference;
            writeln!(out, "{benchmark} {edition}, {item}")?;
        }
    }
    Ok(())
}

fn section(out: &mut dyn Write, title: &str, style: &Style) -> io::Result<()> {
    writeln!(out, "{}", style.bold(title))
}

/// Writes a rule's Markdown: headings, and paragraphs that fit.
fn docs(out: &mut dyn Write, docs: &str, style: &Style) -> io::Result<()> {
    for line in docs.trim().lines() {
        match line.trim_start_matches('#') {
            heading if heading.len() < line.len() => section(out, heading.trim(), style)?,
            line => {
                for piece in wrapped(line, style.width) {
                    writeln!(out, "{piece}")?;
                }
            }
        }
    }
    writeln!(out)
}

fn parameters(out: &mut dyn Write, rule: &dyn AnyRule, style: &Style) -> io::Result<()> {
    let schema = rule.params_schema(&mut inlining());
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return Ok(());
    };
    if properties.is_empty() {
        return Ok(());
    }
    section(out, "Parameters", style)?;
    let rows: Vec<Vec<String>> = properties
        .iter()
        .map(|(name, schema)| {
            let text = |key: &str| schema.get(key).and_then(Value::as_str).unwrap_or_default();
            let default = schema.get("default").map_or(String::new(), |it| format!(" ({it})"));
            let about = text("description").replace('\n', " ");
            vec![format!("  {name}"), format!("{about}{default}")]
        })
        .collect();
    table::table(out, style, &rows)?;
    writeln!(out)
}

fn inlining() -> SchemaGenerator {
    let mut settings = schemars::generate::SchemaSettings::default();
    settings.inline_subschemas = true;
    settings.into_generator()
}

fn examples(out: &mut dyn Write, meta: &Meta, style: &Style) -> io::Result<()> {
    if meta.examples.is_empty() {
        return Ok(());
    }
    section(out, "Examples", style)?;
    for example in meta.examples {
        let (word, params, object) = match example {
            Example::Passes { params, object } => ("passes", params, object),
            Example::Fails { params, object } => ("fails", params, object),
            Example::Unknown { params, object } => ("unknown", params, object),
            Example::NotApplicable { params, object } => ("not applicable", params, object),
        };
        let params = params.trim();
        let with = if params.is_empty() || params == "{}" {
            String::new()
        } else {
            format!("  with {}", params.replace('\n', ", "))
        };
        writeln!(out, "  {word:<8} {}{with}", object.trim().replace('\n', "\n           "))?;
    }
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_in_the_table_and_can_be_explained() {
        let mut out = Vec::new();
        let rules: Vec<Numbered> =
            rules::all_metas().into_iter().map(|meta| (meta, Vec::new())).collect();
        table(&mut out, &rules, &Style::plain()).unwrap();
        let all = String::from_utf8(out).unwrap();
        for meta in rules::all_metas() {
            let mut out = Vec::new();
            rule(&mut out, meta, &Style::plain()).unwrap();
            let text = String::from_utf8(out).unwrap();
            assert!(text.contains(meta.id) && text.contains("What a fix may break"), "{text}");
            assert!(all.contains(meta.id) && all.contains(meta.severity.word()));
        }
    }
}
