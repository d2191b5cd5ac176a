//! Digests of the daemon's settings: evidence of what a process started with, without the values.

use std::{collections::BTreeMap, fmt::Write as _};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::daemon_keys;

/// Returns the digest of every key that holds no secret. A digest of a secret would help somebody
/// who guesses.
pub fn digests<'a>(
    keys: impl IntoIterator<Item = (&'a str, &'a Value)>,
) -> BTreeMap<String, String> {
    keys.into_iter()
        .filter(|(name, value)| daemon_keys::find(name).is_none_or(|key| !key.holds_secret(value)))
        .map(|(name, value)| (name.to_owned(), digest(value)))
        .collect()
}

/// Returns SHA-256 of a value's canonical JSON in lower-case hexadecimal. Members are in order
/// there, so that rewriting a file in another order changes nothing.
pub fn digest(value: &Value) -> String {
    let mut text = String::new();
    canonical(value, &mut text);
    digest_of_bytes(text.as_bytes())
}

/// Returns SHA-256 of bytes in lower-case hexadecimal.
pub fn digest_of_bytes(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        // By hand: formatting each byte takes longer than the digest.
        for half in [byte >> 4, byte & 0xf] {
            hex.push(char::from_digit(u32::from(half), 16).unwrap_or('0'));
        }
    }
    hex
}

fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            let _ = write!(out, "{value}");
        }
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                canonical(item, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            let members: BTreeMap<_, _> = members.iter().collect();
            out.push('{');
            for (at, (name, value)) in members.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                let _ = write!(out, "{}:", Value::from(name.as_str()));
                canonical(value, out);
            }
            out.push('}');
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_order_of_members_changes_nothing() {
        let one: Value = serde_json::from_str(r#"{"b":[1,{"d":2,"c":3}],"a":"x"}"#).unwrap();
        let other: Value = serde_json::from_str(r#"{"a":"x","b":[1,{"c":3,"d":2}]}"#).unwrap();
        assert_eq!(digest(&one), digest(&other));
        assert_ne!(digest(&one), digest(&json!({"a": "x", "b": [{"c": 3, "d": 2}, 1]})));
    }

    #[test]
    fn keys_that_hold_secrets_are_left_out() {
        let proxies = json!({"http-proxy": "http://user:word@proxy"});
        let token = json!({"splunk-token": "word"});
        let icc = json!(false);
        let found = digests([("proxies", &proxies), ("log-opts", &token), ("icc", &icc)]);
        assert_eq!(found.into_keys().collect::<Vec<_>>(), ["icc"]);
    }

    #[test]
    fn the_digest_is_that_of_the_canonical_text() {
        // sha256sum of `true`.
        let expected = "b5bea41b6c623f7c09f1bf24dcae58ebab3c0cdd90ad966bc43a45b44867e12b";
        assert_eq!(digest(&json!(true)), expected);
    }
}
