//! Where secrets stand in a configuration. Names leave this file, values never.

use std::collections::BTreeMap;

use super::{Config, Healthcheck, Text, engine_filter};
use crate::model::telling_names::{holds_secret, names_engine, tells_secret};

/// What names and values give away.
#[derive(Default)]
pub(in crate::sources) struct Telling {
    /// Names of variables that lead to an engine.
    pub engines: Vec<String>,
    /// Where secrets stand.
    pub secrets: Vec<String>,
    /// What a proxy before an engine's socket is told to let through.
    pub engine_filter: Option<Vec<String>>,
}

pub(in crate::sources) fn read(
    config: &Config<'_>,
    labels: &BTreeMap<String, String>,
) -> Result<Telling, serde_json::Error> {
    let variables: Option<Vec<Text<'_>>> = config.read("Env")?;
    let mut telling = Telling::default();
    for Text(variable) in variables.iter().flatten() {
        let (name, value) = variable.split_once('=').unwrap_or((variable, ""));
        if names_engine(name) && !value.is_empty() {
            telling.engines.push(name.to_owned());
        }
        if holds_secret(name, value) {
            telling.secrets.push(format!("environment {name}"));
        }
    }
    let labels = labels.iter().filter(|(name, value)| holds_secret(name, value));
    telling.secrets.extend(labels.map(|(name, _)| format!("label {name}")));
    let healthcheck: Option<Healthcheck<'_>> = config.read("Healthcheck")?;
    let test = healthcheck.and_then(|it| it.test);
    let words: [(&str, Option<Vec<Text<'_>>>); 3] = [
        ("command", config.read("Cmd")?),
        ("entrypoint", config.read("Entrypoint")?),
        ("health check", test),
    ];
    // The last words are no part of its command.
    let command = words[..2].iter().filter_map(|it| it.1.as_ref()).flatten();
    telling.engine_filter = engine_filter::read(variables.as_deref().unwrap_or_default(), command);
    for (place, words) in &words {
        if words.iter().flatten().any(|it| tells_secret(&it.0)) {
            telling.secrets.push((*place).to_owned());
        }
    }
    telling.engines.sort_unstable();
    telling.engines.dedup();
    telling.secrets.sort_unstable();
    telling.secrets.dedup();
    Ok(telling)
}
