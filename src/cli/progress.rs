//! What is happening, while it happens: lines or rows on standard error, or events on standard
//! output.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use plimsoll::{
    execute::Progress,
    model::object::Address,
    render::{Style, events, progress::Board},
};

use crate::{
    output,
    terminal::{self, Terminal},
};

/// How often rows are drawn anew where nothing happens: they count seconds.
const REDRAW: Duration = Duration::from_secs(1);

pub(crate) struct Ticker {
    way: Way,
    style: Style,
    began: Instant,
    board: Arc<Mutex<Board>>,
    /// When each of those in hand was begun.
    since: BTreeMap<Address, Instant>,
}

enum Way {
    Silent,
    Events,
    Lines,
    /// Dropped, it takes its rows away.
    Rows {
        _redraw: Redraw,
    },
}

impl Ticker {
    pub(crate) fn new(terminal: &Terminal) -> Self {
        let color = terminal.stderr_color;
        let style = Style { color, width: terminal.width, unicode: terminal.unicode };
        let (began, board) = (Instant::now(), Arc::default());
        let way = if output::is_stream() {
            Way::Events
        } else if !terminal.progress {
            Way::Silent
        } else if terminal.redraws {
            Way::Rows { _redraw: Redraw::start(Arc::clone(&board), began, style) }
        } else {
            Way::Lines
        };
        Self { way, style, began, board, since: BTreeMap::new() }
    }

    pub(crate) fn tell(&mut self, progress: &Progress<'_>) {
        if let Progress::Begun { run, .. } = progress {
            output::name_run(*run);
        }
        if let Progress::Unwatched(why) = progress {
            output::note(&format!(
                "note: nobody watches over this run, the next command has to: {why}"
            ));
        }
        match &self.way {
            Way::Silent => {}
            Way::Events => self.send(progress),
            Way::Lines => {
                if let Some(line) = self.line(progress) {
                    output::say(&line);
                }
            }
            Way::Rows { .. } => {
                let line = self.line(progress);
                // Of those that go on, the rows tell.
                let lasts = matches!(progress, Progress::Finished(..));
                let rows = rows(&self.board, self.began, &self.style);
                output::draw(line.as_deref().filter(|_| lasts), Some(rows));
            }
        }
    }

    fn line(&self, progress: &Progress<'_>) -> Option<String> {
        let mut board = self.board.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.began.elapsed();
        match progress {
            Progress::Begun { total, .. } => {
                board.begin(*total);
                None
            }
            Progress::Started(task) => Some(board.start(task.address, task.what, now)),
            Progress::Step(task, step) => Some(board.step(task.address, step.clone(), now)),
            Progress::Finished(task, outcome) => {
                Some(board.end(task.address, outcome, now, &self.style))
            }
            Progress::Unwatched(_) | Progress::Note(_) => None,
        }
    }

    fn send(&mut self, progress: &Progress<'_>) {
        match progress {
            Progress::Begun { .. } | Progress::Unwatched(_) | Progress::Note(_) => {}
            Progress::Started(task) => {
                self.since.insert(task.address.clone(), Instant::now());
                output::event(&events::action_start(task.change, task.address, task.what));
            }
            Progress::Step(task, step) => {
                output::event(&events::step(task.change, task.address, step));
            }
            Progress::Finished(task, outcome) => {
                let since = self.since.remove(task.address);
                let took = since.map_or(Duration::ZERO, |it| it.elapsed());
                for event in events::ended(task.change, task.address, outcome, took) {
                    output::event(&event);
                }
            }
        }
    }
}

fn rows(board: &Mutex<Board>, began: Instant, style: &Style) -> Vec<String> {
    let board = board.lock().unwrap_or_else(PoisonError::into_inner);
    board.rows(began.elapsed(), terminal::room_for_rows(), style)
}

/// Counts the seconds in rows until it is dropped.
struct Redraw {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Redraw {
    fn start(board: Arc<Mutex<Board>>, began: Instant, style: Style) -> Self {
        let (stop, stopped) = mpsc::channel();
        let thread = thread::spawn(move || {
            while stopped.recv_timeout(REDRAW) == Err(RecvTimeoutError::Timeout) {
                let rows = rows(&board, began, &style);
                if !rows.is_empty() {
                    output::draw(None, Some(rows));
                }
            }
        });
        Self { stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Redraw {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        output::draw(None, Some(Vec::new()));
    }
}
