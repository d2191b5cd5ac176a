//! The rule that containers follow the daemon's defaults, bound for each default that is declared
//! whether the rule is named or not.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::{Map, Value, json};

use crate::{
    declaration::{
        bind::{self, provenance},
        policy::{Assignment, Choice, Choices, Setting},
        yaml::Entry,
    },
    model::{
        finding::{Mode, Severity},
        object::Address,
        provenance::Provenance,
        selector::Selector,
    },
    rules::{
        AnyRule as _,
        container::follows_daemon_defaults::{FollowsDaemonDefaults, groups, is_followed},
    },
};

static RULE: FollowsDaemonDefaults = FollowsDaemonDefaults;

/// What declarations say about the rule by name, in order.
#[derive(Default)]
pub(super) struct Followers(Vec<(Selector, Option<Said>)>);

struct Said {
    severity: Severity,
    mode: Mode,
    from: Arc<Provenance>,
    /// Values for a daemon that is set up elsewhere.
    defaults: Map<String, Value>,
}

impl Followers {
    /// Takes a mention of the rule; without an assignment it is `off`.
    pub(super) fn say(&mut self, on: Selector, assignment: Option<Assignment>, entry: &Entry) {
        let said = assignment.map(|it| Said {
            severity: it.severity,
            mode: it.mode,
            from: it.from,
            defaults: match entry.value.to_json() {
                Value::Object(mut params) => match params.remove("defaults") {
                    Some(Value::Object(defaults)) => defaults,
                    _ => Map::new(),
                },
                _ => Map::new(),
            },
        });
        self.0.push((on, said));
    }

    /// Returns the choices: one entry for each default, or those that are judged together.
    pub(super) fn choices(self, settings: &BTreeMap<String, Setting>) -> Vec<Choices> {
        let named = self.0.iter().filter_map(|(_, said)| said.as_ref());
        let keys: BTreeSet<&str> = settings
            .keys()
            .chain(named.flat_map(|said| said.defaults.keys()))
            .map(String::as_str)
            .filter(|key| is_followed(key))
            .collect();
        groups(keys.into_iter())
            .into_iter()
            .map(|group| Choices { meta: RULE.meta(), choices: self.of_group(&group, settings) })
            .collect()
    }

    fn of_group(&self, group: &[&str], settings: &BTreeMap<String, Setting>) -> Vec<Choice> {
        let declared: Map<String, Value> = group
            .iter()
            .filter_map(|key| Some(((*key).to_owned(), settings.get(*key)?.value.clone())))
            .collect();
        let place = group.iter().find_map(|key| settings.get(*key)).map(|it| &it.place);
        let unnamed = place.map(|place| Choice {
            on: Selector::default(),
            assignment: assignment(
                group,
                declared.clone(),
                RULE.meta().severity,
                Mode::Enforce,
                Arc::new(provenance(place)),
            ),
        });
        let named = self.0.iter().map(|(on, said)| {
            let assignment = said.as_ref().and_then(|said| {
                let mut values = declared.clone();
                let own = said.defaults.iter().filter(|(key, _)| group.contains(&key.as_str()));
                values.extend(own.map(|(key, value)| (key.clone(), value.clone())));
                assignment(group, values, said.severity, said.mode, said.from.clone())
            });
            Choice { on: on.clone(), assignment }
        });
        unnamed.into_iter().chain(named).collect()
    }
}

/// Binds the rule for some keys; nothing if nobody says what they have to be.
fn assignment(
    group: &[&str],
    values: Map<String, Value>,
    severity: Severity,
    mode: Mode,
    from: Arc<Provenance>,
) -> Option<Assignment> {
    if values.is_empty() {
        return None;
    }
    let params = json!({ "defaults": values });
    let meta = RULE.meta();
    let digest = bind::digest(meta, &params, mode);
    let about = group.first().map(|key| Address::daemon_key(key));
    let bound = RULE.bind(params).ok()?;
    Some(Assignment { meta, bound, severity, mode, from, about, digest })
}
