//! Rules about the image that a container is made of.

pub mod account_database_sane;
pub mod allow_list;
pub mod copy_not_add;
pub mod dangling_in_use;
pub mod digest_pinned;
pub mod healthcheck;
pub mod no_latest_tag;
pub mod no_leftover_files;
pub mod no_lone_update;
pub mod no_secrets;
pub mod no_setid_files;
pub mod no_ssh_port;
pub mod no_sudo;
pub mod no_system_workdir_or_volume;
pub mod not_stale;
pub mod trusted_source;

use crate::model::{
    container::ContainerSpec,
    field::Field,
    finding::Verdict,
    image::{ImageFacts, ImageFiles},
};

/// Why a history that holds nothing but files says nothing about steps.
const UNTOLD: &str = "its history does not tell how it was built";

/// Returns what the container's image says about itself, or that nobody knows.
fn facts(container: &ContainerSpec) -> Result<&ImageFacts, Verdict> {
    match &container.image_seen.facts {
        Field::Set(facts) => Ok(facts),
        Field::Unknown(why) => Err(Verdict::Unknown((*why).into())),
        Field::Inherited(_) => Err(Verdict::Unknown("its image was not looked at".into())),
    }
}

/// Returns what lies in the image's layers, or that nobody knows.
fn files(container: &ContainerSpec) -> Result<&ImageFiles, Verdict> {
    match &container.image_seen.files {
        Field::Set(files) => Ok(files),
        Field::Unknown(why) => Err(Verdict::Unknown((*why).into())),
        Field::Inherited(_) => Err(Verdict::Unknown("its image was not looked at".into())),
    }
}

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
        let id = container.image_id.strip_prefix("sha256:").unwrap_or_default();
        let is_id = image.starts_with("sha256:") || image.len() >= 12 && id.starts_with(image);
        if is_id || image.contains("@sha256:") {
            return Self::Fixed;
        }
        let last_part = image.rsplit('/').next().unwrap_or(image);
        Self::Tag(last_part.split_once(':').map_or("latest", |(_, tag)| tag))
    }
}
