//! The way back: the replacement goes, the old container is as it was.
//!
//! Goes by what is visible on the engine alone, so it can be cut off after any call and begun
//! again by another process. The rename comes first, because it is the decision.

use std::time::Duration;

use tokio::time::sleep;

use super::{effects::Effects, seen::Seen, steps};
use crate::{
    docker::DockerError,
    model::transaction::{Phase, Transaction, failed_name, phase},
};

/// How long the old container has to run again before it counts as back.
const SETTLE: Duration = Duration::from_millis(500);

/// Why the way back could not be gone to its end, and what is left as it is.
#[derive(Clone, Debug)]
pub(super) struct Stranded {
    pub(super) why: String,
    pub(super) left: Vec<String>,
}

/// Takes the replacement `twin` out of office and puts the old container back in.
pub(super) async fn withdraw<E: Effects>(
    effects: &E,
    transaction: &Transaction,
    twin: &str,
) -> Result<(), Stranded> {
    let name = &transaction.name;
    let strand = |step: &str, error: &DockerError| Stranded {
        why: format!("cannot {step}: {error}"),
        left: left_behind(name),
    };

    let new = Seen::find(effects.docker(), twin).await.map_err(|it| strand("look", &it))?;
    if let Some(new) = &new {
        retire_twin(effects, new, name).await.map_err(|(step, error)| strand(step, &error))?;
    }
    let old = Seen::of(effects.docker(), &transaction.replaces)
        .await
        .map_err(|error| strand("find the old container", &error))?;
    if phase(old.name()).1 == Phase::Old {
        steps::rename(effects, old.id(), name)
            .await
            .map_err(|error| strand("give the old container its name back", &error))?;
    }
    if old.restart_policy() != transaction.old_restart {
        steps::set_restart_policy(effects, old.id(), &transaction.old_restart)
            .await
            .map_err(|error| strand("give the old container its restart policy back", &error))?;
    }
    if transaction.old_running && !old.has_processes() {
        steps::start(effects, old.id())
            .await
            .map_err(|error| strand("start the old container again", &error))?;
        sleep(SETTLE).await;
        let again = Seen::of(effects.docker(), old.id()).await;
        if again.is_ok_and(|again| !again.has_processes()) {
            return Err(Stranded {
                why: "the old container stopped again right after its start".into(),
                left: left_behind(name),
            });
        }
    }
    if let Some(new) = &new {
        steps::remove(effects, new.id())
            .await
            .map_err(|error| strand("remove the replacement", &error))?;
    }
    Ok(())
}

/// Renames and stops it, as far as that is to be done.
///
/// Engines cannot rename a container that is about to restart ("sandbox not found"). Such a one is
/// stopped first; cut off in between, it does not pass the gate, and recovery comes here again.
async fn retire_twin<E: Effects>(
    effects: &E,
    new: &Seen,
    name: &str,
) -> Result<(), (&'static str, DockerError)> {
    let in_office = phase(new.name()).1 == Phase::InOffice;
    let rename = || async {
        steps::rename(effects, new.id(), &failed_name(name))
            .await
            .map_err(|error| ("take the replacement out of office", error))
    };
    let is_looping = new.status() == "restarting";
    let mut renamed = !in_office;
    if in_office && !is_looping {
        // It may have ended since it was looked at; then there is a second attempt.
        renamed = rename().await.is_ok();
    }
    if new.has_processes() {
        let restarts = new.restart_policy() != "no";
        let fence = || steps::set_restart_policy(effects, new.id(), "no");
        // Between two of its starts the engine may refuse ("container not running"). A stop ends
        // the restarts as well, and then the policy can be set.
        let fenced = !restarts || fence().await.is_ok();
        steps::stop(effects, new.id()).await.map_err(|error| ("stop the replacement", error))?;
        if !fenced {
            fence().await.map_err(|error| ("keep the replacement from restarting", error))?;
        }
    }
    if renamed { Ok(()) } else { rename().await }
}

fn left_behind(name: &str) -> Vec<String> {
    vec![format!(
        "containers named `{name}` or starting with `{name}.plimsoll-`; the next command goes on \
         from there"
    )]
}
