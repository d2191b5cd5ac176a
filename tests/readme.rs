//! What README says is true: its table of rules is the list of rules, and its declaration parses.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::{fs, path::PathBuf};

use plimsoll::{declaration, rules::RULES};

const BEGIN: &str = "<!-- rules: begin -->\n";
const END: &str = "<!-- rules: end -->";

#[test]
fn the_table_of_rules_is_fresh() {
    let readme = readme();
    let (before, rest) = readme.split_once(BEGIN).expect("README has the table's first marker");
    let (table, after) = rest.split_once(END).expect("README has the table's second marker");
    let fresh = rules_table();
    if std::env::var_os("PLIMSOLL_UPDATE").is_some() {
        fs::write(path(), format!("{before}{BEGIN}{fresh}{END}{after}")).unwrap();
    } else {
        assert_eq!(table, fresh, "README is stale; run PLIMSOLL_UPDATE=1 cargo test --test readme");
    }
}

#[test]
fn its_declaration_is_valid() {
    let readme = readme();
    let declaration = readme
        .split("```yaml\n")
        .skip(1)
        .filter_map(|it| it.split("```").next())
        .find(|it| it.contains("version: 1"))
        .expect("README shows a declaration");
    let no_files = |name: &str| Err(format!("README extends no file such as {name}"));
    if let Err(problems) = declaration::load("README.md", declaration.as_bytes(), &no_files) {
        panic!("{problems:#?}");
    }
}

fn rules_table() -> String {
    let mut table =
        String::from("| rule | severity | fix | holds when |\n| --- | --- | --- | --- |\n");
    for rule in RULES {
        let meta = rule.meta();
        let fix = meta.fix.map_or("by hand", |class| class.word());
        table += &format!("| `{}` | {} | {fix} | {} |\n", meta.id, meta.severity, meta.title);
    }
    table
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("README.md")
}

fn readme() -> String {
    fs::read_to_string(path()).unwrap()
}
