//! One entry of an image's history, as both of Docker's builders write it.
//!
//! The classic builder: `/bin/sh -c #(nop) ADD file:5a1… in / `, and what was run as it was run.
//! BuildKit: the instruction itself, with `# buildkit` behind what makes files.

use super::script;
use crate::model::{
    image::{Added, Run, Step},
    telling_names::{holds_secret, is_secret},
};

/// One entry, and where secrets stand in it.
pub(super) struct Entry {
    pub(super) step: Step,
    pub(super) secrets: Vec<String>,
}

const SETTINGS: &[&str] = &[
    "ARG",
    "CMD",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
];

pub(super) fn read(created_by: &str) -> Entry {
    let (instruction, rest) = instruction(created_by);
    let (step, secrets) = match instruction {
        "ADD" => (add(rest), said_by("ADD", rest)),
        "RUN" => return run(rest),
        "ENV" => (Step::Setting, named("environment", assignments(rest))),
        "LABEL" => (Step::Setting, named("label", assignments(rest))),
        "ARG" => (Step::Setting, named("argument", assignments(rest))),
        // It makes the directory, and no file.
        "WORKDIR" => (Step::Setting, Vec::new()),
        setting if SETTINGS.contains(&setting) => (Step::Setting, Vec::new()),
        _ => (Step::Files, Vec::new()),
    };
    Entry { step, secrets }
}

/// Splits an entry into the word of its instruction and the rest. Nothing, or a remark of some
/// other tool (`# debian.sh …`), has no word.
fn instruction(created_by: &str) -> (&str, &str) {
    let text = created_by.trim();
    let text = text.strip_suffix("# buildkit").unwrap_or(text).trim_end();
    let text = match text.split_once("#(nop)") {
        Some((_, classic)) => classic.trim_start(),
        None => text,
    };
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    if matches!(word, "ADD" | "COPY" | "RUN" | "WORKDIR") || SETTINGS.contains(&word) {
        return (word, rest.trim_start());
    }
    if text.is_empty() || text.starts_with('#') { ("", text) } else { ("RUN", text) }
}

/// Reads `file:5a1… in /to` of the classic builder, and `[--option] what /to` of BuildKit.
fn add(rest: &str) -> Step {
    let words: Vec<&str> = rest.split_whitespace().filter(|it| !it.starts_with("--")).collect();
    let (what, to) = match words.as_slice() {
        [digest, "in", to @ ..] if digest.starts_with("dir:") => (Added::Plain, to.join(" ")),
        [digest, "in", to @ ..] if digest.starts_with("file:") || digest.starts_with("multi:") => {
            (Added::Unsaid, to.join(" "))
        }
        // Only what was fetched has nothing before the digest.
        [digest, "in", to @ ..] if digest.bytes().all(|it| it.is_ascii_hexdigit()) => {
            (Added::Fetched("the network".into()), to.join(" "))
        }
        [sources @ .., to] => (added(sources), (*to).to_owned()),
        [] => (Added::Unsaid, String::new()),
    };
    Step::Add { what, to }
}

fn added(sources: &[&str]) -> Added {
    const ARCHIVES: &[&str] = &[
        ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz", ".tar.zst",
        ".tzst",
    ];
    if let Some(place) = sources.iter().find_map(|it| fetched_from(it)) {
        return Added::Fetched(place);
    }
    let is_archive = |it: &&&str| ARCHIVES.iter().any(|end| it.to_ascii_lowercase().ends_with(end));
    sources.iter().find(is_archive).map_or(Added::Plain, |it| Added::Archive((**it).to_owned()))
}

/// Returns scheme and host of what is fetched; the rest of an address may be secret.
fn fetched_from(source: &str) -> Option<String> {
    if let Some((scheme, rest)) = source.split_once("://") {
        let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        return Some(format!("{scheme}://{host}"));
    }
    let (_, host) = source.strip_prefix("git@").map(|it| ("git", it))?;
    Some(format!("git@{}", host.split(':').next().unwrap_or(host)))
}

fn run(rest: &str) -> Entry {
    let (arguments, command) = script::arguments(rest);
    let mut secrets = named("argument", arguments);
    secrets.extend(said_by("RUN", command));
    let mut run = Run::default();
    for words in script::commands(script::inside_shell(command)) {
        script::note(&words, &mut run);
    }
    Entry { step: Step::Run(run), secrets }
}

/// Returns the values that an `ENV`, `LABEL` or `ARG` sets, by name. The classic builder leaves
/// the quotes out.
fn assignments(rest: &str) -> Vec<(&str, &str)> {
    let pairs = rest.split_whitespace().filter_map(|it| it.split_once('='));
    pairs.map(|(name, value)| (name.trim_matches('"'), value.trim_matches(['"', '\'']))).collect()
}

fn named(place: &str, pairs: Vec<(&str, &str)>) -> Vec<String> {
    let secrets = pairs.into_iter().filter(|(name, value)| holds_secret(name, value));
    secrets.map(|(name, _)| format!("{place} {name}")).collect()
}

/// Returns the instruction if one of its words is a secret. What is read from somewhere else while
/// it runs (`$(cat /run/secrets/token)`) is none.
fn said_by(instruction: &str, text: &str) -> Vec<String> {
    let is_read = |value: &str| value.starts_with(['$', '`']);
    let tells = |word: &str| {
        let word = word.trim_matches(['"', '\'', ';']);
        let (name, value) = word.split_once('=').unwrap_or(("", word));
        // A piece of a pattern (`s/password=.*/`) is no name.
        let is_name = name.bytes().all(|it| it.is_ascii_alphanumeric() || b"_-.".contains(&it));
        let name = if is_name { name.trim_start_matches('-') } else { "" };
        let value = value.trim_matches(['"', '\'']);
        !is_read(value) && (is_secret(word) || holds_secret(name, value))
    };
    if text.split_whitespace().any(tells) { vec![instruction.to_owned()] } else { Vec::new() }
}
