//! Texts with wildcards.

use std::borrow::Borrow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wildmatch::WildMatch;

/// A text in which `*` stands for any text and `?` for any character.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "String", into = "String")]
#[schemars(with = "String", inline)]
pub struct Glob {
    text: String,
    // Read once, since it is asked about thousands of names.
    read: WildMatch,
}

impl Glob {
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { read: WildMatch::new(&text), text }
    }

    pub fn fits(&self, text: &str) -> bool {
        self.read.matches(text)
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl From<String> for Glob {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<Glob> for String {
    fn from(glob: Glob) -> Self {
        glob.text
    }
}

/// So that many are joined as their texts are.
impl Borrow<str> for Glob {
    fn borrow(&self) -> &str {
        &self.text
    }
}
