//! What comes before everything: connecting, and settling what an earlier run left half done.

use std::{fmt, time::Duration};

use jiff::Timestamp;

use super::{PipelineError, RESTART_DEADLINE};
use crate::{
    docker::{Docker, Endpoint},
    execute::{
        Interrupt,
        daemon::recover::{RecoveredDaemon, RecoveredEnd, recover_daemon},
        evict::{self, Evicted},
        gate::GateOptions,
        host::Host,
        recover,
        restart::{self, Restarting},
    },
    plan::{
        FORMAT_VERSION,
        run::{Run, Settled},
    },
    store::{Holder, Lock, LockError, Store},
};

/// What recovery did about one thing that a run had left half done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// An address, or `daemon`.
    pub what: String,
    pub text: String,
    /// False if a person is needed.
    pub settled: bool,
}

impl fmt::Display for Recovered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.text)
    }
}

/// What came of looking for something to recover.
#[derive(Debug)]
pub enum Recovery {
    NothingToDo,
    Done(Vec<Recovered>),
    /// Another run holds the lock and will see to its own.
    AnotherRunIsAtWork,
}

/// Connects, and finishes or takes back what an earlier run left half done, if there is such a
/// thing. Takes the lock only then, so that looking at a healthy host leaves no trace.
pub async fn open(
    endpoint: &Endpoint,
    store: &Store,
    holder: Holder,
    clock: fn() -> Timestamp,
) -> Result<(Docker, Recovery), PipelineError> {
    let restarting: Vec<Restarting> = store.restarting()?;
    let releasing: Vec<Evicted> = store.releasing()?;
    if store.daemon_change()?.is_none() && restarting.is_empty() && releasing.is_empty() {
        let docker = Docker::connect(endpoint).await?;
        if !recover::is_needed(&docker).await? {
            return Ok((docker, Recovery::NothingToDo));
        }
    }
    match store.lock(holder, Duration::ZERO).await {
        Ok(lock) => {
            let (docker, recovered) =
                open_under(endpoint, store, &lock, &GateOptions::default(), clock).await?;
            Ok((docker, Recovery::Done(recovered)))
        }
        Err(LockError::Held(_)) => {
            Ok((Docker::connect(endpoint).await?, Recovery::AnotherRunIsAtWork))
        }
        Err(error) => Err(error.into()),
    }
}

/// The same under a lock that is held already. What was done goes into the record of the run that
/// was cut off, where this directory knows of it.
pub async fn open_under(
    endpoint: &Endpoint,
    store: &Store,
    lock: &Lock,
    gate: &GateOptions,
    clock: fn() -> Timestamp,
) -> Result<(Docker, Vec<Recovered>), PipelineError> {
    let mut recovered = Vec::new();
    // The daemon first: until it is back nobody answers.
    match recover_daemon(endpoint, store, lock, RESTART_DEADLINE).await {
        Ok(None) => {}
        Ok(Some(it)) => recovered.push(of_daemon(&it)),
        Err(why) => recovered.push(Recovered { what: "daemon".into(), text: why, settled: false }),
    }
    let docker = match Docker::connect(endpoint).await {
        Ok(docker) => docker,
        // Why it does not answer is the better answer.
        Err(_) if recovered.iter().any(|it| !it.settled) => {
            return Err(PipelineError::NotRecovered(recovered));
        }
        Err(error) => return Err(error.into()),
    };
    let host = Host::new(docker.clone());
    let containers = recover::recover(&host, gate, &Interrupt::default()).await?;
    recovered.extend(containers.into_iter().map(|it| Recovered {
        what: it.address.to_string(),
        text: it.text,
        settled: it.settled,
    }));
    for note in store.restarting::<Restarting>()? {
        let what = note.address.to_string();
        match restart::recover(&host, &note).await {
            Ok(done) => {
                store.save_restarting::<Restarting>(lock, &note.id, None)?;
                let of = |text: &str| Recovered { what, text: text.to_owned(), settled: true };
                recovered.extend(done.map(of));
            }
            Err(error) => {
                let text = format!("a restart was cut off, and it does not start: {error}");
                recovered.push(Recovered { what, text, settled: false });
            }
        }
    }
    for note in store.releasing::<Evicted>()? {
        let what = note.address.to_string();
        match evict::recover(&host, &note).await {
            Ok(done) => {
                store.save_releasing::<Evicted>(lock, &note.id, None)?;
                let text = |done| format!("a rollback was cut off and brought to its end: {done}");
                let of = |done| Recovered { what, text: text(done), settled: true };
                recovered.extend(done.map(of));
            }
            Err(error) => {
                let text = format!("a rollback was cut off, and cannot be ended: {error}");
                recovered.push(Recovered { what, text, settled: false });
            }
        }
    }
    record(store, lock, &recovered, clock())?;
    Ok((docker, recovered))
}

fn record(
    store: &Store,
    lock: &Lock,
    recovered: &[Recovered],
    now: Timestamp,
) -> Result<(), PipelineError> {
    let Some((id, command, since)) =
        lock.predecessor().and_then(|it| Some((it.run?, &it.command, &it.since)))
    else {
        return Ok(());
    };
    if recovered.is_empty() {
        return Ok(());
    }
    let at = now.to_string();
    let by = &lock.holder().command;
    let mut run = store.run(id)?.unwrap_or_else(|| Run {
        format_version: FORMAT_VERSION.to_owned(),
        id,
        command: command.clone(),
        started_at: since.clone(),
        ended_at: at.clone(),
        declaration_digest: String::new(),
        outcomes: Vec::new(),
        settled: Vec::new(),
    });
    run.settled.extend(recovered.iter().map(|it| Settled {
        what: it.what.clone(),
        text: it.text.clone(),
        settled: it.settled,
        by: by.clone(),
        at: at.clone(),
    }));
    store.save_run(lock, &run)?;
    let mut last = store.last_applied()?;
    last.run = Some((id, at));
    store.save_last_applied(lock, &last)?;
    Ok(())
}

fn of_daemon(recovered: &RecoveredDaemon) -> Recovered {
    let (text, settled) = match &recovered.end {
        RecoveredEnd::Finished => ("goes by the new file, as it was meant to".to_owned(), true),
        RecoveredEnd::TakenBack => ("goes by its old file again".to_owned(), true),
        RecoveredEnd::LeftAsFound => {
            ("somebody wrote the file since; it is left as it is".to_owned(), true)
        }
        RecoveredEnd::Stuck { why } => (why.clone(), false),
    };
    Recovered { what: "daemon".into(), text: format!("run {}: {text}", recovered.run), settled }
}
