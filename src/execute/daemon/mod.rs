//! Changes the daemon: one write of its file, at most one reload and one restart per run, and
//! back to where it was if the daemon does not go by the new file.

mod back;
pub(super) mod command;
pub mod effects;
mod file;
pub mod live;
mod log;
mod manager;
mod plugin;
mod process;
pub mod recover;
mod refuse;
#[cfg(test)]
mod tests;
mod transaction;
mod validate;
mod verify;
mod work;

use std::{collections::BTreeMap, time::Instant};

use serde_json::Value;

use self::{
    effects::{DaemonEffects, Process, Step},
    transaction::Transaction,
    work::Work,
};
use crate::{
    model::{
        daemon::{DaemonConfig, DaemonStart, Service},
        daemon_digest,
    },
    plan::{
        Change, DaemonApply,
        refusal::makes_remap_user,
        run::{Outcome, RunChange},
    },
    store::DaemonChange,
};

/// What the plan was made on.
#[derive(Clone, Copy, Debug)]
pub struct DaemonContext<'a> {
    pub config: &'a DaemonConfig,
    /// What is to be remembered about the process that runs.
    pub start: Option<&'a DaemonStart>,
    pub run: u64,
    /// Whether somebody known can restart the daemon.
    pub can_restart: bool,
}

/// How it ended where it did not end well.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// Nothing was changed.
    Failed(String),
    /// Everything is as it was.
    Undone(String),
    Stuck {
        why: String,
        left: Vec<String>,
    },
}

/// Tells whoever waits what is being done.
pub type TellStep<'a> = dyn FnMut(&str) + Send + 'a;

/// Carries out all changes of the daemon together; they share one fate. Changes of other objects
/// are not its business and are left out of the result.
pub async fn apply<E: DaemonEffects>(
    changes: &[&Change],
    host: &E,
    context: DaemonContext<'_>,
    tell: &mut TellStep<'_>,
) -> Vec<RunChange> {
    let began = Instant::now();
    let work = Work::of(changes);
    if work.parts.is_empty() {
        return Vec::new();
    }
    let ended = carry_out(&work, host, context, tell).await;
    let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    work.parts
        .iter()
        .map(|part| RunChange {
            change: part.change.clone(),
            address: part.address.clone(),
            took_ms,
            outcome: match &ended {
                Ok(proofs) => {
                    Outcome::Done { proof: proofs.get(&part.key).cloned().unwrap_or_default() }
                }
                Err(End::Failed(why)) => Outcome::Failed { why: why.clone() },
                Err(End::Undone(why)) => Outcome::Undone { why: why.clone() },
                Err(End::Stuck { why, left }) => {
                    Outcome::Stuck { why: why.clone(), left: left.clone() }
                }
            },
        })
        .collect()
}

/// What is proven, by key.
type Proofs = BTreeMap<String, String>;

async fn carry_out<E: DaemonEffects>(
    work: &Work,
    host: &E,
    context: DaemonContext<'_>,
    tell: &mut TellStep<'_>,
) -> Result<Proofs, End> {
    let text = host.read_file().map_err(End::Failed)?;
    let old = work::parsed(text.as_deref()).map_err(End::Failed)?;
    refuse::stale(&old, context.config).map_err(End::Failed)?;
    let edited = work.edited(text.as_deref()).map_err(End::Failed)?;
    let new = work::parsed(Some(&edited)).map_err(End::Failed)?;
    let ran = host.containers().await.map_err(End::Failed)?.running;
    refuse::unsound(work, (&old, &new), context, &ran).map_err(End::Failed)?;
    refuse::lacking(host, (&old, &new)).map_err(End::Failed)?;
    plugins_answer(host, &new).await.map_err(End::Failed)?;

    let old_process = host.process().await;
    // Once the file is newer than the process, nobody could tell any more what it started with.
    if let Some(start) = context.start.filter(|it| is_of(it, old_process)) {
        host.note_start(start).map_err(End::Failed)?;
    }
    let note = DaemonChange {
        run: context.run,
        file: String::new(),
        candidate: String::new(),
        backup: None,
        before: digest(text.as_deref()),
        after: daemon_digest::digest_of_bytes(edited.as_bytes()),
        interim: None,
        reset: work.values_before(&old, context.config),
        apply: work.apply(),
        process: old_process.map(|it| (it.pid, it.start_ticks)),
        restarting: false,
        service: Service::NotFound,
        reload_command: None,
        restart_command: None,
        ran,
        changes: work.parts.iter().map(|it| (it.change.clone(), it.address.clone())).collect(),
    };
    let log = host.log_position().await;
    if work.writes() {
        tell("checking the new file");
    }
    let remaps = refuse::in_force(&new, context.config).remove("userns-remap");
    let makes_user = remaps.is_some_and(|it| makes_remap_user(&it, &context.config.host));
    let note = match put_in_place(work, host, note, (&edited, !makes_user)).await {
        Ok(note) => note,
        Err(why) => {
            host.discard_candidate();
            host.discard_backup();
            let left = host.forget_note();
            return Err(End::Failed(
                left.err().map_or(why.clone(), |more| format!("{why}; {more}")),
            ));
        }
    };

    let transaction =
        Transaction { work, host, note: &note, log, config: context.config, old: &old };
    let mut reached = DaemonApply::Reload;
    let proofs = match transaction.take_effect(&new, old_process, &mut reached, tell).await {
        Ok(proofs) => proofs,
        Err(why) => return Err(transaction.undo(why, reached, tell).await),
    };
    // From here on the daemon goes by the new file, whatever becomes of our own notes.
    let _ = host.forget_note();
    host.prune_backups();
    Ok(proofs)
}

/// A daemon that cannot reach a plugin which guards its API ends, at a reload and at a start.
async fn plugins_answer<E: DaemonEffects>(host: &E, new: &BTreeMap<String, Value>) -> Step<()> {
    let names = new.get("authorization-plugins").and_then(Value::as_array);
    for name in names.into_iter().flatten().filter_map(Value::as_str) {
        if !host.plugin_answers(name).await {
            return Err(format!(
                "the authorization plugin {name} does not answer, and the daemon would end over it"
            ));
        }
    }
    Ok(())
}

/// Puts the new file in its place, checked. The note for whoever comes after a kill is there
/// before anything else is.
async fn put_in_place<E: DaemonEffects>(
    work: &Work,
    host: &E,
    note: DaemonChange,
    (text, validates): (&str, bool),
) -> Step<DaemonChange> {
    host.note(&note)?;
    if !work.writes() {
        return Ok(note);
    }
    host.write_candidate(text)?;
    if validates {
        host.validate_candidate().await?;
    }
    let note = DaemonChange { backup: host.back_up()?, ..note };
    host.note(&note)?;
    // Judging the file takes a while, and others edit it too.
    if digest(host.read_file()?.as_deref()) != note.before {
        return Err("somebody changed the daemon's file just now; nothing was written; plan again"
            .to_owned());
    }
    if let Err(why) = host.install_candidate() {
        // It may have failed after the new text had taken its place.
        if digest(host.read_file()?.as_deref()).as_ref() == Some(&note.after) {
            host.put_back(note.backup.as_deref())?;
        }
        return Err(why);
    }
    Ok(note)
}

fn digest(text: Option<&str>) -> Option<String> {
    text.map(|text| daemon_digest::digest_of_bytes(text.as_bytes()))
}

fn is_of(start: &DaemonStart, process: Option<Process>) -> bool {
    process == Some(Process { pid: start.pid, start_ticks: start.start_ticks })
}
