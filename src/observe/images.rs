//! What the images in use say about themselves: each image is asked once, however many containers
//! are made of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::{image_files, rooted::Root};
use crate::{
    docker::{Docker, DockerError},
    model::{
        container::ContainerSpec,
        field::Field,
        image::{GONE, ImageFacts, ImageFiles},
    },
    sources::image,
};

/// Images asked about side by side.
const AT_ONCE: usize = 8;

/// Looks at the images of these containers. Fails only if the engine is gone.
pub(super) async fn look(
    docker: &Docker,
    specs: impl Iterator<Item = &ContainerSpec>,
) -> Result<BTreeMap<String, Result<Arc<ImageFacts>, &'static str>>, DockerError> {
    let ids: BTreeSet<String> =
        specs.map(|it| it.image_id.clone()).filter(|it| !it.is_empty()).collect();
    stream::iter(ids)
        .map(|id| async move {
            let facts = facts(docker, &id).await?;
            Ok((id, facts.map(Arc::new)))
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

async fn facts(docker: &Docker, id: &str) -> Result<Result<ImageFacts, &'static str>, DockerError> {
    let (shown, history) = match tokio::try_join!(docker.image(id), docker.history(id)) {
        Ok(replies) => replies,
        Err(error) if error.is_engine_gone() => return Err(error),
        Err(error) if error.is_not_found() => return Ok(Err(GONE)),
        Err(_) => return Ok(Err("the engine does not tell about its image")),
    };
    Ok(image::facts(&shown, &history)
        .map_err(|_| "what the engine tells about its image cannot be read"))
}

/// Looks through the layers of those images whose layers are known, which takes time.
pub(super) async fn look_through(
    root: &Root,
    images: &BTreeMap<String, Result<Arc<ImageFacts>, &'static str>>,
) -> BTreeMap<String, Field<Arc<ImageFiles>>> {
    let unknown = |why: &&'static str| Field::Unknown(why);
    let mut found: BTreeMap<_, _> = images
        .iter()
        .filter_map(|(id, facts)| Some((id.clone(), facts.as_ref().err().map(unknown)?)))
        .collect();
    let known = images.iter().filter_map(|(id, facts)| Some((id.clone(), facts.clone().ok()?)));
    let (root, known): (Root, Vec<_>) = (root.clone(), known.collect());
    let looked = tokio::task::spawn_blocking(move || image_files::look(&root, &known)).await;
    found.extend(looked.unwrap_or_default());
    found
}
