//! The daemon can start again.

use serde_json::Value;

use crate::{
    model::{
        daemon::DaemonConfig,
        daemon_check::{Engine, contradictions},
        daemon_keys::{self, Effect, WhyUnusable},
        finding::{Severity, Verdict},
        standing::Standing,
    },
    rules::{Example, Meta, NoParams, Rule, fails_by_hand},
};

pub struct ConfigParses;

static META: Meta = Meta {
    id: "daemon.config-parses",
    title: "The daemon starts and reloads with its file as it is",
    severity: Severity::Critical,
    docs: "
## Checks
That the file is JSON without keys that the engine refuses, that no key is on the command line as well, and that the settings do not exclude each other.

## Why
A daemon that runs says nothing about its file: the next start, after an update or a power cut, fails, and every container with it.

## What a fix may break
Nothing is changed: what was meant is for its author to say.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "file: {debug: true}" },
        Example::Fails { params: "{}", object: "faulty: expected `,` at line 3" },
        Example::Fails { params: "{}", object: "file: {storage-diver: overlay2}" },
        Example::Fails { params: "{}", object: "{file: {icc: false}, flags: {icc: false}}" },
        Example::Fails { params: "{}", object: "file: {icc: false, iptables: false}" },
        Example::Unknown { params: "{}", object: "unreadable: no permission to read it" },
    ],
};

impl Rule for ConfigParses {
    type View = DaemonConfig;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, config: &DaemonConfig, _: &NoParams) -> Verdict {
        let fails = |seen: String| {
            let advice = "put it right before the daemon is next started or reloaded";
            fails_by_hand("daemon.json", seen, "a file that the daemon takes", advice)
        };
        match &config.file_error {
            Some(why) if config.file_is_faulty => return fails(why.clone()),
            Some(why) => return Verdict::Unknown(format!("{}: {why}", config.file_path)),
            None => {}
        }
        let refused = config
            .keys
            .iter()
            .filter(|(key, sides)| sides.file.as_ref().is_some_and(|it| is_refused(key, it)))
            .map(|(key, _)| format!("the engine refuses `{key}`"));
        let twice = config
            .keys
            .keys()
            .filter(|key| config.standing(key) == Standing::Conflict)
            .map(|key| format!("`{key}` is in the file and on the command line"));
        let against = contradictions(&config.settings(), &Engine::of(config))
            .into_iter()
            .filter(|it| matches!(it.effect, Some(Effect::DoesNotStart | Effect::DoesNotReload)))
            .map(|it| it.says());
        let wrong: Vec<String> = refused.chain(twice).chain(against).collect();
        if wrong.is_empty() { Verdict::Pass } else { fails(wrong.join("; ")) }
    }
}

/// An object of any name passes as a group of keys.
fn is_refused(key: &str, value: &Value) -> bool {
    match daemon_keys::find_unusable(key) {
        Some(unusable) => matches!(unusable.why, WhyUnusable::Removed | WhyUnusable::Refused),
        None => daemon_keys::find(key).is_none() && !value.is_object(),
    }
}
