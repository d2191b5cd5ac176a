//! Replaces containers by ones that differ in the wanted settings and in nothing else.
//!
//! The replacements are made first, under names of their own, while the old ones still run: what
//! the engine refuses is refused at no cost. From then on names say how far it is, labels say
//! what belongs together, and `recover` finishes or undoes it from there.
//!
//! Containers that hold on to each other are one group, those first that others refer to, and
//! all of them are replaced or none. A single container is a group of one.

mod swap;

use std::{
    fs,
    hash::{BuildHasher, RandomState},
};

use self::swap::{Member, Swap};
use super::{
    Interrupt, committed,
    create::{Asked, create, discard},
    effects::Effects,
    gate::{Baseline, GateOptions},
    references::Replaced,
    replicas,
    seen::{Seen, changed_meanwhile},
    steps,
    withdraw::Stranded,
};
use crate::{
    docker::DockerError,
    model::{
        edit::ContainerEdit,
        own_container::own_container,
        probe::Probe,
        transaction::{Phase, Transaction, kept_name, phase},
    },
    plan::{Change, run::Outcome, step::Step},
    sources::create_body::DaemonFacts,
};

pub(super) const LOG_LINES: usize = 30;

/// How containers are replaced.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order<'a> {
    /// Number of the run.
    pub(super) run: &'a str,
    pub(super) gate: &'a GateOptions,
    pub(super) daemon: &'a DaemonFacts,
    pub(super) interrupt: &'a Interrupt,
}

/// One container to be replaced.
pub(super) struct Wanted<'a> {
    pub(super) name: &'a str,
    pub(super) edits: &'a [ContainerEdit],
    /// What has to answer afterwards as it did before.
    pub(super) probes: &'a [Probe],
    /// Whether its changed files go along, in an image.
    pub(super) commit: bool,
    pub(super) old: Seen,
}

impl<'a> Wanted<'a> {
    pub(super) fn of(
        change: &'a Change,
        name: &'a str,
        edits: &'a [ContainerEdit],
        old: Seen,
    ) -> Self {
        Self { name, edits, probes: &change.probes, commit: change.commit, old }
    }
}

/// What is happening to which of the group, by its position.
pub(super) type TellOf<'a> = &'a mut (dyn FnMut(usize, Step) + Send);

/// Why nothing was changed, or what was taken back; and which of the group it was about.
enum Halt {
    /// Before anything changed, or with everything as it was.
    Failed(usize, String),
    Undone(usize, String),
    Stuck(usize, Stranded),
}

/// Replaces a group, providers first; returns an outcome for each.
pub(super) async fn replace<E: Effects>(
    effects: &E,
    order: &Order<'_>,
    group: &[Wanted<'_>],
    tell: TellOf<'_>,
) -> Vec<Outcome> {
    let names: Vec<&str> = group.iter().map(|it| it.name).collect();
    match attempt(effects, order, group, tell).await {
        Ok(proofs) => proofs.into_iter().map(|proof| Outcome::Done { proof }).collect(),
        Err(Halt::Failed(at, why)) => failed(&names, names[at], &why),
        Err(Halt::Undone(at, why)) => each(&names, names[at], &why, |why| Outcome::Undone { why }),
        Err(Halt::Stuck(at, Stranded { why, left })) => {
            each(&names, names[at], &why, |why| Outcome::Stuck { why, left: left.clone() })
        }
    }
}

/// Nothing of a group was changed, because of one of them.
pub(super) fn failed(group: &[&str], because_of: &str, why: &str) -> Vec<Outcome> {
    each(group, because_of, why, |why| Outcome::Failed { why })
}

fn each(
    group: &[&str],
    because_of: &str,
    why: &str,
    outcome: impl Fn(String) -> Outcome,
) -> Vec<Outcome> {
    let words = |name: &str| match name == because_of {
        true => why.to_owned(),
        false => format!("it goes with container/{because_of}: {why}"),
    };
    group.iter().map(|name| outcome(words(name))).collect()
}

async fn attempt<E: Effects>(
    effects: &E,
    order: &Order<'_>,
    group: &[Wanted<'_>],
    tell: TellOf<'_>,
) -> Result<Vec<String>, Halt> {
    for (at, wanted) in group.iter().enumerate() {
        refuse(&wanted.old, wanted.name).map_err(|why| Halt::Failed(at, why))?;
    }
    let mut baselines = Vec::new();
    for (at, wanted) in group.iter().enumerate() {
        if !wanted.probes.is_empty() {
            tell(at, "asking its probes, while the old one runs".into());
        }
        baselines.push(baseline(effects, wanted, order).await);
    }
    let mut members = Vec::new();
    if let Err(halt) = prepare(effects, order, group, &mut members, tell).await {
        for member in members.iter().rev() {
            discard(effects, &member.twin, &[]).await;
        }
        return Err(halt);
    }
    let swap = Swap { effects, order, members, baselines };
    let times = match swap.forward(tell).await {
        Ok(times) => times,
        Err((at, why)) => return Err(swap.back(at, &why, tell).await),
    };
    let proofs = match swap.watch(tell).await {
        Ok(proofs) => proofs,
        Err((at, why)) => return Err(swap.back(at, &why, tell).await),
    };
    Ok(swap.commit(&proofs, &times).await)
}

/// Creates the replacements and looks at the old ones again.
async fn prepare<'a, E: Effects>(
    effects: &E,
    order: &Order<'_>,
    group: &'a [Wanted<'a>],
    members: &mut Vec<Member<'a>>,
    tell: TellOf<'_>,
) -> Result<(), Halt> {
    let txn = format!("{:016x}", RandomState::new().hash_one(order.run));
    let mut replaced = Vec::new();
    for (at, wanted) in group.iter().enumerate() {
        let old = &wanted.old;
        let transaction = Transaction {
            txn: txn.clone(),
            replaces: old.id().into(),
            name: wanted.name.into(),
            run: order.run.into(),
            old_restart: old.restart_policy(),
            old_running: old.has_processes(),
            seq: at + 1,
            size: group.len(),
        };
        let committed = match wanted.commit {
            true => {
                tell(at, "putting its files into an image".into());
                let committed = committed::commit(effects, old, order.run).await;
                Some(committed.map_err(|error| Halt::Failed(at, error.to_string()))?)
            }
            false => None,
        };
        let like = committed.as_ref().unwrap_or(old);
        tell(at, "creating its replacement".into());
        let asked =
            Asked::of(effects.docker(), order, wanted.edits, like, &transaction, &replaced).await;
        let asked = asked.map_err(|error| Halt::Failed(at, error.to_string()))?;
        let twin = create(effects, &asked, like, &transaction).await;
        let twin = twin.map_err(|why| Halt::Failed(at, why))?;
        let (old, name) = (old.id().to_owned(), wanted.name.to_owned());
        replaced.push(Replaced { old, name, twin: twin.id().to_owned() });
        members.push(Member { wanted, transaction, twin });
    }
    for (at, Wanted { old, .. }) in group.iter().enumerate() {
        let now = Seen::of(effects.docker(), old.id()).await;
        if let Some(what) = now.ok().and_then(|now| now.moved_since(old)) {
            return Err(Halt::Failed(at, changed_meanwhile(&what)));
        }
    }
    Ok(())
}

pub(super) async fn baseline<E: Effects>(
    effects: &E,
    wanted: &Wanted<'_>,
    order: &Order<'_>,
) -> Baseline {
    let baseline = Baseline::of(&wanted.old, order.gate.quiet, jiff::Timestamp::now());
    let moves_network = wanted.edits.iter().any(|it| matches!(it, ContainerEdit::NetworkMode(_)));
    let baseline = if moves_network { baseline.without_ports() } else { baseline };
    baseline.with_probes(effects, &wanted.old, wanted.probes, order.gate, order.interrupt).await
}

/// What the plan holds back already, looked at again.
pub(super) fn refuse(old: &Seen, name: &str) -> Result<(), String> {
    if old.auto_remove() {
        return Err(
            "it was started with --rm: stopping it would remove it, with no way back".into()
        );
    }
    refuse_in_any_case(old, name)
}

/// The same for one that the declaration lets go when it stops.
pub(super) fn refuse_in_any_case(old: &Seen, name: &str) -> Result<(), String> {
    if old.name() != name {
        return Err(format!("it is named `{}` now", old.name()));
    }
    if phase(name).1 != Phase::InOffice {
        return Err("it is one of plimsoll's own".into());
    }
    match old.status() {
        "created" | "running" | "restarting" | "exited" => {}
        "paused" => return Err("it is paused, which may be on purpose".into()),
        other => return Err(format!("it is in state {other}")),
    }
    if is_our_own(old.id()) {
        return Err("plimsoll runs in it".into());
    }
    Ok(())
}

/// Stopping the container that this process runs in would be the last thing it does.
fn is_our_own(id: &str) -> bool {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let own = own_container(
        &read("/proc/self/mountinfo"),
        &read("/proc/self/cgroup"),
        &read("/proc/sys/kernel/hostname"),
    );
    own.is_some_and(|own| id.starts_with(&own))
}

/// Ends the transaction: the old container gets the name under which it is kept, or goes where it
/// cannot be kept. Returns what became of it.
pub(super) async fn commit<E: Effects>(
    effects: &E,
    transaction: &Transaction,
) -> Result<String, DockerError> {
    let Transaction { name, run, replaces, .. } = transaction;
    if let Some(gone) = replicas::remove_counted(effects, replaces).await? {
        return Ok(gone);
    }
    let words = |kept: &str| format!("kept as {kept}");
    let kept = kept_name(name, run);
    let Err(error) = steps::rename(effects, replaces, &kept).await else {
        return Ok(words(&kept));
    };
    if error.code() != Some(409) {
        return Err(error);
    }
    // Run numbers start again when the state directory is lost.
    let distinct: String =
        replaces.bytes().take(6).map(|byte| (b'0' + byte % 10) as char).collect();
    let kept = kept_name(name, &format!("{run}-{distinct}"));
    steps::rename(effects, replaces, &kept).await.map(|()| words(&kept))
}
