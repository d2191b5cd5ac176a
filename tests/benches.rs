//! That the benchmarks keep up with the rules: they are built for release alone, which takes
//! minutes, and a rule that none of them asks for is not measured.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]
#![allow(dead_code, reason = "the benchmarks take more of it")]

use plimsoll::rules::RULES;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[path = "../benches/plan/declarations.rs"]
mod declarations;

#[test]
fn benchmark_asks_for_every_rule() {
    let policy = declarations::every_rule().unwrap();
    assert_eq!(policy.daemon.len() + policy.containers.len(), RULES.len());
}
