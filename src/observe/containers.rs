//! Inspecting many containers at once, each decoded as it arrives.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::Value;
use tokio::sync::{
    Mutex,
    mpsc::{self, UnboundedReceiver, UnboundedSender},
};

use super::process::Proc;
use crate::{
    docker::{Docker, DockerError, Summary},
    model::{
        effective::ProcessFacts,
        object::Address,
        snapshot::{BlindSpot, Observed},
    },
    sources::inspect::from_inspect,
};

/// More at once gains next to nothing: the engine is the narrow place.
const IN_FLIGHT: usize = 8;

/// Containers asked for in one list.
const PAGE: usize = 200;

/// One container as far as it could be looked at.
#[derive(Debug)]
pub(super) enum Inspected {
    Seen { observed: Box<Observed>, process: Option<ProcessFacts> },
    Blind { id: String, spot: BlindSpot },
}

impl Inspected {
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Seen { observed, .. } => &observed.spec.id,
            Self::Blind { id, .. } => id,
        }
    }
}

/// Lists and inspects every container; one that is gone by now is left out. Fails only if the
/// engine is gone.
pub(super) async fn inspect_all(
    docker: &Docker,
    proc: Option<&Proc>,
) -> Result<(Vec<Summary>, Vec<Inspected>), DockerError> {
    let (sender, receiver) = mpsc::unbounded_channel();
    let receiver = Arc::new(Mutex::new(receiver));
    // Tasks, so that replies are decoded while others are under way, on every core.
    let workers: Vec<_> = (0..IN_FLIGHT)
        .map(|_| {
            let (docker, receiver, proc) = (docker.clone(), receiver.clone(), proc.cloned());
            tokio::spawn(async move {
                let mut inspected = Vec::new();
                while let Some(summary) = next(&receiver).await {
                    inspected.extend(inspect(&docker, &summary, proc.as_ref()).await?);
                }
                Ok(inspected)
            })
        })
        .collect();
    let listed = list(docker, sender).await;
    let mut all = Vec::new();
    let mut failure = None;
    for worker in workers {
        match worker.await {
            Ok(Ok(inspected)) => all.extend(inspected),
            Ok(Err(error)) => failure = Some(error),
            Err(panic) => {
                let what = "inspecting containers".to_owned();
                failure = Some(DockerError::BadReply { what, cause: panic.to_string() });
            }
        }
    }
    match (listed, failure) {
        (Ok(listed), None) => Ok((listed, all)),
        (Err(error), _) | (Ok(_), Some(error)) => Err(error),
    }
}

async fn next(receiver: &Mutex<UnboundedReceiver<Summary>>) -> Option<Summary> {
    receiver.lock().await.recv().await
}

/// Hands out containers as they are listed: the engine takes half as long to list one as to
/// inspect it, so one list in full would keep the inspections waiting.
async fn list(
    docker: &Docker,
    sender: UnboundedSender<Summary>,
) -> Result<Vec<Summary>, DockerError> {
    let mut seen = BTreeSet::new();
    let mut listed: Vec<Summary> = Vec::new();
    let mut hand_out = |page: Vec<Summary>, listed: &mut Vec<Summary>| {
        let fresh: Vec<_> = page.into_iter().filter(|it| seen.insert(it.id.clone())).collect();
        for summary in &fresh {
            // Workers stop early only if the engine is gone, which they report.
            let _ = sender.send(summary.clone());
        }
        let found = !fresh.is_empty();
        listed.extend(fresh);
        found
    };
    loop {
        let before = listed.last().map(|it| it.id.clone());
        match docker.containers_before(before.as_deref(), PAGE).await {
            Ok(page) => {
                let more = page.len() == PAGE;
                let found = hand_out(page, &mut listed);
                if !more {
                    return Ok(listed);
                }
                if !found {
                    // The engine takes no notice of `before`.
                    break;
                }
            }
            // The last one of the page before is gone by now.
            Err(DockerError::Status { .. }) if before.is_some() => break,
            Err(error) => return Err(error),
        }
    }
    hand_out(docker.containers().await?, &mut listed);
    Ok(listed)
}

async fn inspect(
    docker: &Docker,
    summary: &Summary,
    proc: Option<&Proc>,
) -> Result<Option<Inspected>, DockerError> {
    let blind = |why: String| {
        let address = Address::container(summary.name());
        Ok(Some(Inspected::Blind { id: summary.id.clone(), spot: BlindSpot { address, why } }))
    };
    let reply = match docker.inspect(&summary.id).await {
        Ok(reply) => reply,
        Err(error) if error.is_not_found() => return Ok(None),
        Err(error) if error.is_engine_gone() => return Err(error),
        Err(error) => return blind(error.to_string()),
    };
    match from_inspect(&reply) {
        Ok(inspected) => {
            let spec = inspected.spec;
            let process = proc
                .filter(|_| spec.state.has_processes() && spec.pid != 0)
                .and_then(|proc| proc.container_process(spec.pid, &spec.id));
            let observed = Observed { spec, fingerprint: inspected.fingerprint };
            Ok(Some(Inspected::Seen { observed: Box::new(observed), process }))
        }
        Err(error) => blind(format!("its inspect reply cannot be read: {error}")),
    }
}

/// Returns when a container stopped; empty if that cannot be told.
pub(super) async fn finished_at(docker: &Docker, id: &str) -> Result<String, DockerError> {
    match docker.inspect(id).await {
        Ok(reply) => {
            let reply: Value = serde_json::from_slice(&reply).unwrap_or_default();
            Ok(reply["State"]["FinishedAt"].as_str().unwrap_or_default().to_owned())
        }
        Err(error) if error.is_engine_gone() => Err(error),
        Err(_) => Ok(String::new()),
    }
}
