//! Changes the daemon: one write of its file, at most one reload and one restart per run, and
//! back to where it was if the daemon does not go by the new file.

mod command;
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
mod validate;
mod verify;
mod work;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use futures_util::future::join_all;
use serde_json::Value;

use self::{
    effects::{DaemonEffects, LogPosition, Process, Step},
    work::Work,
};
use crate::{
    model::{
        daemon::{DaemonConfig, DaemonStart, Service},
        daemon_digest,
        daemon_keys::{Pickup, TakesEffect},
    },
    plan::{
        Change, DaemonApply, daemon_file,
        refusal::makes_remap_user,
        run::{Outcome, RunChange},
    },
    store::{DaemonChange, Ran},
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
pub type Progress<'a> = dyn FnMut(&str) + Send + 'a;

/// Carries out all changes of the daemon together; they share one fate. Changes of other objects
/// are not its business and are left out of the result.
pub async fn apply<E: DaemonEffects>(
    changes: &[&Change],
    host: &E,
    context: DaemonContext<'_>,
    progress: &mut Progress<'_>,
) -> Vec<RunChange> {
    let began = Instant::now();
    let work = Work::of(changes);
    if work.parts.is_empty() {
        return Vec::new();
    }
    let ended = carry_out(&work, host, context, progress).await;
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
    progress: &mut Progress<'_>,
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
        progress("checking the new file");
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
    let proofs = match transaction.take_effect(&new, old_process, &mut reached, progress).await {
        Ok(proofs) => proofs,
        Err(why) => return Err(transaction.undo(why, reached, progress).await),
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

fn start_of(process: Process, settings: &BTreeMap<String, Value>) -> DaemonStart {
    let keys = daemon_digest::digests(settings.iter().map(|(key, value)| (key.as_str(), value)));
    DaemonStart {
        pid: process.pid,
        start_ticks: process.start_ticks,
        unknown: settings.keys().filter(|key| !keys.contains_key(*key)).cloned().collect(),
        keys,
    }
}

/// A change whose file is in place.
struct Transaction<'a, E> {
    work: &'a Work,
    host: &'a E,
    note: &'a DaemonChange,
    /// Where the daemon's log ended before.
    log: LogPosition,
    config: &'a DaemonConfig,
    old: &'a BTreeMap<String, Value>,
}

impl<E: DaemonEffects> Transaction<'_, E> {
    async fn take_effect(
        &self,
        new: &BTreeMap<String, Value>,
        old_process: Option<Process>,
        reached: &mut DaemonApply,
        progress: &mut Progress<'_>,
    ) -> Step<Proofs> {
        let Self { work, host, note, .. } = self;
        let mut proofs = Proofs::new();
        // Whether containers live through a restart is decided by what the daemon has in memory
        // when it ends and by what is in the file when it starts.
        if work.apply() == DaemonApply::Reload || work.touches("live-restore") {
            progress("reloading the daemon");
            let shown = host.reload().await?;
            proofs = verify_reload(work, &shown)?;
        }
        if work.apply() == DaemonApply::Reload {
            return Ok(proofs);
        }
        let lives_through = host.info().await?.get("LiveRestoreEnabled") == Some(&true.into());
        if lives_through && work.needs_empty_start() {
            progress("stopping containers");
            let stops = note.ran.iter().map(|container| host.stop_container(&container.id));
            for stopped in join_all(stops).await {
                stopped?;
            }
        }
        progress("restarting the daemon");
        *reached = DaemonApply::Restart;
        let process = self.restart(old_process).await?;
        progress("waiting for containers");
        let gone = bring_back(*host, &note.ran).await?;
        // The engine looks at this key at a reload, and at no start.
        if work.touches("network-diagnostic-port") {
            progress("reloading the daemon");
            host.reload().await?;
        }
        let info = host.info().await?;
        let bridge = host.bridge().await?;
        for part in &work.parts {
            let Some(key) = part.facts else { continue };
            let Some(wanted) = part.wanted() else { continue };
            if verify::live_shows(key, &info, bridge.as_ref(), &wanted) == Some(false) {
                return Err(format!("the daemon restarted and does not go by {}", part.key));
            }
            let shown = verify::live_shows(key, &info, bridge.as_ref(), &wanted) == Some(true);
            let mut proof = match (shown, part.sensitive) {
                (true, false) => format!("the restarted daemon reports {}={wanted}", part.key),
                (true, true) => format!("the restarted daemon reports the new {}", part.key),
                (false, _) => format!("the daemon restarted with {} in its file", part.key),
            };
            if !gone.is_empty() {
                proof += &format!("; removed by the engine meanwhile: {}", gone.join(", "));
            }
            proofs.insert(part.key.clone(), proof);
        }
        if let Some(process) = process {
            host.note_start(&start_of(process, &refuse::in_force(new, self.config)))?;
        }
        Ok(proofs)
    }

    /// Brings the old file back, and the daemon to going by it.
    async fn undo(&self, why: String, reached: DaemonApply, progress: &mut Progress<'_>) -> End {
        let Self { host, note, .. } = self;
        progress("taking it back");
        let mut said = host.last_words(&self.log).await;
        // Whoever restarts it may have repeated the daemon's words already.
        said.retain(|line| !why.contains(line.as_str()));
        let why = match said.is_empty() {
            true => why,
            false => format!("{why}\nlast lines of the daemon's log:\n{}", said.join("\n")),
        };
        let back = async {
            match (reached, host.answers().await) {
                (DaemonApply::Reload, true) => self.reload_back().await?,
                (DaemonApply::Reload, false) | (DaemonApply::Restart, _) => {
                    self.restart_back().await?;
                }
            }
            bring_back(*host, &note.ran).await
        };
        match back.await {
            Ok(gone) => {
                host.discard_candidate();
                let _ = host.forget_note();
                host.prune_backups();
                End::Undone(match gone.is_empty() {
                    true => why,
                    false => format!("{why}\nremoved by the engine meanwhile: {}", gone.join(", ")),
                })
            }
            // The note stays, so that the next command tries again.
            Err(left) => End::Stuck { why, left: what_is_left(*host, note, left).await },
        }
    }

    /// Restarts this process, and notes down that it is on its way out.
    async fn restart(&self, process: Option<Process>) -> Step<Option<Process>> {
        let process_noted = process.map(|it| (it.pid, it.start_ticks));
        let note = DaemonChange { process: process_noted, restarting: true, ..self.note.clone() };
        self.host.note(&note)?;
        restart(self.host, process).await
    }

    fn put_back(&self) -> Step<()> {
        if self.work.writes() { self.host.put_back(self.note.backup.as_deref()) } else { Ok(()) }
    }

    async fn reload_back(&self) -> Step<()> {
        if !self.work.writes() {
            let _ = self.host.reload().await;
        } else {
            reload_old(self.host, self.note).await?;
        }
        match self.host.answers().await {
            true => Ok(()),
            false => self.restart_back().await,
        }
    }

    async fn restart_back(&self) -> Step<()> {
        self.put_back()?;
        let now = self.host.process().await;
        match self.restart(now).await? {
            Some(process) => {
                let settings = refuse::in_force(self.old, self.config);
                self.host.note_start(&start_of(process, &settings))
            }
            None => Ok(()),
        }
    }
}

/// Brings the old file back, and a daemon that may have read the new one to going by it. A reload
/// keeps the values of keys that are not in the file, so that the daemon is shown the old ones
/// once, in a file that is there for a moment.
async fn reload_old<E: DaemonEffects>(host: &E, note: &DaemonChange) -> Step<()> {
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

fn verify_reload(work: &Work, shown: &BTreeMap<String, String>) -> Step<Proofs> {
    let mut proofs = Proofs::new();
    for part in work.parts.iter().filter(|it| it.apply == DaemonApply::Reload) {
        let attribute = part.facts.and_then(|key| key.event).and_then(|name| shown.get(name));
        let wanted = part.wanted();
        let proof = match (part.facts, attribute, wanted) {
            (Some(key), Some(attribute), Some(wanted)) => {
                match (verify::event_shows(key, attribute, &wanted), part.sensitive) {
                    (Some(false), true) => {
                        return Err(format!("the daemon reloaded without the new {}", part.key));
                    }
                    (Some(false), false) => {
                        return Err(format!(
                            "the daemon reloaded and reports {}={attribute}, not {wanted}",
                            part.key
                        ));
                    }
                    (Some(true) | None, false) => {
                        format!("reload event reports {}={attribute}", part.key)
                    }
                    (Some(true) | None, true) => format!("reload event reports {}", part.key),
                }
            }
            _ => "reload event".to_owned(),
        };
        proofs.insert(part.key.clone(), proof);
    }
    Ok(proofs)
}

/// Says in what state the host is, and how to go on.
async fn what_is_left<E: DaemonEffects>(host: &E, note: &DaemonChange, why: String) -> Vec<String> {
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

/// Restarts the daemon and waits until a new process answers.
async fn restart<E: DaemonEffects>(host: &E, old: Option<Process>) -> Step<Option<Process>> {
    host.restart().await?;
    host.wait_until_up(old).await
}

/// Sees to it that every container runs that ran before, paused ones paused. Returns the names of
/// those that no longer exist: the engine removes `--rm` containers when it ends.
async fn bring_back<E: DaemonEffects>(host: &E, ran: &[Ran]) -> Step<Vec<String>> {
    let now = host.containers().await?;
    let mut gone = Vec::new();
    let mut failed = Vec::new();
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
            failed.push(format!("{} does not run again: {why}", container.name));
        }
    }
    if failed.is_empty() { Ok(gone) } else { Err(failed.join("; ")) }
}

impl Work {
    /// The default bridge follows only a start at which no container runs.
    fn needs_empty_start(&self) -> bool {
        self.parts.iter().filter_map(|part| part.facts).any(|key| {
            key.takes_effect == TakesEffect::EmptyStart || key.pickup == Pickup::EmptyStart
        })
    }
}
