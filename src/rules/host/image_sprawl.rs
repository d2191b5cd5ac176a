//! Images that are kept for nobody.

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        finding::{Severity, Verdict},
        object::Address,
        stored_images::{StoredImages, UnusedImage},
    },
    rules::{Example, Meta, Rule, cis, fails_by_hand},
};

pub struct ImageSprawl;

static META: Meta = Meta {
    id: "host.image-sprawl",
    title: "The host keeps few old images that no container uses",
    severity: Severity::Low,
    docs: "
## Checks
That at most `max` images, 10 without it, were built more than `max-days` days ago, 30 without it, and belong to no container, running or not. The engine's clock counts.

## Why
An old image is started by its name as easily as a new one, with every hole that was closed since; and images fill the disk.

## What a fix may break
Nothing is changed: an image that no registry has is gone once it is removed.
",
    fix: None,
    references: &cis("6.1"),
    implies: &[],
    examples: &[
        Example::Passes { params: "max: 0", object: "{now: '2026-11-26T12:00:00Z', images: [{Id: i1, Created: 0, RepoTags: ['old:1']}], containers: [{ImageID: i1}]}" },
        Example::Passes { params: "max: 0", object: "{now: '2026-11-26T12:00:00Z', images: [{Id: i1, Created: 1795000000, RepoTags: ['new:1']}], containers: []}" },
        Example::Passes { params: "{}", object: "{now: '2026-11-26T12:00:00Z', images: [{Id: i1, Created: 0, RepoTags: ['old:1']}], containers: []}" },
        Example::Fails { params: "max: 0", object: "{now: '2026-11-26T12:00:00Z', images: [{Id: i1, Created: 0, RepoTags: ['old:1']}], containers: [{ImageID: i2}]}" },
        Example::Fails { params: "{max: 0, max-days: 5}", object: "{now: '2026-11-26T12:00:00Z', images: [{Id: 'sha256:0123456789abcdef', Created: 1795000000, RepoTags: null}], containers: []}" },
        Example::Unknown { params: "{}", object: "{now: '2026-11-26T12:00:00Z', images: []}" },
        Example::Unknown { params: "{}", object: "{now: '2026-11-26T12:00:00Z', containers: []}" },
    ],
};

/// How many may be left how long.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// How many may be older.
    #[serde(default = "ten")]
    max: usize,
    /// The number of days after which they count.
    #[serde(default = "thirty")]
    max_days: u32,
}

const fn ten() -> usize {
    10
}

const fn thirty() -> u32 {
    30
}

/// So many are named.
const NAMED: usize = 5;

impl Rule for ImageSprawl {
    type View = StoredImages;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::host("images"))
    }

    fn judge(&self, images: &StoredImages, params: &Params) -> Verdict {
        let unused = match &images.unused {
            Ok(unused) => unused,
            Err(why) => return Verdict::Unknown(why.clone()),
        };
        let Some(now) = images.now else {
            return Verdict::Unknown("the engine's clock is not known".into());
        };
        let at_most = SignedDuration::from_hours(i64::from(params.max_days) * 24);
        let is_old = |it: &&UnusedImage| {
            it.created.is_none_or(|created| now.duration_since(created) > at_most)
        };
        let old: Vec<&str> = unused.iter().filter(is_old).map(|it| it.name.as_str()).collect();
        if old.len() <= params.max {
            return Verdict::Pass;
        }
        let mut seen = old.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
        if old.len() > NAMED {
            seen.push_str(&format!(" and {} more", old.len() - NAMED));
        }
        fails_by_hand(
            "images",
            seen,
            format!("at most {} unused ones older than {} days", params.max, params.max_days),
            format!(
                "look at them, and run `docker image prune --all --filter until={}h`",
                params.max_days * 24
            ),
        )
    }
}
