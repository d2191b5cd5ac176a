//! That the benchmarks keep up with the rules: they are built for release alone, which takes
//! minutes, and a rule that none of them asks for is not measured.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]
#![allow(clippy::print_stdout, dead_code, reason = "the benchmarks take more of it")]

use jiff::civil::date;
use plimsoll::{evaluate::evaluate, model::finding::Verdict, rules::RULES};

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[path = "../benches/plan/declarations.rs"]
mod declarations;
#[path = "../benches/plan/host.rs"]
mod host;
#[path = "../benches/plan/lab.rs"]
mod lab;

#[test]
fn benchmark_asks_for_every_rule() {
    let policy = declarations::every_rule().unwrap();
    assert_eq!(policy.daemon.len() + policy.containers.len(), RULES.len());
}

#[test]
fn benchmark_looked_at_all_that_rules_ask_about_containers() {
    let policy = declarations::every_rule().unwrap();
    let snapshot = host::snapshot(8).unwrap();
    let report = evaluate(&policy, date(2026, 1, 1), &snapshot);
    let of_containers = report.findings.iter().filter(|it| it.address.of_container().is_some());
    let unknown: Vec<_> = of_containers
        .filter(|it| matches!(*it.verdict, Verdict::Unknown(_)))
        .map(|it| (it.rule, &it.verdict))
        .collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
}
