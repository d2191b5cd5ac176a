//! Lines that fit: labels, wrapping, and nothing that could steer a terminal.

use std::io::{self, Write};

use super::Style;

/// Where labels and values of a block begin.
const INDENT: usize = 8;
const LABEL: usize = 9;

/// Writes `label    text`, wrapped, with continuation lines under the text. Lines within the text
/// stay lines; those that begin with a space are taken as they are.
pub(super) fn labelled(
    out: &mut dyn Write,
    style: &Style,
    label: &str,
    text: &str,
) -> io::Result<()> {
    let column = INDENT + LABEL;
    let room = style.width.saturating_sub(column).max(20);
    let mut label = label;
    for line in text.lines() {
        // A command that is wrapped cannot be copied.
        let pieces = match line.starts_with(' ') {
            true => vec![plain(line)],
            false => wrapped(&plain(line), room),
        };
        for piece in pieces {
            let head = style.dim(&format!("{label:<LABEL$}"));
            writeln!(out, "{:INDENT$}{head}{piece}", "")?;
            label = "";
        }
    }
    Ok(())
}

/// Breaks a line at spaces so that its pieces fit; a word that does not fit stands alone. What
/// stands between backticks is to be typed, and one word.
pub(super) fn wrapped(line: &str, room: usize) -> Vec<String> {
    if width(line) <= room {
        return vec![line.to_owned()];
    }
    let lead: String = line.chars().take_while(|c| *c == ' ').collect();
    let mut pieces = Vec::new();
    let mut piece = lead.clone();
    for word in words(line) {
        let is_empty = piece.trim().is_empty();
        if !is_empty && width(&piece) + 1 + width(&word) > room {
            pieces.push(std::mem::replace(&mut piece, format!("{lead}{word}")));
        } else {
            if !is_empty {
                piece.push(' ');
            }
            piece.push_str(&word);
        }
    }
    pieces.push(piece);
    pieces
}

fn words(line: &str) -> Vec<String> {
    let ticks = |text: &str| text.matches('`').count();
    let has_pairs = ticks(line).is_multiple_of(2);
    let mut words: Vec<String> = Vec::new();
    let mut is_open = false;
    for word in line.split(' ').filter(|word| !word.is_empty()) {
        match words.last_mut().filter(|_| is_open) {
            Some(last) => last.extend([" ", word]),
            None => words.push(word.to_owned()),
        }
        is_open ^= has_pairs && !ticks(word).is_multiple_of(2);
    }
    words
}

/// Returns text without characters that a terminal would obey.
pub(super) fn plain(text: &str) -> String {
    if !text.contains(char::is_control) {
        return text.to_owned();
    }
    text.chars()
        .flat_map(|c| {
            let escaped: Vec<char> =
                if c.is_control() { c.escape_default().collect() } else { vec![c] };
            escaped
        })
        .collect()
}

pub(super) fn width(text: &str) -> usize {
    text.chars().count()
}

/// Returns a text of exactly this width, or longer if it does not fit.
pub(super) fn padded(text: &str, to: usize) -> String {
    let fill = to.saturating_sub(width(text));
    format!("{text}{:fill$}", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_and_long_words_stand_alone() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("a 0123456789 b", 5), ["a", "0123456789", "b"]);
        assert_eq!(wrapped("  in one two", 8), ["  in one", "  two"]);
    }

    #[test]
    fn what_is_to_be_typed_stays_in_one_piece() {
        let line = "then type `plimsoll apply --retry`, or `x`";
        assert_eq!(wrapped(line, 14), ["then type", "`plimsoll apply --retry`,", "or `x`"]);
        assert_eq!(wrapped("a lone ` is no command", 8), ["a lone `", "is no", "command"]);
    }

    #[test]
    fn terminal_is_not_steered() {
        assert_eq!(plain("a\u{1b}[31mb"), "a\\u{1b}[31mb");
    }
}
