//! After a run that was killed while it changed the daemon: finishes it, or takes it back.

use std::time::Duration;

use super::{
    back::{bring_back, reload_old, restart, what_is_left},
    effects::{DaemonEffects, Process, Step},
    live::LiveDaemon,
};
use crate::{
    docker::Endpoint,
    model::daemon_digest,
    plan::DaemonApply,
    store::{DaemonChange, Lock, Store},
};

/// What a killed run had left, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveredDaemon {
    pub run: u64,
    pub end: RecoveredEnd,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecoveredEnd {
    /// The daemon goes by the new file.
    Finished,
    /// The daemon goes by the old file.
    TakenBack,
    /// Somebody wrote the file since; it is left as it is.
    LeftAsFound,
    /// A person is needed.
    Stuck { why: String },
}

/// Looks for the note of a killed run and settles what it left. Needs no daemon that answers;
/// must be called before one is asked for. `None`: nothing was left.
pub async fn recover_daemon(
    endpoint: &Endpoint,
    store: &Store,
    lock: &Lock,
    deadline: Duration,
) -> Step<Option<RecoveredDaemon>> {
    let note = store.daemon_change().map_err(|error| error.to_string())?;
    let Some(note) = note else { return Ok(None) };
    let host = LiveDaemon::of_note(endpoint, (store, lock), &note, deadline);
    Ok(Some(RecoveredDaemon { run: note.run, end: recover(&host, &note).await }))
}

pub(super) async fn recover<E: DaemonEffects>(host: &E, note: &DaemonChange) -> RecoveredEnd {
    match settle(host, note).await {
        Ok(end) => {
            host.discard_candidate();
            match host.forget_note() {
                Ok(()) => end,
                Err(why) => RecoveredEnd::Stuck { why },
            }
        }
        // The note stays: the next command tries again.
        Err(why) => RecoveredEnd::Stuck { why: what_is_left(host, note, why).await.join("\n") },
    }
}

async fn settle<E: DaemonEffects>(host: &E, note: &DaemonChange) -> Step<RecoveredEnd> {
    let now = host.read_file()?.map(|text| daemon_digest::digest_of_bytes(text.as_bytes()));
    let is_interim = now.is_some() && now == note.interim;
    let is_new = is_interim || (now.as_ref() == Some(&note.after) && now != note.before);
    let is_old = now == note.before;
    let old = note.process.map(|(pid, start_ticks)| Process { pid, start_ticks });
    let process = match host.answers().await {
        true => match host.process().await {
            // Asked to end, it still answers, and takes containers with it when it does.
            found if note.restarting && found == old => {
                Some(host.wait_until_up(old).await.unwrap_or(found))
            }
            found => Some(found),
        },
        // Whoever restarts the daemon may still be at it.
        false if note.apply == DaemonApply::Restart => host.wait_until_up(None).await.ok(),
        false => None,
    };
    let end = match process {
        // It started after the file was written, and so goes by it.
        Some(process @ Some(_))
            if is_new
                && !is_interim
                && note.apply == DaemonApply::Restart
                && old.is_some()
                && process != old =>
        {
            RecoveredEnd::Finished
        }
        Some(_) if is_new && !is_interim && note.apply == DaemonApply::Reload => {
            match host.reload().await {
                Ok(_) => RecoveredEnd::Finished,
                Err(_) => taken_back(host, note).await?,
            }
        }
        Some(_) if is_new => taken_back(host, note).await?,
        Some(_) if is_old => RecoveredEnd::TakenBack,
        Some(_) => RecoveredEnd::LeftAsFound,
        None => {
            if is_new {
                host.put_back(note.backup.as_deref())?;
            }
            restart(host, None).await?;
            if is_new || is_old { RecoveredEnd::TakenBack } else { RecoveredEnd::LeftAsFound }
        }
    };
    bring_back(host, &note.ran).await?;
    Ok(end)
}

/// The daemon may have read the new file, or ended over it.
async fn taken_back<E: DaemonEffects>(host: &E, note: &DaemonChange) -> Step<RecoveredEnd> {
    reload_old(host, note).await?;
    if !host.answers().await {
        restart(host, None).await?;
    }
    Ok(RecoveredEnd::TakenBack)
}
