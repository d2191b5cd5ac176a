//! What the daemon's file holds that its owner should know of.

use std::io::{self, Write};

use super::Style;
use crate::{
    plan::Plan,
    render::paragraph::{labelled, padded, plain},
};

/// Writes the findings; nothing is done about them.
pub(in crate::render) fn findings(
    out: &mut dyn Write,
    plan: &Plan,
    style: &Style,
) -> io::Result<()> {
    let file = &plan.host_file;
    for it in &file.findings {
        let object = padded(&plain(&format!("daemon/{}", it.key)), 24);
        let place = match it.line {
            Some(line) => format!("{}:{line}", file.path),
            None => file.path.clone(),
        };
        writeln!(out, "  *   {}   {}", style.bold(&object), plain(&place))?;
        labelled(out, style, "seen", &it.what)?;
        labelled(out, style, "needs", &it.advice)?;
    }
    if file.findings.is_empty() { Ok(()) } else { writeln!(out) }
}
