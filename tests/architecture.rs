//! Who may import whom: the table that keeps the rooms apart. To change it, change it here in
//! the same commit and say why.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// A room, the rooms it may name, and whether it must stay free of effects.
struct Room {
    name: &'static str,
    may_name: &'static [&'static str],
    pure: bool,
}

const fn pure(name: &'static str, may_name: &'static [&'static str]) -> Room {
    Room { name, may_name, pure: true }
}

const fn effects(name: &'static str, may_name: &'static [&'static str]) -> Room {
    Room { name, may_name, pure: false }
}

const ROOMS: &[Room] = &[
    pure("model", &[]),
    pure("rules", &["model"]),
    pure("declaration", &["model", "rules"]),
    pure("sources", &["model"]),
    pure("evaluate", &["model", "rules", "declaration"]),
    pure("plan", &["model", "rules", "declaration"]),
    pure("render", &["model", "plan", "rules", "declaration"]),
    effects("docker", &[]),
    effects("observe", &["model", "sources", "docker", "plan"]),
    effects("execute", &["model", "plan", "sources", "docker", "store"]),
    effects("store", &["model", "plan"]),
    effects(
        "pipeline",
        &["model", "declaration", "observe", "evaluate", "plan", "execute", "store", "docker"],
    ),
    // Of `execute` it takes the words for interrupting and for telling progress.
    effects("enforce", &["model", "declaration", "plan", "execute", "pipeline", "docker", "store"]),
];

/// What a pure room must not contain.
const EFFECT_WORDS: &[&str] = &[
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "std::time::Instant",
    "SystemTime",
    "tokio",
    "::now(",
    "async fn",
    "println!",
];

#[test]
fn rooms_name_only_the_rooms_they_may() {
    let mut wrong = Vec::new();
    for (file, room, text) in sources() {
        for named in rooms_named_in(&text) {
            if named != room.name && !room.may_name.contains(&named.as_str()) {
                wrong.push(format!("{} is in `{}` and names `{named}`", file.display(), room.name));
            }
        }
    }
    assert!(wrong.is_empty(), "not in the table of tests/architecture.rs:\n{}", wrong.join("\n"));
}

#[test]
fn pure_rooms_have_no_effects() {
    let mut wrong = Vec::new();
    for (file, room, text) in sources().into_iter().filter(|(_, room, _)| room.pure) {
        for word in EFFECT_WORDS {
            if text.contains(word) {
                wrong.push(format!(
                    "{} is in the pure room `{}` and says `{word}`",
                    file.display(),
                    room.name
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "effects in pure rooms:\n{}", wrong.join("\n"));
}

#[test]
fn every_room_is_in_the_table() {
    let known: BTreeSet<_> = ROOMS.iter().map(|room| room.name).collect();
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    for line in lib.lines() {
        if let Some(name) = line.strip_prefix("pub mod ").and_then(|it| it.strip_suffix(';')) {
            assert!(known.contains(name), "room `{name}` is missing in tests/architecture.rs");
        }
    }
}

#[test]
fn the_checks_notice_what_they_forbid() {
    let named = rooms_named_in(
        "use crate::{docker::Docker, model::field::Field};\nlet x = crate::store::open();",
    );
    assert_eq!(named, ["docker", "model", "store"].map(String::from).into());
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every source file of the library outside its tests, with its room.
fn sources() -> Vec<(PathBuf, &'static Room, String)> {
    let src = root().join("src");
    let mut found = Vec::new();
    let mut folders = vec![src.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let inside = path.strip_prefix(&src).unwrap().to_path_buf();
            let is_test = path.file_name().is_some_and(|name| name == "tests.rs");
            if path.extension().is_none_or(|it| it != "rs") || is_test {
                continue;
            }
            let Some(room) = room_of(&inside) else { continue };
            let text = fs::read_to_string(&path).unwrap();
            found.push((inside, room, without_tests(&text)));
        }
    }
    found
}

fn room_of(inside: &Path) -> Option<&'static Room> {
    let first = inside.components().next()?.as_os_str().to_str()?;
    let name = first.strip_suffix(".rs").unwrap_or(first);
    ROOMS.iter().find(|room| room.name == name)
}

/// The text before the file's own tests, without comments.
fn without_tests(text: &str) -> String {
    text.split("#[cfg(test)]\nmod tests")
        .next()
        .unwrap_or(text)
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The rooms behind `crate::`, also in a braced import.
fn rooms_named_in(text: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for rest in text.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            Some(braced) => rooms.extend(top_level_items(braced).iter().map(|it| first_word(it))),
            None => {
                rooms.insert(first_word(rest));
            }
        }
    }
    rooms.retain(|name| ROOMS.iter().any(|room| room.name == name.as_str()));
    rooms
}

/// Splits what follows an opening brace at its commas, up to the closing one.
fn top_level_items(braced: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut depth = 0;
    for letter in braced.chars() {
        match letter {
            '}' if depth == 0 => break,
            ',' if depth == 0 => items.push(String::new()),
            other => {
                depth += i32::from(other == '{') - i32::from(other == '}');
                items.last_mut().expect("there is always an item").push(other);
            }
        }
    }
    items
}

fn first_word(text: &str) -> String {
    text.trim_start().chars().take_while(|it| it.is_alphanumeric() || *it == '_').collect()
}
