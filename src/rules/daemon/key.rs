//! What rules about keys of the daemon have in common: the running value decides, and so does
//! what file and command line make of the next start.

use serde_json::Value;

use super::settings::name;
use crate::{
    model::{
        daemon::DaemonConfig,
        daemon_value::text,
        edit::Edit,
        field::Field,
        finding::{Fix, Verdict},
        standing::{NotTaken, Standing, named},
    },
    rules::fails_by_hand,
};

/// What one key has to say.
pub(super) struct Wanted<'a> {
    pub(super) key: &'a str,
    /// Whether a value will do; `null` stands for not set, without a fixed default.
    pub(super) holds: &'a dyn Fn(&Value) -> bool,
    /// What will do, for people.
    pub(super) says: &'a str,
    pub(super) repair: Repair,
}

/// How a key is put right where the file decides.
#[derive(Clone)]
pub(super) enum Repair {
    Set(Value),
    Remove,
    ByHand(String),
}

impl Wanted<'_> {
    pub(super) fn judge(&self, config: &DaemonConfig) -> Verdict {
        let key = self.key;
        let Some(sides) = config.keys.get(key) else {
            return Verdict::NotApplicable("this engine has no such setting");
        };
        let flag = config.deciding_flag(key).map(|it| &it.value);
        let said = [flag, sides.file.as_ref()].into_iter().flatten();
        // What a start would go by, and what stands in both is a start that fails.
        let waits = said.into_iter().find(|it| !(self.holds)(it));
        let running = match &sides.running {
            Field::Set(running) => running,
            Field::Inherited(_) | Field::Unknown(_) => {
                return match (&sides.running, waits) {
                    (_, Some(value)) => {
                        self.fails(config, format!("{} in the file", text(key, value)))
                    }
                    (Field::Unknown(why), None) => Verdict::Unknown((*why).into()),
                    (_, None) => Verdict::Pass,
                };
            }
        };
        match ((self.holds)(running), waits) {
            (true, None) => Verdict::Pass,
            (true, Some(value)) => {
                let seen = format!(
                    "{} in effect, {} from the next start on",
                    shown(key, running),
                    text(key, value)
                );
                self.fails(config, seen)
            }
            (false, waits) => {
                let seen = shown(key, running);
                let file = sides.file.as_ref().filter(|_| waits.is_none());
                self.fails(
                    config,
                    match file {
                        Some(file) => format!("{seen} in effect, {} in the file", text(key, file)),
                        None => seen,
                    },
                )
            }
        }
    }

    /// The failure, with its repair as far as the file decides.
    pub(super) fn fails(&self, config: &DaemonConfig, seen: String) -> Verdict {
        let key = self.key;
        let by_hand =
            |advice: String| fails_by_hand(name(key), seen.clone(), self.says.to_owned(), advice);
        if let Some(flag) = config.deciding_flag(key) {
            return by_hand(format!("{} decides: change it there", named(flag)));
        }
        let standing = config.standing(key);
        let edit = match (&standing, &self.repair) {
            (Standing::Environment(_) | Standing::NotTaken(NotTaken::ByStart), _) => {
                return by_hand(config.says(key, &standing));
            }
            (_, Repair::ByHand(advice)) => return by_hand(advice.clone()),
            (_, Repair::Remove) => Edit::DaemonKeyAbsent { key: key.into() },
            (_, Repair::Set(value)) => Edit::DaemonKey { key: key.into(), value: value.clone() },
        };
        let fix = Fix::Edits(vec![edit]);
        Verdict::Fail { field: name(key), seen, want: self.says.to_owned().into(), fix }
    }
}

fn shown(key: &str, value: &Value) -> String {
    if value.is_null() { "not set".into() } else { text(key, value) }
}

static NOT_SET: Value = Value::Null;

/// Returns what the daemon goes by, or why nobody can tell; `null` where it is not set.
pub(super) fn running<'a>(config: &'a DaemonConfig, key: &str) -> Result<&'a Value, &'static str> {
    match config.keys.get(key).map(|it| &it.running) {
        Some(Field::Set(value)) => Ok(value),
        Some(Field::Unknown(why)) => Err(why),
        Some(Field::Inherited(_)) | None => Ok(&NOT_SET),
    }
}

/// Returns the entries of a list.
pub(super) fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Says of several keys what they come to together.
pub(super) fn together(verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
    let mut all = Verdict::NotApplicable("this engine has no such setting");
    for verdict in verdicts {
        all = match (all, verdict) {
            (
                Verdict::Fail { field, seen, want, fix },
                Verdict::Fail { field: other, seen: also, want: wants, fix: more },
            ) => Verdict::Fail {
                field,
                seen: format!("{seen}; {other} {also}"),
                want: match want == wants {
                    true => want,
                    false => format!("{want}; {other} {wants}").into(),
                },
                fix: match (fix, more) {
                    (Fix::Edits(mut edits), Fix::Edits(more)) => {
                        edits.extend(more);
                        Fix::Edits(edits)
                    }
                    (Fix::ByHand(one), Fix::ByHand(two)) => {
                        Fix::ByHand(format!("{one}; {two}").into())
                    }
                    (hand @ Fix::ByHand(_), Fix::Edits(_)) | (Fix::Edits(_), hand) => hand,
                },
            },
            (worse @ Verdict::Fail { .. }, _) | (_, worse @ Verdict::Fail { .. }) => worse,
            (unknown @ Verdict::Unknown(_), _) | (_, unknown @ Verdict::Unknown(_)) => unknown,
            (Verdict::Pass, _) | (_, Verdict::Pass) => Verdict::Pass,
            (not @ Verdict::NotApplicable(_), Verdict::NotApplicable(_)) => not,
        };
    }
    all
}
