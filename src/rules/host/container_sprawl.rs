//! Containers that ended long ago.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        container::{ContainerSpec, State},
        finding::{Severity, Verdict},
        glob::Glob,
    },
    rules::{Example, Meta, Rule, cis, fails_by_hand},
};

pub struct ContainerSprawl;

static META: Meta = Meta {
    id: "host.container-sprawl",
    title: "Containers that do not run are removed",
    severity: Severity::Low,
    docs: "
## Checks
That a container that does not run ended, or was created, at most `max-days` days ago, 30 without it, by the engine's clock; but for those that `allow` names.

## Why
What is left in its files and settings, secrets too, can still be read, and whoever may start containers can start it with the holes of its day.

## What a fix may break
Nothing is changed: what the container wrote beside its volumes is gone once it is removed.
",
    fix: None,
    references: &cis("6.2"),
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{Created: '2026-01-01T10:00:00Z', State: {Status: exited, FinishedAt: '2026-11-20T10:00:00Z'}}" },
        Example::Passes { params: "allow: ['backup-*']", object: "{Name: /backup-1, Created: '2026-01-01T10:00:00Z', State: {Status: exited, FinishedAt: '2026-01-01T10:00:00Z'}}" },
        Example::Fails { params: "{}", object: "{Created: '2026-01-01T10:00:00Z', State: {Status: exited, FinishedAt: '2026-10-20T10:00:00Z'}}" },
        Example::Fails { params: "{}", object: "{Created: '2026-01-01T10:00:00Z', State: {Status: created, FinishedAt: '0001-01-01T00:00:00Z'}}" },
        Example::Fails { params: "max-days: 0", object: "{Created: '2026-01-01T10:00:00Z', State: {Status: dead, FinishedAt: '2026-11-26T10:00:00Z'}}" },
        Example::Unknown { params: "{}", object: "State: {Status: exited}" },
        Example::NotApplicable { params: "{}", object: "{Created: '2026-01-01T10:00:00Z', State: {Status: running, FinishedAt: '0001-01-01T00:00:00Z'}}" },
    ],
};

/// Which containers may stay how long.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Params {
    /// The highest number of days that passes.
    #[serde(default = "thirty")]
    max_days: u32,
    /// Names of those that may stay; `*` and `?` are wildcards.
    #[serde(default)]
    allow: Vec<Glob>,
}

const fn thirty() -> u32 {
    30
}

impl Rule for ContainerSprawl {
    type View = ContainerSpec;
    type Params = Params;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, params: &Params) -> Verdict {
        if !matches!(container.state, State::Created | State::Exited | State::Dead) {
            return Verdict::NotApplicable("it runs, or is not there yet");
        }
        if params.allow.iter().any(|it| it.fits(&container.name)) {
            return Verdict::Pass;
        }
        let read = |text: &str| text.parse::<Timestamp>().ok();
        let created = read(&container.defaulted.created_at);
        // The engine says the first second of the first year of what never ran.
        let ended = read(&container.defaulted.finished_at).filter(|it| Some(*it) > created);
        let (Some(since), Some(now)) = (ended.or(created), container.engine.now) else {
            return Verdict::Unknown("since when, or the engine's clock, is not known".into());
        };
        let idle = now.duration_since(since);
        if idle <= SignedDuration::from_hours(i64::from(params.max_days) * 24) {
            return Verdict::Pass;
        }
        let days = idle.as_hours() / 24;
        let advice = format!("remove it with `docker rm {}`, or say why it stays", container.name);
        let want = format!("{} days at most", params.max_days);
        fails_by_hand("State", format!("not running for {days} days"), want, advice)
    }
}
