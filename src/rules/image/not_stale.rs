//! Containers that are what their image's name says.

use crate::{
    model::{
        container::ContainerSpec,
        field::Field,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule, cis6, cis8, fails_by_hand, image::Named, nist},
};

pub struct NotStale;

static META: Meta = Meta {
    id: "image.not-stale",
    title: "Containers are made of the image that its name means today",
    severity: Severity::Medium,
    docs: "
## Checks
That the name with which the container was started still means the image that it is made of, on this engine.
An image that was named with a digest or by its ID cannot become another one.
Registries are not asked.

## Why
After `docker pull` or `docker build` the old container goes on with the old image, and without its corrections.
And whoever replaces the container next gets other code than runs now.

## What a fix may break
Nothing is changed: its owner replaces it when the new image is to run, with `docker compose up -d` for one of Compose's.
",
    fix: None,
    references: &[
        cis6("5.28"),
        cis8("5.28"),
        nist("4.2.2"),
    ],
    implies: &["image.dangling-in-use"],
    examples: &[
        Example::Passes { params: "{}", object: "{Image: 'sha256:1f0c', Config: {Image: nginx}, Listed: {'sha256:1f0c': ['nginx:latest']}}" },
        Example::Passes { params: "{}", object: "{Image: 'sha256:1f0c', Config: {Image: 'nginx@sha256:77aa'}, Listed: {}}" },
        Example::Fails { params: "{}", object: "{Image: 'sha256:1f0c', Config: {Image: nginx}, Listed: {'sha256:1f0c': [], 'sha256:2b1d': ['nginx:latest']}}" },
        Example::Unknown { params: "{}", object: "{Image: 'sha256:1f0c', Config: {Image: nginx}, Listed: {'sha256:1f0c': []}}" },
        Example::Unknown { params: "{}", object: "{Image: 'sha256:1f0c', Config: {Image: nginx}}" },
    ],
};

impl Rule for NotStale {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        if matches!(Named::of(container), Named::Fixed) {
            return Verdict::Pass;
        }
        match &container.image_seen.named_now {
            Field::Set(Some(id)) if *id == container.image_id => Verdict::Pass,
            Field::Set(Some(id)) => {
                let short = |id: &str| id.chars().take("sha256:".len() + 12).collect::<String>();
                let want = format!("{} as {} is now", container.image, short(id));
                let advice = "have its owner replace it, or name the image by its digest";
                fails_by_hand("image", short(&container.image_id), want, advice)
            }
            Field::Set(None) => Verdict::Unknown("no image here has its name any more".into()),
            Field::Unknown(why) => Verdict::Unknown((*why).into()),
            Field::Inherited(_) => Verdict::Unknown("its image was not looked at".into()),
        }
    }
}
