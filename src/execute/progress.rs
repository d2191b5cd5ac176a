//! What happens, as it happens.

use super::{evict::Evicted, restart::Restarting};
use crate::{
    model::object::Address,
    plan::{
        Action, Change,
        rollback::{Before, Undo},
        run::Outcome,
        step::Step,
    },
};

/// What a run tells while it works.
#[derive(Debug)]
pub enum Progress<'a> {
    /// The run has its number; so many changes are to be made.
    Begun {
        run: u64,
        total: usize,
    },
    /// Nobody takes over if this process dies; why.
    Unwatched(&'a str),
    Started(Task<'a>),
    Step(Task<'a>, Step),
    /// To be written down before anything else is done.
    Note(Note<'a>),
    Finished(Task<'a>, &'a Outcome),
}

pub type Tell<'a> = &'a mut (dyn FnMut(Progress<'_>) + Send);

/// What is worked at: a change of a plan, or one that is taken back.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// ID of the change; empty where a rollback knows none.
    pub change: &'a str,
    pub address: &'a Address,
    /// The whole of it in a word or two.
    pub what: &'static str,
}

impl<'a> From<&'a Change> for Task<'a> {
    fn from(change: &'a Change) -> Self {
        let what = match change.action {
            Action::DaemonKey { .. } | Action::SetFiles { .. } => "setting",
            Action::UpdateContainer { .. } => "updating in place",
            Action::ReplaceContainer { .. } | Action::ReplaceAutoRemoved { .. } => "replacing",
            Action::RestartContainer { .. } => "restarting",
            Action::EvictContainer { .. } => "evicting",
        };
        Self { change: &change.id, address: &change.address, what }
    }
}

impl<'a> From<&'a Undo> for Task<'a> {
    fn from(undo: &'a Undo) -> Self {
        Self { change: &undo.change, address: &undo.address, what: "taking back" }
    }
}

/// What the next command has to know if this process dies.
#[derive(Debug)]
pub enum Note<'a> {
    /// How an object was before it is touched.
    Before(Before),
    /// The way back of an eviction.
    Evicting(Evicted),
    /// A container, by its ID, that is about to be restarted; without a note that is settled.
    Restarting(&'a str, Option<Restarting>),
    /// A container, by its ID, that is about to be let out of an eviction; without a note that is
    /// settled.
    Releasing(&'a str, Option<Evicted>),
}
