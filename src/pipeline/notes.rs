//! What a run writes down before it acts, so that the next command can put right what a dead one
//! leaves.

use crate::{
    execute::{Note, Progress, Tell},
    plan::{rollback::Before, run::LastApplied},
    store::{Lock, Store, StoreError},
};

pub(super) struct Notes<'a> {
    store: &'a Store,
    lock: &'a Lock,
    run: u64,
    before: Vec<Before>,
    /// The last failure.
    unsaved: Result<(), StoreError>,
}

impl<'a> Notes<'a> {
    pub(super) fn of_run(run: u64, store: &'a Store, lock: &'a Lock) -> Self {
        Self { store, lock, run, before: Vec::new(), unsaved: Ok(()) }
    }

    pub(super) fn take(&mut self, note: &Note<'_>) {
        let saved = match note {
            Note::Before(before) => {
                self.before.push(before.clone());
                self.store.save_before(self.lock, self.run, &self.before)
            }
            Note::Evicting(evicted) => self.store.save_evicted(self.lock, &evicted.id, evicted),
            Note::Restarting(id, note) => self.store.save_restarting(self.lock, id, note.as_ref()),
            Note::Releasing(id, note) => self.store.save_releasing(self.lock, id, note.as_ref()),
        };
        if saved.is_err() {
            self.unsaved = saved;
        }
    }

    /// Returns a way to tell progress that writes down what is to be.
    pub(super) fn beside<'n>(
        &'n mut self,
        tell: Tell<'n>,
    ) -> impl FnMut(Progress<'_>) + Send + use<'n, 'a> {
        |progress| {
            if let Progress::Note(note) = &progress {
                self.take(note);
            }
            tell(progress);
        }
    }

    pub(super) fn save_last_applied(&self, last: &LastApplied) -> Result<(), StoreError> {
        self.store.save_last_applied(self.lock, last)
    }

    /// Fails if anything could not be written down.
    pub(super) fn saved(self) -> Result<(), StoreError> {
        self.unsaved
    }
}
