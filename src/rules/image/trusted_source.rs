//! Images from registries that somebody chose.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        container::ContainerSpec,
        field::Field,
        finding::{Severity, Verdict},
        glob::Glob,
        selector::image_spellings,
    },
    rules::{
        Example, Meta, ParamError, Rule, cis6, cis8, fails_by_hand, image::Named, nist, owasp,
        require_entries,
    },
};

pub struct TrustedSource;

static META: Meta = Meta {
    id: "image.trusted-source",
    title: "Images come from trusted registries",
    severity: Severity::High,
    docs: "
## Checks
That the name of the image, in full (`nginx` is `docker.io/library/nginx:latest`), fits one of the entries of `allow`.
Where a registry knows the image, one of the names under which it does has to fit as well: `docker image tag` gives any image any name.
An image that was named by its ID goes by those names alone.
To put containers of other images out of action, use `image.allow-list`.

## Why
What runs is only as good as where it comes from.

## What a fix may break
Nothing is changed: its owner gets the image from somewhere else.
",
    fix: None,
    references: &[
        cis6("4.2"),
        cis8("4.2"),
        owasp("RULE #13"),
        nist("4.1.5"),
    ],
    implies: &[],
    examples: &[
        Example::Passes { params: "allow: ['docker.io/library/*']", object: "{Config: {Image: nginx}, Digests: ['nginx@sha256:77aa']}" },
        Example::Passes { params: "allow: ['registry.example/*']", object: "{Config: {Image: 'registry.example/shop/web:2'}, Digests: []}" },
        Example::Fails { params: "allow: ['docker.io/library/*']", object: "{Config: {Image: 'evil/nginx'}, Digests: []}" },
        Example::Fails { params: "allow: ['docker.io/library/*']", object: "{Config: {Image: nginx}, Digests: ['evil/nginx@sha256:77aa']}" },
        Example::Fails { params: "allow: ['docker.io/library/*']", object: "{Config: {Image: 'sha256:1f0c'}, Digests: []}" },
        Example::Unknown { params: "allow: ['docker.io/library/*']", object: "Config: {Image: nginx}" },
    ],
};

/// Where images may come from.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("required" = ["allow"]))]
pub struct Params {
    /// Names of images with wildcards: `registry.example/*`, `docker.io/library/nginx:*`.
    #[serde(default)]
    #[schemars(length(min = 1))]
    allow: Vec<Glob>,
}

impl Rule for TrustedSource {
    type View = ContainerSpec;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, params: &Params) -> Result<(), ParamError> {
        require_entries("allow", &params.allow, "allow: [\"registry.example/*\"]")
    }

    fn judge(&self, container: &ContainerSpec, params: &Params) -> Verdict {
        const ADVICE: &str = "get the image from a registry that is allowed";
        let fits = |name: &str| {
            let spellings = image_spellings(name);
            params.allow.iter().any(|it| spellings.iter().any(|name| it.fits(name)))
        };
        let is_id = matches!(Named::of(container), Named::Fixed) && !container.image.contains('@');
        if !is_id && !fits(&container.image) {
            return fails_by_hand("image", &container.image, "one that is allowed", ADVICE);
        }
        match &container.repo_digests {
            Field::Set(known) if known.is_empty() && !is_id => Verdict::Pass,
            Field::Set(known) if known.iter().any(|it| comes_from(it, &params.allow)) => {
                Verdict::Pass
            }
            Field::Set(known) => {
                let seen = match known.first() {
                    Some(name) => format!("{}, which comes from {name}", container.image),
                    None => format!("{}, which no registry knows", container.image),
                };
                fails_by_hand("image", seen, "one that is allowed", ADVICE)
            }
            Field::Unknown(why) => Verdict::Unknown((*why).into()),
            Field::Inherited(_) => Verdict::Unknown("its image was not looked at".into()),
        }
    }
}

/// Returns whether one of the patterns fits the repository of `repository@sha256:…`, which says
/// nothing of tags.
fn comes_from(repo_digest: &str, patterns: &[Glob]) -> bool {
    let spellings = image_spellings(repo_digest);
    patterns.iter().any(|pattern| {
        let pattern = Glob::new(repository(pattern.as_str()));
        spellings.iter().any(|it| pattern.fits(repository(it)))
    })
}

fn repository(name: &str) -> &str {
    let name = name.split_once('@').map_or(name, |(name, _)| name);
    match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => name,
    }
}
