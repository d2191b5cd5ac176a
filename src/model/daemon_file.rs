//! What `daemon.json` holds that is not what it looks like: keys that stand twice, keys that the
//! engine ignores, keys that it does not know.
//!
//! Source: moby `findConfigurationConflicts` (`daemon/config/config.go`). The check of names and
//! the decoding go by different lists, which is why some keys pass and do nothing.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    daemon::FileFinding,
    daemon_keys::{self, DAEMON_KEYS, Release, UnusableKey, ValueKind, WhyUnusable, release_text},
    json_members::leading_members,
    suggest::{nearest, question},
};

/// Returns what there is to say about the text of the file. Text that is no JSON object has no
/// findings; the daemon does not start with it, and whoever reads it says so.
pub fn findings(text: &str, release: Option<Release>) -> Vec<FileFinding> {
    let members = members(text);
    let mut found = twice(&members, "");
    let mut seen: Vec<&str> = Vec::new();
    for member in &members {
        if seen.contains(&member.key.as_str()) {
            continue;
        }
        seen.push(&member.key);
        let Some((what, advice)) = about(member, release) else { continue };
        found.push(FileFinding { key: member.key.clone(), line: Some(member.line), what, advice });
    }
    // Nested once: `log-opts` and the like.
    for member in members.iter().filter(|it| it.value.is_object()) {
        found.extend(
            twice(&self::members(&member.text), &member.key)
                .into_iter()
                .map(|it| FileFinding { line: it.line.map(|line| line + member.line - 1), ..it }),
        );
    }
    found.sort_by_key(|it| it.line);
    found
}

/// The daemon goes by the last of equal keys and says nothing.
fn twice(members: &[Member], above: &str) -> Vec<FileFinding> {
    let mut lines: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for member in members {
        lines.entry(&member.key).or_default().push(member.line);
    }
    lines
        .into_iter()
        .filter(|(_, lines)| lines.len() > 1)
        .map(|(key, lines)| {
            let last = lines.last().copied();
            let named: Vec<String> = lines.iter().map(usize::to_string).collect();
            FileFinding {
                key: if above.is_empty() { key.to_owned() } else { format!("{above}.{key}") },
                line: last,
                what: format!(
                    "`{key}` stands {} times (lines {}); the engine goes by the last",
                    lines.len(),
                    named.join(", ")
                ),
                advice: "leave one".to_owned(),
            }
        })
        .collect()
}

/// Returns what is to be said about a key by itself, and what to do.
fn about(member: &Member, release: Option<Release>) -> Option<(String, String)> {
    let key = member.key.as_str();
    if let Some(unusable) = daemon_keys::find_unusable(key) {
        return about_unusable(unusable, &member.value, release);
    }
    match daemon_keys::find(key) {
        None => Some(about_unknown(member)),
        Some(facts) => {
            let release = release?;
            if !facts.known_to(release) {
                let since = release_text(facts.since);
                let what = format!(
                    "engine {} does not know `{key}`; engines from {since} do",
                    release_text(release)
                );
                return Some((what, refused("take it out").1));
            }
            (member.value.is_null() && !matches!(facts.kind, ValueKind::Json)).then(|| {
                let what = format!("`{key}` is null, which sets nothing");
                let advice = match facts.flag {
                    Some(flag) => format!("take it out; it still excludes the flag --{flag}"),
                    None => "take it out".to_owned(),
                };
                (what, advice)
            })
        }
    }
}

fn about_unusable(
    unusable: &UnusableKey,
    value: &Value,
    release: Option<Release>,
) -> Option<(String, String)> {
    let UnusableKey { name, why, instead, advice, since, until } = unusable;
    let advice = match (instead, why) {
        (_, WhyUnusable::Undocumented) => "take it out; it is documented nowhere".to_owned(),
        (Some(instead), WhyUnusable::Ignored)
            if instead.starts_with(name.trim_end_matches('y')) =>
        {
            format!("the key is `{instead}`; `{name}` is the name of the flag")
        }
        (Some(instead), _) => format!("the key is `{instead}`; {advice}"),
        (None, _) => (*advice).to_owned(),
    };
    let works = until.is_some_and(|until| release.is_some_and(|release| release < until));
    if works {
        let until = until.map(release_text).unwrap_or_default();
        let end = match why {
            WhyUnusable::Ignored => "ignore it",
            _ => "do not start with it",
        };
        return Some((format!("`{name}` works here; engines from {until} {end}"), advice));
    }
    let is_refused = release.is_some_and(|release| release < *since);
    let what = match why {
        _ if is_refused => refuses(name),
        WhyUnusable::Ignored => format!("`{name}` passes every check and does nothing"),
        WhyUnusable::Removed | WhyUnusable::Refused => refuses(name),
        WhyUnusable::FlagOnly => format!("`{name}` is for the command line; here it does nothing"),
        WhyUnusable::Undocumented => format!("`{name}` is {value}: {}", unusable.advice),
    };
    Some((what, advice))
}

fn refuses(name: &str) -> String {
    format!("the engine refuses `{name}`: it does not start or reload with this file")
}

/// An object passes as a group whose members are looked at instead; booleans among them are
/// applied once, when the daemon starts.
fn about_unknown(member: &Member) -> (String, String) {
    let key = member.key.as_str();
    let Some(group) = member.value.as_object() else {
        let meant = question(&nearest(key, DAEMON_KEYS.iter().map(|it| it.name)));
        let (what, advice) = refused(&meant.unwrap_or_else(|| "take it out".to_owned()));
        return (format!("there is no key `{key}`: {what}"), advice);
    };
    let known = |name: &&String| daemon_keys::find(name).is_some();
    let (switches, others): (Vec<&String>, Vec<&String>) =
        group.keys().filter(known).partition(|name| group[*name].is_boolean());
    let listed = |names: &[&String]| {
        names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    let mut what = format!("`{key}` is no key, and the engine takes it for a group");
    if !switches.is_empty() {
        what +=
            &format!("; it applies {} at its start and drops it at a reload", listed(&switches));
    }
    if !others.is_empty() {
        what += &format!("; it takes no notice of {}", listed(&others));
    }
    let all: Vec<&String> = switches.into_iter().chain(others).collect();
    let advice = match all.is_empty() {
        true => match question(&nearest(key, DAEMON_KEYS.iter().map(|it| it.name))) {
            Some(question) => question,
            None => "take it out; it does nothing".to_owned(),
        },
        false => format!("move {} to the top level", listed(&all)),
    };
    (what, advice)
}

fn refused(advice: &str) -> (String, String) {
    ("the engine does not start or reload with this file".to_owned(), advice.to_owned())
}

/// One member of an object, in the order of the text, equal keys included.
struct Member {
    key: String,
    value: Value,
    text: String,
    line: usize,
}

fn members(text: &str) -> Vec<Member> {
    let text = text.trim_start_matches('\u{feff}');
    let Ok(places) = leading_members(text) else { return Vec::new() };
    places
        .into_iter()
        .filter_map(|(key, place)| {
            let line = text[..place.start].matches('\n').count() + 1;
            let value = serde_json::from_str(&text[place.clone()]).ok()?;
            Some(Member { key, value, text: text[place].to_owned(), line })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys with their lines, as found for an engine of this release.
    #[track_caller]
    fn check(release: Release, text: &str, expected: &[(&str, usize, &str)]) {
        let found = findings(text, Some(release));
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        for (it, (key, line, says)) in found.iter().zip(expected) {
            assert_eq!((it.key.as_str(), it.line), (*key, Some(*line)), "{it:?}");
            let all = format!("{}. {}", it.what, it.advice);
            assert!(all.contains(says), "{all}");
        }
    }

    #[test]
    fn a_usual_file_has_no_findings() {
        let text = "\u{feff}{\"icc\": false, \"log-opts\": {\"max-size\": \"1m\"}, \"proxies\": {}, \
                    \"hosts\": [\"fd://\"], \"features\": {\"x\": true}}";
        check((28, 5), text, &[]);
        check((28, 5), "", &[]);
        check((28, 5), "no json", &[]);
        check((28, 5), "[]", &[]);
    }

    #[test]
    fn the_last_of_equal_keys_counts_at_every_depth() {
        let text = "{\n\"debug\": true,\n\"icc\": false,\n\"debug\": false,\n\
                    \"log-opts\": {\n\"max-size\": \"1m\",\n\"max-size\": \"2m\"}\n}";
        check(
            (28, 5),
            text,
            &[
                ("debug", 4, "`debug` stands 2 times (lines 2, 4)"),
                ("log-opts.max-size", 7, "goes by the last"),
            ],
        );
    }

    #[test]
    fn names_of_flags_and_retired_keys_do_nothing() {
        check((28, 5), r#"{"host": ["fd://"]}"#, &[("host", 1, "the key is `hosts`")]);
        check((28, 5), r#"{"http-proxy": "x"}"#, &[("http-proxy", 1, "does nothing")]);
        check((20, 10), r#"{"http-proxy": "x"}"#, &[("http-proxy", 1, "does not start")]);
        check((28, 5), r#"{"config-file": "x"}"#, &[("config-file", 1, "command line")]);
        check((28, 5), r#"{"restart": false}"#, &[("restart", 1, "`restart` is false")]);
    }

    #[test]
    fn what_a_newer_engine_drops_is_said_before_the_update() {
        check((20, 10), r#"{"graph": "/x"}"#, &[("graph", 1, "engines from 23.0 do not start")]);
        check((28, 5), r#"{"graph": "/x"}"#, &[("graph", 1, "does not start or reload")]);
        let pushed = r#"{"allow-nondistributable-artifacts": ["x"]}"#;
        check(
            (28, 5),
            pushed,
            &[("allow-nondistributable-artifacts", 1, "engines from 29.0 ignore it")],
        );
        check((29, 0), pushed, &[("allow-nondistributable-artifacts", 1, "does nothing")]);
        check((20, 10), r#"{"proxies": {}}"#, &[("proxies", 1, "engines from 23.0 do")]);
    }

    #[test]
    fn unknown_keys_are_refused_and_unknown_groups_half_applied() {
        check((28, 5), r#"{"Debug": true}"#, &[("Debug", 1, "did you mean `debug`?")]);
        check((28, 5), r#"{"frobnicate": 1}"#, &[("frobnicate", 1, "does not start or reload")]);
        let group = r#"{"net": {"icc": false, "mtu": 1400, "x": 1}}"#;
        check((28, 5), group, &[("net", 1, "applies `icc` at its start")]);
        check((28, 5), group, &[("net", 1, "no notice of `mtu`. move `icc`, `mtu` to the top")]);
        check((28, 5), r#"{"log-option": {"max-size": "1"}}"#, &[("log-option", 1, "group")]);
        check((28, 5), r#"{"icc": null}"#, &[("icc", 1, "excludes the flag --icc")]);
    }
}
