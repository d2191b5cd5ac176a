//! Why an object differs. For people; nothing is decided by it.

use super::{Cause, run::Applied};
use crate::model::{finding::Finding, snapshot::Fingerprint};

/// Returns the cause, and what is known about when a drifted object moved.
pub(super) fn cause(
    findings: &[&Finding],
    applied: Option<&Applied>,
    fingerprint: &Fingerprint,
    policy: &str,
) -> (Cause, Option<String>) {
    let ended = findings.iter().any(|it| it.waiver_ended().is_some());
    let Some(applied) = applied else {
        return (if ended { Cause::WaiverEnded } else { Cause::New }, None);
    };
    let host_moved = applied.fingerprint != *fingerprint;
    let policy_moved = applied.policy != policy;
    let drift = || Some(format!("was in sync at {}; changed since", applied.at));
    match (host_moved, policy_moved) {
        (true, true) => (Cause::Both, drift()),
        (true, false) => (Cause::Drift, drift()),
        (false, true) => (Cause::Intent, None),
        (false, false) if ended => (Cause::WaiverEnded, None),
        // Neither moved, and yet it is judged differently.
        (false, false) => (Cause::RuleUpdate, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cause_tells_whose_move_it_was() {
        let applied = Applied {
            fingerprint: "f1".into(),
            policy: "p1".into(),
            at: "2026-11-20T10:00:00Z".into(),
        };
        let check = |applied: Option<&Applied>, fingerprint: &str, policy: &str, want| {
            assert_eq!(cause(&[], applied, &fingerprint.into(), policy).0, want);
        };
        check(None, "f1", "p1", Cause::New);
        check(Some(&applied), "f2", "p1", Cause::Drift);
        check(Some(&applied), "f1", "p2", Cause::Intent);
        check(Some(&applied), "f2", "p2", Cause::Both);
        check(Some(&applied), "f1", "p1", Cause::RuleUpdate);
    }
}
