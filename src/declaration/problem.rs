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

impl Problem {
    /// Returns a problem with a place, to be given a label and help.
    pub fn new(code: &'static str, message: impl Into<String>, at: Place) -> Self {
        Self { at: Some(at), ..Self::without_text(code, message) }
    }

    /// Returns a problem that no text is at fault for: an engine that does not answer.
    pub fn without_text(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            at: None,
            label: String::new(),
            notes: Vec::new(),
            help: None,
        }
    }

    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
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
