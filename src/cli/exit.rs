//! The table of exit codes. A code never has two meanings, and the output format never changes
//! it.

use std::process::ExitCode;

use plimsoll::plan::run::{Outcome, RunChange};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// In sync, or everything planned was done.
    Success = 0,
    /// An operation failed and nothing more precise applies.
    Failed = 1,
    /// Differences exist or remain; nothing failed.
    Differences = 2,
    /// Some actions were done, some failed.
    PartlyDone = 4,
    /// Everything that was tried was undone.
    Undone = 5,
    /// Refused; nothing changed.
    Refused = 6,
    /// A way back did not restore what was: a person is needed now.
    Stuck = 7,
    Usage = 64,
    /// The declaration is invalid, by itself or for this host.
    Declaration = 65,
    /// The engine cannot be reached.
    Unreachable = 69,
    Internal = 70,
    /// Another run holds the lock.
    Locked = 75,
    Permission = 77,
    Interrupted = 130,
    Terminated = 143,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Returns the code for what became of a run's changes.
pub(crate) fn of_run(outcomes: &[RunChange]) -> Exit {
    let is = |kind: fn(&Outcome) -> bool| outcomes.iter().filter(|it| kind(&it.outcome)).count();
    let done = is(|it| matches!(it, Outcome::Done { .. }));
    let undone = is(|it| matches!(it, Outcome::Undone { .. }));
    if is(|it| matches!(it, Outcome::Stuck { .. })) > 0 {
        Exit::Stuck
    } else if done == outcomes.len() {
        Exit::Success
    } else if done > 0 {
        Exit::PartlyDone
    } else if undone > 0 {
        Exit::Undone
    } else {
        Exit::Failed
    }
}

#[cfg(test)]
mod tests {
    use plimsoll::model::object::Address;

    use super::*;

    fn code(outcomes: &[Outcome]) -> Exit {
        let changes: Vec<_> = outcomes
            .iter()
            .map(|outcome| RunChange {
                change: String::new(),
                address: Address::container("web"),
                took_ms: 0,
                outcome: outcome.clone(),
            })
            .collect();
        of_run(&changes)
    }

    #[test]
    fn the_worst_that_happened_decides() {
        let done = Outcome::Done { proof: String::new() };
        let failed = Outcome::Failed { why: String::new() };
        let undone = Outcome::Undone { why: String::new() };
        let stuck = Outcome::Stuck { why: String::new(), left: vec![] };
        assert_eq!(code(&[]), Exit::Success);
        assert_eq!(code(&[done.clone(), done.clone()]), Exit::Success);
        assert_eq!(code(&[done.clone(), undone.clone()]), Exit::PartlyDone);
        assert_eq!(code(&[undone.clone(), Outcome::NotReached]), Exit::Undone);
        assert_eq!(code(&[failed]), Exit::Failed);
        assert_eq!(code(&[done, undone, stuck]), Exit::Stuck);
    }
}
