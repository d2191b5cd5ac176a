//! Images that are made of containers, so that their changed files outlive them.
//!
//! The repository's name says whose they are. One that no container uses, be it after a crash, a
//! way back or a retention that is over, is removed by the next command that acts.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{effects::Effects, seen::Seen};
use crate::docker::DockerError;

pub(super) const REPOSITORY: &str = "plimsoll-committed";
/// A tag has at most 128 characters, and the run's number is among them.
const NAME: usize = 100;

/// Makes an image of a container, and returns the container as if it had come from that image.
pub(super) async fn commit<E: Effects>(
    effects: &E,
    old: &Seen,
    run: &str,
) -> Result<Seen, DockerError> {
    let name: String = old.name().chars().take(NAME).collect();
    let tag = format!("{name}-{run}");
    let image = effects.commit_container(old.id(), REPOSITORY, &tag).await?;
    let mut like = old.clone();
    like.0["Image"] = image.into();
    like.0["Config"]["Image"] = format!("{REPOSITORY}:{tag}").into();
    Ok(like)
}

/// Removes the images that no container uses. What cannot be removed now is tried next time.
pub async fn retire<E: Effects>(effects: &E) -> Result<(), DockerError> {
    let docker = effects.docker();
    let images = docker.images_of(REPOSITORY).await?;
    let images: Vec<Value> = serde_json::from_slice(&images).unwrap_or_default();
    if images.is_empty() {
        return Ok(());
    }
    let containers = docker.containers().await?;
    let used: BTreeSet<&str> = containers.iter().map(|it| it.image_id.as_str()).collect();
    for image in images.iter().filter(|it| !used.contains(it["Id"].as_str().unwrap_or_default())) {
        let tags = image["RepoTags"].as_array().into_iter().flatten().filter_map(Value::as_str);
        for tag in tags.filter(|it| it.split(':').next() == Some(REPOSITORY)) {
            let _ = effects.remove_image(tag).await;
        }
    }
    Ok(())
}
