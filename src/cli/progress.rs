//! What is happening, on standard error, while it happens.

use std::time::Instant;

use plimsoll::{
    execute::Progress,
    plan::{Change, run::Outcome},
};

use crate::{output, terminal::Terminal};

/// Says what is begun and how it ended, a line each.
pub(crate) struct Ticker {
    speaks: bool,
    since: Instant,
}

impl Ticker {
    pub(crate) fn new(terminal: &Terminal) -> Self {
        Self { speaks: terminal.progress, since: Instant::now() }
    }

    pub(crate) fn tell(&mut self, progress: &Progress<'_>) {
        match progress {
            Progress::Started(change) => {
                self.since = Instant::now();
                self.say(change, doing(change));
            }
            Progress::Step(change, text) => self.say(change, text),
            Progress::Finished(change, outcome) => {
                let took = self.since.elapsed().as_secs_f64();
                self.say(change, &format!("{} after {took:.1} s", ended(outcome)));
            }
            Progress::Unwatched(why) => {
                output::say(&format!(
                    "note: nobody watches over this run, the next command has to: {why}"
                ));
            }
            Progress::Saved(_) | Progress::Restarting(..) => {}
        }
    }

    fn say(&self, change: &Change, text: &str) {
        if self.speaks {
            output::say(&format!("  {}  {text}", change.address));
        }
    }
}

fn doing(change: &Change) -> &'static str {
    use plimsoll::plan::Action;
    match change.action {
        Action::DaemonKey { .. } => "setting",
        Action::UpdateContainer { .. } => "updating in place",
        Action::ReplaceContainer { .. } => "replacing",
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
