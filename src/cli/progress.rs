//! What is happening, on standard error, while it happens.

use std::{collections::BTreeMap, time::Instant};

use plimsoll::{
    execute::{Progress, rollback},
    model::object::Address,
    plan::{Change, run::Outcome},
};

use crate::{output, terminal::Terminal};

/// Says what is begun and how it ended, a line each.
pub(crate) struct Ticker {
    speaks: bool,
    /// When each of those in hand was begun.
    since: BTreeMap<Address, Instant>,
}

impl Ticker {
    pub(crate) fn new(terminal: &Terminal) -> Self {
        Self { speaks: terminal.progress, since: BTreeMap::new() }
    }

    pub(crate) fn tell(&mut self, progress: &Progress<'_>) {
        match progress {
            Progress::Started(change) => {
                self.since.insert(change.address.clone(), Instant::now());
                self.say(&change.address, doing(change));
            }
            Progress::Step(change, text) => self.say(&change.address, text),
            Progress::Finished(change, outcome) => {
                self.end(&change.address, outcome);
            }
            Progress::Unwatched(why) => unwatched(why),
            Progress::Saved(_) | Progress::Restarting(..) | Progress::Before(_) => {}
        }
    }

    /// The same for a rollback.
    pub(crate) fn tell_back(&mut self, progress: &rollback::Progress<'_>) {
        use rollback::Progress::{Before, Finished, Releasing, Started, Step, Unwatched};
        match progress {
            Started(undo) => {
                self.since.insert(undo.address.clone(), Instant::now());
                self.say(&undo.address, "taking back");
            }
            Step(undo, text) => self.say(&undo.address, text),
            Finished(undo, outcome) => {
                self.end(&undo.address, outcome);
            }
            Unwatched(why) => unwatched(why),
            Before(_) | Releasing(..) => {}
        }
    }

    fn end(&mut self, address: &Address, outcome: &Outcome) {
        let took = self.since.remove(address).map_or(0.0, |it| it.elapsed().as_secs_f64());
        self.say(address, &format!("{} after {took:.1} s", ended(outcome)));
    }

    fn say(&self, address: &Address, text: &str) {
        if self.speaks {
            output::say(&format!("  {address}  {text}"));
        }
    }
}

fn unwatched(why: &str) {
    output::say(&format!("note: nobody watches over this run, the next command has to: {why}"));
}

fn doing(change: &Change) -> &'static str {
    use plimsoll::plan::Action;
    match change.action {
        Action::DaemonKey { .. } => "setting",
        Action::UpdateContainer { .. } => "updating in place",
        Action::ReplaceContainer { .. } | Action::ReplaceAutoRemoved { .. } => "replacing",
        Action::RestartContainer { .. } => "restarting",
        Action::EvictContainer { .. } => "evicting",
    }
}

const fn ended(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done { .. } => "done",
        Outcome::NotReached => "not reached",
        Outcome::Failed { .. } => "failed",
        Outcome::Undone { .. } => "undone",
        Outcome::Stuck { .. } => "STUCK",
    }
}
