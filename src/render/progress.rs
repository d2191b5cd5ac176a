//! What a run is at: a line for all that happens, or a few lines that are drawn anew.

use std::time::Duration;

use super::{
    Style,
    outcome::said,
    paragraph::{padded, plain, width},
};
use crate::{
    model::object::Address,
    plan::{run::Outcome, step::Step},
};

/// Who is at work, and how many have ended. Times are counted from one beginning.
#[derive(Debug, Default)]
pub struct Board {
    total: usize,
    ended: usize,
    at_work: Vec<AtWork>,
}

#[derive(Debug)]
struct AtWork {
    address: Address,
    since: Duration,
    step: Step,
    step_since: Duration,
}

impl Board {
    /// A run begins that is to make so many changes.
    pub fn begin(&mut self, total: usize) {
        *self = Self { total, ..Self::default() };
    }

    /// Returns the line that says so.
    pub fn start(&mut self, address: &Address, what: &str, now: Duration) -> String {
        let (address, step) = (address.clone(), Step::from(what));
        self.at_work.push(AtWork { address: address.clone(), since: now, step, step_since: now });
        self.line("", &address, what)
    }

    /// Returns the line that says so.
    pub fn step(&mut self, address: &Address, step: Step, now: Duration) -> String {
        let line = self.line("", address, &first_line(&step.to_string()));
        if let Some(it) = self.at_work.iter_mut().find(|it| it.address == *address) {
            (it.step, it.step_since) = (step, now);
        }
        line
    }

    /// Returns the line that says how it ended.
    pub fn end(
        &mut self,
        address: &Address,
        outcome: &Outcome,
        now: Duration,
        style: &Style,
    ) -> String {
        let found = self.at_work.iter().position(|it| it.address == *address);
        let since = found.map_or(now, |at| self.at_work.remove(at).since);
        self.ended += 1;
        let (word, text) = said(outcome);
        let took = now.saturating_sub(since).as_secs_f64();
        let (word, why) = match outcome {
            Outcome::Done { .. } => (style.good(word), String::new()),
            Outcome::NotReached
            | Outcome::Failed { .. }
            | Outcome::Undone { .. }
            | Outcome::Stuck { .. } => (style.bad(word), format!(": {}", first_line(&text))),
        };
        let count = format!("{}/{}", self.ended, self.total.max(self.ended));
        self.line(&count, address, &format!("{word} after {took:.1} s{why}"))
    }

    fn line(&self, count: &str, address: &Address, text: &str) -> String {
        let room = 2 * self.total.to_string().len() + 2;
        format!("{count:>room$}  {}  {text}", plain(address.as_str()))
    }

    /// Returns what is at work now, a row each that is no wider than `columns`, and how far it
    /// all is; at most `most` rows.
    pub fn rows(
        &self,
        now: Duration,
        (columns, most): (usize, usize),
        style: &Style,
    ) -> Vec<String> {
        let shown = match self.at_work.len() {
            0 => return Vec::new(),
            all if all < most => all,
            _ => most.saturating_sub(1),
        };
        let names = self.at_work.iter().take(shown).map(|it| width(&plain(it.address.as_str())));
        let room = names.max().unwrap_or(0);
        let mut rows: Vec<String> = self
            .at_work
            .iter()
            .take(shown)
            .map(|it| {
                let doing = first_line(&it.step.after(now.saturating_sub(it.step_since)));
                let address = padded(&plain(it.address.as_str()), room);
                let took = now.saturating_sub(it.since).as_secs();
                format!("  {address}  {took:>3} s  {doing}")
            })
            .collect();
        if self.total > 1 {
            let dot = style.dot();
            rows.push(format!(
                "  {} of {} ended{dot}{} at work",
                self.ended,
                self.total,
                self.at_work.len()
            ));
        }
        rows.iter().map(|row| cut(row, columns, style)).collect()
    }
}

/// A row that the terminal breaks would be two.
fn cut(row: &str, columns: usize, style: &Style) -> String {
    if width(row) <= columns {
        return row.to_owned();
    }
    let end = if style.unicode { "\u{2026}" } else { "..." };
    let kept = columns.saturating_sub(width(end));
    row.chars().take(kept).chain(end.chars()).collect()
}

fn first_line(text: &str) -> String {
    plain(text.lines().next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::step::Wait;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn lines_say_who_is_in_which_step_and_how_many_have_ended() {
        let style = Style::plain();
        let (web, db) = (Address::container("web"), Address::container("db"));
        let mut board = Board::default();
        board.begin(2);
        let wait = Step::Watching(Wait::AtLeast(at(10)));
        let why = "it stopped with exit code 3\nlikely cause: \u{1b}[31m".to_owned();
        let lines = [
            board.start(&web, "replacing", at(0)),
            board.start(&db, "replacing", at(1)),
            board.step(&web, wait, at(2)),
            board.end(&db, &Outcome::Undone { why }, at(3), &style),
            board.end(&web, &Outcome::Done { proof: "runs".into() }, at(13), &style),
        ];
        let want = [
            "      container/web  replacing",
            "      container/db  replacing",
            "      container/web  watching it for at least 10 s",
            " 1/2  container/db  put back after 2.0 s: it stopped with exit code 3",
            " 2/2  container/web  done after 13.0 s",
        ];
        assert_eq!(lines, want);
    }

    #[test]
    fn rows_count_down_fit_and_go_with_the_work() {
        let style = Style { unicode: false, ..Style::plain() };
        let (web, db) = (Address::container("web"), Address::container("db"));
        let mut board = Board::default();
        board.begin(3);
        board.start(&web, "replacing", at(0));
        board.start(&db, "replacing", at(0));
        board.step(&web, Step::Watching(Wait::AtLeast(at(10))), at(2));
        let want = [
            "  container/web    5 s  watching it for at least 7 s",
            "  container/db     5 s  replacing",
            "  0 of 3 ended - 2 at work",
        ];
        assert_eq!(board.rows(at(5), (80, 9), &style), want);
        let narrow = board.rows(at(5), (30, 2), &style);
        assert_eq!(narrow, ["  container/web    5 s  wat...", "  0 of 3 ended - 2 at work"]);
        board.end(&web, &Outcome::NotReached, at(6), &style);
        board.end(&db, &Outcome::NotReached, at(6), &style);
        assert!(board.rows(at(6), (80, 9), &style).is_empty());
    }
}
