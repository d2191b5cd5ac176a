//! The arrows between the rooms: recover, look, plan, act, look again.

mod import;
mod notes;
mod recovery;
mod rollback;
mod upkeep;
pub mod watcher;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, SystemTime},
};

use futures_util::{StreamExt as _, stream};
use jiff::{Timestamp, tz::TimeZone};

use crate::{
    declaration::{policy::Policy, problem::Problem},
    docker::{Docker, DockerError},
    evaluate::evaluate,
    execute::{
        self, ExecuteOptions, Interrupt, Progress, Tell, committed,
        daemon::{
            self, DaemonContext,
            live::{Commands, LiveDaemon},
        },
        gate::GateOptions,
        host::Host,
        host_file::{self, LiveFiles},
        retire,
    },
    model::{
        defaulted,
        finding::Report,
        object::{Address, ObjectKind},
        snapshot::Snapshot,
    },
    observe,
    plan::{
        Action, Ceiling, Change, FORMAT_VERSION, Lost, Plan, build, flags, identity,
        run::{Applied, LastApplied, Outcome, Run, RunChange, Undone},
    },
    store::{Lock, LockError, Retention, Store, StoreError},
};

use self::notes::Notes;
use self::watcher::{Watcher, WatcherCommand, is_worth_watching};
pub use self::{
    import::{Imported, import, policy as import_policy},
    recovery::{Recovered, Recovery, open, open_under},
    rollback::{BackOptions, Backward, look_back, roll_back},
};

/// Writable layers looked at side by side.
const LAYERS_AT_ONCE: usize = 8;

/// How long a daemon may take to answer after a restart.
const RESTART_DEADLINE: Duration = Duration::from_secs(60);

/// What a run goes by; does not change while it runs.
#[derive(Clone, Copy)]
pub struct Errand<'a> {
    pub docker: &'a Docker,
    pub policy: &'a Policy,
    pub store: &'a Store,
    pub ceiling: &'a Ceiling,
    /// Plan again what was undone before.
    pub retry: bool,
    /// The present, as the caller says it.
    pub clock: fn() -> Timestamp,
}

/// The host as it is, judged, and what would be done about it.
pub struct Look {
    pub snapshot: Snapshot,
    pub report: Report,
    pub plan: Plan,
}

/// What a run did, and how the host looks now.
pub struct Acted {
    pub run: Run,
    pub after: Look,
}

/// Why a run could not look or act.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    #[error(transparent)]
    Docker(#[from] DockerError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The declaration does not fit this host.
    #[error("the declaration does not fit this host")]
    Problems(Vec<Problem>),
    /// What an earlier run left could not be put right, and the daemon does not answer.
    #[error("what an earlier run left could not be put right")]
    NotRecovered(Vec<Recovered>),
    /// The daemon did not come back from a change. The run is on record.
    #[error("the daemon did not come back, and a person is needed")]
    DaemonStuck(Box<Run>),
    /// `--only` or `--exclude` names nothing that is there.
    #[error("no object here is called {}", .0.join(" or "))]
    NoSuchObject(Vec<String>),
    /// `rollback` of a run that left no trace.
    #[error("there is no run {0} on record here, and no container that it made")]
    NoSuchRun(u64),
    #[error("no run on record has left anything to take back")]
    NothingToTakeBack,
}

/// Observes, judges and plans. Changes nothing.
pub async fn look(errand: Errand<'_>) -> Result<Look, PipelineError> {
    let last = errand.store.last_applied()?;
    look_with(errand, &last).await
}

async fn observe_with(errand: Errand<'_>, last: &LastApplied) -> Result<Snapshot, DockerError> {
    let options = observe::Options {
        known_start: last.daemon_start.clone(),
        details: errand.policy.details(),
        host_files: errand.policy.judges(ObjectKind::HostFiles),
        host_system: errand.policy.judges(ObjectKind::HostSystem),
        engine_objects: [
            ObjectKind::Network,
            ObjectKind::Service,
            ObjectKind::StoredImages,
            ObjectKind::Swarm,
        ]
        .iter()
        .any(|kind| errand.policy.judges(*kind)),
        earlier_defaults: last.earlier_defaults.clone(),
        ..observe::Options::default()
    };
    observe::observe(errand.docker, &options).await
}

async fn look_with(errand: Errand<'_>, last: &LastApplied) -> Result<Look, PipelineError> {
    let mut snapshot = observe_with(errand, last).await?;
    snapshot.upkeep = upkeep::look(errand);
    let conflicts = flags::flag_conflicts(errand.policy, &snapshot);
    if !conflicts.is_empty() {
        return Err(PipelineError::Problems(conflicts));
    }
    let today = (errand.clock)().to_zoned(TimeZone::UTC).date();
    let report = evaluate(errand.policy, today, &snapshot);
    let strangers = build::patterns_without_object(&report, errand.ceiling);
    if !strangers.is_empty() {
        let strangers = strangers.into_iter().map(str::to_owned).collect();
        return Err(PipelineError::NoSuchObject(strangers));
    }
    let replaced = build::replacements(&report, &snapshot, errand.policy);
    let layers = layers(errand.docker, replaced).await;
    let forgiven;
    let last = if errand.retry {
        forgiven = LastApplied { undone: BTreeMap::new(), ..last.clone() };
        &forgiven
    } else {
        last
    };
    let plan = build::plan(errand.policy, &report, &snapshot, last, &layers, errand.ceiling);
    Ok(Look { snapshot, report, plan })
}

/// Looks at what the containers that would be replaced have written.
async fn layers(docker: &Docker, replaced: Vec<(Address, String)>) -> BTreeMap<Address, Lost> {
    stream::iter(replaced)
        .map(|(address, id)| async move { (address, observe::writable_layer(docker, &id).await) })
        .buffer_unordered(LAYERS_AT_ONCE)
        .collect()
        .await
}

/// How a run is carried out.
pub struct ActOptions<'a> {
    /// `apply` or `enforce`.
    pub command: &'static str,
    pub gate: GateOptions,
    /// After so many failures nothing more is begun; at least one.
    pub max_failures: usize,
    /// So many containers are changed side by side.
    pub parallel: usize,
    pub interrupt: &'a Interrupt,
    /// Who takes over if this process dies; started only for plans that need one.
    pub watcher: &'a WatcherCommand,
}

/// Carries out what the plan has to do, looks again, and writes down what came of it. A change
/// that was done and still differs afterwards counts as failed.
pub async fn act(
    errand: Errand<'_>,
    lock: &mut Lock,
    look: &Look,
    options: &ActOptions<'_>,
    tell: Tell<'_>,
) -> Result<Acted, PipelineError> {
    let id = errand.store.next_run(lock)?;
    lock.name_run(id)?;
    tell(Progress::Begun { run: id, total: look.plan.todo().count() });
    let watcher = if is_worth_watching(&look.plan) {
        Watcher::beside(options.watcher, |why| tell(Progress::Unwatched(why))).await
    } else {
        None
    };
    let started_at = (errand.clock)();
    let record = |outcomes| Run {
        format_version: FORMAT_VERSION.to_owned(),
        id,
        command: options.command.to_owned(),
        started_at: started_at.to_string(),
        ended_at: (errand.clock)().to_string(),
        declaration_digest: errand.policy.digest.clone(),
        outcomes,
        settled: Vec::new(),
    };
    let mut notes = Notes::of_run(id, errand.store, lock);
    let of_files = set_files(errand, look, options.interrupt, &mut notes, tell).await?;
    let of_daemon = set_daemon_keys(errand, lock, look, id, tell).await;
    let is_stuck = |it: &RunChange| matches!(it.outcome, Outcome::Stuck { .. });
    // Nobody to ask about containers, and nothing to look at again.
    if of_daemon.iter().any(is_stuck) && Docker::connect(errand.docker.endpoint()).await.is_err() {
        let ended = [of_files, of_daemon].concat();
        let rest = look.plan.todo().filter(|it| !ended.iter().any(|seen| seen.change == it.id));
        let rest: Vec<RunChange> = rest.map(RunChange::not_reached).collect();
        let run = record([ended, rest].concat());
        let mut last = errand.store.last_applied()?;
        note_undone(&mut last, &run);
        errand.store.save_run(lock, &run)?;
        errand.store.save_last_applied(lock, &last)?;
        // Nobody restarts the daemon under the hands of the person who is asked for now.
        if let Some(watcher) = watcher {
            watcher.dismiss().await;
        }
        return Err(PipelineError::DaemonStuck(Box::new(run)));
    }
    let before = (of_files, of_daemon);
    let outcomes =
        change_containers(errand, look, id, options, before, &mut notes.beside(tell)).await?;
    notes.saved()?;
    if let Some(watcher) = watcher {
        watcher.dismiss().await;
    }
    let mut run = record(outcomes);
    // Saved before the second look, which an engine that has gone away would prevent.
    let mut last = errand.store.last_applied()?;
    note_undone(&mut last, &run);
    note_defaults(&mut last, look);
    errand.store.save_run(lock, &run)?;
    errand.store.save_last_applied(lock, &last)?;
    // Who asked to try again has had that; what was undone once more is held from here on.
    let after = look_with(Errand { retry: false, ..errand }, &last).await?;
    let in_vain = expose_what_did_not_take(&mut run.outcomes, &after.plan);
    // What is replaced without effect would be replaced again and again.
    for (change, why) in in_vain {
        last.undone.insert(change, undone(&run, &why));
    }
    remember(&mut last, &run, &after, errand.policy);
    errand.store.save_run(lock, &run)?;
    errand.store.save_last_applied(lock, &last)?;
    if run.outcomes.iter().all(|it| matches!(it.outcome, Outcome::Done { .. })) {
        upkeep::note(errand, lock)?;
    }
    errand.store.prune(lock, Retention::default(), SystemTime::from((errand.clock)()))?;
    retire(errand, &after.snapshot).await;
    Ok(Acted { run, after })
}

async fn set_files(
    errand: Errand<'_>,
    look: &Look,
    interrupt: &Interrupt,
    notes: &mut Notes<'_>,
    tell: Tell<'_>,
) -> Result<Vec<RunChange>, PipelineError> {
    if !look.plan.todo().any(|it| matches!(it.action, Action::SetFiles { .. })) {
        return Ok(Vec::new());
    }
    // Once the daemon's file is newer than the process, nobody could tell any more what it
    // started with, and a new mode makes it newer.
    if look.snapshot.daemon_start.is_some() {
        let mut last = errand.store.last_applied()?;
        last.daemon_start.clone_from(&look.snapshot.daemon_start);
        notes.save_last_applied(&last)?;
    }
    let tell: Tell<'_> = &mut notes.beside(tell);
    Ok(host_file::apply(&look.plan, &LiveFiles, interrupt, tell).await)
}

async fn set_daemon_keys(
    errand: Errand<'_>,
    lock: &Lock,
    look: &Look,
    run: u64,
    tell: Tell<'_>,
) -> Vec<RunChange> {
    let is_daemon = |change: &&Change| matches!(change.action, Action::DaemonKey { .. });
    let changes: Vec<&Change> = look.plan.todo().filter(is_daemon).collect();
    if changes.is_empty() {
        return Vec::new();
    }
    let config = &look.snapshot.daemon;
    let found = LiveDaemon::find(
        errand.docker.endpoint(),
        (errand.store, lock),
        config,
        commands(errand.policy),
        run,
    );
    for change in &changes {
        tell(Progress::Started((*change).into()));
    }
    let outcomes = match found {
        Ok(host) => {
            let context = DaemonContext {
                config,
                run,
                can_restart: host.can_restart(),
                start: look.snapshot.daemon_start.as_ref(),
            };
            let step = &mut |text: &str| tell(Progress::Step(changes[0].into(), text.into()));
            daemon::apply(&changes, &host, context, step).await
        }
        Err(why) => changes
            .iter()
            .map(|change| RunChange::not_begun(change, Outcome::Failed { why: why.clone() }))
            .collect(),
    };
    for (change, outcome) in changes.iter().zip(&outcomes) {
        tell(Progress::Finished((*change).into(), &outcome.outcome));
    }
    outcomes
}

async fn change_containers(
    errand: Errand<'_>,
    look: &Look,
    run: u64,
    options: &ActOptions<'_>,
    (of_files, of_daemon): (Vec<RunChange>, Vec<RunChange>),
    tell: Tell<'_>,
) -> Result<Vec<RunChange>, PipelineError> {
    // What the daemon adds to containers by itself may have changed a moment ago.
    let daemon = if of_daemon.is_empty() {
        execute::daemon_facts(&look.snapshot)
    } else {
        execute::daemon_facts(&observe_with(errand, &errand.store.last_applied()?).await?)
    };
    let how = ExecuteOptions {
        run,
        gate: options.gate,
        max_failures: options.max_failures,
        parallel: options.parallel,
        daemon,
    };
    let host = Host::new(errand.docker.clone());
    let before = [of_files, of_daemon].concat();
    Ok(execute::execute(&look.plan, &host, &how, options.interrupt, before, tell).await)
}

fn commands(policy: &Policy) -> Commands {
    Commands {
        reload: policy.reload_command.clone(),
        restart: policy.restart_command.clone(),
        deadline: RESTART_DEADLINE,
    }
}

/// Turns `done` into `failed` where the object still differs: what was promised was not reached.
/// Returns which of them interrupt something and would be done once more, and why.
fn expose_what_did_not_take(outcomes: &mut [RunChange], after: &Plan) -> Vec<(String, String)> {
    let mut in_vain = Vec::new();
    for outcome in outcomes.iter_mut().filter(|it| matches!(it.outcome, Outcome::Done { .. })) {
        // What only comes along with others is as it should be.
        let differs = |it: &&Change| it.address == outcome.address && !it.rules.is_empty();
        let left = after.changes.iter().find(differs);
        if let Some(left) = left {
            let settings: Vec<_> = left.settings.iter().map(|it| it.name.as_str()).collect();
            let why = format!("still differs afterwards: {}", settings.join(", "));
            if left.id == outcome.change && left.interrupts {
                in_vain.push((left.id.clone(), why.clone()));
            }
            outcome.outcome = Outcome::Failed { why };
        }
    }
    in_vain
}

/// Notes how every object in sync looks, for the next plan.
fn remember(last: &mut LastApplied, run: &Run, after: &Look, policy: &Policy) {
    last.run = Some((run.id, run.ended_at.clone()));
    last.declaration_digest.clone_from(&run.declaration_digest);
    env!("CARGO_PKG_VERSION").clone_into(&mut last.tool_version);
    note_in_sync(last, after, policy, &run.ended_at);
}

/// Notes what was undone, so that it is not tried again before the declaration moves.
fn note_undone(last: &mut LastApplied, run: &Run) {
    let digest = &run.declaration_digest;
    last.undone.retain(|_, undone| undone.declaration_digest == *digest);
    for outcome in &run.outcomes {
        match &outcome.outcome {
            Outcome::Undone { why } | Outcome::Stuck { why, .. } => {
                last.undone.insert(outcome.change.clone(), undone(run, why));
            }
            Outcome::Done { .. } => {
                last.undone.remove(&outcome.change);
            }
            Outcome::NotReached | Outcome::Failed { .. } => {}
        }
    }
}

fn undone(run: &Run, why: &str) -> Undone {
    Undone {
        declaration_digest: run.declaration_digest.clone(),
        why: why.to_owned(),
        run: run.id,
        at: run.ended_at.clone(),
    }
}

fn note_in_sync(last: &mut LastApplied, look: &Look, policy: &Policy, at: &str) {
    note_defaults(last, look);
    if look.snapshot.daemon_start.is_some() {
        last.daemon_start.clone_from(&look.snapshot.daemon_start);
    }
    let differing: BTreeSet<_> = look.plan.changes.iter().map(|change| &change.address).collect();
    for address in look.report.objects.iter().filter(|it| !differing.contains(it)) {
        if let Some(fingerprint) = identity::fingerprint(&look.snapshot, address) {
            let policy = identity::policy_digest(policy, &look.snapshot, address);
            let applied = Applied { fingerprint, policy, at: at.to_owned() };
            last.objects.insert(address.clone(), applied);
        }
    }
    let present: BTreeSet<_> = look.report.objects.iter().collect();
    last.objects.retain(|address, _| present.contains(address));
}

/// Notes what the daemon gives containers, so that one that has it from there is known later.
fn note_defaults(last: &mut LastApplied, look: &Look) {
    for key in defaulted::REMEMBERED {
        let running = look.snapshot.daemon.keys.get(*key).and_then(|it| it.running.stated());
        let Some(value) = running.filter(|it| !it.is_null()) else { continue };
        let known = last.earlier_defaults.entry((*key).to_owned()).or_default();
        if !known.contains(value) {
            known.push(value.clone());
        }
    }
}

/// What has to be done though nothing differs: notes what is in sync, and removes kept
/// containers whose time is over.
pub async fn housekeep(errand: Errand<'_>, lock: &Lock, look: &Look) -> Result<(), PipelineError> {
    let mut last = errand.store.last_applied()?;
    let before = last.clone();
    note_in_sync(&mut last, look, errand.policy, &(errand.clock)().to_string());
    let moved = |a: &LastApplied, b: &LastApplied| {
        a.daemon_start != b.daemon_start
            || a.earlier_defaults != b.earlier_defaults
            || a.objects.len() != b.objects.len()
            || a.objects.iter().zip(&b.objects).any(|((x, p), (y, q))| {
                x != y || p.fingerprint != q.fingerprint || p.policy != q.policy
            })
    };
    if moved(&before, &last) {
        errand.store.save_last_applied(lock, &last)?;
    }
    upkeep::note(errand, lock)?;
    retire(errand, &look.snapshot).await;
    Ok(())
}

async fn retire(errand: Errand<'_>, snapshot: &Snapshot) {
    let host = Host::new(errand.docker.clone());
    let days = errand.policy.limits.retention_days;
    retire::retire(&host, &snapshot.kept, days, (errand.clock)()).await;
    // Left for the next command if the engine does not answer now.
    let _ = committed::retire(&host).await;
}
