//! The engine's events as they come, line by line.

use std::collections::{BTreeMap, VecDeque};

use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde::Deserialize;
use serde_json::json;

use super::{Docker, error::DockerError, escape};

/// A line longer than this is no event.
const LINE_LIMIT: usize = 1 << 20;

/// Which events, and from when to when. Empty lists are no filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// `container`, `daemon`.
    pub kinds: Vec<String>,
    /// `start`, `reload`.
    pub actions: Vec<String>,
    /// Seconds since 1970, possibly with a fraction.
    pub since: Option<String>,
    /// The stream ends there; without it, it goes on for ever.
    pub until: Option<String>,
}

impl EventFilter {
    fn path(&self) -> String {
        let mut filters = serde_json::Map::new();
        for (key, words) in [("type", &self.kinds), ("event", &self.actions)] {
            if !words.is_empty() {
                filters.insert(key.into(), json!(words));
            }
        }
        let mut path = format!("/events?filters={}", escape(&json!(filters).to_string()));
        for (key, moment) in [("since", &self.since), ("until", &self.until)] {
            if let Some(moment) = moment {
                path.push_str(&format!("&{key}={}", escape(moment)));
            }
        }
        path
    }
}

/// One event. All words are kept as text: engines invent new ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Event {
    #[serde(rename = "Type")]
    pub kind: String,
    #[serde(rename = "Action")]
    pub action: String,
    #[serde(rename = "Actor")]
    pub actor: Actor,
    /// Seconds since 1970.
    pub time: i64,
    #[serde(rename = "timeNano")]
    pub time_nano: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Actor {
    #[serde(rename = "ID")]
    pub id: String,
    #[serde(rename = "Attributes")]
    pub attributes: BTreeMap<String, String>,
}

/// Events in the order the engine sends them.
pub struct EventStream {
    body: Incoming,
    partial: Vec<u8>,
    ready: VecDeque<Event>,
    overlong: bool,
    skipped: usize,
}

impl Docker {
    /// Opens the stream. It is subscribed when this returns.
    pub async fn events(&self, filter: &EventFilter) -> Result<EventStream, DockerError> {
        let body = self.open(&filter.path(), "GET /events").await?;
        Ok(EventStream {
            body,
            partial: Vec::new(),
            ready: VecDeque::new(),
            overlong: false,
            skipped: 0,
        })
    }
}

impl EventStream {
    /// Waits for the next event. `None` is the end asked for with `until`, or of the engine.
    pub async fn next(&mut self) -> Option<Result<Event, DockerError>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(Ok(event));
            }
            match self.body.frame().await? {
                Ok(frame) => {
                    if let Some(bytes) = frame.data_ref() {
                        self.take(bytes);
                    }
                }
                Err(_) => {
                    return Some(Err(DockerError::ConnectionLost { what: "GET /events".into() }));
                }
            }
        }
    }

    /// Returns how many lines could not be read as events and were passed over.
    pub const fn skipped(&self) -> usize {
        self.skipped
    }

    fn take(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let ends = piece.ends_with(b"\n");
            if self.partial.len() + piece.len() > LINE_LIMIT {
                self.overlong = true;
                self.partial.clear();
            }
            if !self.overlong {
                self.partial.extend_from_slice(piece);
            }
            if ends {
                self.finish_line();
            }
        }
    }

    fn finish_line(&mut self) {
        let line = std::mem::take(&mut self.partial);
        let overlong = std::mem::take(&mut self.overlong);
        let text = line.trim_ascii();
        if overlong {
            self.skipped += 1;
        } else if !text.is_empty() {
            match serde_json::from_slice(text) {
                Ok(event) => self.ready.push_back(event),
                Err(_) => self.skipped += 1,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filter_is_written_as_the_engine_reads_it() {
        let filter = EventFilter {
            kinds: vec!["daemon".into()],
            actions: vec!["reload".into()],
            since: Some("12.5".into()),
            until: None,
        };
        assert_eq!(
            filter.path(),
            "/events?filters=%7B%22type%22%3A%5B%22daemon%22%5D%2C%22event%22%3A%5B%22reload%22%5D%7D&since=12.5"
        );
    }
}
