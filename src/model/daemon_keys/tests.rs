use serde_json::json;

use super::*;

#[test]
fn keys_are_sorted_and_unique() {
    assert!(DAEMON_KEYS.windows(2).all(|pair| pair[0].name < pair[1].name));
    assert!(REMOVED_OR_IGNORED.windows(2).all(|pair| pair[0].name < pair[1].name));
}

#[test]
fn there_are_as_many_usable_and_reloadable_keys_as_the_engine_has() {
    assert_eq!(DAEMON_KEYS.len(), 88);
    assert_eq!(DAEMON_KEYS.iter().filter(|key| key.reloads()).count(), 19);
}

#[test]
fn no_key_is_both_usable_and_unusable() {
    assert!(REMOVED_OR_IGNORED.iter().all(|key| find(key.name).is_none()));
}

#[test]
fn what_to_write_instead_is_a_usable_key() {
    for key in REMOVED_OR_IGNORED {
        assert!(key.instead.is_none_or(|instead| find(instead).is_some()), "{}", key.name);
    }
}

#[test]
fn flags_are_unique_but_for_the_retired_gateway_key() {
    let mut flags: Vec<_> = DAEMON_KEYS.iter().filter_map(|key| key.flag).collect();
    flags.sort_unstable();
    let doubles: Vec<_> =
        flags.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    assert_eq!(doubles, ["host-gateway-ip"]);
}

#[test]
fn defaults_are_json_of_the_keys_own_kind() {
    for key in DAEMON_KEYS {
        let Some(text) = key.default else { continue };
        let value: Value = serde_json::from_str(text).unwrap();
        let fits = match key.kind {
            ValueKind::Bool => value.is_boolean(),
            ValueKind::Integer => value.is_i64(),
            ValueKind::Text(words) => {
                value.as_str().is_some_and(|word| words.is_empty() || words.contains(&word))
            }
            ValueKind::Size => value.is_string(),
            ValueKind::TextList => value.is_array(),
            ValueKind::TextMap | ValueKind::BoolMap(_) | ValueKind::Object(_) => value.is_object(),
            ValueKind::Json => value.is_object() || value.is_array(),
        };
        assert!(fits, "{}", key.name);
    }
}

#[test]
fn a_key_that_a_reload_keeps_has_a_value_that_takes_it_back() {
    let without: Vec<_> = DAEMON_KEYS
        .iter()
        .filter(|key| key.kept_when_absent() && key.default_value().is_none())
        .map(|key| key.name)
        .collect();
    // The default depends on the version of the host's cgroups.
    assert_eq!(without, ["default-cgroupns-mode"]);
}

#[test]
fn what_a_feature_needs_depends_on_the_feature() {
    let features = find("features").unwrap();
    let needs =
        |before: Value, after: Value| features.takes_effect_from(Some(&before), Some(&after));
    assert!(matches!(needs(json!({}), json!({"buildkit": true})), TakesEffect::Reload { .. }));
    assert_eq!(needs(json!({"buildkit": true}), json!({"cdi": true})), TakesEffect::Restart);
    let snapshotter = json!({"containerd-snapshotter": true});
    assert_eq!(needs(json!({}), snapshotter.clone()), TakesEffect::Hides);
    assert_eq!(features.takes_effect_from(Some(&snapshotter), None), TakesEffect::Hides);
    assert!(matches!(needs(snapshotter.clone(), snapshotter), TakesEffect::Reload { .. }));
}

#[test]
fn every_key_says_what_it_means_for_security() {
    for key in DAEMON_KEYS {
        assert!(!key.about.is_empty() && !key.about.ends_with('.'), "{}", key.name);
        assert!(key.note.is_none_or(|note| !note.is_empty()), "{}", key.name);
    }
}

#[test]
fn defaults_have_the_shape_that_is_asked_of_values() {
    for key in DAEMON_KEYS {
        let Some(default) = key.default_value() else { continue };
        assert_eq!(key.shape.faults(&default), [], "{}", key.name);
    }
}

#[test]
fn relations_are_about_keys_that_there_are() {
    for relation in RELATIONS {
        assert!(!relation.keys.is_empty() && !relation.rule.ends_with('.'));
        assert!(relation.keys.iter().all(|key| find(key).is_some()), "{:?}", relation.keys);
    }
    assert!(RELATIONS.is_sorted_by_key(|it| it.keys[0]));
}

#[test]
fn releases_compare_as_they_followed_each_other() {
    assert_eq!(release("20.10.24+dfsg1"), Some((20, 10)));
    assert_eq!(release("29.0-rc1"), Some((29, 0)));
    assert_eq!(release("dev"), None);
    assert!(find("proxies").is_some_and(|key| !key.known_to((20, 10)) && key.known_to((28, 5))));
    assert!(find("live-restore").is_some_and(|key| key.known_to((17, 6))));
}

#[test]
fn flags_are_found_by_their_short_and_long_names() {
    assert_eq!(find_by_flag("H").map(|key| key.name), Some("hosts"));
    assert_eq!(find_by_flag("host").map(|key| key.name), Some("hosts"));
    assert_eq!(find_by_flag("insecure-registry").map(|key| key.name), Some("insecure-registries"));
    assert!(find_by_flag("x").is_none());
}

#[test]
fn a_log_option_named_like_a_secret_makes_the_value_one() {
    let log_opts = find("log-opts").unwrap();
    assert!(log_opts.holds_secret(&json!({"splunk-token": "x"})));
    assert!(!log_opts.holds_secret(&json!({"max-size": "10m"})));
}
