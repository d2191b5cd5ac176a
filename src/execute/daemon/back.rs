//! The way back: what taking back shares with whoever comes after a kill.

use std::collections::BTreeSet;

use super::{
    digest,
    effects::{DaemonEffects, Process, Step},
};
use std::collections::BTreeMap;

use crate::{
    model::daemon_digest,
    plan::daemon_file,
    store::{DaemonChange, Ran},
};

/// Brings the old file back, and a daemon that may have read the new one to going by it. A reload
/// keeps the values of keys that are not in the file, so that the daemon is shown the old ones
/// once, in a file that is there for a moment.
pub(super) async fn reload_old<E: DaemonEffects>(host: &E, note: &DaemonChange) -> Step<()> {
    host.put_back(note.backup.as_deref())?;
    if note.reset.is_empty() {
        // If it refuses the old file, it has refused the new one as well.
        let _ = host.reload().await;
        return Ok(());
    }
    let text = host.read_file()?;
    let interim = daemon_file::edited(text.as_deref(), &note.reset, &BTreeSet::new())?;
    let digest = daemon_digest::digest_of_bytes(interim.as_bytes());
    host.note(&DaemonChange { interim: Some(digest), ..note.clone() })?;
    host.write_candidate(&interim)?;
    host.install_candidate()?;
    let _ = host.reload().await;
    host.put_back(note.backup.as_deref())
}

/// Restarts the daemon and waits until a new process answers.
pub(super) async fn restart<E: DaemonEffects>(
    host: &E,
    old: Option<Process>,
) -> Step<Option<Process>> {
    host.restart().await?;
    host.wait_until_up(old).await
}

/// Sees to it that every container runs that ran before, paused ones paused. Returns the names of
/// those that no longer exist: the engine removes `--rm` containers when it ends.
pub(super) async fn bring_back<E: DaemonEffects>(host: &E, ran: &[Ran]) -> Step<Vec<String>> {
    let now = host.containers().await?;
    let mut gone = Vec::new();
    let mut failed: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for container in ran {
        let found = now.running.iter().find(|it| it.id == container.id);
        if !now.all.contains(&container.id) {
            gone.push(container.name.clone());
            continue;
        }
        let resumed = async {
            if found.is_none() {
                host.start_container(&container.id).await?;
            }
            match container.paused && found.is_none_or(|it| !it.paused) {
                true => host.pause_container(&container.id).await,
                false => Ok(()),
            }
        };
        if let Err(why) = resumed.await {
            failed.entry(why.to_string()).or_default().push(&container.name);
        }
    }
    if failed.is_empty() {
        return Ok(gone);
    }
    let reasons = failed.iter().map(|(why, names)| match names.as_slice() {
        [name] => format!("{name} does not run again: {why}"),
        names => format!("{} do not run again: {why}", names.join(", ")),
    });
    Err(reasons.collect::<Vec<_>>().join("; "))
}

/// Says in what state the host is, and how to go on.
pub(super) async fn what_is_left<E: DaemonEffects>(
    host: &E,
    note: &DaemonChange,
    why: String,
) -> Vec<String> {
    let answers = if host.answers().await { "answers" } else { "does not answer" };
    let file = match host.read_file().map(|text| digest(text.as_deref())) {
        Ok(now) if now == note.before => "is the old one again".to_owned(),
        Ok(Some(now)) if now == note.after => "is still the new one".to_owned(),
        Ok(_) => "is neither the old nor the new one".to_owned(),
        Err(why) => format!("cannot be read ({why})"),
    };
    let mut lines = vec![why, format!("the daemon {answers}; its file {file}")];
    let by_hand = host.by_hand(note);
    if !by_hand.is_empty() {
        lines.push("the next command of plimsoll tries again; by hand it is".to_owned());
        lines.extend(by_hand);
    }
    lines
}
