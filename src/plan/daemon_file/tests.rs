//! Edits of files as people and programs write them.

use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::json;

use super::*;

fn check(before: Option<&str>, set: Value, remove: &[&str], after: &str) {
    let set = set.as_object().unwrap().iter().map(|(k, v)| (k.clone(), v.clone())).collect();
    let remove = remove.iter().map(|key| (*key).to_owned()).collect();
    assert_eq!(edited(before, &set, &remove).unwrap(), after);
}

#[test]
fn missing_or_empty_file_becomes_a_file_of_the_keys() {
    let after = "{\n  \"icc\": false,\n  \"live-restore\": true\n}\n";
    check(None, json!({"live-restore": true, "icc": false}), &[], after);
    check(Some(" \n"), json!({"live-restore": true, "icc": false}), &[], after);
    check(Some("{}\n"), json!({"icc": false}), &[], "{\n  \"icc\": false\n}\n");
    check(None, json!({}), &["icc"], "{}\n");
}

#[test]
fn only_what_is_edited_changes() {
    check(
        Some(
            "{\n    \"debug\":true,\n    \"x-unknown\": [1,  2],\n    \"log-opts\": { \"a\": \"b\" }\n}",
        ),
        json!({"debug": false, "icc": false}),
        &["log-opts"],
        "{\n    \"debug\":false,\n    \"x-unknown\": [1,  2],\n    \"icc\":false\n}",
    );
}

#[test]
fn file_on_one_line_stays_on_one_line() {
    check(
        Some(r#"{"debug": true}"#),
        json!({"icc": false}),
        &[],
        r#"{"debug": true, "icc": false}"#,
    );
    check(Some(r#"{"a":1,"b":2}"#), json!({"b": 3}), &["a"], r#"{"b":3}"#);
}

#[test]
fn taking_everything_out_leaves_an_empty_object() {
    check(Some("{\n  \"icc\": true\n}\n"), json!({}), &["icc"], "{}\n");
}

#[test]
fn keys_and_texts_with_quotes_and_braces_do_not_confuse() {
    check(
        Some("{\"a}\\\"{\": \"}\", \"b\": \"{\"}"),
        json!({"b": "\"}"}),
        &[],
        "{\"a}\\\"{\": \"}\", \"b\": \"\\\"}\"}",
    );
}

#[test]
fn byte_order_mark_stays() {
    check(Some("\u{feff}{\"a\": 1}"), json!({"b": 2}), &[], "\u{feff}{\"a\": 1, \"b\": 2}");
}

#[test]
fn what_is_not_an_object_is_refused() {
    for text in ["[]", "{", "{\"a\": 1,}", "// note\n{}", "{} {}", "null"] {
        assert!(edited(Some(text), &BTreeMap::new(), &BTreeSet::new()).is_err(), "{text}");
    }
}

#[test]
fn setting_what_is_set_changes_nothing() {
    let text = "{ \"log-opts\": {\"max-size\":\"10m\"} }";
    check(Some(text), json!({"log-opts": {"max-size": "10m"}}), &["icc"], text);
}

#[test]
fn secrets_do_not_show() {
    let text = r#"{"proxies": {"http-proxy": "http://me:canary@proxy:3128/"}, "log-opts": {"splunk-token": "canary", "max-size": "1m"}, "icc": true}"#;
    let shown = redacted(text).unwrap();
    assert!(!shown.contains("canary"), "{shown}");
    assert!(shown.contains("\"icc\": true") && shown.contains("1m"), "{shown}");
}

#[test]
fn one_value_is_replaced_and_not_a_byte_around_it() {
    let text = "\u{feff}{\r\n\t\"icc\" : true ,\r\n\r\n\t\"mtu\": 1.40e3,\r\n\t\"x\":\"\\u00e9\\/\",\r\n\
        \t\"labels\": [\r\n\t\t\"a=b\"\r\n\t]\r\n}\r\n\r\n";
    check(Some(text), json!({"icc": false}), &[], &text.replace("true", "false"));
    check(
        Some(text),
        json!({"labels": ["a=b", "c=d"]}),
        &[],
        &text.replace("\"a=b\"", "\"a=b\",\r\n\t\t\"c=d\""),
    );
    check(
        Some(text),
        json!({"debug": true}),
        &["mtu"],
        &text
            .replace(" ,\r\n\r\n\t\"mtu\": 1.40e3", "")
            .replace("]\r\n}", "],\r\n\t\"debug\" : true\r\n}"),
    );
}

#[test]
fn members_of_an_object_stay_where_they_were() {
    let text = "{\n    \"log-opts\": {\n        \"tag\": \"x\",\n        \"max-size\": \"1m\",\n        \
        \"env\": \"a\"\n    },\n    \"runtimes\": {\"a\": {\"path\":\"/a\"}}\n}\n";
    check(
        Some(text),
        json!({"log-opts": {"max-size": "10m", "tag": "x", "max-file": "3"}}),
        &[],
        "{\n    \"log-opts\": {\n        \"tag\": \"x\",\n        \"max-size\": \"10m\",\n        \
         \"max-file\": \"3\"\n    },\n    \"runtimes\": {\"a\": {\"path\":\"/a\"}}\n}\n",
    );
    check(
        Some(text),
        json!({"runtimes": {"a": {"path": "/b"}, "c": {"path": "/c"}}}),
        &["log-opts"],
        "{\n    \"runtimes\": {\"a\": {\"path\":\"/b\"}, \"c\": { \"path\": \"/c\" }}\n}\n",
    );
}

#[test]
fn commas_at_the_start_of_a_line_and_dense_files_stay_so() {
    check(
        Some("{ \"a\": 1\n, \"b\": 2\n}\n"),
        json!({"icc": false}),
        &["a"],
        "{ \"b\": 2\n, \"icc\": false\n}\n",
    );
    check(
        Some(r#"{"a":1,"b":[2]}"#),
        json!({"b": [3, 4], "labels": ["x=y", "z=1"]}),
        &[],
        r#"{"a":1,"b":[3,4],"labels":["x=y","z=1"]}"#,
    );
    check(Some("{}\r\n"), json!({"icc": false}), &[], "{\r\n  \"icc\": false\r\n}\r\n");
    check(Some("\u{feff}\r\n"), json!({"a": 1}), &[], "\u{feff}{\r\n  \"a\": 1\r\n}\r\n");
}

#[test]
fn key_given_twice_is_not_edited_and_its_secrets_do_not_show() {
    let text = "{\n  \"icc\": true,\n  \"proxies\": {\"http-proxy\": \"canary\"},\n  \"icc\": false,\n  \
        \"proxies\": {}, \"debug\": true\n}";
    let edit = |key: &str| edited(Some(text), &BTreeMap::new(), &BTreeSet::from([key.to_owned()]));
    assert_eq!(
        edit("icc").unwrap_err(),
        "the file gives icc more than once: true on line 2 and false on line 4; the engine goes \
         by the last one; take the others out, then plan again"
    );
    let proxies = edit("proxies").unwrap_err();
    assert!(proxies.contains("(sensitive)") && !proxies.contains("canary"), "{proxies}");
    assert!(proxies.contains("on line 3 and {} on line 5"), "{proxies}");
    // The others are no less clear for it.
    assert_eq!(edit("debug").unwrap(), text.replace(", \"debug\": true", ""));
    assert_eq!(values(text).unwrap()["icc"], json!(false), "the engine goes by the last one");
}

#[test]
fn bytes_that_are_no_utf_8_are_refused_with_what_to_do() {
    let utf_16: Vec<u8> = "\u{feff}{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(decoded(utf_16).unwrap_err().contains("UTF-16"));
    let latin_1 = decoded(b"{\n\"labels\": [\"caf\xe9\"]}".to_vec()).unwrap_err();
    assert_eq!(latin_1, "line 2 holds bytes that are not UTF-8; save it as UTF-8");
    assert!(values("{\"a\": 1,}").unwrap_err().contains("line 1"));
    assert!(values("// note\n{}").is_err() && values("[]").is_err());
    assert_eq!(values("\u{feff}{}\n"), Ok(Map::new()));
    assert!(values("\u{feff}\u{feff}{}").is_err(), "the engine takes one mark");
}

/// White space as it is found around a comma or a colon.
fn space() -> impl Strategy<Value = &'static str> {
    select(vec!["", " ", "\n", "\n  ", "\r\n\t", "\n\n    ", "  "])
}

/// Keys and texts of values, some in odd spelling.
fn member() -> impl Strategy<Value = (&'static str, &'static str)> {
    let keys = vec!["icc", "m\\u0074u", "x-unknown", "a\\\"}{,", "labels", "log-opts", "é"];
    let values = vec![
        "true",
        "1.50",
        "1e3",
        "-0",
        "\"\\u00e9 \\/ }{\"",
        "[ ]",
        "[1 ,2]",
        "{}",
        "{\"a\" :\"b\"}",
        "{\n \"tag\": \"x\",\r\n\t\"max-size\":\"1m\"\n}",
        "null",
    ];
    (select(keys), select(values))
}

fn file() -> impl Strategy<Value = String> {
    let members = vec((member(), space(), space(), space(), space()), 0..7);
    (members, space(), space(), prop::bool::ANY).prop_map(|(members, before, after, mark)| {
        let mut keys = BTreeSet::new();
        let members: Vec<String> = members
            .into_iter()
            .filter(|((key, _), ..)| keys.insert(*key))
            .map(|((key, value), a, b, c, d)| format!("{a}\"{key}\"{b}:{c}{value}{d}"))
            .collect();
        let mark = if mark { "\u{feff}" } else { "" };
        format!("{mark}{before}{{{}{after}}}{after}", members.join(","))
    })
}

fn edit() -> impl Strategy<Value = BTreeMap<&'static str, Option<Value>>> {
    let keys = select(vec!["icc", "mtu", "labels", "log-opts", "x-unknown", "debug", "é"]);
    let value = prop_oneof![
        Just(None),
        Just(Some(json!(false))),
        Just(Some(json!(1.5))),
        Just(Some(json!("a\"b}"))),
        Just(Some(json!(["a=b", "c=d"]))),
        Just(Some(json!({}))),
        Just(Some(json!({"tag": "x", "max-size": "2m"}))),
        Just(Some(json!({"long": "a value that is longer than what fits on a short line"}))),
    ];
    prop::collection::btree_map(keys, value, 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn an_edit_changes_what_is_wanted_and_nothing_else(before in file(), edit in edit()) {
        let owned = |it: &&str| (*it).to_owned();
        let set = edit.iter().filter_map(|(key, it)| Some((owned(key), it.clone()?))).collect();
        let remove: BTreeSet<String> =
            edit.iter().filter(|(_, it)| it.is_none()).map(|(key, _)| owned(key)).collect();
        let after = edited(Some(&before), &set, &remove).unwrap();

        let mut wanted = values(&before).unwrap();
        wanted.retain(|key, _| !remove.contains(key));
        wanted.extend(set.clone());
        prop_assert_eq!(values(&after).unwrap(), wanted.clone());

        // What was not meant stands as it stood, in its order.
        let untouched = |text: &str| -> Vec<String> {
            let text = bare(text);
            let there = members(text).unwrap();
            let kept = there.iter().filter(|it| !edit.contains_key(it.key.as_str()));
            kept.map(|it| text[it.whole.clone()].to_owned()).collect()
        };
        prop_assert_eq!(untouched(&before), untouched(&after));
        if wanted == values(&before).unwrap() {
            prop_assert_eq!(&after, &before);
        }
        prop_assert_eq!(edited(Some(&after), &set, &remove).unwrap(), after);
    }

    #[test]
    fn a_key_that_is_added_and_taken_out_leaves_no_trace(before in file()) {
        let set = BTreeMap::from([("debug".to_owned(), json!(true))]);
        let with = edited(Some(&before), &set, &BTreeSet::new()).unwrap();
        let without = edited(Some(&with), &BTreeMap::new(), &set.into_keys().collect()).unwrap();
        if values(&before).unwrap().is_empty() {
            prop_assert_eq!(values(&without).unwrap(), Map::new());
        } else {
            prop_assert_eq!(without, before);
        }
    }
}

#[test]
fn text_after_the_object_is_told_from_text_that_is_no_object() {
    let said = values("{\n\"debug\": true\n}\nand more").unwrap_err();
    assert!(said.contains("after the JSON object (line 4)"), "{said}");
    let said = values("{\"debug\": true,}").unwrap_err();
    assert!(said.contains("no JSON that the engine reads"), "{said}");
}
