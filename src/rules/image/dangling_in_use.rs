//! Images that nobody can name any more.

use crate::{
    model::{
        container::ContainerSpec,
        field::Field,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule, fails_by_hand},
};

pub struct DanglingInUse;

static META: Meta = Meta {
    id: "image.dangling-in-use",
    title: "Running containers are made of images that have a name",
    severity: Severity::Low,
    docs: "
## Checks
That the image of every container that runs has a tag, or that the container names it by a digest under which a registry knows it.

## Why
An image without a name is one that nobody updates, scans or finds again, and `docker image prune` takes it away as soon as the container is gone.

## What a fix may break
Nothing is changed: its owner gives the image a name, or replaces the container.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{Image: 'sha256:1f0c', Config: {Image: nginx}, State: {Status: running}, Listed: {'sha256:1f0c': ['nginx:1.29']}}" },
        Example::Fails { params: "{}", object: "{Image: 'sha256:1f0c', Config: {Image: nginx}, State: {Status: running}, Listed: {'sha256:1f0c': ['<none>:<none>']}}" },
        Example::NotApplicable { params: "{}", object: "{Image: 'sha256:1f0c', State: {Status: exited}, Listed: {'sha256:1f0c': []}}" },
        Example::Unknown { params: "{}", object: "{Image: 'sha256:1f0c', State: {Status: running}, Listed: {}}" },
    ],
};

impl Rule for DanglingInUse {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        if !container.state.has_processes() {
            return Verdict::NotApplicable("it does not run");
        }
        let is_named_by_digest = container
            .repo_digests
            .stated()
            .into_iter()
            .flatten()
            .any(|it| it.split('@').nth(1) == container.image.split('@').nth(1));
        match &container.image_seen.tags {
            Field::Set(tags) if !tags.is_empty() || is_named_by_digest => Verdict::Pass,
            Field::Set(_) => {
                let advice = "give it a name with `docker image tag`, or replace the container";
                fails_by_hand("image", "without a name", "one with a tag", advice)
            }
            Field::Unknown(why) => Verdict::Unknown((*why).into()),
            Field::Inherited(_) => Verdict::Unknown("its image was not looked at".into()),
        }
    }
}
