//! The list of images, and which of them nobody uses.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Deserialize;

use super::networks::Container;
use crate::model::stored_images::{StoredImages, UnusedImage};

const SHORT_ID: usize = 12;

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Reply {
    id: String,
    repo_tags: Option<Vec<String>>,
    /// Seconds since 1970.
    created: i64,
}

impl Reply {
    fn name(&self) -> String {
        let mut tags = self.repo_tags.iter().flatten().filter(|it| *it != "<none>:<none>");
        let id = self.id.strip_prefix("sha256:").unwrap_or(&self.id);
        let short = || id.get(..SHORT_ID).unwrap_or(id).to_owned();
        tags.next().cloned().unwrap_or_else(short)
    }
}

pub(super) fn read(
    replies: Result<Vec<Reply>, String>,
    containers: Result<Vec<Container>, String>,
    now: Option<Timestamp>,
) -> StoredImages {
    let unused = replies.and_then(|replies| {
        let containers = containers?;
        let used: BTreeSet<&str> = containers.iter().map(|it| it.image_id.as_str()).collect();
        let unused = replies.iter().filter(|it| !used.contains(it.id.as_str()));
        let read = |it: &Reply| UnusedImage {
            name: it.name(),
            created: Timestamp::from_second(it.created).ok(),
        };
        Ok(unused.map(read).collect())
    });
    StoredImages { unused, now }
}
