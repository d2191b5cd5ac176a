//! What an earlier run left half done is finished or undone, by what the engine shows alone.
//!
//! Goes back, unless the replacement was already in service and is well. Every command that
//! holds the host's lock runs it first; one list call tells that there is nothing to do.

use std::{collections::BTreeMap, time::Duration};

use futures_util::{StreamExt as _, future::join_all, stream::FuturesUnordered};
use serde_json::json;
use tokio::time::sleep;

use super::{
    Interrupt, auto_remove,
    effects::Effects,
    gate::{Baseline, GateOptions, Verdict, gate},
    replace::commit,
    rollback,
    seen::Seen,
    steps,
    withdraw::{Stranded, Withdrawn, withdraw},
};
use crate::{
    docker::{Docker, DockerError, Summary},
    model::{
        object::Address,
        transaction::{Phase, TXN, Transaction, old_name, phase},
    },
};

/// How long a request may be on its way whose sender died.
const ON_ITS_WAY: Duration = Duration::from_millis(300);

/// One replacement that had been cut off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// The first of those that are replaced together.
    pub address: Address,
    /// What was done about it.
    pub text: String,
    /// False if a person is needed.
    pub settled: bool,
}

/// Returns whether anything was cut off. Changes nothing.
pub async fn is_needed(docker: &Docker) -> Result<bool, DockerError> {
    let twins = twins(docker).await?;
    Ok(!auto_remove::stand_ins(&twins).is_empty() || !cut_off(docker, twins).await?.is_empty())
}

/// Replacements that belong together and were cut off, and what is to be done about them.
struct CutOff {
    members: Vec<Member>,
    next: Next,
}

/// A replacement, and the container that it replaces unless that is gone.
struct Member {
    transaction: Transaction,
    twin: Summary,
    old: Option<Summary>,
}

async fn twins(docker: &Docker) -> Result<Vec<(Transaction, Summary)>, DockerError> {
    let twins = docker.containers_where(&json!({ "label": [TXN] })).await?.into_iter();
    let twins = twins.filter_map(|twin| {
        let transaction = Transaction::from_labels(twin.labels.as_ref()?)?;
        Some((transaction, twin))
    });
    Ok(twins.collect())
}

async fn cut_off(
    docker: &Docker,
    twins: Vec<(Transaction, Summary)>,
) -> Result<Vec<CutOff>, DockerError> {
    if twins.is_empty() {
        return Ok(Vec::new());
    }
    let replaced: Vec<&str> = twins.iter().map(|(it, _)| it.replaces.as_str()).collect();
    let olds: BTreeMap<String, Summary> = docker
        .containers_where(&json!({ "id": replaced }))
        .await?
        .into_iter()
        .map(|old| (old.id.clone(), old))
        .collect();
    let mut groups: BTreeMap<String, Vec<Member>> = BTreeMap::new();
    for (transaction, twin) in twins {
        let old = olds.get(&transaction.replaces).cloned();
        let group = groups.entry(transaction.txn.clone()).or_default();
        group.push(Member { transaction, twin, old });
    }
    let mut all: Vec<CutOff> = groups
        .into_values()
        .filter_map(|mut members| {
            members.sort_by_key(|it| it.transaction.seq);
            Some(CutOff { next: next(&members)?, members })
        })
        .collect();
    all.sort_by(|a, b| a.members[0].transaction.name.cmp(&b.members[0].transaction.name));
    Ok(all)
}

/// Finishes or undoes every replacement that was cut off.
pub async fn recover<E: Effects>(
    effects: &E,
    options: &GateOptions,
    interrupt: &Interrupt,
) -> Result<Vec<Recovered>, DockerError> {
    let docker = effects.docker();
    let mut recovered = Vec::new();
    if !is_needed(docker).await? {
        return Ok(recovered);
    }
    sleep(ON_ITS_WAY).await;
    // First of all: until then a copy may not take its old container's part.
    for stand_in in auto_remove::stand_ins(&twins(docker).await?) {
        recovered.extend(auto_remove::recover(effects, &stand_in).await);
    }
    // At once, as they had been under way at once: one that is down does not wait for the gate of
    // another.
    let cut_off = cut_off(docker, twins(docker).await?).await?;
    let settled = cut_off.iter().map(|it| settle(effects, it, options, interrupt));
    recovered.extend(join_all(settled).await);
    Ok(recovered)
}

async fn settle<E: Effects>(
    effects: &E,
    CutOff { members, next }: &CutOff,
    options: &GateOptions,
    interrupt: &Interrupt,
) -> Recovered {
    let (text, settled) = match next {
        Next::Back => back(effects, members, "").await,
        Next::Aside => {
            let run = members.iter().find_map(|it| match phase(it.twin.name()).1 {
                Phase::Back(run) => Some(run),
                _ => None,
            });
            let twins = members.iter().map(|it| (it.twin.id.clone(), it.transaction.clone()));
            rollback::settle(effects, twins.collect(), &run.unwrap_or_default()).await
        }
        Next::Judge => match judge(effects, members, options, interrupt).await {
            Ok(proof) => finish(effects, members, &proof).await,
            Err(why) => back(effects, members, &format!(": {why}")).await,
        },
        Next::Commit => finish(effects, members, "it need not run").await,
        Next::Discard => outcome(
            discard(effects, members).await,
            "the old container is gone, and its replacement never ran: it was removed",
        ),
        Next::Forward => outcome(
            forward(effects, members).await,
            "the old container is gone: its replacement took over",
        ),
    };
    let mut names = members.iter().map(|it| it.transaction.name.as_str());
    let first = names.next().unwrap_or_default();
    let with: Vec<&str> = names.collect();
    let with = match with.as_slice() {
        [] => String::new(),
        with => format!(" together with that of {}", with.join(", ")),
    };
    let what = if *next == Next::Aside { "a rollback" } else { "a replacement" };
    Recovered {
        address: Address::container(first),
        text: format!("{what} was cut off{with}; {text}"),
        settled,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// Withdraw the replacements.
    Back,
    /// Bring a rollback to its end: the old containers come back, the replacements are kept.
    Aside,
    /// Commit if they pass the gate, otherwise withdraw them.
    Judge,
    Commit,
    /// Remove replacements that have nothing to replace any more.
    Discard,
    /// Put replacements into office that are all there is.
    Forward,
}

/// Decides by names and states alone. A name that no step of ours gives means that somebody took
/// a hand in it; then nothing is touched, as where nothing is left to do.
fn next(members: &[Member]) -> Option<Next> {
    let of = |it: &Member, summary: &Summary| match phase(summary.name()) {
        (name, phase) if name == it.transaction.name => Some(phase),
        _ => None,
    };
    let twins: Option<Vec<Phase>> = members.iter().map(|it| of(it, &it.twin)).collect();
    let olds: Option<Vec<Phase>> =
        members.iter().filter_map(|it| it.old.as_ref().map(|old| of(it, old))).collect();
    let (Some(twins), Some(olds)) = (twins, olds) else { return None };
    // Every one of a group goes the way of the first that a rollback has renamed.
    if twins.iter().any(|it| matches!(it, Phase::Back(_))) {
        let known = |it: &Phase| matches!(it, Phase::Back(_) | Phase::Kept(_) | Phase::InOffice);
        return match twins.iter().all(known) {
            true if olds.is_empty() => Some(Next::Forward),
            true => Some(Next::Aside),
            false => None,
        };
    }
    let are_ours =
        twins.iter().all(|it| matches!(it, Phase::New | Phase::InOffice | Phase::Failed))
            && olds.iter().all(|it| matches!(it, Phase::InOffice | Phase::Old | Phase::Kept(_)));
    if !are_ours {
        return None;
    }
    let all = |wanted: &Phase| twins.iter().all(|it| it == wanted);
    let never_ran =
        members.iter().any(|it| it.twin.state == "created" && it.transaction.old_running);
    let is_whole = members.iter().all(|it| it.transaction.size == members.len());

    // The first that is kept is the point of no return.
    if olds.iter().any(|it| matches!(it, Phase::Kept(_))) {
        let is_committing = all(&Phase::InOffice) && olds.contains(&Phase::Old);
        return is_committing.then_some(Next::Commit);
    }
    if olds.is_empty() {
        return match all(&Phase::New) {
            true => Some(Next::Discard),
            false if never_ran || twins.contains(&Phase::Failed) => Some(Next::Forward),
            false => None,
        };
    }
    if !is_whole || twins.contains(&Phase::Failed) || all(&Phase::New) {
        return Some(Next::Back);
    }
    if olds.len() < members.len() {
        // Removed by hand in the middle, or as the first of those that are not kept. There is no
        // way back any more.
        let is_committing =
            all(&Phase::InOffice) && !never_ran && olds.iter().all(|it| matches!(it, Phase::Old));
        return Some(if is_committing { Next::Commit } else { Next::Forward });
    }
    if twins.contains(&Phase::New) {
        return Some(Next::Back);
    }
    if olds.contains(&Phase::InOffice) {
        return None;
    }
    if never_ran {
        return Some(Next::Back);
    }
    let running = || members.iter().filter(|it| it.transaction.old_running);
    match running().count() {
        0 => Some(Next::Commit),
        // Paused by somebody, perhaps as evidence.
        _ if running().any(|it| it.twin.state == "paused") => None,
        _ => Some(Next::Judge),
    }
}

/// Returns what they have proved, or what speaks against one of them.
async fn judge<E: Effects>(
    effects: &E,
    members: &[Member],
    options: &GateOptions,
    interrupt: &Interrupt,
) -> Result<String, String> {
    let baseline = Baseline::default();
    let baseline = &baseline;
    let mut watched: FuturesUnordered<_> =
        members
            .iter()
            .filter(|it| it.transaction.old_running)
            .map(|it| async move {
                (it, gate(effects, &it.twin.id, baseline, options, interrupt).await)
            })
            .collect();
    let mut proofs = Vec::new();
    while let Some((it, verdict)) = watched.next().await {
        match verdict {
            Verdict::Open(proof) => proofs.push(proof),
            Verdict::Closed(why) if members.len() == 1 => return Err(why),
            Verdict::Closed(why) => return Err(format!("{}: {why}", it.transaction.name)),
        }
    }
    proofs.sort();
    proofs.dedup();
    Ok(proofs.join("; "))
}

async fn back<E: Effects>(effects: &E, members: &[Member], why: &str) -> (String, bool) {
    let group: Vec<Withdrawn<'_>> = members
        .iter()
        .map(|it| Withdrawn { transaction: &it.transaction, twin: &it.twin.id })
        .collect();
    match withdraw(effects, &group).await {
        Ok(()) => (format!("the old container was put back as it was{why}"), true),
        Err(Stranded { why, left }) => {
            (format!("and the way back is blocked: {why}; left: {}", left.join(", ")), false)
        }
    }
}

async fn finish<E: Effects>(effects: &E, members: &[Member], proof: &str) -> (String, bool) {
    // An engine that was restarted may have come to one before the one that it needs.
    let is_down = |it: &&Member| {
        let stays_up = matches!(it.transaction.old_restart.as_str(), "always" | "unless-stopped");
        it.transaction.old_running && stays_up && it.twin.state == "exited"
    };
    for it in members.iter().filter(is_down) {
        if let Err(error) = steps::start(effects, &it.twin.id).await {
            return (format!("the new container does not start again: {error}"), false);
        }
    }
    match put_aside(effects, members).await {
        Ok(kept) => (
            format!(
                "the new container is in service ({proof}), the old one is {}",
                kept.join(", ")
            ),
            true,
        ),
        Err(error) => (format!("the old container could not be put aside: {error}"), false),
    }
}

/// Fences the old containers that are there and puts them aside; returns what became of them.
async fn put_aside<E: Effects>(
    effects: &E,
    members: &[Member],
) -> Result<Vec<String>, DockerError> {
    let mut kept = Vec::new();
    for Member { transaction, .. } in members.iter().rev() {
        let Some(old) = Seen::find(effects.docker(), &transaction.replaces).await? else {
            continue;
        };
        if !matches!(phase(old.name()).1, Phase::Old) {
            continue;
        }
        if old.restart_policy() != "no" {
            steps::set_restart_policy(effects, old.id(), "no").await?;
        }
        kept.push(commit(effects, transaction).await?);
    }
    Ok(kept)
}

async fn discard<E: Effects>(effects: &E, members: &[Member]) -> Result<(), DockerError> {
    for it in members.iter().rev() {
        steps::remove(effects, &it.twin.id).await?;
    }
    Ok(())
}

/// Takes old containers that are left out of office, and puts all replacements in.
async fn forward<E: Effects>(effects: &E, members: &[Member]) -> Result<(), DockerError> {
    for Member { transaction: it, .. } in members.iter().rev() {
        let Some(old) = Seen::find(effects.docker(), &it.replaces).await? else { continue };
        if old.has_processes() {
            steps::stop(effects, old.id()).await?;
        }
        if phase(old.name()).1 == Phase::InOffice {
            steps::rename(effects, old.id(), &old_name(&it.name)).await?;
        }
    }
    for Member { transaction: it, twin, .. } in members {
        if twin.name() != it.name {
            // The name last: it is what tells that this is still to be done.
            steps::set_restart_policy(effects, &twin.id, &it.old_restart).await?;
            steps::rename(effects, &twin.id, &it.name).await?;
        }
        if it.old_running && twin.state != "running" {
            steps::start(effects, &twin.id).await?;
        }
    }
    put_aside(effects, members).await.map(|_| ())
}

fn outcome(result: Result<(), DockerError>, text: &str) -> (String, bool) {
    match result {
        Ok(()) => (text.to_owned(), true),
        Err(error) => (format!("tried: {text}, but {error}"), false),
    }
}

#[cfg(test)]
mod tests;
