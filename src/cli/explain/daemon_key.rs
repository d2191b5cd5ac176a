//! A key of the daemon: what is known about it anywhere, and how it stands here.

use plimsoll::{
    declaration::{self, policy::Policy},
    model::{
        daemon_keys::{self, DaemonKeyFacts},
        object::Address,
        suggest::{every, nearest},
    },
    pipeline::Look,
    render::{
        daemon_key::{row, row_json, unusable},
        explain, json,
    },
};
use serde_json::{Value, json};

use crate::{
    args::{Global, Narrow, Output},
    declared, engine,
    exit::Exit,
    failure::Failure,
    output,
    plan::ATTENDED,
    screen,
    terminal::Terminal,
};

/// What a name of a key leads to.
struct Subject {
    /// Why the name is no key, if it is none.
    said: Vec<u8>,
    /// The key, or the one that was meant.
    facts: Option<&'static DaemonKeyFacts>,
}

impl Subject {
    /// Returns where to look on the host: at the key that was meant, where the name is none.
    fn address(&self, name: &str) -> Address {
        Address::daemon_key(self.facts.map_or(name, |facts| facts.name))
    }
}

/// Explains a key. What can be said without an engine is said without one.
pub(super) fn explain(global: &Global, name: &str, terminal: &Terminal) -> Result<Exit, Failure> {
    let subject = subject(name, terminal)?;
    let here = here(global);
    match global.output {
        Output::Json | Output::Ndjson => output::print_json(&document(name, &subject, &here))?,
        Output::Text => output::print(&text(name, &subject, &here, terminal)?)?,
    }
    Ok(Exit::Success)
}

fn subject(name: &str, terminal: &Terminal) -> Result<Subject, Failure> {
    if let Some(facts) = daemon_keys::find(name) {
        return Ok(Subject { said: Vec::new(), facts: Some(facts) });
    }
    if let Some(key) = daemon_keys::find_unusable(name) {
        let style = screen::style(terminal);
        let facts = key.instead.and_then(daemon_keys::find);
        return Ok(Subject { said: screen::bytes(|out| unusable(out, key, &style))?, facts });
    }
    let meant = nearest(name, daemon_keys::names());
    let said = match meant.as_slice() {
        [] => return Err(super::unknown(&format!("daemon/{name}"))),
        [one] => format!("daemon.json has no key `{name}`; this is `{one}`.\n"),
        many => format!("daemon.json has no key `{name}`; like it are {}.\n", every(many)),
    };
    let facts = meant.first().and_then(|it| daemon_keys::find(it));
    Ok(Subject { said: said.into_bytes(), facts: facts.filter(|_| meant.len() == 1) })
}

/// Looks at the host, or returns in a line why it could not be looked at.
fn here(global: &Global) -> Result<Look, String> {
    let policy = policy(global).map_err(|failure| said(&failure))?;
    engine::block_on(engine::look(global, &policy, ATTENDED, &Narrow::default()))
        .map_err(|failure| said(&failure))
}

/// Without a declaration nothing is asked for, and the key can be looked at all the same.
fn policy(global: &Global) -> Result<Policy, Failure> {
    match declared::find(global) {
        Ok(path) => declared::load(&path),
        Err(missing) if global.file.is_some() => Err(missing),
        Err(_) => {
            let nothing = |_: &str| Err("nothing is extended".to_owned());
            Ok(declaration::load("no declaration", b"version: 1\n", &nothing)?)
        }
    }
}

fn said(failure: &Failure) -> String {
    let Some(problem) = failure.problems.first() else { return "it failed".to_owned() };
    let place = problem.at.as_ref().map(|at| {
        let (line, column) = at.line_column();
        format!("{}:{line}:{column}: ", at.source.name)
    });
    let notes: Vec<&str> = problem.notes.iter().map(String::as_str).collect();
    let mut said = place.unwrap_or_default() + &problem.message;
    if !notes.is_empty() {
        said += &format!(" ({})", notes.join("; "));
    }
    said + &problem.help.as_ref().map_or_else(String::new, |help| format!("; {help}"))
}

fn text(
    name: &str,
    subject: &Subject,
    here: &Result<Look, String>,
    terminal: &Terminal,
) -> Result<Vec<u8>, Failure> {
    let style = screen::style(terminal);
    screen::bytes(|out| {
        out.extend_from_slice(&subject.said);
        if let Some(facts) = subject.facts {
            row(out, facts, &style)?;
        }
        out.push(b'\n');
        match here {
            Ok(look) => {
                let address = subject.address(name);
                explain::address(out, &look.plan, &look.snapshot, &address, &style).map(|_| ())
            }
            Err(why) => explain::not_asked(out, why, &style),
        }
    })
}

fn document(name: &str, subject: &Subject, here: &Result<Look, String>) -> Value {
    let said = String::from_utf8_lossy(&subject.said);
    let address = subject.address(name);
    json::explanation(
        name,
        subject.facts.map(row_json),
        Some(said.trim()).filter(|it| !it.is_empty()),
        match here {
            Ok(look) => json::daemon_key(&look.plan, &look.snapshot.daemon, &address),
            Err(why) => json!({ "not_asked": why }),
        },
    )
}
