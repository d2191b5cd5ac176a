//! Values of the daemon's settings, compared by what they mean and shown without secrets.
//!
//! The engine reorders labels, adds a slash to mirrors and loopback ranges to insecure
//! registries; comparing text would find differences for ever.

use serde_json::{Map, Value};

use super::{
    daemon_keys::{self, ValueKind},
    size::Size,
};

/// Returns whether two values of a key, from the file, the command line or the declaration, mean
/// the same. A number is not the same as its text: where the daemon wants the one, it refuses the
/// other.
pub fn same(key: &str, a: &Value, b: &Value) -> bool {
    normal(key, a) == normal(key, b)
}

/// Returns whether what the daemon goes by is what is wanted. The daemon tells some values as
/// text, adds what is built in, and masks credentials.
pub fn same_as_running(key: &str, want: &Value, running: &Value) -> bool {
    let kind = daemon_keys::find(key).map(|it| it.kind);
    let want = normal(key, want);
    let running = normal(key, &typed(kind, running));
    match key {
        // What the environment says is among the proxies, and the built-in runtimes among the
        // runtimes.
        "proxies" | "runtimes" => is_part(&want, &running),
        _ => want == running,
    }
}

/// Returns the value that says the same as leaving the key out, where there is one that does not
/// depend on the host.
pub fn engine_default(key: &str) -> Option<Value> {
    daemon_keys::find(key).and_then(|it| it.default_value())
}

/// Returns whether the value says nothing: null, empty text, list or object.
pub fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Returns the value for people: text without quotes, the rest as JSON, nothing secret.
pub fn text(key: &str, value: &Value) -> String {
    if daemon_keys::find(key).is_some_and(|it| it.holds_secret(value)) {
        return "(sensitive)".into();
    }
    match masked(value) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn normal(key: &str, value: &Value) -> Value {
    let value = masked(value);
    let value = match (key, value) {
        // Of these the order means nothing.
        (
            "labels"
            | "hosts"
            | "exec-opts"
            | "storage-opts"
            | "dns-opts"
            | "host-gateway-ips"
            | "node-generic-resources",
            Value::Array(items),
        ) => sorted(items),
        ("insecure-registries", Value::Array(items)) => sorted(
            items
                .iter()
                .filter_map(Value::as_str)
                .map(|it| it.trim_start_matches("https://").trim_start_matches("http://"))
                .filter(|it| !matches!(*it, "127.0.0.0/8" | "::1/128"))
                .map(Value::from)
                .collect(),
        ),
        ("registry-mirrors", Value::Array(items)) => items
            .iter()
            .filter_map(Value::as_str)
            .map(|it| Value::from(it.trim_end_matches('/')))
            .collect(),
        ("default-shm-size", Value::String(text)) => {
            Size::parse(&text).map_or(Value::String(text), |size| size.0.into())
        }
        // The name that engines before 23.0 use.
        ("seccomp-profile", Value::String(text)) if text == "default" => "builtin".into(),
        (_, Value::String(text)) if text.len() > 1 && text.starts_with('/') => {
            text.trim_end_matches('/').into()
        }
        (_, value) => whole_numbers(value),
    };
    if says_default(key, &value)
        && let Some(default) = engine_default(key)
        && !says_default(key, &default)
    {
        return normal(key, &default);
    }
    value
}

/// Returns whether the daemon reads the value as if the key were not there: a zero or something
/// empty cannot replace a default (moby `MergeDaemonConfigurations`). Two are exceptions there.
fn says_default(key: &str, value: &Value) -> bool {
    !matches!(key, "shutdown-timeout" | "default-stop-timeout")
        && (is_empty(value) || value.as_i64() == Some(0))
}

fn sorted(mut items: Vec<Value>) -> Value {
    items.sort_by_cached_key(Value::to_string);
    items.dedup();
    Value::Array(items)
}

/// `3.0` is `3`.
fn whole_numbers(value: Value) -> Value {
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 9.0e15 => {
                Value::from(float as i64)
            }
            _ => Value::Number(number),
        },
        Value::Array(items) => items.into_iter().map(whole_numbers).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| (name, whole_numbers(value))).collect()
        }
        Value::Null | Value::Bool(_) | Value::String(_) => value,
    }
}

/// Reads text as the type that the key has; the `reload` event tells everything as text.
fn typed(kind: Option<ValueKind>, value: &Value) -> Value {
    let Value::String(text) = value else { return value.clone() };
    let typed = match kind {
        Some(ValueKind::Bool) => text.parse::<bool>().ok().map(Value::from),
        Some(ValueKind::Integer) => text.parse::<i64>().ok().map(Value::from),
        Some(
            ValueKind::TextList
            | ValueKind::TextMap
            | ValueKind::BoolMap(_)
            | ValueKind::Object(_)
            | ValueKind::Json,
        ) => serde_json::from_str(text).ok(),
        Some(ValueKind::Text(_) | ValueKind::Size) | None => None,
    };
    typed.unwrap_or_else(|| value.clone())
}

/// Returns whether every member of `part` is in `whole`, which may have more.
fn is_part(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => part.iter().all(|(name, value)| {
            is_empty(value) || whole.get(name).is_some_and(|it| is_part(value, it))
        }),
        _ => part == whole,
    }
}

/// Replaces user and password in URLs as the engine does when it shows them.
fn masked(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(without_credentials(text)),
        Value::Array(items) => items.iter().map(masked).collect(),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| (name.clone(), masked(value)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

fn without_credentials(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let authority_end = rest.find('/').unwrap_or(rest.len());
    match rest[..authority_end].rfind('@') {
        Some(at) => format!("{scheme}://xxxxx:xxxxx@{}", &rest[at + 1..]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_engine_does_to_values_makes_no_difference() {
        for (key, a, b) in [
            ("labels", json!(["a=1", "b=2"]), json!(["b=2", "a=1"])),
            ("registry-mirrors", json!(["https://m"]), json!(["https://m/"])),
            ("insecure-registries", json!(["r:5000"]), json!(["127.0.0.0/8", "::1/128", "r:5000"])),
            ("insecure-registries", json!(["http://r:5000"]), json!(["r:5000"])),
            ("default-shm-size", json!("64M"), json!("65536k")),
            ("seccomp-profile", json!("builtin"), json!("default")),
            ("mtu", json!(0), json!(1500)),
            ("data-root", json!("/srv/docker/"), json!("/srv/docker")),
            ("log-opts", json!({ "a": "1", "b": "2" }), json!({ "b": "2", "a": "1" })),
            ("max-concurrent-downloads", json!(3), json!(3.0)),
        ] {
            assert!(same(key, &a, &b), "{key}: {a} and {b}");
        }
    }

    #[test]
    fn real_differences_are_seen() {
        for (key, a, b) in [
            (
                "registry-mirrors",
                json!(["https://a", "https://b"]),
                json!(["https://b", "https://a"]),
            ),
            ("dns", json!(["1.1.1.1", "9.9.9.9"]), json!(["9.9.9.9", "1.1.1.1"])),
            ("log-opts", json!({ "max-file": "3" }), json!({ "max-file": 3 })),
            ("icc", json!(false), json!(true)),
            ("live-restore", json!(true), json!("true")),
            ("shutdown-timeout", json!(0), json!(15)),
            ("default-shm-size", json!("64M"), json!("128M")),
        ] {
            assert!(!same(key, &a, &b), "{key}: {a} and {b}");
        }
    }

    #[test]
    fn running_values_may_be_text_and_may_hold_more() {
        for (key, want, running) in [
            ("live-restore", json!(true), json!("true")),
            ("shutdown-timeout", json!(20), json!("20")),
            ("default-shm-size", json!("64M"), json!("67108864")),
            ("labels", json!(["a=1"]), json!("[\"a=1\"]")),
            (
                "runtimes",
                json!({ "runsc": { "path": "/usr/bin/runsc" } }),
                json!({ "runc": { "path": "runc" }, "runsc": { "path": "/usr/bin/runsc" } }),
            ),
            (
                "proxies",
                json!({ "http-proxy": "http://me:secret@proxy:3128/" }),
                json!({ "http-proxy": "http://xxxxx:xxxxx@proxy:3128/", "no-proxy": "x" }),
            ),
        ] {
            assert!(same_as_running(key, &want, &running), "{key}: {want} and {running}");
        }
        assert!(!same_as_running("debug", &json!(true), &json!("false")));
    }

    #[test]
    fn secrets_are_not_shown() {
        assert_eq!(text("proxies", &json!({ "http-proxy": "http://a:b@c" })), "(sensitive)");
        assert_eq!(text("log-opts", &json!({ "splunk-token": "x" })), "(sensitive)");
        assert_eq!(
            text("registry-mirrors", &json!(["https://a:b@c/d"])),
            r#"["https://xxxxx:xxxxx@c/d"]"#
        );
        assert_eq!(text("log-driver", &json!("journald")), "journald");
        assert_eq!(text("icc", &json!(false)), "false");
    }
}
