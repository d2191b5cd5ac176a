//! Members of a JSON object with their places in its text, in their order, equal keys included.

use std::{fmt, ops::Range};

use serde::{Deserializer as _, de};
use serde_json::{Deserializer, value::RawValue};

/// A key, and where its value stands in the text.
pub type Place = (String, Range<usize>);

/// Lists the members of the object that a text consists of.
pub fn members(text: &str) -> serde_json::Result<Vec<Place>> {
    let mut deserializer = Deserializer::from_str(text);
    let pairs = deserializer.deserialize_map(Pairs)?;
    deserializer.end()?;
    Ok(places(text, pairs))
}

/// Lists the members of the object that a text begins with, whatever follows.
pub fn leading_members(text: &str) -> serde_json::Result<Vec<Place>> {
    Ok(places(text, Deserializer::from_str(text).deserialize_map(Pairs)?))
}

fn places(text: &str, pairs: Vec<(String, &RawValue)>) -> Vec<Place> {
    let place = |(key, raw): (String, &RawValue)| {
        // A borrowed raw value is a part of the text it was read from.
        let start = raw.get().as_ptr().addr() - text.as_ptr().addr();
        (key, start..start + raw.get().len())
    };
    pairs.into_iter().map(place).collect()
}

struct Pairs;

impl<'de> de::Visitor<'de> for Pairs {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(pairs)
    }
}
