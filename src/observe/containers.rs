//! Inspecting many containers at once, each decoded as it arrives.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use serde_json::Value;

use super::process::Proc;
use crate::{
    docker::{Docker, DockerError, Summary},
    model::{
        object::Address,
        process::ProcessFacts,
        snapshot::{BlindSpot, Observed},
    },
    sources::inspect::from_inspect,
};

/// More at once gains next to nothing: the engine is the narrow place.
const IN_FLIGHT: usize = 8;

/// One container as far as it could be looked at.
#[derive(Debug)]
pub(super) enum Inspected {
    Seen {
        observed: Box<Observed>,
        process: Result<Arc<ProcessFacts>, &'static str>,
        /// IDs of what was started in it from outside.
        execs: Vec<String>,
        /// Where its program starts.
        working_directory: String,
    },
    Blind(BlindSpot),
}

/// Inspects all of them, with the kernel's word on their processes, in detail if that is asked
/// for; one that is gone by now is left out. Fails only if the engine is gone.
pub(super) async fn inspect_all(
    docker: &Docker,
    listed: Vec<Summary>,
    proc: Option<(&Proc, bool)>,
) -> Result<Vec<Inspected>, DockerError> {
    let listed = Arc::new(listed);
    let next = Arc::new(AtomicUsize::new(0));
    // Tasks, so that replies are decoded while others are under way, on every core.
    let workers: Vec<_> = (0..IN_FLIGHT.min(listed.len()))
        .map(|_| {
            let (docker, listed, next) = (docker.clone(), listed.clone(), next.clone());
            let proc = proc.map(|(proc, detailed)| (proc.clone(), detailed));
            tokio::spawn(async move {
                let mut inspected = Vec::new();
                while let Some(summary) = listed.get(next.fetch_add(1, Ordering::Relaxed)) {
                    inspected.extend(
                        inspect(&docker, summary, proc.as_ref().map(|it| (&it.0, it.1))).await?,
                    );
                }
                Ok(inspected)
            })
        })
        .collect();
    let mut all = Vec::with_capacity(listed.len());
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
    failure.map_or(Ok(all), Err)
}

async fn inspect(
    docker: &Docker,
    summary: &Summary,
    proc: Option<(&Proc, bool)>,
) -> Result<Option<Inspected>, DockerError> {
    let blind = |why: String| {
        let address = Address::container(summary.name());
        Ok(Some(Inspected::Blind(BlindSpot { address, why })))
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
            let process = match proc {
                _ if !spec.state.has_processes() || spec.pid == 0 => Err("it does not run"),
                None => Err("its process is on another machine"),
                Some((proc, detailed)) => proc.container_process(spec.pid, &spec.id, detailed),
            };
            let process = process.map(Arc::new);
            let observed = Observed { spec, fingerprint: inspected.fingerprint };
            let observed = Box::new(observed);
            let (execs, working_directory) = (inspected.execs, inspected.working_directory);
            Ok(Some(Inspected::Seen { observed, process, execs, working_directory }))
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
