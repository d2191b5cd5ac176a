//! Takes a run back: kept containers come into office again, limits and evictions are undone.

mod look;
mod put_back;
mod set_back;

use std::time::Instant;

use serde_json::Value;

pub use self::look::{Past, look};
use self::put_back::{InOffice, Member, bring_back, keep, put_aside, put_forward, take_out};
use super::{
    Interrupt, Note, Progress, Tell,
    effects::Effects,
    evict::{self, Evicted},
    gate::{Baseline, GateOptions, Verdict, gate},
    host_file::{self, LiveFiles},
    seen::Seen,
    update,
    withdraw::Stranded,
};
use crate::{
    docker::DockerError,
    model::transaction::{Transaction, kept_name},
    plan::{
        rollback::{Before, Rollback, Undo, Was, Way},
        run::{Outcome, RunChange},
        step::{Step, Wait},
    },
};

/// Carries it out. One outcome an object; after one that failed nothing more is begun.
pub async fn roll_back<E: Effects>(
    rollback: &Rollback,
    effects: &E,
    run: u64,
    gate: &GateOptions,
    interrupt: &Interrupt,
    tell: Tell<'_>,
) -> Vec<RunChange> {
    let back = Back { effects, run, gate, interrupt };
    let mut failed = false;
    let mut outcomes = Vec::new();
    for group in rollback.undos.chunk_by(go_together) {
        let began = Instant::now();
        let of_group = if failed || interrupt.is_raised() {
            vec![Outcome::NotReached; group.len()]
        } else {
            for undo in group {
                tell(Progress::Started(undo.into()));
            }
            let of_group = back.carry_out(group, tell).await;
            for (undo, outcome) in group.iter().zip(&of_group) {
                tell(Progress::Finished(undo.into(), outcome));
            }
            of_group
        };
        for (undo, outcome) in group.iter().zip(of_group) {
            failed |= !matches!(outcome, Outcome::Done { .. });
            outcomes.push(RunChange {
                change: undo.change.clone(),
                address: undo.address.clone(),
                took_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
                outcome,
            });
        }
    }
    outcomes
}

fn go_together(one: &Undo, other: &Undo) -> bool {
    match (&one.way, &other.way) {
        (Way::PutBack { txn: one, .. }, Way::PutBack { txn: other, .. })
        | (Way::Renew { txn: one, .. }, Way::Renew { txn: other, .. }) => one == other,
        _ => false,
    }
}

/// Ends a rollback that was cut off: every predecessor comes back, every replacement is kept.
/// Members come providers first.
pub(super) async fn settle<E: Effects>(
    effects: &E,
    members: Vec<(String, Transaction)>,
    run: &str,
) -> (String, bool) {
    let members: Vec<Member> =
        members.into_iter().map(|(id, transaction)| Member { id, transaction }).collect();
    let ended = put_aside(effects, &members, run).await;
    match ended {
        Ok(()) => {
            ("it was brought to its end: as before, and the replacement is kept".into(), true)
        }
        Err(Stranded { why, left }) => (
            format!("and it cannot be brought to its end: {why}; left: {}", left.join(", ")),
            false,
        ),
    }
}

struct Back<'a, E> {
    effects: &'a E,
    run: u64,
    gate: &'a GateOptions,
    interrupt: &'a Interrupt,
}

impl<E: Effects> Back<'_, E> {
    async fn carry_out(&self, group: &[Undo], tell: Tell<'_>) -> Vec<Outcome> {
        let Some(undo) = group.first() else { return Vec::new() };
        vec![match &undo.way {
            Way::PutBack { .. } => return self.put_back(group, tell).await,
            Way::Renew { .. } => return self.renew(group, tell).await,
            Way::Update { id, body, .. } => self.update(undo, id, body, tell).await,
            Way::SetFiles(set) => {
                let save = &mut |set| tell(self.note(undo, Was::FilesSet(set)));
                host_file::set(&LiveFiles, set, save).await
            }
            Way::Release { way_back, .. } => {
                match serde_json::from_value::<Evicted>(way_back.clone()) {
                    Ok(evicted) => {
                        let id = evicted.id.clone();
                        tell(self.note(undo, Was::Released));
                        tell(Progress::Note(Note::Releasing(&id, Some(evicted.clone()))));
                        match evict::release(self.effects, &evicted).await {
                            Ok(proof) => {
                                tell(Progress::Note(Note::Releasing(&id, None)));
                                Outcome::Done { proof }
                            }
                            // The note stays, so that the next command tries again.
                            Err(error) => Outcome::Stuck {
                                why: error.to_string(),
                                left: vec!["the next command of plimsoll tries again".into()],
                            },
                        }
                    }
                    Err(error) => Outcome::Failed { why: error.to_string() },
                }
            }
        }]
    }

    fn note(&self, undo: &Undo, was: Was) -> Progress<'static> {
        let settings = undo.settings.clone();
        let (change, address) = (undo.change.clone(), undo.address.clone());
        let class = undo.class;
        Progress::Note(Note::Before(Before { change, address, class, settings, was }))
    }

    /// All of a group, providers first, or none of it; one outcome each.
    async fn put_back(&self, group: &[Undo], tell: Tell<'_>) -> Vec<Outcome> {
        let mut members = Vec::new();
        let mut were = Vec::new();
        for undo in group {
            let Way::PutBack { new, .. } = &undo.way else { continue };
            match self.member(undo, new).await {
                Ok((member, seen)) => {
                    let running = seen.has_processes();
                    were.push(InOffice { restart: seen.restart_policy(), running });
                    members.push(member);
                }
                Err(why) => return vec![Outcome::Failed { why }; group.len()],
            }
        }
        for ((undo, member), was) in group.iter().zip(&members).zip(&were) {
            let was = Was::PutBack {
                old: member.transaction.replaces.clone(),
                new: member.id.clone(),
                restart: was.restart.clone(),
                running: was.running,
            };
            tell(self.note(undo, was));
        }
        let run = self.run.to_string();
        match self.swap(group, &members, &run, tell).await {
            Ok(proofs) => match keep(self.effects, &members, &run).await {
                Ok(()) => members
                    .iter()
                    .zip(proofs)
                    .map(|(member, proof)| {
                        let kept = kept_name(&member.transaction.name, &run);
                        let proof = format!("{proof}; what had replaced it is kept as {kept}");
                        Outcome::Done { proof }
                    })
                    .collect(),
                Err(Stranded { why, left }) => vec![Outcome::Stuck { why, left }; group.len()],
            },
            Err(why) => {
                let step = Step::Withdrawing(format!("putting the replacement back: {why}"));
                tell(Progress::Step((&group[0]).into(), step));
                let members: Vec<_> = members.into_iter().zip(were).collect();
                let outcome = match put_forward(self.effects, &members, &run).await {
                    Ok(()) => Outcome::Undone { why },
                    Err(Stranded { why: further, left }) => {
                        Outcome::Stuck { why: format!("{why}; then: {further}"), left }
                    }
                };
                vec![outcome; group.len()]
            }
        }
    }

    /// Returns how well each old one does.
    async fn swap(
        &self,
        group: &[Undo],
        members: &[Member],
        run: &str,
        tell: Tell<'_>,
    ) -> Result<Vec<String>, String> {
        let words = |stranded: Stranded| stranded.why;
        let began = Instant::now();
        tell(Progress::Step((&group[0]).into(), "stopping the replacement".into()));
        take_out(self.effects, members, run).await.map_err(words)?;
        tell(Progress::Step((&group[0]).into(), "bringing the kept one back".into()));
        bring_back(self.effects, members).await.map_err(words)?;
        let down = began.elapsed().as_secs_f64();
        let mut proofs = Vec::new();
        for (undo, Member { transaction, .. }) in group.iter().zip(members) {
            if !transaction.old_running {
                proofs.push("as before it does not run".to_owned());
                continue;
            }
            let wait = Wait::AtLeast(self.gate.quiet);
            tell(Progress::Step(undo.into(), Step::Watching(wait)));
            let baseline = Baseline::default();
            match gate(self.effects, &transaction.replaces, &baseline, self.gate, self.interrupt)
                .await
            {
                Verdict::Open(proof) => proofs.push(format!("{proof}; down for {down:.1} s")),
                Verdict::Closed(why) => return Err(why),
            }
        }
        Ok(proofs)
    }

    /// All of a group, providers first, or none of it; one outcome each.
    async fn renew(&self, group: &[Undo], tell: Tell<'_>) -> Vec<Outcome> {
        let mut members = Vec::new();
        for undo in group {
            let Way::Renew { new, restart, running, .. } = &undo.way else { continue };
            let was = InOffice { restart: restart.clone(), running: *running };
            match self.member(undo, new).await {
                Ok((member, _)) => members.push((member, was)),
                Err(why) => return vec![Outcome::Failed { why }; group.len()],
            }
        }
        for undo in group {
            if let Way::Renew { of, .. } = &undo.way {
                tell(self.note(undo, Was::Renewed { of: of.clone() }));
            }
        }
        let run = self.run.to_string();
        tell(Progress::Step((&group[0]).into(), "swapping the two".into()));
        let why = match put_forward(self.effects, &members, &run).await {
            Ok(()) => match self.watch(group, &members, tell).await {
                Ok(proofs) => {
                    return proofs.into_iter().map(|proof| Outcome::Done { proof }).collect();
                }
                Err(why) => why,
            },
            Err(Stranded { why, .. }) => why,
        };
        let step = Step::Withdrawing(format!("putting the other one back: {why}"));
        tell(Progress::Step((&group[0]).into(), step));
        let members: Vec<Member> = members.into_iter().map(|(member, _)| member).collect();
        let outcome = match put_aside(self.effects, &members, &run).await {
            Ok(()) => Outcome::Undone { why },
            Err(Stranded { why: further, left }) => {
                Outcome::Stuck { why: format!("{why}; then: {further}"), left }
            }
        };
        vec![outcome; group.len()]
    }

    /// Returns how well each replacement does.
    async fn watch(
        &self,
        group: &[Undo],
        members: &[(Member, InOffice)],
        tell: Tell<'_>,
    ) -> Result<Vec<String>, String> {
        let mut proofs = Vec::new();
        for (undo, (member, was)) in group.iter().zip(members) {
            if !was.running {
                proofs.push("as before it does not run".to_owned());
                continue;
            }
            let wait = Wait::AtLeast(self.gate.quiet);
            tell(Progress::Step(undo.into(), Step::Watching(wait)));
            let baseline = Baseline::default();
            match gate(self.effects, &member.id, &baseline, self.gate, self.interrupt).await {
                Verdict::Open(proof) => proofs.push(proof),
                Verdict::Closed(why) => return Err(why),
            }
        }
        Ok(proofs)
    }

    /// Looks again at the container that was made, whose labels say what it replaced.
    async fn member(&self, undo: &Undo, new: &str) -> Result<(Member, Seen), String> {
        let seen = Seen::of(self.effects.docker(), new).await.map_err(|it| it.to_string())?;
        let transaction = Transaction::from_labels(&seen.labels())
            .filter(|it| it.name == undo.address.name())
            .ok_or("its labels do not say what it replaced")?;
        Ok((Member { id: seen.id().to_owned(), transaction }, seen))
    }

    async fn update(&self, undo: &Undo, id: &str, body: &Value, tell: Tell<'_>) -> Outcome {
        let words = |error: DockerError| Outcome::Failed { why: error.to_string() };
        let seen = match Seen::of(self.effects.docker(), id).await {
            Ok(seen) => seen,
            Err(error) => return words(error),
        };
        let members = body.as_object().cloned().unwrap_or_default();
        let before = members.keys().map(|key| (key.clone(), seen.0["HostConfig"][key].clone()));
        tell(self.note(
            undo,
            Was::Updated {
                id: id.to_owned(),
                before: before.collect(),
                after: members.clone().into_iter().collect(),
            },
        ));
        update::set(self.effects, &seen, body, "").await
    }
}
