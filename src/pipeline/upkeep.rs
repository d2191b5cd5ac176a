//! When a run last succeeded, for the rule that asks; where none asks, nobody writes it down.

use jiff::{SignedDuration, Timestamp};

use super::Errand;
use crate::{
    model::{object::ObjectKind, upkeep::Upkeep},
    store::{Lock, StoreError},
};

/// A resident looks with every event; nobody asks to the minute.
const CLOSE_ENOUGH: SignedDuration = SignedDuration::from_mins(1);

/// Reads it.
pub(super) fn look(errand: Errand<'_>) -> Upkeep {
    if !errand.policy.judges(ObjectKind::Upkeep) {
        return Upkeep::default();
    }
    let read = errand.store.succeeded().map_err(|error| error.to_string());
    let since = read.and_then(|text| {
        let Some(text) = text else { return Ok(None) };
        let at: Timestamp = text.parse().map_err(|_| "its time cannot be read".to_owned())?;
        Ok(Some((errand.clock)().duration_since(at)))
    });
    Upkeep { since }
}

/// Writes it down.
pub(super) fn note(errand: Errand<'_>, lock: &Lock) -> Result<(), StoreError> {
    if !errand.policy.judges(ObjectKind::Upkeep) {
        return Ok(());
    }
    let since = look(errand).since.ok().flatten();
    if since.is_some_and(|it| !it.is_negative() && it < CLOSE_ENOUGH) {
        return Ok(());
    }
    errand.store.save_succeeded(lock, &(errand.clock)().to_string())
}
