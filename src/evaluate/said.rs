//! What thousands of objects are told in the same words, kept once.

use std::sync::Arc;

use crate::{declaration::policy::Assignment, model::finding::Verdict};

/// Most containers of a host are of a few kinds, which take turns.
const KEPT: usize = 4;

/// The last few verdicts of each rule. Objects come one after the other, each with nearly the same
/// rules in the same order, so that the one that is looked for is mostly the next one.
#[derive(Default)]
pub(super) struct Said<'p> {
    all: Vec<Last<'p>>,
    next: usize,
}

struct Last<'p> {
    by: &'p Assignment,
    verdicts: Vec<Arc<Verdict>>,
    /// Which of them is looked at first, and replaced by a new one.
    next: usize,
}

impl<'p> Said<'p> {
    /// Returns a verdict, and where it was given lately that very one.
    pub(super) fn once(&mut self, by: &'p Assignment, verdict: Verdict) -> Arc<Verdict> {
        let last = self.last(by);
        let count = last.verdicts.len();
        let in_turn = (last.next..count).chain(0..last.next);
        if let Some(at) = in_turn.into_iter().find(|at| *last.verdicts[*at] == verdict) {
            last.next = (at + 1) % count;
            return Arc::clone(&last.verdicts[at]);
        }
        let verdict = Arc::new(verdict);
        if count < KEPT {
            last.verdicts.push(Arc::clone(&verdict));
        } else {
            last.verdicts[last.next] = Arc::clone(&verdict);
            last.next = (last.next + 1) % KEPT;
        }
        verdict
    }

    fn last(&mut self, by: &'p Assignment) -> &mut Last<'p> {
        let is_it = |it: &Last<'_>| std::ptr::eq(it.by, by);
        let at = match self.all.get(self.next) {
            Some(it) if is_it(it) => self.next,
            _ => self.all.iter().position(is_it).unwrap_or(self.all.len()),
        };
        if at == self.all.len() {
            self.all.push(Last { by, verdicts: Vec::new(), next: 0 });
        }
        self.next = at + 1;
        &mut self.all[at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        declaration::samples::{Wants, meta, wants},
        model::finding::Severity,
    };

    static ONE: Wants = Wants(&meta("container.one", Severity::Low, &[]));
    static OTHER: Wants = Wants(&meta("container.other", Severity::Low, &[]));

    fn unknown(number: usize) -> Verdict {
        Verdict::Unknown(number.to_string())
    }

    #[test]
    fn what_is_said_again_is_the_very_one() {
        let one = wants(&ONE, &[]);
        let mut said = Said::default();
        let mut round = || [0, 1, 2, 3].map(|number| said.once(&one, unknown(number)));
        let (first, second) = (round(), round());
        assert!(first.iter().zip(&second).all(|(a, b)| Arc::ptr_eq(a, b)));
    }

    #[test]
    fn everybody_is_told_their_own_whatever_is_kept() {
        let rules = [wants(&ONE, &[]), wants(&OTHER, &[])];
        let mut said = Said::default();
        for number in (0..3 * KEPT).chain((0..2 * KEPT).rev()).chain([1, 5, 1, 9, 5]) {
            for rule in &rules {
                assert_eq!(*said.once(rule, unknown(number)), unknown(number));
            }
        }
    }
}
