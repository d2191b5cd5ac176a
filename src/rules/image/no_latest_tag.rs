//! Images that somebody chose.

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule, fails_by_hand, image::Named, owasp},
};

pub struct NoLatestTag;

static META: Meta = Meta {
    id: "image.no-latest-tag",
    title: "Containers are not made of whatever is latest",
    severity: Severity::Medium,
    docs: "
## Checks
That the image was named with a tag other than `latest`, with a digest, or by its ID.
No tag is `latest`.

## Why
Nobody can say which version runs, and the next pull brings another one.

## What a fix may break
Nothing is changed: which version is wanted is for its owner to say.
",
    fix: None,
    references: &[owasp("RULE #13")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "Config: {Image: 'nginx:1.29'}" },
        Example::Passes {
            params: "{}",
            object: "Config: {Image: 'registry:5000/nginx@sha256:1f0c'}",
        },
        Example::Passes { params: "{}", object: "Config: {Image: 'sha256:1f0c'}" },
        Example::Fails { params: "{}", object: "Config: {Image: nginx}" },
        Example::Fails { params: "{}", object: "Config: {Image: 'registry:5000/nginx'}" },
        Example::Fails { params: "{}", object: "Config: {Image: 'nginx:latest'}" },
    ],
};

impl Rule for NoLatestTag {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        match Named::of(container) {
            Named::Fixed => Verdict::Pass,
            Named::Tag(tag) if tag != "latest" => Verdict::Pass,
            Named::Tag(_) => {
                let advice = "name the version: `NAME:VERSION`, or `NAME@sha256:…`";
                fails_by_hand("image", &container.image, "a version", advice)
            }
        }
    }
}
