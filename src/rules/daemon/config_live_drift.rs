//! The daemon goes by what its file says.

use crate::{
    model::{
        daemon::DaemonConfig,
        daemon_keys,
        finding::{Severity, Verdict},
        standing::Standing,
    },
    rules::{Example, Meta, NoParams, Rule, fails_by_hand},
};

pub struct ConfigLiveDrift;

static META: Meta = Meta {
    id: "daemon.config-live-drift",
    title: "Nothing in the daemon's file waits for a reload or a restart",
    severity: Severity::High,
    docs: "
## Checks
For every key: that what file and command line say is what the running daemon goes by. Where a value shows nowhere, the file has to be older than the daemon.

## Why
A file that is right and a daemon that was never reloaded look hardened and are not; and the next start, whoever causes it, applies what nobody expects any more.

## What a fix may break
Nothing is changed: what waits can be wanted or forgotten, and only its author knows.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{}" },
        Example::Passes { params: "{}", object: "file: {debug: true}" },
        Example::Fails { params: "{}", object: "{in-force: {debug: false}, file: {debug: true}}" },
        Example::Fails { params: "{}", object: "{file: {icc: false}, flags: {icc: false}}" },
        Example::Unknown { params: "{}", object: "{file: {userland-proxy: false}, unknown: [userland-proxy]}" },
    ],
};

impl Rule for ConfigLiveDrift {
    type View = DaemonConfig;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, config: &DaemonConfig, _: &NoParams) -> Verdict {
        let standings: Vec<_> = config.keys.keys().map(|key| (key, config.standing(key))).collect();
        let waiting: Vec<_> = standings.iter().filter(|(_, it)| it.is_waiting()).collect();
        if !waiting.is_empty() {
            let seen: Vec<&str> = waiting.iter().map(|(key, _)| key.as_str()).collect();
            let says: Vec<String> = waiting
                .iter()
                .map(|(key, standing)| format!("`{key}`: {}", config.says(key, standing)))
                .collect();
            let advice = format!(
                "reload or restart the daemon, or put the file back as it was. {}",
                says.join(". ")
            );
            return fails_by_hand("daemon.json", seen.join(", "), "in force", advice);
        }
        if let Some(why) = &config.file_error {
            return Verdict::Unknown(format!("{}: {why}", config.file_path));
        }
        let in_file = |key: &str| config.keys.get(key).is_some_and(|it| it.file.is_some());
        let untold: Vec<&str> = standings
            .iter()
            .filter(|(key, it)| {
                matches!(it, Standing::Unknown(_))
                    && in_file(key)
                    && daemon_keys::find(key).is_some()
            })
            .map(|(key, _)| key.as_str())
            .collect();
        if untold.is_empty() {
            return Verdict::Pass;
        }
        Verdict::Unknown(format!(
            "the file changed after the daemon read it, and whether it goes by these keys shows nowhere: {}",
            untold.join(", ")
        ))
    }
}
