//! Whether the daemon goes by a value, as it says itself.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Proofs, effects::Step, work::Work};
use crate::{
    model::{
        daemon_keys::{DaemonKeyFacts, InfoMember, LiveSource, ValueKind},
        size::Size,
    },
    plan::DaemonApply,
};

/// Returns whether an attribute of the `reload` event shows this value; `None` if it cannot tell.
pub(super) fn event_shows(key: &DaemonKeyFacts, attribute: &str, wanted: &Value) -> Option<bool> {
    match (key.kind, wanted) {
        (ValueKind::Bool, Value::Bool(it)) => Some(attribute == it.to_string()),
        (ValueKind::Integer, Value::Number(it)) => {
            // Zero stands for the default, which the event names.
            let zero = it.as_i64() == Some(0);
            Some(attribute == it.to_string() || (zero && is_default(key, attribute)))
        }
        (ValueKind::Text(_), Value::String(it)) => Some(attribute == it),
        (ValueKind::Size, Value::String(it)) => {
            let Size(bytes) = Size::parse(it)?;
            Some(attribute == bytes.to_string())
        }
        (ValueKind::TextList, Value::Array(wanted)) => {
            let shown: Option<Vec<String>> = serde_json::from_str(attribute).ok()?;
            let shown: BTreeSet<String> = shown.into_iter().flatten().collect();
            let wanted = wanted.iter().map(Value::as_str).collect::<Option<BTreeSet<_>>>()?;
            Some(wanted.iter().all(|it| shown.contains(*it)) && shown.len() == wanted.len())
        }
        // Shown in a notation of Go's, which cannot be read back with certainty.
        (ValueKind::BoolMap(_), Value::Object(wanted)) => Some(
            wanted.iter().all(|(name, value)| attribute.contains(&format!("{name}:{value}")))
                && attribute.matches(':').count() == wanted.len(),
        ),
        (
            ValueKind::Bool
            | ValueKind::Integer
            | ValueKind::Text(_)
            | ValueKind::Size
            | ValueKind::TextList
            | ValueKind::TextMap
            | ValueKind::BoolMap(_)
            | ValueKind::Object(_)
            | ValueKind::Json,
            _,
        ) => None,
    }
}

pub(super) fn verify_reload(work: &Work, shown: &BTreeMap<String, String>) -> Step<Proofs> {
    let mut proofs = Proofs::new();
    for part in work.parts.iter().filter(|it| it.apply == DaemonApply::Reload) {
        let attribute = part.facts.and_then(|key| key.event).and_then(|name| shown.get(name));
        let wanted = part.wanted();
        let proof = match (part.facts, attribute, wanted) {
            (Some(key), Some(attribute), Some(wanted)) => {
                match (event_shows(key, attribute, &wanted), part.sensitive) {
                    (Some(false), true) => {
                        return Err(format!("the daemon reloaded without the new {}", part.key));
                    }
                    (Some(false), false) => {
                        return Err(format!(
                            "the daemon reloaded and reports {}={attribute}, not {wanted}",
                            part.key
                        ));
                    }
                    (Some(true) | None, false) => {
                        format!("reload event reports {}={attribute}", part.key)
                    }
                    (Some(true) | None, true) => format!("reload event reports {}", part.key),
                }
            }
            _ => "reload event".to_owned(),
        };
        proofs.insert(part.key.clone(), proof);
    }
    Ok(proofs)
}

fn is_default(key: &DaemonKeyFacts, attribute: &str) -> bool {
    key.default_value().as_ref().and_then(Value::as_i64) == attribute.parse().ok()
}

/// Where a value can be read back without doubt, says whether it is this one.
pub(super) fn live_shows(
    key: &DaemonKeyFacts,
    info: &Value,
    bridge: Option<&Value>,
    wanted: &Value,
) -> Option<bool> {
    match key.live {
        LiveSource::Info(member) => info_shows(member, info, wanted),
        LiveSource::BridgeOption(name) => {
            let shown = bridge?.get("Options")?.get(name)?.as_str()?;
            match wanted {
                Value::Bool(it) => Some(shown == it.to_string()),
                Value::Number(it) => Some(shown == it.to_string()),
                Value::String(it) => Some(shown == it),
                Value::Null | Value::Array(_) | Value::Object(_) => None,
            }
        }
        LiveSource::Version(_)
        | LiveSource::Bridge(_)
        | LiveSource::SocketGroup
        | LiveSource::ReloadEvent
        | LiveSource::Nowhere => None,
    }
}

fn info_shows(member: InfoMember, info: &Value, wanted: &Value) -> Option<bool> {
    let same = |name: &str| info.get(name).map(|shown| shown == wanted);
    match member {
        InfoMember::Debug => same("Debug"),
        InfoMember::LiveRestore => same("LiveRestoreEnabled"),
        InfoMember::LoggingDriver => same("LoggingDriver"),
        InfoMember::DefaultRuntime => same("DefaultRuntime"),
        InfoMember::StorageDriver => same("Driver"),
        InfoMember::InitBinary => same("InitBinary"),
        InfoMember::Selinux => Some(has_option(info, "name=selinux") == wanted.as_bool()?),
        InfoMember::UsernsRemap => {
            Some(has_option(info, "name=userns") != wanted.as_str()?.is_empty())
        }
        // Engines before 24.0 never show it, so that only its presence tells.
        InfoMember::NoNewPrivileges => {
            let shown = has_option(info, "name=no-new-privileges");
            (shown || wanted == &Value::Bool(false))
                .then(|| shown == (wanted == &Value::Bool(true)))
        }
        InfoMember::CgroupnsPrivate => {
            Some(has_option(info, "name=cgroupns") == (wanted.as_str()? == "private"))
        }
        // Everything else is shown with additions, or shortened; observing again judges it.
        InfoMember::AuthorizationPlugins
        | InfoMember::CdiSpecDirs
        | InfoMember::CgroupDriver
        | InfoMember::ContainerdAddress
        | InfoMember::ContainerdNamespace
        | InfoMember::DefaultAddressPools
        | InfoMember::DockerRootDir
        | InfoMember::FirewallBackend
        | InfoMember::GenericResources
        | InfoMember::InsecureRegistries
        | InfoMember::Labels
        | InfoMember::Nri
        | InfoMember::Proxies
        | InfoMember::RegistryMirrors
        | InfoMember::Rootless
        | InfoMember::Runtimes
        | InfoMember::SeccompProfile
        | InfoMember::UserlandProxy
        | InfoMember::UserlandProxyPath => None,
    }
}

fn has_option(info: &Value, start: &str) -> bool {
    info.get("SecurityOptions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .any(|option| option.starts_with(start))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::daemon_keys::find;

    fn check(key: &str, attribute: &str, wanted: Value, shown: Option<bool>) {
        assert_eq!(event_shows(find(key).unwrap(), attribute, &wanted), shown, "{key}");
    }

    #[test]
    fn attributes_of_the_event_are_compared_as_the_engine_spells_them() {
        // As 20.10 and 28.5 send them.
        check("live-restore", "true", json!(true), Some(true));
        check("live-restore", "false", json!(true), Some(false));
        check("shutdown-timeout", "20", json!(20), Some(true));
        check("max-concurrent-downloads", "3", json!(0), Some(true));
        check("default-shm-size", "134217728", json!("128M"), Some(true));
        check("labels", r#"["c=d","a=b"]"#, json!(["a=b", "c=d"]), Some(true));
        check("labels", r#"["a=b"]"#, json!([]), Some(false));
        check("labels", "null", json!([]), Some(true));
        check("features", "map[buildkit:true]", json!({"buildkit": true}), Some(true));
        check("features", "map[]", json!({}), Some(true));
        check("features", "map[buildkit:true]", json!({}), Some(false));
        check("runtimes", "x:/bin/true", json!({"x": {"path": "/bin/true"}}), None);
    }

    #[test]
    fn what_an_older_engine_never_shows_is_no_contradiction() {
        let key = find("no-new-privileges").unwrap();
        let old = json!({"SecurityOptions": ["name=seccomp,profile=default"]});
        let new = json!({"SecurityOptions": ["name=no-new-privileges"]});
        assert_eq!(live_shows(key, &old, None, &json!(true)), None);
        assert_eq!(live_shows(key, &new, None, &json!(true)), Some(true));
        assert_eq!(live_shows(key, &new, None, &json!(false)), Some(false));
    }

    #[test]
    fn options_of_the_bridge_are_text() {
        let key = find("icc").unwrap();
        let bridge = json!({"Options": {"com.docker.network.bridge.enable_icc": "false"}});
        assert_eq!(live_shows(key, &json!({}), Some(&bridge), &json!(false)), Some(true));
        assert_eq!(live_shows(key, &json!({}), None, &json!(false)), None);
    }
}
