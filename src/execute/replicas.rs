//! Compose counts every container that carries its labels, and labels cannot be taken off: its
//! next `up` would start a kept container and remove the one in office, or the other way round.

use super::{effects::Effects, seen::Seen, steps};
use crate::{docker::DockerError, model::compose};

/// Removes a container that was replaced, if Compose would count it as a replica. Its volumes
/// stay. Returns what became of it; `None` if nothing did.
pub(super) async fn remove_counted<E: Effects>(
    effects: &E,
    id: &str,
) -> Result<Option<String>, DockerError> {
    match Seen::find(effects.docker(), id).await? {
        Some(old) if old.labels().contains_key(compose::PROJECT) => {
            steps::remove(effects, id).await?;
            Ok(Some("removed, as Compose would count it as a replica".into()))
        }
        Some(_) | None => Ok(None),
    }
}
