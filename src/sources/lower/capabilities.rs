//! Capability lists of a create body.

use serde_json::{Map, Value, json};

use crate::model::capability::{CapabilityRequest, CapabilitySet};

/// Keeps the effective capabilities within `allow`, and a list that changes nothing as it is
/// spelt.
pub(super) fn bound(host: &mut Map<String, Value>, allow: CapabilitySet) {
    let (add, add_all) = set(host.get("CapAdd"));
    let (drop, drop_all) = set(host.get("CapDrop"));
    let before = CapabilityRequest { add, add_all, drop, drop_all };
    let after = before.bounded(allow);
    if (after.drop, after.drop_all) != (before.drop, before.drop_all) {
        host.insert("CapDrop".into(), list(after.drop, after.drop_all));
    }
    // A name that this program does not know is not in `allow`, so it has to go.
    if (after.add, after.add_all) != (before.add, before.add_all) || names_unknown(host) {
        host.insert("CapAdd".into(), list(after.add, after.add_all));
    }
}

fn words(value: Option<&Value>) -> impl Iterator<Item = &str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn set(value: Option<&Value>) -> (CapabilitySet, bool) {
    words(value).fold((CapabilitySet::EMPTY, false), |(set, all), word| {
        if word.eq_ignore_ascii_case("ALL") {
            return (set, true);
        }
        (CapabilitySet::named(word).map_or(set, |one| set.union(one)), all)
    })
}

fn names_unknown(host: &Map<String, Value>) -> bool {
    words(host.get("CapAdd"))
        .any(|word| !word.eq_ignore_ascii_case("ALL") && CapabilitySet::named(word).is_none())
}

fn list(set: CapabilitySet, all: bool) -> Value {
    if all {
        return json!(["ALL"]);
    }
    set.names().map(|name| format!("CAP_{name}")).collect()
}
