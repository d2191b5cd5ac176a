//! Containers that were replaced long enough ago go; their volumes stay.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{effects::Effects, recover::Recovered, seen::Seen, steps};
use crate::{
    docker::DockerError,
    model::{
        object::Address,
        snapshot::Kept,
        transaction::{NAME, Phase, REPLACES, Transaction, phase},
    },
};

/// Removes the kept containers whose retention has passed and whose successor is there to prove
/// what they are. Tells what went.
pub async fn retire<E: Effects>(
    effects: &E,
    kept: &[Kept],
    retention_days: u32,
    now: Timestamp,
) -> Vec<Recovered> {
    let mut due: Vec<&Kept> = kept.iter().filter(|it| is_due(it, retention_days, now)).collect();
    // Each one is the proof of the one before.
    due.sort_by(|a, b| a.since.cmp(&b.since));
    let mut retired = Vec::new();
    for it in due {
        let (text, settled) = match remove(effects, it).await {
            Ok(true) => (format!("kept for {retention_days} days, removed"), true),
            Ok(false) => continue,
            Err(error) => (format!("could not be removed: {error}"), false),
        };
        retired.push(Recovered { address: Address::container(&it.name), text, settled });
    }
    retired
}

fn is_due(kept: &Kept, retention_days: u32, now: Timestamp) -> bool {
    let retention = SignedDuration::from_hours(i64::from(retention_days) * 24);
    kept.since.parse::<Timestamp>().is_ok_and(|since| now.duration_since(since) >= retention)
}

/// Looks again before it removes: the exact name, the exact label, and no processes.
async fn remove<E: Effects>(effects: &E, kept: &Kept) -> Result<bool, DockerError> {
    let Some(seen) = Seen::find(effects.docker(), &kept.id).await? else { return Ok(false) };
    let (name, Phase::Kept(_)) = phase(seen.name()) else { return Ok(false) };
    if seen.name() != kept.name || seen.id() != kept.id || seen.has_processes() {
        return Ok(false);
    }
    // A replacement that a rollback put aside says itself what it is.
    let is_ours = Transaction::from_labels(&seen.labels()).is_some_and(|it| it.name == name);
    let proof = json!({ "label": [format!("{REPLACES}={}", kept.id), format!("{NAME}={name}")] });
    if !is_ours && effects.docker().containers_where(&proof).await?.is_empty() {
        return Ok(false);
    }
    steps::remove(effects, &kept.id).await.map(|()| true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retention_counts_from_the_replacement() {
        let kept = Kept {
            name: "web.plimsoll-kept-3".into(),
            id: "a".into(),
            replaced_by: None,
            since: "2026-11-01T10:00:00Z".into(),
        };
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert!(!is_due(&kept, 7, at("2026-11-08T09:59:59Z")));
        assert!(is_due(&kept, 7, at("2026-11-08T10:00:00Z")));
        assert!(is_due(&kept, 0, at("2026-11-01T10:00:00Z")));
        let unknown = Kept { since: String::new(), ..kept };
        assert!(!is_due(&unknown, 0, at("2026-11-08T10:00:00Z")));
    }
}
