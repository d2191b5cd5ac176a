//! Writes the world: carries plans out. Judges nothing and chooses nothing.

mod auto_remove;
mod cause;
pub mod committed;
mod control_group;
mod create;
pub mod daemon;
pub mod effects;
pub mod evict;
pub mod gate;
pub mod host;
pub mod host_file;
mod in_flight;
mod prediction;
mod probe;
mod progress;
pub mod recover;
mod references;
mod relations;
mod replace;
mod replicas;
pub mod restart;
pub mod retire;
pub mod rollback;
mod seen;
mod steps;
mod twin;
mod update;
mod withdraw;

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    time::Instant,
};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use serde_json::Value;
use tokio::sync::OnceCell;

pub use self::progress::{Note, Progress, Task, Tell};
use self::{
    effects::Effects,
    evict::Evicted,
    gate::GateOptions,
    relations::Relations,
    replace::{Order, Wanted},
    seen::Seen,
};
use crate::{
    docker::DockerError,
    model::{edit::ContainerEdit, snapshot::Snapshot},
    plan::{
        Action, Change, Plan,
        rollback::{Before, Was},
        run::{Outcome, RunChange},
    },
    sources::{create_body::DaemonFacts, inspect::from_inspect},
};

/// How a plan is carried out.
#[derive(Clone, Debug)]
pub struct ExecuteOptions {
    /// Number of the run.
    pub run: u64,
    pub gate: GateOptions,
    /// After so many transactions that failed nothing more is begun; at least one.
    pub max_failures: usize,
    /// So many transactions are carried out side by side, none of them with one it waits for.
    pub parallel: usize,
    pub daemon: DaemonFacts,
}

/// Returns what the daemon fills in where a container says nothing.
pub fn daemon_facts(snapshot: &Snapshot) -> DaemonFacts {
    let config = &snapshot.daemon;
    let running = |key: &str| config.keys.get(key).and_then(|it| it.running.stated()).cloned();
    let ulimits = running("default-ulimits").unwrap_or_default();
    DaemonFacts {
        default_runtime: running("default-runtime")
            .and_then(|it| it.as_str().map(str::to_owned))
            .unwrap_or_default(),
        default_ulimits: match ulimits {
            Value::Object(by_name) => by_name.into_iter().map(|(_, limit)| limit).collect(),
            _ => Vec::new(),
        },
        host_name: snapshot.host.name.clone(),
    }
}

/// Set from outside, by a signal: once to end after the change in hand, twice to take that one
/// back as well.
#[derive(Debug, Default)]
pub struct Interrupt(AtomicU8);

impl Interrupt {
    pub fn raise(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    pub fn is_insistent(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 1
    }
}

/// Carries out what a plan does not hold back about containers, in its order. One outcome a
/// change. Files of the host and the daemon's keys come first, by
/// [`host_file::apply`] and [`daemon::apply`]; `before` is what became of them.
pub async fn execute<E: Effects>(
    plan: &Plan,
    effects: &E,
    options: &ExecuteOptions,
    interrupt: &Interrupt,
    before: Vec<RunChange>,
    tell: Tell<'_>,
) -> Vec<RunChange> {
    let run = Run { plan, effects, options, interrupt, relations: OnceCell::new() };
    let mut failures = before.iter().filter(|it| !is_done(&it.outcome)).count();
    let mut outcomes = before;
    let of_containers =
        |it: &&Change| !matches!(it.action, Action::DaemonKey { .. } | Action::SetFiles { .. });
    let mut waiting = transactions(plan.todo().filter(of_containers));
    let tell = Mutex::new(tell);
    let mut running = FuturesUnordered::new();
    let mut in_hand: Vec<&str> = Vec::new();
    loop {
        while running.len() < options.parallel.max(1)
            && !interrupt.is_raised()
            && failures < options.max_failures.max(1)
        {
            let Some(at) = ready(&waiting, &in_hand) else { break };
            let transaction = waiting.remove(at);
            if !transaction.iter().all(|it| predecessors_are_done(it, &outcomes)) {
                outcomes.extend(transaction.iter().map(|it| RunChange::not_reached(it)));
                continue;
            }
            in_hand.extend(transaction.iter().map(|it| it.id.as_str()));
            running.push(run.transaction(transaction, &tell));
        }
        // What runs is ended, whatever becomes of the rest.
        let Some(ended) = running.next().await else { break };
        in_hand.retain(|id| !ended.iter().any(|it| it.change == *id));
        failures += usize::from(!ended.iter().all(|it| is_done(&it.outcome)));
        outcomes.extend(ended);
    }
    outcomes.extend(waiting.iter().flatten().map(|it| RunChange::not_reached(it)));
    outcomes
}

fn is_done(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Done { .. })
}

/// Returns the first that waits for nobody: neither for one that waits itself nor for one that is
/// under way. Where they wait for each other in a circle and nobody is under way, the first goes.
fn ready(waiting: &[Vec<&Change>], in_hand: &[&str]) -> Option<usize> {
    let waits = |transaction: &Vec<&Change>| {
        let own = |id: &String| transaction.iter().any(|it| it.id == *id);
        let is_open = |id: &String| {
            in_hand.contains(&id.as_str()) || waiting.iter().flatten().any(|it| it.id == *id)
        };
        transaction.iter().flat_map(|it| &it.after).any(|id| !own(id) && is_open(id))
    };
    let free = waiting.iter().position(|it| !waits(it));
    free.or_else(|| (in_hand.is_empty() && !waiting.is_empty()).then_some(0))
}

/// Puts changes together that are carried out as one: a group stands where its first member does.
fn transactions<'a>(changes: impl Iterator<Item = &'a Change>) -> Vec<Vec<&'a Change>> {
    let mut all: Vec<Vec<&Change>> = Vec::new();
    for change in changes {
        let of_group = |it: &&mut Vec<&Change>| {
            let group = it.first().and_then(|first| first.group.as_ref());
            group.is_some_and(|group| group.members.contains(&change.id))
        };
        match all.iter_mut().rev().find(of_group) {
            Some(group) => group.push(change),
            None => all.push(vec![change]),
        }
    }
    all
}

fn before(change: &Change, was: Was) -> Progress<'static> {
    Progress::Note(Note::Before(Before {
        change: change.id.clone(),
        address: change.address.clone(),
        class: change.class,
        settings: change.settings.clone(),
        was,
    }))
}

fn note_values(change: &Change, edits: &[ContainerEdit], seen: &Seen, tell: Tell<'_>) {
    if let Some((values, after)) = update::values(edits, seen).filter(|(it, _)| !it.is_empty()) {
        let id = seen.id().to_owned();
        tell(before(change, Was::Updated { id, before: values, after }));
    }
}

/// A change that the plan does not carry out now holds nobody up: the plan knew.
fn predecessors_are_done(change: &Change, outcomes: &[RunChange]) -> bool {
    outcomes
        .iter()
        .filter(|it| change.after.contains(&it.change))
        .all(|it| matches!(it.outcome, Outcome::Done { .. }))
}

struct Run<'a, E> {
    plan: &'a Plan,
    effects: &'a E,
    options: &'a ExecuteOptions,
    interrupt: &'a Interrupt,
    /// Read once, when the first container is to be replaced.
    relations: OnceCell<Relations>,
}

impl<E: Effects> Run<'_, E> {
    async fn transaction(
        &self,
        transaction: Vec<&Change>,
        tell: &Mutex<Tell<'_>>,
    ) -> Vec<RunChange> {
        let began = Instant::now();
        let tell: Tell<'_> = &mut |progress| {
            // Nobody panics while telling; if somebody does, the next one tells all the same.
            let mut tell = tell.lock().unwrap_or_else(PoisonError::into_inner);
            tell(progress);
        };
        for change in &transaction {
            tell(Progress::Started((*change).into()));
        }
        let outcomes = match transaction.as_slice() {
            [change] if change.group.is_none() => vec![self.carry_out(change, tell).await],
            group => self.carry_out_group(group, tell).await,
        };
        let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let ended = transaction.into_iter().zip(outcomes);
        ended
            .map(|(change, outcome)| {
                tell(Progress::Finished(change.into(), &outcome));
                let (change, address) = (change.id.clone(), change.address.clone());
                RunChange { change, address, took_ms, outcome }
            })
            .collect()
    }

    async fn carry_out(&self, change: &Change, tell: Tell<'_>) -> Outcome {
        match &change.action {
            Action::DaemonKey { .. } | Action::SetFiles { .. } => Outcome::NotReached,
            Action::UpdateContainer { id, edits, .. } => match self.unmoved(change, id).await {
                Ok(seen) => {
                    note_values(change, edits, &seen, tell);
                    update::update(self.effects, edits, &seen).await
                }
                Err(why) => Outcome::Failed { why },
            },
            Action::ReplaceContainer { id, name, edits } => {
                match self.replaceable(change, id, name, &[]).await {
                    Ok(old) => {
                        tell(before(change, Was::Replaced));
                        let wanted = [Wanted::of(change, name, edits, old)];
                        self.replace(&[change], &wanted, tell).await.remove(0)
                    }
                    Err(why) => Outcome::Failed { why },
                }
            }
            Action::ReplaceAutoRemoved { id, name, edits } => {
                match self.replaceable(change, id, name, &[]).await {
                    Ok(old) => {
                        let step = &mut |step| tell(Progress::Step(change.into(), step));
                        let wanted = Wanted::of(change, name, edits, old);
                        let run = self.options.run.to_string();
                        let order = self.order(&run);
                        auto_remove::replace(self.effects, &order, &wanted, step).await
                    }
                    Err(why) => Outcome::Failed { why },
                }
            }
            Action::RestartContainer { id, name, edits, keys } => {
                // Others may live in its namespaces by now.
                match self.replaceable(change, id, name, &[]).await {
                    Ok(seen) => {
                        note_values(change, edits, &seen, tell);
                        tell(before(change, Was::Restarted));
                        let order = restart::Order {
                            address: &change.address,
                            name,
                            edits,
                            keys,
                            probes: &change.probes,
                            gate: &self.options.gate,
                            interrupt: self.interrupt,
                        };
                        let save =
                            &mut |id: &str, note| tell(Progress::Note(Note::Restarting(id, note)));
                        restart::restart(self.effects, &order, seen, save).await
                    }
                    Err(why) => Outcome::Failed { why },
                }
            }
            Action::EvictContainer { id, until, .. } => match self.unmoved(change, id).await {
                Ok(seen) => {
                    let save = &mut |evicted: Evicted| {
                        let way_back = serde_json::to_value(&evicted).unwrap_or_default();
                        let id = evicted.id.clone();
                        tell(before(change, Was::Evicted { id, way_back }));
                        tell(Progress::Note(Note::Evicting(evicted)));
                    };
                    evict::evict(self.effects, &change.address, *until, &seen, save).await
                }
                Err(why) => Outcome::Failed { why },
            },
        }
    }

    /// Looks again: what moved since the plan was made is not touched.
    async fn unmoved(&self, change: &Change, id: &str) -> Result<Seen, String> {
        let words = |error: DockerError| match error.is_not_found() {
            true => "it is gone".to_owned(),
            false => error.to_string(),
        };
        let reply = self.effects.docker().inspect(id).await.map_err(words)?;
        let inspected = from_inspect(&reply).map_err(|error| error.to_string())?;
        match self.plan.basis.get(&change.address) {
            Some(basis) if *basis != inspected.fingerprint => {
                Err("it was changed since the plan was made; plan again".into())
            }
            Some(_) | None => Seen::from_reply(&reply).map_err(words),
        }
    }

    /// All of it or nothing; one outcome each.
    async fn carry_out_group(&self, group: &[&Change], tell: Tell<'_>) -> Vec<Outcome> {
        let names: Vec<&str> = group.iter().map(|it| it.address.name()).collect();
        let planned = group[0].group.as_ref().map_or(1, |it| it.members.len());
        let mut wanted = Vec::new();
        for change in group {
            let old = match &change.action {
                Action::ReplaceContainer { id, name, edits } if planned == group.len() => self
                    .replaceable(change, id, name, &names)
                    .await
                    .map(|old| Wanted::of(change, name, edits, old)),
                _ => Err("the plan does not hold all that is replaced with it; plan again".into()),
            };
            match old {
                Ok(it) => wanted.push(it),
                Err(why) => return replace::failed(&names, change.address.name(), &why),
            }
        }
        for change in group {
            tell(before(change, Was::Replaced));
        }
        self.replace(group, &wanted, tell).await
    }

    /// Returns it as it is now, unless others than those of its group hold on to it.
    async fn replaceable(
        &self,
        change: &Change,
        id: &str,
        name: &str,
        group: &[&str],
    ) -> Result<Seen, String> {
        let seen = self.unmoved(change, id).await?;
        let read = || Relations::read(self.effects.docker());
        let relations = self.relations.get_or_try_init(read).await.map_err(|it| it.to_string())?;
        let dependents = relations.dependents_of(id, name, group);
        if dependents.is_empty() {
            Ok(seen)
        } else {
            Err(format!(
                "others would break that were not there when the plan was made: {}; plan again",
                dependents.join(", ")
            ))
        }
    }

    fn order<'r>(&'r self, run: &'r str) -> Order<'r> {
        Order {
            run,
            gate: &self.options.gate,
            daemon: &self.options.daemon,
            interrupt: self.interrupt,
        }
    }

    async fn replace(
        &self,
        group: &[&Change],
        wanted: &[Wanted<'_>],
        tell: Tell<'_>,
    ) -> Vec<Outcome> {
        let run = self.options.run.to_string();
        let order = self.order(&run);
        let step = &mut |at: usize, step| tell(Progress::Step(group[at].into(), step));
        replace::replace(self.effects, &order, wanted, step).await
    }
}
