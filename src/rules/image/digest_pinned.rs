//! Images that cannot become others.

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
    },
    rules::{Example, Meta, NoParams, Rule, fails_by_hand, image::Named, nist, owasp},
};

pub struct DigestPinned;

static META: Meta = Meta {
    id: "image.digest-pinned",
    title: "Containers name their image by its digest",
    severity: Severity::Medium,
    docs: "
## Checks
That the image was named with a digest (`NAME@sha256:…`) or by its ID.

## Why
A tag can be moved to another image, here or in the registry, by mistake or by somebody who wants to; a digest is the image.

## What a fix may break
Nothing is changed: its owner has to write the digest, and to write another one for each update.
",
    fix: None,
    references: &[nist("4.1.5"), owasp("RULE #13")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "Config: {Image: 'nginx:1.29@sha256:1f0c'}" },
        Example::Passes {
            params: "{}",
            object: "{Image: 'sha256:690ca41fa54f07', Config: {Image: 690ca41fa54f}}",
        },
        Example::Fails { params: "{}", object: "Config: {Image: 'nginx:1.29'}" },
        Example::Fails { params: "{}", object: "Config: {Image: 'localhost:5000/nginx'}" },
    ],
};

impl Rule for DigestPinned {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        match Named::of(container) {
            Named::Fixed => Verdict::Pass,
            Named::Tag(_) => {
                let advice = "name it with its digest; `docker image inspect` shows it among \
                              `RepoDigests`";
                fails_by_hand("image", &container.image, "a digest", advice)
            }
        }
    }
}
