//! Rules about the image that a container is made of.

pub mod allow_list;
pub mod digest_pinned;
pub mod no_latest_tag;

use crate::model::container::ContainerSpec;

/// How a container names its image.
enum Named<'a> {
    /// By a digest or by its ID: the name cannot come to mean another image.
    Fixed,
    /// By this tag; `latest` where none is written.
    Tag(&'a str),
}

impl<'a> Named<'a> {
    fn of(container: &'a ContainerSpec) -> Self {
        let image = container.image.as_str();
        let is_id = image.starts_with("sha256:")
            || image.len() >= 12 && container.image_id.starts_with(&format!("sha256:{image}"));
        if is_id || image.contains("@sha256:") {
            return Self::Fixed;
        }
        let last_part = image.rsplit('/').next().unwrap_or(image);
        Self::Tag(last_part.split_once(':').map_or("latest", |(_, tag)| tag))
    }
}
