//! What an earlier run left half done is finished or undone, by what the engine shows alone.
//!
//! Goes back, unless the replacement was already in service and is well. Every command that
//! holds the host's lock runs it first; one list call tells that there is nothing to do.

use std::collections::BTreeMap;

use serde_json::json;

use super::{
    Interrupt,
    effects::Effects,
    gate::{Baseline, GateOptions, Verdict, gate},
    replace::commit,
    seen::Seen,
    steps,
    withdraw::{Stranded, withdraw},
};
use crate::{
    docker::{Docker, DockerError, Summary},
    model::{
        object::Address,
        transaction::{Phase, TXN, Transaction, phase},
    },
};

/// One replacement that had been cut off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    pub address: Address,
    /// What was done about it.
    pub text: String,
    /// False if a person is needed.
    pub settled: bool,
}

/// Returns whether anything was cut off. Changes nothing.
pub async fn is_needed(docker: &Docker) -> Result<bool, DockerError> {
    Ok(!cut_off(docker).await?.is_empty())
}

/// A replacement that was cut off, and what is to be done about it.
struct CutOff {
    twin: Summary,
    transaction: Transaction,
    next: Next,
}

async fn cut_off(docker: &Docker) -> Result<Vec<CutOff>, DockerError> {
    let mut twins: Vec<(Summary, Transaction)> = docker
        .containers_where(&json!({ "label": [TXN] }))
        .await?
        .into_iter()
        .filter_map(|twin| {
            let transaction = Transaction::from_labels(twin.labels.as_ref()?)?;
            Some((twin, transaction))
        })
        .collect();
    if twins.is_empty() {
        return Ok(Vec::new());
    }
    twins.sort_by(|a, b| a.0.name().cmp(b.0.name()));
    let replaced: Vec<&str> = twins.iter().map(|(_, it)| it.replaces.as_str()).collect();
    let olds: BTreeMap<String, Summary> = docker
        .containers_where(&json!({ "id": replaced }))
        .await?
        .into_iter()
        .map(|old| (old.id.clone(), old))
        .collect();
    let all = twins.into_iter().map(|(twin, transaction)| {
        let next = next(&twin, olds.get(&transaction.replaces), &transaction);
        CutOff { twin, transaction, next }
    });
    Ok(all.filter(|it| it.next != Next::Nothing).collect())
}

/// Finishes or undoes every replacement that was cut off.
pub async fn recover<E: Effects>(
    effects: &E,
    options: &GateOptions,
    interrupt: &Interrupt,
) -> Result<Vec<Recovered>, DockerError> {
    let docker = effects.docker();
    let mut recovered = Vec::new();
    for CutOff { twin, transaction, next } in &cut_off(docker).await? {
        let (text, settled) = match next {
            Next::Nothing => continue,
            Next::Back => back(effects, transaction, &twin.id, "").await,
            Next::Judge => {
                let verdict =
                    gate(docker, &twin.id, &Baseline::default(), options, interrupt).await;
                match verdict {
                    Verdict::Open(proof) => finish(effects, transaction, &proof).await,
                    Verdict::Closed(why) => {
                        back(effects, transaction, &twin.id, &format!(": {why}")).await
                    }
                }
            }
            Next::Commit => finish(effects, transaction, "it need not run").await,
            Next::Discard => outcome(
                steps::remove(effects, &twin.id).await,
                "the old container is gone, and its replacement never ran: it was removed",
            ),
            Next::Forward => outcome(
                forward(effects, transaction, twin).await,
                "the old container is gone: its replacement took over",
            ),
        };
        recovered.push(Recovered {
            address: Address::container(&transaction.name),
            text: format!("a replacement was cut off; {text}"),
            settled,
        });
    }
    Ok(recovered)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Nothing,
    /// Withdraw the replacement.
    Back,
    /// Commit if it passes the gate, otherwise withdraw it.
    Judge,
    Commit,
    /// Remove a replacement that has nothing to replace any more.
    Discard,
    /// Put a replacement into office that is all there is.
    Forward,
}

/// Decides by names and states alone. A name that no step of ours gives means that somebody took
/// a hand in it; then nothing is touched.
fn next(twin: &Summary, old: Option<&Summary>, transaction: &Transaction) -> Next {
    let of = |summary: &Summary| match phase(summary.name()) {
        (name, phase) if name == transaction.name => Some(phase),
        _ => None,
    };
    let Some(twin_phase) = of(twin) else { return Next::Nothing };
    let never_ran = twin.state == "created";
    let Some(old) = old else {
        return match twin_phase {
            Phase::New => Next::Discard,
            Phase::InOffice if never_ran && transaction.old_running => Next::Forward,
            Phase::Failed => Next::Forward,
            Phase::InOffice | Phase::Old | Phase::Kept(_) => Next::Nothing,
        };
    };
    match (of(old), twin_phase) {
        (Some(Phase::InOffice | Phase::Old), Phase::New | Phase::Failed) => Next::Back,
        (Some(Phase::Old), Phase::InOffice) => match transaction.old_running {
            false => Next::Commit,
            true if never_ran => Next::Back,
            // Paused by somebody, perhaps as evidence.
            true if twin.state == "paused" => Next::Nothing,
            true => Next::Judge,
        },
        (Some(Phase::InOffice), Phase::InOffice)
        | (Some(Phase::InOffice | Phase::Old), Phase::Old | Phase::Kept(_))
        | (Some(Phase::New | Phase::Failed | Phase::Kept(_)) | None, _) => Next::Nothing,
    }
}

async fn back<E: Effects>(
    effects: &E,
    transaction: &Transaction,
    twin: &str,
    why: &str,
) -> (String, bool) {
    match withdraw(effects, transaction, twin).await {
        Ok(()) => (format!("the old container was put back as it was{why}"), true),
        Err(Stranded { why, left }) => {
            (format!("and the way back is blocked: {why}; left: {}", left.join(", ")), false)
        }
    }
}

async fn finish<E: Effects>(effects: &E, transaction: &Transaction, proof: &str) -> (String, bool) {
    let committed = async {
        let old = Seen::of(effects.docker(), &transaction.replaces).await?;
        if old.restart_policy() != "no" {
            steps::set_restart_policy(effects, old.id(), "no").await?;
        }
        commit(effects, transaction).await
    };
    match committed.await {
        Ok(kept) => (
            format!("the new container is in service ({proof}), the old one is kept as {kept}"),
            true,
        ),
        Err(error) => (format!("the old container could not be put aside: {error}"), false),
    }
}

async fn forward<E: Effects>(
    effects: &E,
    transaction: &Transaction,
    twin: &Summary,
) -> Result<(), DockerError> {
    if twin.name() != transaction.name {
        // The name last: it is what tells that this is still to be done.
        steps::set_restart_policy(effects, &twin.id, &transaction.old_restart).await?;
        steps::rename(effects, &twin.id, &transaction.name).await?;
    }
    if transaction.old_running && twin.state != "running" {
        steps::start(effects, &twin.id).await?;
    }
    Ok(())
}

fn outcome(result: Result<(), DockerError>, text: &str) -> (String, bool) {
    match result {
        Ok(()) => (text.to_owned(), true),
        Err(error) => (format!("tried: {text}, but {error}"), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(name: &str, state: &str) -> Summary {
        Summary { names: Some(vec![format!("/{name}")]), state: state.into(), ..Summary::default() }
    }

    fn decide(old: Option<(&str, &str)>, twin: (&str, &str), old_running: bool) -> Next {
        let transaction = Transaction {
            txn: "t".into(),
            replaces: "old".into(),
            name: "web".into(),
            run: "3".into(),
            old_restart: "always".into(),
            old_running,
        };
        let old = old.map(|(name, state)| summary(name, state));
        next(&summary(twin.0, twin.1), old.as_ref(), &transaction)
    }

    #[test]
    fn every_line_of_the_crash_table_has_its_way_on() {
        for (old, twin, expected) in [
            (("web", "running"), ("web.plimsoll-new", "created"), Next::Back),
            (("web", "exited"), ("web.plimsoll-new", "created"), Next::Back),
            (("web.plimsoll-old", "exited"), ("web.plimsoll-new", "created"), Next::Back),
            (("web.plimsoll-old", "exited"), ("web", "created"), Next::Back),
            (("web.plimsoll-old", "exited"), ("web", "running"), Next::Judge),
            (("web.plimsoll-old", "exited"), ("web", "restarting"), Next::Judge),
            (("web.plimsoll-kept-3", "exited"), ("web", "running"), Next::Nothing),
            (("web.plimsoll-old", "exited"), ("web.plimsoll-failed", "running"), Next::Back),
            (("web", "exited"), ("web.plimsoll-failed", "exited"), Next::Back),
            (("web", "running"), ("web.plimsoll-failed", "exited"), Next::Back),
        ] {
            assert_eq!(decide(Some(old), twin, true), expected, "{old:?} {twin:?}");
        }
    }

    #[test]
    fn container_that_did_not_run_needs_no_gate() {
        let old = Some(("web.plimsoll-old", "exited"));
        assert_eq!(decide(old, ("web", "created"), false), Next::Commit);
    }

    #[test]
    fn when_the_old_one_is_gone_what_served_goes_on_and_what_never_did_goes() {
        assert_eq!(decide(None, ("web", "running"), true), Next::Nothing);
        assert_eq!(decide(None, ("web", "created"), true), Next::Forward);
        assert_eq!(decide(None, ("web.plimsoll-failed", "exited"), true), Next::Forward);
        assert_eq!(decide(None, ("web.plimsoll-new", "created"), true), Next::Discard);
    }

    #[test]
    fn names_that_somebody_else_gave_are_left_alone() {
        for (old, twin) in [
            (("web-backup", "exited"), ("web", "running")),
            (("web", "running"), ("web-hardened", "exited")),
            (("web.plimsoll-old", "exited"), ("web", "paused")),
            (("web", "running"), ("web.plimsoll-kept-4", "exited")),
        ] {
            assert_eq!(decide(Some(old), twin, true), Next::Nothing, "{old:?} {twin:?}");
        }
    }
}
