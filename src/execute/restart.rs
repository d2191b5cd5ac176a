//! Stops and starts a container, so that it takes what the daemon gives at a start.
//!
//! The engine does both in one call that goes on when nobody waits for it (moby
//! `containerRestart`). A note is written before and removed afterwards all the same: a container
//! that does not come up again must not be forgotten.

use serde::{Deserialize, Serialize};

use super::{
    Interrupt,
    effects::Effects,
    gate::{Baseline, GateOptions, Verdict, gate},
    replace,
    seen::Seen,
    steps, update,
};
use crate::{
    docker::DockerError,
    model::{edit::ContainerEdit, object::Address, probe::Probe},
    plan::run::Outcome,
};

/// A restart that is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restarting {
    pub address: Address,
    pub id: String,
}

/// What to do, and how long to watch.
pub(super) struct Order<'a> {
    pub(super) address: &'a Address,
    pub(super) name: &'a str,
    pub(super) edits: &'a [ContainerEdit],
    pub(super) keys: &'a [String],
    pub(super) probes: &'a [Probe],
    pub(super) gate: &'a GateOptions,
    pub(super) interrupt: &'a Interrupt,
}

/// Carries it out. `save` gets the note before anything stops, and nothing once it is settled.
pub(super) async fn restart<E: Effects>(
    effects: &E,
    order: &Order<'_>,
    before: Seen,
    save: &mut (dyn FnMut(&str, Option<Restarting>) + Send),
) -> Outcome {
    if let Err(why) = refuse(&before, order.name) {
        return Outcome::Failed { why };
    }
    if !order.edits.is_empty() {
        match update::update(effects, order.edits, &before).await {
            Outcome::Done { .. } => {}
            other => return other,
        }
    }
    let docker = effects.docker();
    let baseline = Baseline::of(&before, order.gate.quiet, jiff::Timestamp::now())
        .with_probes(effects, &before, order.probes, order.gate, order.interrupt)
        .await;
    let id = before.id();
    save(id, Some(Restarting { address: order.address.clone(), id: id.to_owned() }));
    if let Err(error) = effects.restart_container(id).await {
        match settle(effects, &before).await {
            Ok(true) => {}
            Ok(false) => {
                save(id, None);
                return Outcome::Failed { why: error.to_string() };
            }
            // The note stays: the next command tries again.
            Err(further) => {
                let why = format!("{error}; then: {further}");
                return Outcome::Stuck { why, left: vec![format!("{} is down", order.address)] };
            }
        }
    }
    let verdict = gate(effects, id, &baseline, order.gate, order.interrupt).await;
    match verdict {
        Verdict::Open(proof) => {
            save(id, None);
            let keys = order.keys.join(", ");
            Outcome::Done { proof: format!("restarted for {keys}: {proof}") }
        }
        Verdict::Closed(why) => {
            let is_up = matches!(Seen::find(docker, id).await, Ok(Some(seen)) if seen.is_running());
            if is_up {
                save(id, None);
            }
            let left = format!("{} was restarted with the daemon's defaults", order.address);
            Outcome::Stuck { why, left: vec![left] }
        }
    }
}

/// What the plan holds back already, looked at again.
fn refuse(seen: &Seen, name: &str) -> Result<(), String> {
    replace::refuse(seen, name)?;
    match seen.status() {
        "running" => Ok(()),
        other => Err(format!("it is in state {other}")),
    }
}

/// After a failed call: whether it was restarted all the same. One that is down is started.
async fn settle<E: Effects>(effects: &E, before: &Seen) -> Result<bool, DockerError> {
    let now = Seen::of(effects.docker(), before.id()).await?;
    if now.is_running() {
        return Ok(now.started_at() != before.started_at());
    }
    steps::start(effects, before.id()).await.map(|()| true)
}

/// Starts what a restart that was cut off has left down. Returns what was done, if anything.
pub async fn recover<E: Effects>(
    effects: &E,
    note: &Restarting,
) -> Result<Option<&'static str>, DockerError> {
    match Seen::find(effects.docker(), &note.id).await? {
        None => Ok(None),
        Some(seen) if seen.has_processes() => {
            Ok(Some("a restart was cut off; the engine has finished it"))
        }
        Some(seen) => {
            steps::start(effects, seen.id()).await?;
            Ok(Some("a restart was cut off; it was started again"))
        }
    }
}
