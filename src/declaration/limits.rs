//! The notations of limits: `20%`, `7d`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;

use crate::declaration::policy::MaxChanges;

/// Days that something is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention(pub u32);

/// Reads `20%`; from 1 to 100.
pub(crate) fn percent(text: &str) -> Option<u8> {
    let number: u8 = digits(text.strip_suffix('%')?)?.parse().ok()?;
    (1..=100).contains(&number).then_some(number)
}

/// Reads `7d`.
pub(crate) fn days(text: &str) -> Option<u32> {
    // A hundred years; more is a slip, and sums of days stay far from any edge.
    digits(text.strip_suffix('d')?)?.parse().ok().filter(|days| *days <= 36_500)
}

fn digits(text: &str) -> Option<&str> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

impl<'de> Deserialize<'de> for MaxChanges {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let number = value.as_u64().and_then(|n| usize::try_from(n).ok()).map(Self::Number);
        number
            .or_else(|| value.as_str().and_then(percent).map(Self::Percent))
            .ok_or_else(|| D::Error::custom("expected a number, or a share such as `20%`"))
    }
}

impl JsonSchema for MaxChanges {
    fn schema_name() -> Cow<'static, str> {
        "MaxChanges".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "integer", "minimum": 1 },
                { "type": "string", "format": "percent", "pattern": "^0*(100|[1-9][0-9]?)%$" }
            ],
            "examples": [10, "20%"]
        })
    }
}

impl<'de> Deserialize<'de> for Retention {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Number(number) if number.as_u64() == Some(0) => Some(0),
            Value::String(text) => days(&text),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => None,
        }
        .map(Self)
        .ok_or_else(|| D::Error::custom("expected days such as `7d`, or 0"))
    }
}

impl JsonSchema for Retention {
    fn schema_name() -> Cow<'static, str> {
        "Retention".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "const": 0, "description": "Remove them at once." },
                { "type": "string", "format": "days", "pattern": "^[0-9]{1,5}d$" }
            ],
            "examples": ["7d", 0]
        })
    }
}

/// A number of days: `90d`.
#[derive(Clone, Copy, Debug)]
pub struct Days(pub u32);

impl<'de> Deserialize<'de> for Days {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        days(&text).map(Self).ok_or_else(|| D::Error::custom("expected days such as `90d`"))
    }
}

impl JsonSchema for Days {
    fn schema_name() -> Cow<'static, str> {
        "Days".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string", "format": "days", "pattern": "^[0-9]{1,5}d$", "examples": ["90d"]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn share_is_a_whole_number_from_one_to_hundred() {
        assert_eq!(percent("20%"), Some(20));
        for text in ["0%", "101%", "20", "%", "+5%", "2.5%", "20 %"] {
            assert_eq!(percent(text), None, "{text}");
        }
    }

    #[test]
    fn days_are_digits_and_a_d() {
        assert_eq!(days("7d"), Some(7));
        for text in ["7", "d", "7h", "-1d", "99999d"] {
            assert_eq!(days(text), None, "{text}");
        }
    }
}
