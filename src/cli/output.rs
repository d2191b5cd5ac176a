//! What goes to standard output and to standard error.

use std::{
    io::{self, ErrorKind, Write},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use jiff::Timestamp;
use plimsoll::render::events::{self, Event};
use serde_json::Value;

use crate::failure::Failure;

/// Writes a whole result. A reader that went away, as `head` does, is no failure.
pub(crate) fn print(text: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::io("write to standard output", &error))
        }
        _ => Ok(()),
    }
}

/// Writes a JSON document and a line end.
pub(crate) fn print_json(value: &Value) -> Result<(), Failure> {
    print(format!("{value:#}\n").as_bytes())
}

/// Rows that stand at the end of standard error, a terminal, and are drawn anew.
static ROWS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Says something beside the result, on standard error.
pub(crate) fn say(line: &str) {
    draw(Some(line), None);
}

/// Writes a line that stays above the rows that do not, and puts these in their place.
pub(crate) fn draw(line: Option<&str>, rows: Option<Vec<String>>) {
    let mut standing = ROWS.lock().unwrap_or_else(PoisonError::into_inner);
    let mut text = match standing.len() {
        0 => String::new(),
        // To the first of them, and away with all that follows.
        above => format!("\r\u{1b}[{above}A\u{1b}[J"),
    };
    if let Some(rows) = rows {
        *standing = rows;
    }
    for line in line.into_iter().chain(standing.iter().map(String::as_str)) {
        text.push_str(line);
        text.push('\n');
    }
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Whether standard output carries a stream of events.
static STREAMS: AtomicBool = AtomicBool::new(false);
/// Number of the run; 0 before there is one.
static RUN: AtomicU64 = AtomicU64::new(0);

/// Makes standard output carry events from here on.
pub(crate) fn begin_stream() {
    STREAMS.store(true, Ordering::Relaxed);
    event(&events::hello());
}

pub(crate) fn is_stream() -> bool {
    STREAMS.load(Ordering::Relaxed)
}

/// Names the run that the following events belong to.
pub(crate) fn name_run(run: u64) {
    RUN.store(run, Ordering::Relaxed);
}

/// Writes one event, if standard output carries them. Nobody ends a run for want of a reader.
pub(crate) fn event(event: &Event) {
    if is_stream() {
        let run = Some(RUN.load(Ordering::Relaxed)).filter(|it| *it > 0);
        let document = event.document(Timestamp::now(), run);
        let _ = print(format!("{document}\n").as_bytes());
    }
}

/// Says something that readers of events have to know as well.
pub(crate) fn note(line: &str) {
    say(line);
    event(&events::note(line));
}
