//! Replaces a container that was started with `--rm`, where the declaration allows it.
//!
//! The engine removes such a container as soon as it stops, with its anonymous volumes, and
//! neither `update` nor anything else keeps it from that. So a copy of it is made first, which is
//! never started unless it is needed: it takes the place that the old container has in every
//! other replacement, and both copies keep the volumes alive. What happens then is undone and
//! recovered as usual; only while the old container itself is there is it for this file to do.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use tokio::time::{Instant, sleep};

use super::{
    cause::last_words,
    committed,
    create::{Asked, create, discard},
    effects::Effects,
    gate::{Verdict, gate, wait},
    in_flight,
    recover::Recovered,
    replace::{LOG_LINES, Order, Wanted, baseline, commit, refuse_in_any_case},
    seen::{Seen, changed_meanwhile},
    steps,
    withdraw::{Stranded, Withdrawn, withdraw},
};
use crate::{
    docker::{Docker, DockerError, Summary},
    model::{
        object::Address,
        transaction::{Phase, Transaction, old_name, phase},
    },
    plan::{run::Outcome, step::Step},
};

/// How long the engine may take to remove a container that has stopped.
const REMOVED_WITHIN: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(50);

pub(super) async fn replace<E: Effects>(
    effects: &E,
    order: &Order<'_>,
    wanted: &Wanted<'_>,
    tell: &mut (dyn FnMut(Step) + Send),
) -> Outcome {
    match attempt(effects, order, wanted, tell).await {
        Ok(outcome) => outcome,
        Err(why) => Outcome::Failed { why },
    }
}

/// Fails only where nothing has changed.
async fn attempt<E: Effects>(
    effects: &E,
    order: &Order<'_>,
    wanted: &Wanted<'_>,
    tell: &mut (dyn FnMut(Step) + Send),
) -> Result<Outcome, String> {
    let docker = effects.docker();
    let (old, name) = (&wanted.old, wanted.name);
    refuse_in_any_case(old, name)?;
    if !old.is_running() {
        return Err(format!("it was started with --rm and is in state {}", old.status()));
    }
    let words = |error: DockerError| error.to_string();

    let committed = match wanted.commit {
        true => {
            tell("putting its files into an image".into());
            Some(committed::commit(effects, old, order.run).await.map_err(words)?)
        }
        false => None,
    };
    let like = committed.as_ref().unwrap_or(old);
    tell("creating a copy of it, for the way back".into());
    let of_copy = transaction(order, name, old.id());
    let asked = Asked::of(docker, order, &[], like, &of_copy, &[]).await.map_err(words)?;
    let copy = create(effects, &asked, like, &of_copy).await?;
    if let Err(error) = steps::rename(effects, copy.id(), &old_name(name)).await {
        discard(effects, &copy, &[]).await;
        return Err(error.to_string());
    }
    tell("creating its replacement".into());
    let transaction = transaction(order, name, copy.id());
    let twin = match Asked::of(docker, order, wanted.edits, like, &transaction, &[]).await {
        Ok(asked) => create(effects, &asked, like, &transaction).await,
        Err(error) => Err(error.to_string()),
    };
    let twin = match twin {
        Ok(twin) => twin,
        Err(why) => {
            discard(effects, &copy, &[]).await;
            return Err(why);
        }
    };
    let now = Seen::of(docker, old.id()).await;
    if let Some(what) = now.ok().and_then(|now| now.moved_since(old)) {
        discard(effects, &twin, &[]).await;
        discard(effects, &copy, &[]).await;
        return Err(changed_meanwhile(&what));
    }

    let baseline = baseline(effects, wanted, order).await;
    tell("stopping the old one, which removes it".into());
    let began = Instant::now();
    let why = match put_into_office(effects, old, &twin, name).await {
        Ok(()) => {
            let down = began.elapsed().as_secs_f64();
            tell(Step::Watching(wait(&wanted.old, order.gate)));
            match gate(effects, twin.id(), &baseline, order.gate, order.interrupt).await {
                Verdict::Open(proof) => {
                    let kept = match commit(effects, &transaction).await {
                        Ok(aside) => format!("a copy of the old one is {aside}"),
                        Err(error) => format!("the copy keeps its passing name for now: {error}"),
                    };
                    let proof = format!("{proof}; down for {down:.1} s; {kept}");
                    return Ok(Outcome::Done { proof });
                }
                Verdict::Closed(why) => why,
            }
        }
        Err(error) => error.to_string(),
    };
    tell(Step::Withdrawing(format!("putting a copy of the old one in its place: {why}")));
    let log = docker.logs_tail(twin.id(), LOG_LINES).await.unwrap_or_default();
    let said = match Seen::find(docker, twin.id()).await {
        Ok(Some(twin)) if twin.was_started() => last_words(&twin, &log, wanted.edits, name),
        Ok(_) | Err(_) => String::new(),
    };
    let why = format!("{why}{said}");
    Ok(match back(effects, old, &copy, &transaction, twin.id()).await {
        Ok(()) => Outcome::Undone { why },
        Err(Stranded { why: further, left }) => {
            Outcome::Stuck { why: format!("{why}; then: {further}"), left }
        }
    })
}

fn transaction(order: &Order<'_>, name: &str, replaces: &str) -> Transaction {
    Transaction {
        txn: format!("{:016x}", RandomState::new().hash_one(replaces)),
        replaces: replaces.into(),
        name: name.into(),
        run: order.run.into(),
        old_restart: "no".into(),
        old_running: true,
        seq: 1,
        size: 1,
    }
}

async fn put_into_office<E: Effects>(
    effects: &E,
    old: &Seen,
    twin: &Seen,
    name: &str,
) -> Result<(), DockerError> {
    match steps::stop(effects, old.id()).await {
        // It can be gone before the answer is there.
        Err(error) if !error.is_not_found() => return Err(error),
        Ok(()) | Err(_) => {}
    }
    is_removed(effects.docker(), old.id()).await?;
    steps::rename(effects, twin.id(), name).await?;
    steps::start(effects, twin.id()).await
}

/// Waits until the engine has removed it; an error once that takes too long.
async fn is_removed(docker: &Docker, id: &str) -> Result<(), DockerError> {
    let deadline = Instant::now() + REMOVED_WITHIN;
    while Seen::find(docker, id).await?.is_some() {
        if Instant::now() >= deadline {
            return Err(DockerError::TimedOut { what: "removing a container that stopped".into() });
        }
        sleep(PAUSE).await;
    }
    Ok(())
}

async fn back<E: Effects>(
    effects: &E,
    old: &Seen,
    copy: &Seen,
    transaction: &Transaction,
    twin: &str,
) -> Result<(), Stranded> {
    let docker = effects.docker();
    let strand = |error: DockerError| Stranded {
        why: error.to_string(),
        left: vec![format!("containers named `{0}` or starting with `{0}.`", transaction.name)],
    };
    // The stop itself may have failed.
    if let Some(old) = Seen::find(docker, old.id()).await.map_err(strand)?
        && old.is_running()
    {
        steps::remove(effects, twin).await.map_err(strand)?;
        return steps::remove(effects, copy.id()).await.map_err(strand);
    }
    is_removed(docker, old.id()).await.map_err(strand)?;
    // One that ended is about to be removed, and nothing else can be done with it until then.
    let ended = Seen::find(docker, twin).await.map_err(strand)?;
    if ended.is_some_and(|it| it.was_started() && !it.has_processes()) {
        is_removed(docker, twin).await.map_err(strand)?;
    }
    withdraw(effects, &[Withdrawn { transaction, twin }]).await
}

/// A copy that waits for its use, with the replacement if that is there.
pub(super) struct StandIn<'a> {
    transaction: &'a Transaction,
    copy: &'a Summary,
    twin: Option<&'a Summary>,
}

/// Returns the copies among all containers that carry a transaction. A container that is being
/// replaced a second time bears the same name, but it was started.
pub(super) fn stand_ins(listed: &[(Transaction, Summary)]) -> Vec<StandIn<'_>> {
    listed
        .iter()
        .filter(|(transaction, copy)| {
            phase(copy.name()) == (transaction.name.as_str(), Phase::Old)
                && copy.state == "created"
                && transaction.old_running
        })
        .map(|(transaction, copy)| {
            let twin = listed.iter().find(|(it, _)| it.replaces == copy.id);
            StandIn { transaction, copy, twin: twin.map(|(_, twin)| twin) }
        })
        .collect()
}

/// Settles what was cut off while the old container was there or nothing but the copy is left.
/// Returns nothing where the copy has taken the old one's part, and the rest is as usual.
pub(super) async fn recover<E: Effects>(effects: &E, stand_in: &StandIn<'_>) -> Option<Recovered> {
    let (text, settled) = match settle(effects, stand_in).await {
        Ok(text) => (text?.to_owned(), true),
        Err(error) => (format!("and could not be settled: {error}"), false),
    };
    Some(Recovered {
        address: Address::container(&stand_in.transaction.name),
        text: format!("a replacement was cut off; {text}"),
        settled,
    })
}

async fn settle<E: Effects>(
    effects: &E,
    stand_in: &StandIn<'_>,
) -> Result<Option<&'static str>, DockerError> {
    let docker = effects.docker();
    let StandIn { transaction, copy, twin } = stand_in;
    if let Some(old) = Seen::find(docker, &transaction.replaces).await? {
        let made = Seen::of(docker, &copy.id).await?;
        let stays = match in_flight::settled(docker, old, made.created()).await {
            Ok(old) => old.has_processes(),
            Err(error) if error.is_not_found() => false,
            Err(error) => return Err(error),
        };
        if stays {
            remove_copies(effects, stand_in).await?;
            return Ok(Some("the old container was left as it was"));
        }
        is_removed(docker, &transaction.replaces).await?;
    }
    let ours = [Some(copy.id.as_str()), twin.map(|it| it.id.as_str())];
    let in_office = Seen::find(docker, &transaction.name).await?;
    if in_office.is_some_and(|it| !ours.contains(&Some(it.id()))) {
        remove_copies(effects, stand_in).await?;
        return Ok(Some("somebody has started another one meanwhile, which was left alone"));
    }
    if twin.is_some() {
        return Ok(None);
    }
    steps::rename(effects, &copy.id, &transaction.name).await?;
    steps::start(effects, &copy.id).await?;
    Ok(Some("a copy of the old container, which is gone, took its place"))
}

/// The replacement first: without the copy it would look like one whose old container is gone.
async fn remove_copies<E: Effects>(effects: &E, stand_in: &StandIn<'_>) -> Result<(), DockerError> {
    if let Some(twin) = stand_in.twin {
        steps::remove(effects, &twin.id).await?;
    }
    steps::remove(effects, &stand_in.copy.id).await
}
