//! Where something was declared.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// A place in a declaration: what the person who reads a plan opens next.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Provenance {
    /// The file as the user named it, or `baseline NAME` for a shipped one.
    pub source: Arc<str>,
    /// 1-based.
    pub line: u32,
    /// 1-based, in characters.
    pub column: u32,
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.source, self.line)
    }
}
