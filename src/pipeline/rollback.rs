//! The arrows of a rollback: find the run, look, act, write down.

use std::time::SystemTime;

use jiff::Timestamp;
use wildmatch::WildMatch;

use super::{
    PipelineError,
    notes::Notes,
    watcher::{Watcher, WatcherCommand},
};
use crate::{
    docker::Docker,
    execute::{
        Interrupt, Progress, Tell,
        gate::GateOptions,
        host::Host,
        rollback::{self, Past},
    },
    model::object::Address,
    observe,
    plan::{
        FORMAT_VERSION,
        rollback::{Before, COMMAND, Rollback, Undo, Way},
        run::{LastApplied, Outcome, Run, RunChange, Undone},
    },
    store::{Lock, Retention, Store},
};

/// What a rollback goes by.
#[derive(Clone, Copy)]
pub struct Backward<'a> {
    pub docker: &'a Docker,
    pub store: &'a Store,
    /// Addresses to take back, with globs; empty is all.
    pub only: &'a [String],
    /// ID of the container that this program runs in.
    pub own_container: Option<&'a str>,
    /// Digest of the declaration under which what is taken back is not tried again; without it,
    /// of the one that was last applied.
    pub declaration_digest: Option<&'a str>,
    pub clock: fn() -> Timestamp,
}

/// Says what taking back a run would do; without a number, the last run of which something is
/// left to take back, rollbacks aside. Changes nothing.
pub async fn look_back(errand: Backward<'_>, run: Option<u64>) -> Result<Rollback, PipelineError> {
    if let Some(run) = run {
        let record = errand.store.run(run)?;
        let before = errand.store.before(run)?;
        let rollback = look(errand, run, record.as_ref(), &before).await?;
        let is_known = record.is_some() || !before.is_empty() || touches_anything(&rollback);
        if !is_known && errand.only.is_empty() {
            return Err(PipelineError::NoSuchRun(run));
        }
        let strangers = strangers(errand.only, &rollback);
        if !strangers.is_empty() {
            return Err(PipelineError::NoSuchObject(strangers));
        }
        return Ok(rollback);
    }
    let mut runs = [errand.store.runs()?, errand.store.begun()?].concat();
    runs.sort_unstable_by(|a, b| b.cmp(a));
    runs.dedup();
    for run in runs {
        let record = errand.store.run(run)?;
        if record.as_ref().is_some_and(|it| it.command == COMMAND) {
            continue;
        }
        let before = errand.store.before(run)?;
        let rollback = look(errand, run, record.as_ref(), &before).await?;
        if !rollback.undos.is_empty() || !rollback.blocked.is_empty() {
            return Ok(rollback);
        }
    }
    Err(PipelineError::NothingToTakeBack)
}

async fn look(
    errand: Backward<'_>,
    run: u64,
    record: Option<&Run>,
    before: &[Before],
) -> Result<Rollback, PipelineError> {
    let past = Past { run, record, before };
    let mut rollback =
        rollback::look(errand.docker, past, errand.only, errand.own_container).await?;
    for undo in &mut rollback.undos {
        let aside = match &undo.way {
            Way::PutBack { new, .. } => new,
            Way::Renew { old, .. } => old,
            Way::Update { .. } | Way::Release { .. } | Way::SetFiles(_) => continue,
        };
        undo.aside = Some(observe::writable_layer(errand.docker, aside).await);
    }
    Ok(rollback)
}

fn addresses(rollback: &Rollback) -> impl Iterator<Item = &Address> {
    let undos = rollback.undos.iter().map(|it| &it.address);
    let rest = rollback.settled.iter().chain(&rollback.blocked).map(|(address, _)| address);
    undos.chain(rest)
}

fn touches_anything(rollback: &Rollback) -> bool {
    addresses(rollback).next().is_some()
}

fn strangers(only: &[String], rollback: &Rollback) -> Vec<String> {
    let matches = |pattern: &str| {
        let pattern = WildMatch::new(pattern);
        addresses(rollback).any(|address| pattern.matches(address.as_str()))
    };
    only.iter().filter(|pattern| !matches(pattern)).cloned().collect()
}

/// How a rollback is carried out.
#[derive(Clone, Copy)]
pub struct BackOptions<'a> {
    pub gate: &'a GateOptions,
    pub interrupt: &'a Interrupt,
    /// Who takes over when this process dies.
    pub watcher: &'a WatcherCommand,
}

/// Carries it out and writes down what came of it. What is taken back is not tried again until
/// the declaration changes or a person asks.
pub async fn roll_back(
    errand: Backward<'_>,
    lock: &mut Lock,
    rollback: &Rollback,
    how: &BackOptions<'_>,
    tell: Tell<'_>,
) -> Result<Run, PipelineError> {
    let store = errand.store;
    let id = store.next_run(lock)?;
    lock.name_run(id)?;
    tell(Progress::Begun { run: id, total: rollback.undos.len() });
    let stops = |it: &Undo| matches!(it.way, Way::PutBack { .. } | Way::Renew { .. });
    let watcher = if rollback.undos.iter().any(stops) {
        Watcher::beside(how.watcher, |why| tell(Progress::Unwatched(why))).await
    } else {
        None
    };
    let started_at = (errand.clock)();
    let mut last = store.last_applied()?;
    let digest = errand.declaration_digest.unwrap_or(&last.declaration_digest).to_owned();
    // Before anything is touched: whoever kills this run must not set the next one on undoing it.
    hold(&mut last, rollback, id, &digest, &started_at.to_string());
    store.save_last_applied(lock, &last)?;

    let mut notes = Notes::of_run(id, store, lock);
    let host = Host::new(errand.docker.clone());
    let outcomes =
        rollback::roll_back(rollback, &host, id, how.gate, how.interrupt, &mut notes.beside(tell))
            .await;
    let unsaved = notes.saved();
    let run = Run {
        format_version: FORMAT_VERSION.to_owned(),
        id,
        command: COMMAND.to_owned(),
        started_at: started_at.to_string(),
        ended_at: (errand.clock)().to_string(),
        declaration_digest: digest,
        outcomes,
        settled: Vec::new(),
    };
    if let Some(watcher) = watcher {
        watcher.dismiss().await;
    }
    release(&mut last, rollback, &run.outcomes, id);
    last.run = Some((id, run.ended_at.clone()));
    store.save_run(lock, &run)?;
    store.save_last_applied(lock, &last)?;
    store.prune(lock, Retention::default(), SystemTime::from((errand.clock)()))?;
    unsaved?;
    Ok(run)
}

/// Holds back what is taken back; lets go what comes into force again.
fn hold(last: &mut LastApplied, rollback: &Rollback, run: u64, digest: &str, at: &str) {
    for undo in rollback.undos.iter().filter(|it| !it.change.is_empty()) {
        if rollback.renews {
            last.undone.remove(&undo.change);
            continue;
        }
        let undone = Undone {
            declaration_digest: digest.to_owned(),
            why: format!("a person took back run {}", rollback.run),
            run,
            at: at.to_owned(),
        };
        last.undone.insert(undo.change.clone(), undone);
    }
}

/// What stays as it was is not held back for the rollback's sake.
fn release(last: &mut LastApplied, rollback: &Rollback, outcomes: &[RunChange], run: u64) {
    for (undo, outcome) in rollback.undos.iter().zip(outcomes) {
        let stays = matches!(
            outcome.outcome,
            Outcome::NotReached | Outcome::Failed { .. } | Outcome::Undone { .. }
        );
        if stays && last.undone.get(&undo.change).is_some_and(|it| it.run == run) {
            last.undone.remove(&undo.change);
        }
    }
}
