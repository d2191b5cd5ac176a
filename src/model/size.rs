//! Sizes as Docker writes them: `512m` is 512 × 1024².

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub i64);

impl Size {
    /// Reads `64m`, `1.5 GiB`, `1024`; all suffixes are powers of 1024, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        let lower = text.trim().to_ascii_lowercase();
        let digits_end =
            lower.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(lower.len());
        let (number, suffix) = lower.split_at(digits_end);
        let suffix = suffix.trim();
        let suffix = suffix.strip_suffix('b').unwrap_or(suffix);
        let suffix = suffix.strip_suffix('i').unwrap_or(suffix);
        let shift = match suffix {
            "" => 0,
            "k" => 10,
            "m" => 20,
            "g" => 30,
            "t" => 40,
            "p" => 50,
            _ => return None,
        };
        let unit = 1i64 << shift;
        if let Ok(whole) = number.parse::<i64>() {
            return whole.checked_mul(unit).map(Self);
        }
        let bytes = number.parse::<f64>().ok()? * unit as f64;
        (bytes.fract() == 0.0 && bytes < 9.0e18).then_some(Self(bytes as i64))
    }
}

/// Returns a number of bytes as people say it: `18.2 MiB`.
pub fn rounded(bytes: u64) -> String {
    let mut size = bytes as f64;
    let mut unit = "B";
    for larger in ["KiB", "MiB", "GiB", "TiB"] {
        if size < 1024.0 {
            break;
        }
        size /= 1024.0;
        unit = larger;
    }
    if unit == "B" { format!("{bytes} B") } else { format!("{size:.1} {unit}") }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (shift, unit) in [(40, "t"), (30, "g"), (20, "m"), (10, "k")] {
            if self.0 != 0 && self.0 % (1 << shift) == 0 {
                return write!(f, "{}{unit}", self.0 >> shift);
            }
        }
        write!(f, "{}", self.0)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Size;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a size such as 512m")
            }

            fn visit_i64<E: de::Error>(self, bytes: i64) -> Result<Size, E> {
                Ok(Size(bytes))
            }

            fn visit_u64<E: de::Error>(self, bytes: u64) -> Result<Size, E> {
                i64::try_from(bytes).map(Size).map_err(E::custom)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Size, E> {
                Size::parse(text)
                    .ok_or_else(|| E::custom(format!("`{text}` is not a size such as 512m")))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Size {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Size".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A size in bytes, or with a suffix: 512m, 2g. Suffixes are powers of 1024.",
            "type": ["string", "integer"],
            "pattern": "^ *[0-9]+(\\.[0-9]+)? ?([kKmMgGtTpP]?[iI]?[bB]?) *$",
            "minimum": 0,
            "examples": ["512m"]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_are_powers_of_1024_in_any_spelling() {
        for text in ["512m", "512M", "512MB", "512 MiB", "0.5g", "536870912", "524288k"] {
            assert_eq!(Size::parse(text), Some(Size(512 << 20)), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_whole_number_of_bytes_is_refused() {
        for text in ["", "m", "-1", "1x", "0.3k", "1.2.3m", "99999999999p"] {
            assert_eq!(Size::parse(text), None, "{text}");
        }
    }
}
