//! Nothing runs but allowed images.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        class::Class,
        container::ContainerSpec,
        edit::Eviction,
        field::Field,
        finding::{Severity, Verdict},
        glob::Glob,
        selector::image_spellings,
    },
    rules::{
        Example, Meta, ParamError, Rule, is_out_of_action, nist, not_allowed, owasp,
        require_entries,
    },
};

pub struct AllowList;

static META: Meta = Meta {
    id: "image.allow-list",
    title: "Containers are made of allowed images",
    severity: Severity::High,
    docs: "
## Checks
That the image of every container with processes fits one of the entries of `allow`: a reference with wildcards, as it was typed or in full, or a digest.
A digest (`sha256:…`, or `shop/web@sha256:…`) is compared with the image's ID and with the digests under which registries know it.
A name is what the container was started with, and anybody with access to the engine can give any image any name; a digest cannot be given.

## Why
What runs is only as good as where it comes from.

## What a fix may break
The container is put out of action as far as `evict` says: paused, also taken off its networks, or also stopped.
It is kept with its data and can be brought back.
Whatever used it no longer gets an answer.
",
    fix: Some(Class::Evict),
    references: &[nist("4.1.5"), nist("4.4.5"), owasp("RULE #13")],
    implies: &[],
    examples: &[
        Example::Passes {
            params: "allow: ['docker.io/library/nginx:*']",
            object: "{Config: {Image: nginx}, State: {Status: running}}",
        },
        Example::Passes {
            params: "allow: ['sha256:1f0c']",
            object: "{Image: 'sha256:1f0c', Config: {Image: miner}, State: {Status: running}}",
        },
        Example::NotApplicable {
            params: "allow: ['nginx:*']",
            object: "{Config: {Image: miner}, State: {Status: created}}",
        },
        Example::Fails {
            params: "allow: ['nginx:*', 'shop/*']",
            object: "{Config: {Image: 'evil/nginx:1'}, State: {Status: running}}",
        },
        Example::Fails {
            params: "{allow: ['nginx:*'], evict: pause}",
            object: "{Config: {Image: 'sha256:1f0c'}, State: {Status: running}}",
        },
        Example::Unknown {
            params: "allow: ['shop/web@sha256:77aa']",
            object: "{Image: 'sha256:0000', Config: {Image: 'shop/web:2'}, State: {Status: running}}",
        },
    ],
};

/// Which images may run, and what becomes of containers of others.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("required" = ["allow"]))]
pub struct Params {
    /// References with wildcards, or digests: `registry.example/shop/*`, `nginx:1.*`,
    /// `sha256:…`.
    #[serde(default)]
    #[schemars(length(min = 1))]
    allow: Vec<Glob>,
    /// How far containers of other images are put out of action.
    #[serde(default)]
    evict: Eviction,
}

impl Rule for AllowList {
    type View = ContainerSpec;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, params: &Params) -> Result<(), ParamError> {
        require_entries("allow", &params.allow, "allow: [\"nginx:*\"]")
    }

    fn judge(&self, container: &ContainerSpec, params: &Params) -> Verdict {
        let spellings = image_spellings(&container.image);
        let is_digest = |pattern: &&Glob| pattern.as_str().contains("sha256:");
        let mut names = params.allow.iter().filter(|it| !is_digest(it));
        let digests = || params.allow.iter().filter(is_digest);
        let goes_by_names = digests().next().is_none();
        if names.any(|it| spellings.iter().any(|name| it.fits(name)))
            || digests().any(|it| it.fits(&container.image_id))
        {
            return Verdict::Pass;
        }
        match &container.repo_digests {
            // What does not run does no harm, whatever it is made of.
            Field::Inherited(_) | Field::Unknown(_)
                if !goes_by_names && is_out_of_action(container, params.evict) =>
            {
                return Verdict::Pass;
            }
            Field::Set(known) => {
                if digests().any(|it| known.iter().any(|digest| is_known_as(it, digest))) {
                    return Verdict::Pass;
                }
            }
            // Whoever is judged by digest is not put out of action for want of knowledge.
            Field::Inherited(_) if goes_by_names => {}
            Field::Unknown(_) if goes_by_names => {}
            Field::Inherited(_) => return Verdict::Unknown("its image was not looked at".into()),
            Field::Unknown(why) => return Verdict::Unknown((*why).into()),
        }
        let seen = if container.image.is_empty() { &container.image_id } else { &container.image };
        not_allowed(container, "image", seen, "one that is allowed", params.evict)
    }
}

/// Returns whether a digest pattern fits `repository@sha256:…`, by itself or with the repository
/// in any of its spellings.
fn is_known_as(pattern: &Glob, repo_digest: &str) -> bool {
    let digest = repo_digest.rsplit_once('@').map_or(repo_digest, |(_, digest)| digest);
    pattern.fits(digest) || image_spellings(repo_digest).iter().any(|it| pattern.fits(it))
}
