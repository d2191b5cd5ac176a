//! A stop that was asked for goes on when whoever asked is gone. Until it is over, the container
//! still runs and is about to be down.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::seen::Seen;
use crate::docker::{
    Docker, DockerError,
    events::{Event, EventFilter},
};

const PAUSE: Duration = Duration::from_millis(100);
/// How long a busy engine may take until it tells of a stop. The container runs, so there is no
/// hurry.
const ON_ITS_WAY: Duration = Duration::from_secs(2);
/// How long the engine waits where the container does not say.
const DEFAULT_TIMEOUT: u64 = 10;
/// For the kill after the timeout.
const MARGIN: Duration = Duration::from_secs(5);

/// Returns the container once no stop is under way any more. Only what happened `since` then
/// counts, which is the engine's own time.
///
/// The engine tells of a stop by its `kill` event and nowhere else (moby `killWithSignal`).
/// Somebody's own signal looks the same; then the wait is in vain and ends after the time that a
/// stop takes at most.
pub(super) async fn settled(docker: &Docker, seen: Seen, since: &str) -> Result<Seen, DockerError> {
    let mut seen = seen;
    let began = Instant::now();
    while seen.has_processes() && !is_stopping(docker, seen.id(), since).await? {
        if began.elapsed() >= ON_ITS_WAY {
            return Ok(seen);
        }
        sleep(PAUSE).await;
        seen = Seen::of(docker, seen.id()).await?;
    }
    let timeout = seen.0["Config"]["StopTimeout"].as_u64().unwrap_or(DEFAULT_TIMEOUT);
    let deadline = Instant::now() + Duration::from_secs(timeout) + MARGIN;
    while seen.has_processes() && Instant::now() < deadline {
        sleep(PAUSE).await;
        seen = Seen::of(docker, seen.id()).await?;
    }
    Ok(seen)
}

async fn is_stopping(docker: &Docker, id: &str, since: &str) -> Result<bool, DockerError> {
    let info: Value = serde_json::from_slice(&docker.info().await?).unwrap_or_default();
    // The engine may be elsewhere, with a clock of its own.
    let now = info["SystemTime"].as_str().and_then(seconds);
    let (Some(since), Some(now)) = (seconds(since), now) else { return Ok(false) };
    let filter = EventFilter {
        kinds: vec!["container".into()],
        actions: ["kill", "die", "start"].map(str::to_owned).into(),
        since: Some(since),
        until: Some(now),
    };
    let mut events = docker.events(&filter).await?;
    let mut last = None;
    while let Some(event) = events.next().await {
        let event = event?;
        if event.actor.id == id {
            last = Some(event);
        }
    }
    Ok(last.is_some_and(|event: Event| event.action == "kill"))
}

/// Turns the engine's time into what it takes for `since` and `until`.
fn seconds(time: &str) -> Option<String> {
    let time: jiff::Timestamp = time.parse().ok()?;
    Some(format!("{}.{:09}", time.as_second(), time.subsec_nanosecond()))
}
