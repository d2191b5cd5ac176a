//! The way back: the replacements go, the old containers are as they were.
//!
//! Goes by what is visible on the engine alone, so it can be cut off after any call and begun
//! again by another process. The rename comes first, because it is the decision.

use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use super::{effects::Effects, in_flight, seen::Seen, steps};
use crate::{
    docker::DockerError,
    model::transaction::{Phase, Transaction, failed_name, phase},
};

/// How long an old container has to run again before it counts as back.
pub(super) const SETTLE: Duration = Duration::from_millis(500);

/// One of those that are taken back together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Withdrawn<'a> {
    pub(super) transaction: &'a Transaction,
    /// ID of the replacement.
    pub(super) twin: &'a str,
}

/// Why the way back could not be gone to its end, and what is left as it is.
#[derive(Clone, Debug)]
pub(super) struct Stranded {
    pub(super) why: String,
    pub(super) left: Vec<String>,
}

/// Takes the replacements of a group, providers first, out of office and puts the old containers
/// back in.
pub(super) async fn withdraw<E: Effects>(
    effects: &E,
    group: &[Withdrawn<'_>],
) -> Result<(), Stranded> {
    let docker = effects.docker();
    let mut twins = Vec::new();
    for it in group.iter().rev() {
        let name = &it.transaction.name;
        let twin =
            Seen::find(docker, it.twin).await.map_err(|error| strand("look", &error, name))?;
        if let Some(twin) = twin {
            retire_twin(effects, &twin, &failed_name(name))
                .await
                .map_err(|(step, error)| strand(step, &error, name))?;
            twins.push((name, twin));
        }
    }
    let mut olds = Vec::new();
    for Withdrawn { transaction: it, .. } in group {
        let old = Seen::find(docker, &it.replaces).await;
        let old = old.map_err(|error| strand("find the old container", &error, &it.name))?;
        match old {
            Some(old) => {
                // Nothing of this transaction happened before its replacement was there.
                let twin = twins.iter().find(|(name, _)| **name == it.name);
                let began = twin.map_or(old.created(), |(_, twin)| twin.created()).to_owned();
                let old = in_flight::settled(docker, old, &began).await.map_err(|error| {
                    strand("wait for the old container's stop", &error, &it.name)
                })?;
                reinstate(effects, &old, it).await?;
                olds.push((*it, old));
            }
            // It went before anything of it was stopped. What never ran replaces nothing.
            None if twins.iter().all(|(_, twin)| !twin.was_started()) => {}
            None => {
                return Err(Stranded {
                    why: format!("the old `{}` is gone", it.name),
                    left: left_behind(&it.name),
                });
            }
        }
    }
    start_again(effects, &olds).await?;
    let unlinked = lost_links(effects, &olds, &twins).await;
    for (name, twin) in &twins {
        steps::remove(effects, twin.id())
            .await
            .map_err(|error| strand("remove the replacement", &error, name))?;
    }
    match unlinked {
        None => Ok(()),
        Some(name) => Err(Stranded {
            why: format!("the engine was restarted meanwhile, and `{name}` lost its links"),
            left: vec![format!(
                "`{name}` without its links; they come back when the engine is \
                                restarted once more"
            )],
        }),
    }
}

pub(super) fn strand(step: &str, error: &DockerError, name: &str) -> Stranded {
    Stranded { why: format!("cannot {step}: {error}"), left: left_behind(name) }
}

fn left_behind(name: &str) -> Vec<String> {
    vec![format!(
        "containers named `{name}` or starting with `{name}.plimsoll-`; the next command goes on \
         from there"
    )]
}

/// Gives it a name out of office and stops it, as far as that is to be done.
///
/// Engines cannot rename a container that is about to restart ("sandbox not found"). Such a one is
/// stopped first; cut off in between, it does not pass the gate, and recovery comes here again.
pub(super) async fn retire_twin<E: Effects>(
    effects: &E,
    new: &Seen,
    out: &str,
) -> Result<(), (&'static str, DockerError)> {
    let in_office = phase(new.name()).1 == Phase::InOffice;
    let rename = || async {
        steps::rename(effects, new.id(), out)
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

/// Gives an old container its name and its restart policy back.
pub(super) async fn reinstate<E: Effects>(
    effects: &E,
    old: &Seen,
    transaction: &Transaction,
) -> Result<(), Stranded> {
    let Transaction { name, old_restart, .. } = transaction;
    if matches!(phase(old.name()).1, Phase::Old | Phase::Kept(_)) {
        steps::rename(effects, old.id(), name)
            .await
            .map_err(|error| strand("give the old container its name back", &error, name))?;
    }
    if old.restart_policy() != *old_restart {
        steps::set_restart_policy(effects, old.id(), old_restart).await.map_err(|error| {
            strand("give the old container its restart policy back", &error, name)
        })?;
    }
    Ok(())
}

/// Starts those that ran, providers first.
pub(super) async fn start_again<E: Effects>(
    effects: &E,
    olds: &[(&Transaction, Seen)],
) -> Result<(), Stranded> {
    let is_down = |(it, old): &&(&Transaction, Seen)| it.old_running && !old.has_processes();
    let Some(first) = olds.iter().position(|it| is_down(&it)) else { return Ok(()) };
    // What would live on in a namespace that is about to be made anew.
    for (it, old) in olds[first + 1..].iter().rev().filter(|(_, old)| old.has_processes()) {
        steps::stop(effects, old.id())
            .await
            .map_err(|error| strand("stop what needs the old container", &error, &it.name))?;
    }
    let to_start = || olds[first..].iter().filter(|(it, _)| it.old_running);
    for (it, old) in to_start() {
        steps::start(effects, old.id())
            .await
            .map_err(|error| strand("start the old container again", &error, &it.name))?;
    }
    sleep(SETTLE).await;
    for (it, old) in to_start() {
        let again = Seen::of(effects.docker(), old.id()).await;
        if again.is_ok_and(|again| !again.has_processes()) {
            return Err(Stranded {
                why: "the old container stopped again right after its start".into(),
                left: left_behind(&it.name),
            });
        }
    }
    Ok(())
}

/// Returns an old container whose links are not what they were. An engine that is restarted while
/// the names are passing ones looks for them in vain, or finds the replacement.
async fn lost_links<'a, E: Effects>(
    effects: &E,
    olds: &[(&'a Transaction, Seen)],
    twins: &[(&String, Seen)],
) -> Option<&'a str> {
    for (it, old) in olds {
        let Some((_, twin)) = twins.iter().find(|(name, _)| **name == it.name) else { continue };
        if links(twin).is_empty() {
            continue;
        }
        let Ok(now) = Seen::of(effects.docker(), old.id()).await else { continue };
        let is_whole = links(&now).len() == links(twin).len()
            && links(&now).iter().all(|to| phase(to).1 == Phase::InOffice);
        if !is_whole {
            return Some(&it.name);
        }
    }
    None
}

/// Names of the containers that it links to.
fn links(seen: &Seen) -> Vec<&str> {
    let links = seen.0["HostConfig"]["Links"].as_array().into_iter().flatten();
    links
        .filter_map(Value::as_str)
        .filter_map(|it| it.split(':').next())
        .map(|it| it.trim_start_matches('/'))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn links_are_named_by_their_targets() {
        let seen =
            Seen(json!({ "HostConfig": { "Links": ["/db.plimsoll-failed:/web/database"] } }));
        assert_eq!(links(&seen), ["db.plimsoll-failed"]);
        assert!(links(&Seen(json!({}))).is_empty());
    }
}
