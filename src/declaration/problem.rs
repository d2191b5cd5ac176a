//! Something wrong with a declaration.

use std::{ops::Range, sync::Arc};

/// One problem; there can be many, and the user sees them all, sorted by position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// `decl.unknown-key`.
    pub code: &'static str,
    pub message: String,
    /// `None` where no text is at fault.
    pub at: Option<Place>,
    /// Said at the caret: "did you mean `rules`?".
    pub label: String,
    pub notes: Vec<String>,
    pub help: Option<String>,
}

/// Where in which text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub source: Arc<SourceText>,
    /// Bytes.
    pub span: Range<usize>,
}

/// A file that was read, for showing its lines.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceText {
    /// As the user named it.
    pub name: String,
    pub text: String,
}

impl Place {
    /// Returns line and column, both 1-based, the column in characters.
    pub fn line_column(&self) -> (u32, u32) {
        let before = self.source.text.get(..self.span.start).unwrap_or(&self.source.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
    }
}
