//! What thousands of notes say in the same words, kept once.

use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
    collections::VecDeque,
    sync::Arc,
};

use super::Cited;
use crate::model::finding::{Finding, Verdict};

/// The last mention of each rule. Objects come one after the other, each with nearly the same
/// rules in the same order, so that the one that is looked for is mostly the next one.
#[derive(Default)]
pub(super) struct Mentions {
    all: RefCell<Vec<Mention>>,
    next: Cell<usize>,
}

struct Mention {
    rule: &'static str,
    cited: Arc<Cited>,
    /// Of notes about it, the last one first.
    texts: VecDeque<(Arc<Verdict>, Arc<str>)>,
}

/// Most containers of a host are of a few kinds, which take turns.
const TEXTS: usize = 4;

impl Mentions {
    pub(super) fn cite(&self, finding: &Finding) -> Arc<Cited> {
        let at = self.find(finding);
        Arc::clone(&self.all.borrow()[at].cited)
    }

    /// Returns the text of a note about a finding; `write` says it where it is new.
    pub(super) fn text(&self, finding: &Finding, write: impl FnOnce() -> String) -> Arc<str> {
        let at = self.find(finding);
        let texts = &mut self.all.borrow_mut()[at].texts;
        if let Some((_, known)) = texts.iter().find(|it| Arc::ptr_eq(&it.0, &finding.verdict)) {
            return Arc::clone(known);
        }
        let text: Arc<str> = write().into();
        texts.truncate(TEXTS - 1);
        texts.push_front((Arc::clone(&finding.verdict), Arc::clone(&text)));
        text
    }

    /// Returns where the mention of a finding's rule is, as this finding has it.
    fn find(&self, finding: &Finding) -> usize {
        let mut all = self.all.borrow_mut();
        let is_it = |it: &Mention| std::ptr::eq(it.rule, finding.rule);
        let next = self.next.get();
        let found = match all.get(next) {
            Some(it) if is_it(it) => Some(next),
            _ => all.iter().position(is_it),
        };
        let at = found.unwrap_or(all.len());
        self.next.set(at + 1);
        let same = |it: &Cited| {
            it.severity == finding.severity
                && it.from == finding.from
                && it.implied_by.as_deref() == finding.implied_by
        };
        let cited = || {
            Arc::new(Cited {
                id: finding.rule.into(),
                severity: finding.severity,
                from: Arc::clone(&finding.from),
                implied_by: finding.implied_by.map(Cow::Borrowed),
            })
        };
        match all.get_mut(at) {
            Some(mention) if same(&mention.cited) => {}
            Some(mention) => mention.cited = cited(),
            None => {
                all.push(Mention { rule: finding.rule, cited: cited(), texts: VecDeque::new() })
            }
        }
        at
    }
}
