//! What the streams are: terminals or not, how wide, coloured or not.

use std::io::{self, IsTerminal, Write};

use crate::args::{Color, Global};

/// Width where nothing tells another.
const DEFAULT_WIDTH: usize = 80;
const DEFAULT_ROWS: usize = 24;

/// The streams of this process, looked at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    pub(crate) stdout_color: bool,
    pub(crate) stderr_color: bool,
    /// Columns of standard output, 60 to 100.
    pub(crate) width: usize,
    /// Whether characters beyond ASCII can be shown.
    pub(crate) unicode: bool,
    /// Whether a person can be asked.
    pub(crate) can_ask: bool,
    /// Whether steps may be announced.
    pub(crate) progress: bool,
    /// Whether lines on standard error can be drawn anew.
    pub(crate) redraws: bool,
}

impl Terminal {
    pub(crate) fn look(global: &Global) -> Self {
        let variable = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let color = |is_terminal: bool| match global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto if variable("CLICOLOR_FORCE") || variable("FORCE_COLOR") => true,
            Color::Auto if variable("NO_COLOR") => false,
            Color::Auto => is_terminal && !is_dumb(),
        };
        let stderr = io::stderr().is_terminal();
        Self {
            stdout_color: color(io::stdout().is_terminal()),
            stderr_color: color(stderr),
            width: columns().clamp(60, 100),
            unicode: locale_is_utf8(),
            can_ask: io::stdin().is_terminal() && stderr && !variable("CI") && !global.no_input,
            progress: !global.quiet,
            redraws: stderr && !variable("CI") && variable("TERM") && !is_dumb(),
        }
    }
}

fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|it| it == "dumb")
}

/// Returns the columns and the rows of the terminal behind standard error that can be drawn anew,
/// with the cursor below them.
pub(crate) fn room_for_rows() -> (usize, usize) {
    let size = rustix::termios::tcgetwinsize(io::stderr()).ok();
    let (columns, rows) = size.map_or((0, 0), |it| (it.ws_col.into(), it.ws_row.into()));
    let or = |size: usize, default: usize| if size == 0 { default } else { size };
    (or(columns, DEFAULT_WIDTH) - 1, or(rows, DEFAULT_ROWS).saturating_sub(2).max(1))
}

/// Returns the columns of the terminal behind standard output, or of `COLUMNS`, or 80.
fn columns() -> usize {
    let window = rustix::termios::tcgetwinsize(io::stdout()).ok().map(|it| usize::from(it.ws_col));
    let variable = || std::env::var("COLUMNS").ok().and_then(|it| it.parse().ok());
    window.filter(|width| *width > 0).or_else(variable).unwrap_or(DEFAULT_WIDTH)
}

/// Asks a question on standard error and reads one line; anything but yes is no.
pub(crate) fn ask(question: &str) -> io::Result<bool> {
    let mut stderr = io::stderr();
    write!(stderr, "{question} [y/N] ")?;
    stderr.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// Returns whether the locale says UTF-8. Where it says nothing, a pipe or a file takes anything.
fn locale_is_utf8() -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    match set {
        Some(locale) => locale.to_ascii_uppercase().replace('-', "").contains("UTF8"),
        None => !io::stdout().is_terminal(),
    }
}
