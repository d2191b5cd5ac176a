//! Images that do not install by yesterday's list.

use crate::{
    model::{
        container::ContainerSpec,
        detail::Detail,
        finding::{Severity, Verdict},
        image::Step,
    },
    rules::{
        Example, Meta, NoParams, Rule, cis, fails_by_hand,
        image::{UNTOLD, facts},
    },
};

pub struct NoLoneUpdate;

static META: Meta = Meta {
    id: "image.no-lone-update",
    title: "Images refresh their list of packages where they install by it",
    severity: Severity::Low,
    docs: "
## Checks
That every step of the image's history that refreshes the list of packages (`apt-get update`, `apk update`) installs or upgrades packages as well.
Package managers of Alpine, Debian, Fedora, SUSE and their relatives are known.

## Why
A step that only refreshes the list is taken from the builder's cache for months, and what is installed after it is as old as that.

## What a fix may break
Nothing is changed: the image has to be built with both in one step.
",
    fix: None,
    references: &cis("4.7"),
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "OfImage: {History: [{CreatedBy: '/bin/sh -c apt-get update && apt-get install -y curl'}]}" },
        Example::Passes { params: "{}", object: "OfImage: {History: [{CreatedBy: 'RUN /bin/sh -c update-ca-certificates # buildkit'}]}" },
        Example::Fails { params: "{}", object: "OfImage: {History: [{CreatedBy: '/bin/sh -c apt-get install -y curl'}, {CreatedBy: '/bin/sh -c apt-get -q update'}]}" },
        Example::Fails { params: "{}", object: "OfImage: {History: [{CreatedBy: 'RUN |1 A=b /bin/sh -c apk update # buildkit'}]}" },
        Example::Unknown { params: "{}", object: "OfImage: {History: [{CreatedBy: ''}]}" },
    ],
};

impl Rule for NoLoneUpdate {
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
        let runs = image.steps.iter().filter_map(|it| match it {
            Step::Run(run) if !run.installs => run.refreshes.as_deref(),
            Step::Run(_) | Step::Add { .. } | Step::Files | Step::Setting => None,
        });
        let mut alone: Vec<&str> = runs.collect();
        alone.dedup();
        if !alone.is_empty() {
            let seen = format!("a step with `{}` alone", alone.join("`, `"));
            let advice = "build it with that and the installation in one RUN";
            return fails_by_hand("image history", seen, "one step for both", advice);
        }
        if image.steps.iter().any(|it| matches!(it, Step::Run(_) | Step::Setting)) {
            Verdict::Pass
        } else {
            Verdict::Unknown(UNTOLD.into())
        }
    }
}
