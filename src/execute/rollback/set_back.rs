//! Limits and the restart policy, back to what they were.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::execute::seen::Seen;

/// What can be done about an update.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum SetBack {
    /// This body does it.
    Body(Value),
    /// It is as before already.
    Settled,
    /// Why not.
    Blocked(String),
}

/// Compares what is with what was before and after, and puts the way back together. An update
/// leaves alone what it is told to set to zero, so that most limits cannot be taken away.
pub(super) fn set_back(
    before: &BTreeMap<String, Value>,
    after: &BTreeMap<String, Value>,
    now: &Value,
) -> SetBack {
    let mut body = Map::new();
    let null = Value::Null;
    for (key, set) in after {
        let was = before.get(key).unwrap_or(&null);
        let is = &now[key];
        if same(key, is, was) {
            continue;
        }
        if !same(key, is, set) {
            return SetBack::Blocked(format!(
                "somebody has changed {key} since: it is {is} and was set to {set}"
            ));
        }
        match key.as_str() {
            "PidsLimit" => {
                body.insert(key.clone(), json!(limit(was).unwrap_or(-1)));
            }
            "RestartPolicy" => {
                let was = Seen(json!({ "HostConfig": { key: was } })).restart_policy();
                let update = crate::execute::seen::restart_policy_update(&was);
                body.insert(key.clone(), update[key].clone());
            }
            "CpuQuota" => {
                body.insert(key.clone(), json!(limit(was).unwrap_or(-1)));
            }
            _ if !is_unset(was) => {
                body.insert(key.clone(), was.clone());
            }
            // Goes with the memory limit, which says what there is to say.
            "MemorySwap" => {}
            _ => {
                return SetBack::Blocked(format!(
                    "{key} had no value before, and the engine does not take one away from a \
                     container that exists; start it anew without"
                ));
            }
        }
    }
    if body.is_empty() { SetBack::Settled } else { SetBack::Body(Value::Object(body)) }
}

fn same(key: &str, one: &Value, other: &Value) -> bool {
    match key {
        "RestartPolicy" => {
            let text = |it: &Value| Seen(json!({ "HostConfig": { key: it } })).restart_policy();
            text(one) == text(other)
        }
        "PidsLimit" | "CpuQuota" => limit(one) == limit(other),
        _ => one == other || (is_unset(one) && is_unset(other)),
    }
}

fn is_unset(value: &Value) -> bool {
    value.is_null() || *value == json!(0) || *value == json!("")
}

/// Null, zero and any negative number are no limit.
fn limit(value: &Value) -> Option<i64> {
    value.as_i64().filter(|limit| *limit > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(value: Value) -> BTreeMap<String, Value> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn values_of_before_are_set_again() {
        let policy = |name: &str| json!({ "Name": name, "MaximumRetryCount": 0 });
        let before = map(json!({ "PidsLimit": null, "Memory": 5, "MemorySwap": 10,
                                 "RestartPolicy": policy("") }));
        let after = map(json!({ "PidsLimit": 99, "Memory": 6, "MemorySwap": 12,
                                "RestartPolicy": policy("always") }));
        let now = json!(after);
        let body = json!({ "PidsLimit": -1, "Memory": 5, "MemorySwap": 10,
                           "RestartPolicy": policy("no") });
        assert_eq!(set_back(&before, &after, &now), SetBack::Body(body));
        assert_eq!(set_back(&before, &after, &json!(before)), SetBack::Settled);
    }

    #[test]
    fn what_others_changed_and_what_the_engine_keeps_is_said() {
        let (before, after) = (map(json!({ "PidsLimit": 0 })), map(json!({ "PidsLimit": 99 })));
        let SetBack::Blocked(why) = set_back(&before, &after, &json!({ "PidsLimit": 100 })) else {
            panic!()
        };
        assert!(why.contains("somebody has changed PidsLimit since"), "{why}");
        let (before, after) = (map(json!({ "Memory": 0 })), map(json!({ "Memory": 64 })));
        let SetBack::Blocked(why) = set_back(&before, &after, &json!({ "Memory": 64 })) else {
            panic!()
        };
        assert!(why.contains("Memory had no value before"), "{why}");
    }
}
