//! From the stop to the start, and back again.

use std::time::Duration;

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use tokio::time::Instant;

use super::{Halt, LOG_LINES, Order, TellOf, Wanted, commit};
use crate::{
    docker::DockerError,
    execute::{
        cause::last_words,
        effects::Effects,
        gate::{Baseline, GateOptions, Verdict, gate, wait},
        seen::Seen,
        steps,
        withdraw::{Stranded, Withdrawn, withdraw},
    },
    model::transaction::{Transaction, old_name},
    plan::step::Step,
};

/// One of a group, with its replacement.
pub(super) struct Member<'a> {
    pub(super) wanted: &'a Wanted<'a>,
    pub(super) transaction: Transaction,
    pub(super) twin: Seen,
}

/// Steps from the stop to the start, and back again.
pub(super) struct Swap<'a, E> {
    pub(super) effects: &'a E,
    pub(super) order: &'a Order<'a>,
    pub(super) members: Vec<Member<'a>>,
    pub(super) baselines: Vec<Baseline>,
}

/// Which of the group failed, and why.
pub(super) type Failure = (usize, String);

impl<E: Effects> Swap<'_, E> {
    /// Returns how long they were down, in words.
    pub(super) async fn forward(&self, tell: TellOf<'_>) -> Result<String, Failure> {
        let began = Instant::now();
        let mut own = Duration::ZERO;
        let transactions = || self.members.iter().map(|it| &it.transaction).enumerate();
        let of = |at: usize| move |error: DockerError| (at, error.to_string());
        for (at, it) in transactions().rev().filter(|(_, it)| it.old_running) {
            tell(at, "stopping the old one".into());
            let stopping = Instant::now();
            steps::stop(self.effects, &it.replaces).await.map_err(of(at))?;
            own += stopping.elapsed();
        }
        for (at, it) in transactions() {
            let name = old_name(&it.name);
            steps::rename(self.effects, &it.replaces, &name).await.map_err(of(at))?;
        }
        for (at, it) in transactions() {
            let twin = self.members[at].twin.id();
            steps::rename(self.effects, twin, &it.name).await.map_err(of(at))?;
        }
        // Stopped by hand, it would start again with the daemon, and two would write to one
        // volume. As late as possible: before this, a reboot brings the old one back by itself.
        for (at, it) in transactions() {
            steps::set_restart_policy(self.effects, &it.replaces, "no").await.map_err(of(at))?;
        }
        for (at, _) in transactions().filter(|(_, it)| it.old_running) {
            let starting = Instant::now();
            steps::start(self.effects, self.members[at].twin.id()).await.map_err(of(at))?;
            if at + 1 < self.members.len() {
                self.let_it_come_up(at, tell).await?;
            }
            own += starting.elapsed();
        }
        let down = began.elapsed();
        Ok(format!(
            "down for {:.1} s, {} ms of them beyond {} own stop and start",
            down.as_secs_f64(),
            down.saturating_sub(own).as_millis(),
            if self.members.len() == 1 { "its" } else { "their" },
        ))
    }

    /// Those that need it start when it is healthy, if it can say so, and else at once.
    async fn let_it_come_up(&self, at: usize, tell: TellOf<'_>) -> Result<(), Failure> {
        if self.members[at].wanted.old.health().is_some() {
            tell(at, "waiting for it to become healthy, as others need it".into());
        }
        let up = GateOptions { quiet: Duration::ZERO, ..*self.order.gate };
        // Those that need it may be the ones who answer.
        let baseline = self.baselines[at].without_probes();
        match self.gate(at, &baseline, &up).await {
            Verdict::Open(_) => Ok(()),
            Verdict::Closed(why) => Err((at, why)),
        }
    }

    async fn gate(&self, at: usize, baseline: &Baseline, options: &GateOptions) -> Verdict {
        let twin = self.members[at].twin.id();
        gate(self.effects, twin, baseline, options, self.order.interrupt).await
    }

    /// Watches all of them side by side; returns what each has proved.
    pub(super) async fn watch(&self, tell: TellOf<'_>) -> Result<Vec<String>, Failure> {
        let mut proofs = vec![
            "replaced without being started, as it did not run".to_owned();
            self.members.len()
        ];
        let mut watched = FuturesUnordered::new();
        for (at, member) in self.members.iter().enumerate() {
            if member.transaction.old_running {
                tell(at, Step::Watching(wait(&member.wanted.old, self.order.gate)));
                let baseline = &self.baselines[at];
                watched.push(async move { (at, self.gate(at, baseline, self.order.gate).await) });
            }
        }
        while let Some((at, verdict)) = watched.next().await {
            match verdict {
                Verdict::Open(proof) => proofs[at] = proof,
                Verdict::Closed(why) => return Err((at, why)),
            }
        }
        Ok(proofs)
    }

    /// From the first that is put aside on, there is only the way forward. Who needs others goes
    /// first, as those do without it.
    pub(super) async fn commit(&self, proofs: &[String], times: &str) -> Vec<String> {
        let mut texts = Vec::new();
        for (member, proof) in self.members.iter().zip(proofs).rev() {
            let times = match member.transaction.old_running {
                true => format!("; {times}"),
                false => String::new(),
            };
            texts.push(match commit(self.effects, &member.transaction).await {
                Ok(aside) => format!("{proof}{times}; the old one is {aside}"),
                Err(error) => {
                    format!("{proof}{times}; the old one keeps its passing name for now: {error}")
                }
            });
        }
        texts.reverse();
        texts
    }

    pub(super) async fn back(&self, at: usize, why: &str, tell: TellOf<'_>) -> Halt {
        let failed = &self.members[at];
        tell(at, Step::Withdrawing(format!("putting the old one back: {why}")));
        let docker = self.effects.docker();
        let log = docker.logs_tail(failed.twin.id(), LOG_LINES).await.unwrap_or_default();
        let words = match Seen::find(docker, failed.twin.id()).await {
            Ok(Some(twin)) if twin.was_started() || !twin.start_error().is_empty() => {
                last_words(&twin, &log, failed.wanted.edits, failed.wanted.name)
            }
            Ok(_) | Err(_) => String::new(),
        };
        let why = format!("{why}{words}");
        let group: Vec<Withdrawn<'_>> = self
            .members
            .iter()
            .map(|it| Withdrawn { transaction: &it.transaction, twin: it.twin.id() })
            .collect();
        match withdraw(self.effects, &group).await {
            Ok(()) => Halt::Undone(at, why),
            Err(Stranded { why: further, left }) => {
                Halt::Stuck(at, Stranded { why: format!("{why}; then: {further}"), left })
            }
        }
    }
}
