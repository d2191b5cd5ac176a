//! The daemon's command line, key by key.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::model::{
    daemon::Flag,
    daemon_keys::{self, DaemonKeyFacts, ValueKind},
};

/// Flags that are no keys and take no value.
const OTHER_SWITCHES: &[&str] = &["validate", "version", "help", "v", "h"];
/// Flags that are members of the key `proxies`.
const PROXY_FLAGS: &[&str] = &["http-proxy", "https-proxy", "no-proxy"];

/// Everything a command line says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct CommandLine {
    /// By key of the file.
    pub(super) keys: BTreeMap<String, Flag>,
    pub(super) config_file: Option<String>,
}

/// One flag as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Given {
    /// Without dashes; one letter if short.
    name: String,
    value: Option<String>,
    argument: String,
}

impl CommandLine {
    /// Reads arguments, the program's name first. Origins are left open.
    pub(super) fn read(arguments: &[String]) -> Self {
        let mut by_key: BTreeMap<&str, (Option<&DaemonKeyFacts>, Vec<Given>)> = BTreeMap::new();
        let mut config_file = None;
        for given in split(arguments.get(1..).unwrap_or_default()) {
            if given.name == "config-file" {
                config_file = given.value;
            } else if PROXY_FLAGS.contains(&given.name.as_str()) {
                let entry = by_key.entry("proxies");
                entry.or_insert_with(|| (daemon_keys::find("proxies"), vec![])).1.push(given);
            } else if let Some(facts) = daemon_keys::find_by_flag(&given.name) {
                by_key.entry(facts.name).or_insert_with(|| (Some(facts), vec![])).1.push(given);
            }
        }
        let keys = by_key
            .into_iter()
            .map(|(key, (facts, given))| (key.to_owned(), flag(key, facts, &given)))
            .collect();
        Self { keys, config_file }
    }
}

/// Splits arguments as the daemon does: `--k=v`, `--k v`, `-k v`, `-kv`, switches in a bundle.
fn split(arguments: &[String]) -> Vec<Given> {
    let mut found = Vec::new();
    let mut rest = arguments.iter().peekable();
    while let Some(argument) = rest.next() {
        if argument == "--" {
            break;
        }
        if let Some(long) = argument.strip_prefix("--") {
            let (name, value) = match long.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None if is_switch(long) => (long, None),
                None => (long, rest.next_if(|next| !next.starts_with('-')).cloned()),
            };
            let argument = match (&value, long.contains('=')) {
                (Some(value), false) => format!("{argument} {value}"),
                _ => argument.clone(),
            };
            found.push(Given { name: name.into(), value, argument });
        } else if let Some(bundle) = argument.strip_prefix('-') {
            for (at, letter) in bundle.char_indices() {
                let name = letter.to_string();
                let attached = &bundle[at + letter.len_utf8()..];
                if is_switch(&name) && !attached.starts_with('=') {
                    found.push(Given { argument: format!("-{name}"), name, value: None });
                    continue;
                }
                let (value, argument) = match attached {
                    "" => match rest.next() {
                        Some(next) => (Some(next.clone()), format!("-{name} {next}")),
                        None => (None, format!("-{name}")),
                    },
                    attached => (
                        Some(attached.strip_prefix('=').unwrap_or(attached).to_owned()),
                        format!("-{name}{attached}"),
                    ),
                };
                found.push(Given { name, value, argument });
                break;
            }
        }
    }
    found
}

fn is_switch(name: &str) -> bool {
    OTHER_SWITCHES.contains(&name)
        || daemon_keys::find_by_flag(name).is_some_and(|facts| facts.kind == ValueKind::Bool)
}

fn flag(key: &str, facts: Option<&DaemonKeyFacts>, given: &[Given]) -> Flag {
    let value = value(key, facts.map(|it| it.kind), given);
    let secret = facts.is_some_and(|facts| facts.holds_secret(&value));
    let arguments: Vec<String> = given
        .iter()
        .map(|it| match secret {
            true if it.name.len() > 1 => format!("--{} (sensitive)", it.name),
            true => format!("-{} (sensitive)", it.name),
            false => it.argument.clone(),
        })
        .collect();
    Flag { value, argument: arguments.join(" "), origin: None }
}

/// Puts the texts of all mentions together: the last wins for scalars, lists and maps add up.
fn value(key: &str, kind: Option<ValueKind>, given: &[Given]) -> Value {
    let texts = || given.iter().filter_map(|it| it.value.as_deref());
    let last = texts().next_back().unwrap_or_default();
    match kind {
        Some(ValueKind::Bool) => {
            let text = given.last().and_then(|it| it.value.as_deref());
            json!(text.is_none_or(is_true))
        }
        Some(ValueKind::Integer) => last.parse::<i64>().map_or_else(|_| json!(last), |n| json!(n)),
        Some(ValueKind::Text(_) | ValueKind::Size) => json!(last),
        Some(ValueKind::TextList) | None => json!(texts().collect::<Vec<_>>()),
        Some(ValueKind::TextMap) => map(texts(), |value| json!(value.unwrap_or_default())),
        Some(ValueKind::BoolMap(_)) => map(texts(), |value| json!(value.is_none_or(is_true))),
        Some(ValueKind::Object(_)) if key == "proxies" => Value::Object(
            given.iter().map(|it| (it.name.clone(), json!(it.value))).collect::<Map<_, _>>(),
        ),
        Some(ValueKind::Object(_)) => map(last.split(','), |value| json!(value)),
        Some(ValueKind::Json) => match key {
            "default-ulimits" => ulimits(texts()),
            "default-address-pools" => texts().map(address_pool).collect(),
            "runtimes" => map(texts(), |path| json!({ "path": path })),
            "default-network-opts" => network_options(texts()),
            _ => json!(texts().collect::<Vec<_>>()),
        },
    }
}

fn is_true(text: &str) -> bool {
    matches!(text, "1" | "t" | "T" | "true" | "TRUE" | "True")
}

fn map<'a>(texts: impl Iterator<Item = &'a str>, value: impl Fn(Option<&str>) -> Value) -> Value {
    texts
        .map(|text| match text.split_once('=') {
            Some((name, text)) => (name.to_owned(), value(Some(text))),
            None => (text.to_owned(), value(None)),
        })
        .collect::<Map<_, _>>()
        .into()
}

/// `nofile=1024:2048`; without a second number the first is both.
fn ulimits<'a>(texts: impl Iterator<Item = &'a str>) -> Value {
    let number = |text: &str| text.parse::<i64>().map_or(Value::Null, |it| json!(it));
    texts
        .filter_map(|text| text.split_once('='))
        .map(|(name, limits)| {
            let (soft, hard) = limits.split_once(':').unwrap_or((limits, limits));
            let limit = json!({ "Name": name, "Hard": number(hard), "Soft": number(soft) });
            (name.to_owned(), limit)
        })
        .collect::<Map<_, _>>()
        .into()
}

/// `base=10.0.0.0/8,size=24`.
fn address_pool(text: &str) -> Value {
    text.split(',')
        .filter_map(|part| part.split_once('='))
        .map(|(name, value)| {
            let value = value.parse::<i64>().map_or_else(|_| json!(value), |number| json!(number));
            (name.to_owned(), value)
        })
        .collect::<Map<_, _>>()
        .into()
}

/// `bridge=com.docker.network.driver.mtu=9000`.
fn network_options<'a>(texts: impl Iterator<Item = &'a str>) -> Value {
    let mut drivers = Map::new();
    for (driver, option) in texts.filter_map(|text| text.split_once('=')) {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let options = drivers.entry(driver).or_insert_with(|| json!({}));
        options[name] = json!(value);
    }
    drivers.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> CommandLine {
        let arguments: Vec<String> = line.split_whitespace().map(ToOwned::to_owned).collect();
        CommandLine::read(&arguments)
    }

    fn check(line: &str, key: &str, value: Value, argument: &str) {
        let read = read(line);
        let flag = read.keys.get(key).unwrap_or_else(|| panic!("{line}: no {key}"));
        assert_eq!((&flag.value, flag.argument.as_str()), (&value, argument), "{line}");
    }

    #[test]
    fn every_way_to_write_a_flag_is_read() {
        let list = json!(["fd://", "tcp://:1"]);
        check(
            "dockerd -H fd:// --host=tcp://:1",
            "hosts",
            list.clone(),
            "-H fd:// --host=tcp://:1",
        );
        check("dockerd -Hfd:// --host tcp://:1", "hosts", list, "-Hfd:// --host tcp://:1");
        check("dockerd -DH fd://", "debug", json!(true), "-D");
        check("dockerd -DH fd://", "hosts", json!(["fd://"]), "-H fd://");
        check("dockerd --debug --icc=false", "debug", json!(true), "--debug");
        check("dockerd --debug --icc=false", "icc", json!(false), "--icc=false");
        check("dockerd -l warn", "log-level", json!("warn"), "-l warn");
        check("dockerd --mtu 1400", "mtu", json!(1400), "--mtu 1400");
    }

    #[test]
    fn last_scalar_wins_and_lists_and_maps_add_up() {
        let line = "dockerd --log-level=info --log-level=warn --log-opt a=1 --log-opt b=2 --label x=y --label z=w";
        check(line, "log-level", json!("warn"), "--log-level=info --log-level=warn");
        check(line, "log-opts", json!({"a": "1", "b": "2"}), "--log-opt a=1 --log-opt b=2");
        check(line, "labels", json!(["x=y", "z=w"]), "--label x=y --label z=w");
    }

    #[test]
    fn structured_flags_have_the_shape_of_the_file() {
        let line = "dockerd --default-ulimit nofile=1:2 --default-address-pool base=10.0.0.0/8,size=24 --add-runtime kata=/k --default-network-opt bridge=mtu=9";
        let keys = read(line).keys;
        let value = |key: &str| keys[key].value.clone();
        assert_eq!(
            value("default-ulimits"),
            json!({"nofile": {"Name": "nofile", "Hard": 2, "Soft": 1}})
        );
        assert_eq!(value("default-address-pools"), json!([{"base": "10.0.0.0/8", "size": 24}]));
        assert_eq!(value("runtimes"), json!({"kata": {"path": "/k"}}));
        assert_eq!(value("default-network-opts"), json!({"bridge": {"mtu": "9"}}));
    }

    #[test]
    fn secrets_do_not_show_in_arguments() {
        let line = "dockerd --http-proxy http://user:word@proxy --log-opt splunk-token=word";
        check(
            line,
            "proxies",
            json!({"http-proxy": "http://user:word@proxy"}),
            "--http-proxy (sensitive)",
        );
        assert_eq!(read(line).keys["log-opts"].argument, "--log-opt (sensitive)");
    }

    #[test]
    fn file_and_unknown_flags_are_told_from_keys() {
        let line = "dockerd --config-file /a.json --new-switch --new-thing value --validate -D";
        let read = read(line);
        assert_eq!(read.config_file.as_deref(), Some("/a.json"));
        assert_eq!(read.keys.keys().collect::<Vec<_>>(), ["debug"]);
        assert_eq!(CommandLine::read(&[]), CommandLine::default());
    }
}
