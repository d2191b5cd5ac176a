//! Images in which nobody becomes root.

use crate::{
    model::{
        container::ContainerSpec,
        detail::Detail,
        finding::{Severity, Verdict},
        image::Step,
    },
    rules::{
        Example, Meta, NoParams, Rule, fails_by_hand,
        image::{UNTOLD, facts},
    },
};

pub struct NoSudo;

static META: Meta = Meta {
    id: "image.no-sudo",
    title: "Images neither install nor call sudo",
    severity: Severity::Low,
    docs: "
## Checks
That no step of the image's history installs `sudo` or calls it.

## Why
`sudo` lets a process that gave root away take it back, and while an image is built every step is root's already.

## What a fix may break
Nothing is changed: the image has to be built without it.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "OfImage: {History: [{CreatedBy: '/bin/sh -c apk add --no-cache curl'}]}" },
        Example::Fails { params: "{}", object: "OfImage: {History: [{CreatedBy: 'RUN /bin/sh -c apt-get update && apt-get install -y sudo # buildkit'}]}" },
        Example::Fails { params: "{}", object: "OfImage: {History: [{CreatedBy: '/bin/sh -c sudo make install'}]}" },
        Example::Unknown { params: "{}", object: "OfImage: {History: [{CreatedBy: ''}]}" },
    ],
};

impl Rule for NoSudo {
    type View = ContainerSpec;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn needs(&self) -> &'static [Detail] {
        &[Detail::Image]
    }

    fn judge(&self, container: &ContainerSpec, _: &NoParams) -> Verdict {
        let image = match facts(container) {
            Ok(image) => image,
            Err(unknown) => return unknown,
        };
        if image.steps.iter().any(|it| matches!(it, Step::Run(run) if run.sudo)) {
            let advice = "build it without; USER says as whom a step or the container runs";
            return fails_by_hand("image history", "a step with `sudo`", "none", advice);
        }
        if image.steps.iter().any(|it| matches!(it, Step::Run(_) | Step::Setting)) {
            Verdict::Pass
        } else {
            Verdict::Unknown(UNTOLD.into())
        }
    }
}
