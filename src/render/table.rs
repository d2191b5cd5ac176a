//! Columns that line up; the last one wraps.

use std::io::{self, Write};

use super::{
    Style,
    paragraph::{padded, width, wrapped},
};

/// Writes rows of equally many cells in columns.
pub(super) fn table(out: &mut dyn Write, style: &Style, rows: &[Vec<String>]) -> io::Result<()> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|it| width(it)).max())
        .map(|widest| widest.unwrap_or(0))
        .collect();
    for row in rows {
        let mut line = String::new();
        let mut used = 0;
        for (column, cell) in row.iter().enumerate() {
            if column + 1 < row.len() {
                line.push_str(&padded(cell, widths[column]));
                line.push_str("  ");
                used += widths[column].max(width(cell)) + 2;
                continue;
            }
            let room = style.width.saturating_sub(used).max(16);
            let pieces = wrapped(cell, room);
            line.push_str(&pieces.join(&format!("\n{:used$}", "")));
        }
        for part in line.lines() {
            writeln!(out, "{}", part.trim_end())?;
        }
    }
    Ok(())
}
