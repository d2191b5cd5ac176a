//! The image that a container is made of.

use std::{collections::BTreeMap, sync::Arc};

use super::{container::ContainerSpec, field::Field, selector::image_spellings};

/// What is known about a container's image. Filled in by `effective::complete`.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageSeen {
    /// Names that it has now, with their tags.
    pub tags: Field<Vec<String>>,
    /// ID of the image that has the container's reference for a name now; `None` if none has.
    pub named_now: Field<Option<String>>,
    /// What it says about itself; looked at only where a rule asks.
    pub facts: Field<Arc<ImageFacts>>,
    /// What lies in its layers; looked for only where a rule asks.
    pub files: Field<Arc<ImageFiles>>,
}

impl Default for ImageSeen {
    fn default() -> Self {
        const UNSEEN: &str = "its image was not looked at";
        Self {
            tags: Field::Unknown(UNSEEN),
            named_now: Field::Unknown(UNSEEN),
            facts: Field::Unknown(UNSEEN),
            files: Field::Unknown(UNSEEN),
        }
    }
}

/// What an image says about itself. Secrets are in it by name alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageFacts {
    /// Whether it brings a health check that is not `NONE`.
    pub has_healthcheck: bool,
    /// Ports that it says it listens on: `80/tcp`.
    pub exposed_ports: Vec<String>,
    pub working_directory: String,
    /// Paths for which it asks volumes.
    pub volume_paths: Vec<String>,
    /// Where secrets stand, sorted: `environment DB_PASSWORD`, `argument API_TOKEN`.
    pub secrets: Vec<String>,
    /// How it was built, oldest step first, as far as its history tells.
    pub steps: Vec<Step>,
    /// Where its layers lie on the engine's host, topmost first; empty where they lie otherwise
    /// than one over the other (`overlay2`).
    pub layers: Vec<String>,
}

/// What lies in an image's layers, as containers of it see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageFiles {
    /// Paths of files with set-ID bits, sorted.
    pub set_id: Vec<String>,
    /// Paths of what building it left behind: repositories, caches, keys. Sorted.
    pub left_over: Vec<String>,
    /// What is wrong with its accounts, `None` if it has none; or why they could not be read.
    pub accounts: Result<Option<Vec<String>>, &'static str>,
}

/// One entry of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Add {
        what: Added,
        to: String,
    },
    Run(Run),
    /// Files that came another way: by `COPY`, or from something else than a Dockerfile.
    Files,
    /// What changes no file: `ENV`, `LABEL`.
    Setting,
}

/// What an `ADD` brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Added {
    /// Something from the network, by scheme and host alone.
    Fetched(String),
    /// An archive, which is unpacked.
    Archive(String),
    /// Files that `COPY` would have brought as well.
    Plain,
    /// Files of which the history does not tell whether they are archives.
    Unsaid,
}

/// What a `RUN` did, as far as rules ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// What refreshed its list of packages: `apt-get update`.
    pub refreshes: Option<String>,
    /// Whether packages were installed or upgraded.
    pub installs: bool,
    /// Whether `sudo` was installed or called.
    pub sudo: bool,
}

/// The images that an engine lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageList {
    /// ID to names with tags.
    tags: BTreeMap<String, Vec<String>>,
    /// Name in full, with its tag, to ID.
    ids: BTreeMap<String, String>,
}

impl ImageList {
    pub fn new(images: impl IntoIterator<Item = (String, Vec<String>)>) -> Self {
        let mut list = Self::default();
        for (id, tags) in images {
            // Older engines write it for an image without one.
            let tags: Vec<String> = tags.into_iter().filter(|it| it != "<none>:<none>").collect();
            list.ids.extend(tags.iter().map(|tag| (in_full(tag), id.clone())));
            list.tags.insert(id, tags);
        }
        list
    }

    /// Returns the names of a container's image, and the ID of the image that its reference names.
    pub fn names(&self, spec: &ContainerSpec) -> (Field<Vec<String>>, Field<Option<String>>) {
        let tags = self
            .tags
            .get(&spec.image_id)
            .map_or(Field::Unknown(GONE), |tags| Field::Set(tags.clone()));
        (tags, Field::Set(self.ids.get(&in_full(&spec.image)).cloned()))
    }
}

/// Why nothing is known about an image that was removed while a container of it lives on.
pub const GONE: &str = "its image was removed from this engine";

fn in_full(reference: &str) -> String {
    image_spellings(reference).pop().unwrap_or_default().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples::container;

    #[test]
    fn names_are_those_of_the_image_and_not_of_the_reference() {
        let list = ImageList::new([
            ("sha256:1f0c".into(), vec!["<none>:<none>".into()]),
            ("sha256:22aa".into(), vec!["shop/web:2".into(), "nginx:latest".into()]),
        ]);
        let names = |image: &str, id: &str| {
            let image_id = id.to_owned();
            list.names(&ContainerSpec { image: image.into(), image_id, ..container("web") })
        };
        let other = Field::Set(Some("sha256:22aa".to_owned()));
        assert_eq!(names("docker.io/shop/web:2", "sha256:1f0c"), (Field::Set(vec![]), other));
        assert_eq!(names("nginx:1", "sha256:dead"), (Field::Unknown(GONE), Field::Set(None)));
        assert_eq!(
            names("nginx", "sha256:22aa").0,
            Field::Set(vec!["shop/web:2".to_owned(), "nginx:latest".to_owned()])
        );
    }
}
