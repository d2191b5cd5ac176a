//! How text is written: width, colour, characters.

use anstyle::{AnsiColor, Color, Effects};

use crate::model::{class::Class, finding::Severity};

/// How text is written. Colour never carries meaning alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    pub color: bool,
    /// In columns.
    pub width: usize,
    /// Whether characters beyond ASCII may be used between facts.
    pub unicode: bool,
}

impl Style {
    /// Returns what a file or a pipe gets.
    pub const fn plain() -> Self {
        Self { color: false, width: 100, unicode: true }
    }

    /// Returns what stands between facts on one line.
    pub(super) const fn dot(&self) -> &'static str {
        if self.unicode { " \u{b7} " } else { " - " }
    }

    pub(super) fn bold(&self, text: &str) -> String {
        self.paint(anstyle::Style::new().effects(Effects::BOLD), text)
    }

    pub(super) fn dim(&self, text: &str) -> String {
        self.paint(anstyle::Style::new().effects(Effects::DIMMED), text)
    }

    pub(super) fn by_class(&self, class: Class, text: &str) -> String {
        let color = match class {
            Class::Live => AnsiColor::Green,
            Class::Restart => AnsiColor::Cyan,
            Class::Recreate | Class::Evict => AnsiColor::Yellow,
            Class::Outage | Class::Loss => AnsiColor::Red,
        };
        self.in_color(color, text)
    }

    pub(super) fn by_severity(&self, severity: Severity, text: &str) -> String {
        let color = match severity {
            Severity::Critical => AnsiColor::Red,
            Severity::High => AnsiColor::Magenta,
            Severity::Medium => AnsiColor::Yellow,
            Severity::Low => AnsiColor::Cyan,
        };
        self.in_color(color, text)
    }

    pub(super) fn good(&self, text: &str) -> String {
        self.in_color(AnsiColor::Green, text)
    }

    pub(super) fn bad(&self, text: &str) -> String {
        self.in_color(AnsiColor::Red, text)
    }

    fn in_color(&self, color: AnsiColor, text: &str) -> String {
        self.paint(anstyle::Style::new().fg_color(Some(Color::Ansi(color))), text)
    }

    fn paint(&self, style: anstyle::Style, text: &str) -> String {
        if self.color && !text.is_empty() {
            format!("{}{text}{}", style.render(), style.render_reset())
        } else {
            text.to_owned()
        }
    }
}
