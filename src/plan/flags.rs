//! Settings that the daemon's command line gives already.

use super::refusal::hosts_drop_in;
use crate::{
    declaration::{policy::Policy, problem::Problem},
    model::{
        daemon::{DaemonConfig, Flag},
        daemon_keys,
        daemon_value::same,
        snapshot::Snapshot,
    },
};

/// Returns a problem for every declared key that the daemon's command line gives another value:
/// with both in place, the daemon neither starts nor reloads.
pub fn flag_conflicts(policy: &Policy, snapshot: &Snapshot) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (key, setting) in &policy.settings {
        let Some(flag) = excluding_flag(&snapshot.daemon, key) else { continue };
        if !same(key, &flag.value, &setting.value) {
            let origin = flag.origin.as_deref().unwrap_or("the start command");
            let problem = Problem::new(
                "decl.flag-conflict",
                format!("`{key}` is also set in the daemon's start command"),
                setting.place.clone(),
            );
            let drop_in = hosts_drop_in(&snapshot.daemon).filter(|_| key == "hosts");
            let problem = drop_in.into_iter().fold(problem, Problem::note);
            problems.push(
                problem
                    .label("would be written to daemon.json")
                    .note(format!("{origin} starts dockerd with `{}`", argument(key, flag)))
                    .note("with both set, the daemon does not start and does not reload")
                    .help(format!(
                        "remove the flag from {origin}, or drop this key; nothing was changed"
                    )),
            );
        }
    }
    problems
}

/// Returns the flag that keeps a key out of the file.
pub(super) fn excluding_flag<'a>(daemon: &'a DaemonConfig, key: &str) -> Option<&'a Flag> {
    let merges = daemon_keys::find(key).is_some_and(|facts| facts.flag_merges);
    daemon.keys.get(key).and_then(|it| it.flag.as_ref()).filter(|_| !merges)
}

/// Returns the argument as it may be shown.
pub(super) fn argument(key: &str, flag: &Flag) -> String {
    let secret = daemon_keys::find(key).is_some_and(|facts| facts.holds_secret(&flag.value));
    if secret { format!("--{key}=(sensitive)") } else { flag.argument.clone() }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::{
        declaration::{
            policy::Setting,
            problem::{Place, SourceText},
            samples::policy,
        },
        model::{daemon::DaemonKey, field::Field, samples::snapshot},
    };

    fn check(key: &str, wanted: Value, flag: Value, problems: usize) {
        let mut policy = policy();
        let text = format!("    {key}: x\n");
        let source = Arc::new(SourceText { name: "host.yaml".into(), text });
        let place = Place { source, span: 4..4 + key.len() };
        policy.settings.insert(key.into(), Setting { value: wanted, place });
        let mut snapshot = snapshot([]);
        let argument = format!("--{key}={flag}");
        let flag = Some(Flag { value: flag.clone(), argument, origin: None });
        let side = DaemonKey { file: None, flag, running: Field::Unknown("test") };
        snapshot.daemon.keys.insert(key.into(), side);
        assert_eq!(flag_conflicts(&policy, &snapshot).len(), problems);
    }

    #[test]
    fn flag_of_another_value_is_a_problem_unless_the_two_are_merged() {
        check("log-driver", json!("local"), json!("journald"), 1);
        check("log-driver", json!("local"), json!("local"), 0);
        check("icc", json!(false), json!(false), 0);
        check("runtimes", json!({"a": {}}), json!("b"), 0);
    }
}
