//! The kept container comes back into office and its replacement is kept instead; and the same
//! the other way round.
//!
//! While it is under way the replacement is called `N.plimsoll-back-RUN`: whoever finds that
//! brings the predecessor back and keeps the replacement, by what the engine shows alone. So both
//! directions can be cut off after any call.

use tokio::time::sleep;

use crate::{
    docker::DockerError,
    execute::{
        effects::Effects,
        replace::commit,
        seen::Seen,
        steps,
        withdraw::{SETTLE, Stranded, reinstate, retire_twin, start_again, strand},
    },
    model::transaction::{Phase, Transaction, back_name, kept_name, phase},
};

/// A replacement, and what its labels say.
#[derive(Clone, Debug)]
pub(in crate::execute) struct Member {
    pub(in crate::execute) id: String,
    pub(in crate::execute) transaction: Transaction,
}

/// How a replacement was before it was put aside, which its labels do not tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct InOffice {
    pub(super) restart: String,
    pub(super) running: bool,
}

/// Puts replacements aside and their predecessors back. Members come providers first.
pub(in crate::execute) async fn put_aside<E: Effects>(
    effects: &E,
    members: &[Member],
    run: &str,
) -> Result<(), Stranded> {
    take_out(effects, members, run).await?;
    bring_back(effects, members).await?;
    keep(effects, members, run).await
}

/// Takes the replacements out of office, those first that need the others.
pub(super) async fn take_out<E: Effects>(
    effects: &E,
    members: &[Member],
    run: &str,
) -> Result<(), Stranded> {
    for Member { id, transaction } in members.iter().rev() {
        let name = &transaction.name;
        let new = Seen::find(effects.docker(), id).await;
        if let Some(new) = new.map_err(|error| strand("look", &error, name))? {
            retire_twin(effects, &new, &back_name(name, run))
                .await
                .map_err(|(step, error)| strand(step, &error, name))?;
        }
    }
    Ok(())
}

pub(super) async fn bring_back<E: Effects>(
    effects: &E,
    members: &[Member],
) -> Result<(), Stranded> {
    let mut olds = Vec::new();
    for Member { transaction, .. } in members {
        let old = Seen::of(effects.docker(), &transaction.replaces)
            .await
            .map_err(|error| strand("find the old container", &error, &transaction.name))?;
        reinstate(effects, &old, transaction).await?;
        olds.push((transaction, old));
    }
    start_again(effects, &olds).await
}

/// Ends it: the replacements get the names under which they are kept.
pub(super) async fn keep<E: Effects>(
    effects: &E,
    members: &[Member],
    run: &str,
) -> Result<(), Stranded> {
    for Member { id, transaction } in members.iter().rev() {
        let name = &transaction.name;
        let kept = async {
            let Some(new) = Seen::find(effects.docker(), id).await? else { return Ok(()) };
            if matches!(phase(new.name()).1, Phase::Kept(_)) {
                return Ok(());
            }
            // It may have been on its way into office when that was cut off.
            if new.restart_policy() != "no" {
                steps::set_restart_policy(effects, id, "no").await?;
            }
            match steps::rename(effects, id, &kept_name(name, run)).await {
                Err(error) if error.code() == Some(409) => {
                    // Run numbers start again when the state directory is lost.
                    let digits = id.bytes().take(6).map(|byte| (b'0' + byte % 10) as char);
                    let run = format!("{run}-{}", digits.collect::<String>());
                    steps::rename(effects, id, &kept_name(name, &run)).await
                }
                other => other,
            }
        };
        kept.await.map_err(|error: DockerError| strand("keep the replacement", &error, name))?;
    }
    Ok(())
}

/// Puts replacements back into office and their predecessors aside. Until the last step somebody
/// who comes after a kill brings the predecessors back.
pub(super) async fn put_forward<E: Effects>(
    effects: &E,
    members: &[(Member, InOffice)],
    run: &str,
) -> Result<(), Stranded> {
    let failed = |name: &str, step: &'static str| {
        let name = name.to_owned();
        move |error: DockerError| strand(step, &error, &name)
    };
    for (Member { id, transaction }, _) in members {
        let name = &transaction.name;
        let new =
            Seen::of(effects.docker(), id).await.map_err(failed(name, "find the replacement"))?;
        if matches!(phase(new.name()).1, Phase::Kept(_)) {
            steps::rename(effects, id, &back_name(name, run))
                .await
                .map_err(failed(name, "rename the replacement"))?;
        }
    }
    for (Member { transaction, .. }, _) in members.iter().rev() {
        let name = &transaction.name;
        let old = Seen::of(effects.docker(), &transaction.replaces)
            .await
            .map_err(failed(name, "find the old container"))?;
        if old.has_processes() {
            steps::stop(effects, old.id()).await.map_err(failed(name, "stop the old container"))?;
        }
        if old.restart_policy() != "no" {
            steps::set_restart_policy(effects, old.id(), "no")
                .await
                .map_err(failed(name, "keep the old container from restarting"))?;
        }
        if phase(old.name()).1 == Phase::InOffice {
            commit(effects, transaction)
                .await
                .map_err(failed(name, "put the old container aside"))?;
        }
    }
    for (Member { id, transaction }, was) in members {
        let name = &transaction.name;
        steps::set_restart_policy(effects, id, &was.restart)
            .await
            .map_err(failed(name, "give the replacement its restart policy back"))?;
        if was.running {
            steps::start(effects, id).await.map_err(failed(name, "start the replacement"))?;
        }
    }
    sleep(SETTLE).await;
    for (Member { id, transaction }, was) in members {
        let name = &transaction.name;
        let new =
            Seen::of(effects.docker(), id).await.map_err(failed(name, "find the replacement"))?;
        if was.running && !new.has_processes() {
            return Err(Stranded {
                why: "the replacement stopped again right after its start".into(),
                left: Vec::new(),
            });
        }
        steps::rename(effects, id, name)
            .await
            .map_err(failed(name, "give the replacement its name"))?;
    }
    Ok(())
}
