//! A change whose file is in place: making it take effect, or taking it back.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde_json::Value;

use super::{
    End, Proofs, TellStep,
    back::{bring_back, reload_old, restart, what_is_left},
    digest,
    effects::{DaemonEffects, LogPosition, Process, Step},
    refuse,
    verify::{self, verify_reload},
    work::Work,
};
use crate::{
    model::{
        daemon::{DaemonConfig, DaemonStart},
        daemon_digest,
    },
    plan::DaemonApply,
    store::DaemonChange,
};

/// A change whose file is in place.
pub(super) struct Transaction<'a, E> {
    pub(super) work: &'a Work,
    pub(super) host: &'a E,
    pub(super) note: &'a DaemonChange,
    /// Where the daemon's log ended before.
    pub(super) log: LogPosition,
    pub(super) config: &'a DaemonConfig,
    pub(super) old: &'a BTreeMap<String, Value>,
}

impl<E: DaemonEffects> Transaction<'_, E> {
    pub(super) async fn take_effect(
        &self,
        new: &BTreeMap<String, Value>,
        old_process: Option<Process>,
        reached: &mut DaemonApply,
        tell: &mut TellStep<'_>,
    ) -> Step<Proofs> {
        let Self { work, host, note, .. } = self;
        let mut proofs = Proofs::new();
        // Whether containers live through a restart is decided by what the daemon has in memory
        // when it ends and by what is in the file when it starts.
        if work.apply() == DaemonApply::Reload || work.touches("live-restore") {
            tell("reloading the daemon");
            let shown = host.reload().await?;
            proofs = verify_reload(work, &shown)?;
        }
        if work.apply() == DaemonApply::Reload {
            return Ok(proofs);
        }
        let lives_through = host.info().await?.get("LiveRestoreEnabled") == Some(&true.into());
        if lives_through && work.needs_empty_start() {
            tell("stopping containers");
            let stops = note.ran.iter().map(|container| host.stop_container(&container.id));
            for stopped in join_all(stops).await {
                stopped?;
            }
        }
        tell("restarting the daemon");
        *reached = DaemonApply::Restart;
        let process = self.restart(old_process).await?;
        tell("waiting for containers");
        let gone = bring_back(*host, &note.ran).await?;
        // The engine looks at this key at a reload, and at no start.
        if work.touches("network-diagnostic-port") {
            tell("reloading the daemon");
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
    pub(super) async fn undo(
        &self,
        why: String,
        reached: DaemonApply,
        tell: &mut TellStep<'_>,
    ) -> End {
        let Self { host, note, .. } = self;
        tell("taking it back");
        let mut said = host.last_words(&self.log).await;
        // Whoever restarts it may have repeated the daemon's words already.
        said.retain(|line| !why.contains(line.as_str()));
        let why = match said.is_empty() {
            true => why,
            false => format!("{why}\nlast lines of the daemon's log:\n{}", said.join("\n")),
        };
        let why = match self.keep_found() {
            Ok(None) => why,
            Ok(Some(path)) => format!(
                "{why}\nsomebody wrote the file meanwhile; what they wrote is now in {path}"
            ),
            // Rather a daemon that is down for a while than an edit that is gone.
            Err(left) => {
                return End::Stuck { why, left: what_is_left(*host, note, left).await };
            }
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

    /// Keeps what somebody wrote over the new file; `None` where nobody did.
    fn keep_found(&self) -> Step<Option<String>> {
        let Self { work, host, note, .. } = self;
        let is_known = match host.read_file().map(|text| digest(text.as_deref())) {
            Ok(now) => now.is_none() || now == note.before || now.as_ref() == Some(&note.after),
            Err(_) => false,
        };
        if is_known || !work.writes() { Ok(None) } else { host.keep_found().map(Some) }
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

fn start_of(process: Process, settings: &BTreeMap<String, Value>) -> DaemonStart {
    let keys = daemon_digest::digests(settings.iter().map(|(key, value)| (key.as_str(), value)));
    DaemonStart {
        pid: process.pid,
        start_ticks: process.start_ticks,
        unknown: settings.keys().filter(|key| !keys.contains_key(*key)).cloned().collect(),
        keys,
    }
}
