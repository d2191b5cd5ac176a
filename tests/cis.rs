//! Every check of docker-bench-security has its rule: `tests/cis-docker.md` lists them, by number,
//! and is made here from the rules' own references.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::{collections::BTreeSet, fs, path::PathBuf};

use plimsoll::{
    model::object::ObjectKind,
    rules::{
        AnyRule, RULES,
        reference::{CIS, CIS_1_6, CIS_1_8},
    },
};

/// How many items each section of edition 1.6.0 has; docker-bench-security 1.6 checks them all.
const SECTIONS_OF_1_6: [(&str, usize); 8] =
    [("1.1", 18), ("1.2", 2), ("2", 18), ("3", 24), ("4", 12), ("5", 32), ("6", 2), ("7", 9)];
/// Edition 1.8.0 has one more about storage drivers.
const ADDED_BY_1_8: (&str, usize) = ("2", 19);

#[test]
fn every_check_of_docker_bench_security_has_its_rule() {
    let of_1_8 = SECTIONS_OF_1_6.map(|it| if it.0 == ADDED_BY_1_8.0 { ADDED_BY_1_8 } else { it });
    for (edition, sections, count) in [(CIS_1_6, SECTIONS_OF_1_6, 117), (CIS_1_8, of_1_8, 118)] {
        let all: BTreeSet<String> = sections.iter().flat_map(numbers).collect();
        assert_eq!(all.len(), count);
        let judged: BTreeSet<String> =
            rows(edition).into_iter().map(|(item, _)| item.to_owned()).collect();
        let without: Vec<_> = all.difference(&judged).collect();
        assert!(without.is_empty(), "{edition} without a rule: {without:?}");
        let unknown: Vec<_> = judged.difference(&all).collect();
        assert!(unknown.is_empty(), "{edition} has no such items: {unknown:?}");
    }
}

#[test]
fn page_of_numbers_is_fresh() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cis-docker.md");
    let fresh = page();
    if std::env::var_os("PLIMSOLL_UPDATE").is_some() {
        fs::write(path, fresh).unwrap();
    } else {
        let there = fs::read_to_string(path).unwrap();
        assert!(there == fresh, "stale; run PLIMSOLL_UPDATE=1 cargo test --test cis");
    }
}

fn numbers((section, count): &(&str, usize)) -> Vec<String> {
    (1..=*count).map(|item| format!("{section}.{item}")).collect()
}

/// Numbers and their rules, in the benchmark's order.
fn rows(edition: &str) -> Vec<(&'static str, &'static dyn AnyRule)> {
    let mut rows = Vec::new();
    for rule in RULES {
        let of_edition =
            rule.meta().references.iter().filter(|it| it.benchmark == CIS && it.edition == edition);
        rows.extend(of_edition.map(|it| (it.item, *rule)));
    }
    rows.sort_by_key(|(item, rule)| (steps(item), rule.meta().id));
    rows
}

/// 5.10 comes after 5.9.
fn steps(item: &str) -> Vec<u32> {
    item.split('.').map(|step| step.parse().unwrap()).collect()
}

fn page() -> String {
    let mut page = String::from(
        "# CIS Docker Benchmark: number, rule, how it is judged

Made by `PLIMSOLL_UPDATE=1 cargo test --test cis`; the numbers are those in the rules' references.
Edition 1.7.0 has the numbers of 1.6.0.
",
    );
    for (edition, name) in [(CIS_1_6, "1.6.0 and 1.7.0"), (CIS_1_8, "1.8.0")] {
        page += &format!(
            "\n## {name}\n\n| number | rule | looks at | repaired | how it is judged |\n\
             | --- | --- | --- | --- | --- |\n"
        );
        for (item, rule) in rows(edition) {
            let meta = rule.meta();
            let repaired = meta.fix.map_or("by hand", |class| class.word());
            page += &format!(
                "| {item} | `{}` | {} | {repaired} | {} |\n",
                meta.id,
                looks_at(rule),
                checks(meta.docs)
            );
        }
    }
    page
}

fn looks_at(rule: &dyn AnyRule) -> &'static str {
    match rule.kind() {
        ObjectKind::Container if rule.meta().id.starts_with("image.") => "images in use",
        ObjectKind::Container => "containers, and what the kernel says of them",
        ObjectKind::Daemon => "what the daemon goes by, and its file",
        ObjectKind::HostFiles => "files of the host",
        ObjectKind::Network => "networks",
        ObjectKind::Service => "services of the Swarm",
        ObjectKind::StoredImages => "all images",
        ObjectKind::Swarm => "what the engine tells of its Swarm",
        ObjectKind::HostSystem => "the machine: kernel, accounts, audit rules, programs",
        ObjectKind::Upkeep => "what earlier runs left word of",
        ObjectKind::Attestable => "a person, who says on which day",
    }
}

/// What the docs of a rule say under *Checks*, in one line.
fn checks(docs: &str) -> String {
    let (_, checks) = docs.split_once("## Checks\n").unwrap();
    let (checks, _) = checks.split_once("\n\n").unwrap();
    checks.replace('|', "\\|").replace('\n', " ")
}
