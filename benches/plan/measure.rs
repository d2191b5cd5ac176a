//! Two sides measured in turns, and a row that shows both.

use std::{
    any::Any,
    fs,
    time::{Duration, Instant},
};

use crate::Outcome;

/// What one side took, round by round.
pub(crate) struct Side {
    pub(crate) wall: Vec<f64>,
    /// Of this process alone.
    cpu: Vec<f64>,
}

impl Side {
    fn take(&mut self, work: &mut Work<'_>) -> Outcome<()> {
        let (cpu, start) = (own_cpu(), Instant::now());
        let result = work()?;
        self.wall.push(start.elapsed().as_secs_f64());
        // Threads that ended meanwhile took what they spent with them.
        self.cpu.push(own_cpu().saturating_sub(cpu).as_secs_f64());
        drop(result);
        Ok(())
    }
}

/// What is measured. What it returns is dropped outside of the measured time.
pub(crate) type Work<'a> = dyn FnMut() -> Outcome<Box<dyn Any>> + 'a;

/// Runs all sides in turns, forwards and backwards, after one round that does not count.
pub(crate) fn in_turns<const N: usize>(
    rounds: usize,
    sides: [&mut Work<'_>; N],
) -> Outcome<[Side; N]> {
    let mut measured = [const { Side { wall: Vec::new(), cpu: Vec::new() } }; N];
    for round in 0..=rounds {
        for step in 0..N {
            let at = if round % 2 == 0 { step } else { N - 1 - step };
            measured[at].take(sides[at])?;
        }
    }
    for side in &mut measured {
        side.wall.remove(0);
        side.cpu.remove(0);
    }
    Ok(measured)
}

/// The ratio of two sides, round by round: what else the machine does in a round slows both.
struct Ratio {
    median: f64,
    low: f64,
    high: f64,
}

impl Ratio {
    fn of(this: &Side, that: &Side) -> Self {
        let each: Vec<f64> = this.wall.iter().zip(&that.wall).map(|(a, b)| a / b).collect();
        Self { median: median(&each), low: quantile(&each, 0.25), high: quantile(&each, 0.75) }
    }
}

pub(crate) fn heading(text: &str) {
    println!("\n{text}");
}

/// Prints two sides, each with what it is, and their ratio, against a goal if there is one.
pub(crate) fn compare(row: &str, this: (&str, &Side), that: (&str, &Side), goal: Option<f64>) {
    let ratio = Ratio::of(this.1, that.1);
    let verdict = goal.map_or_else(String::new, |goal| {
        format!("; goal {goal:.2} ×: {}", reached(ratio.median <= goal))
    });
    println!(
        "  {row}: {:.2} × (half of the rounds {:.2} to {:.2}){verdict}",
        ratio.median, ratio.low, ratio.high
    );
    for (name, side) in [this, that] {
        println!(
            "    {:>9.1} ms  {name} (own time on processors {:.1} ms)",
            median(&side.wall) * 1e3,
            median(&side.cpu) * 1e3
        );
    }
}

/// Prints one figure against its goal.
pub(crate) fn against(row: &str, figure: f64, goal: f64, unit: &str) {
    println!(
        "  {row}: {figure:.1} {unit}, {:.2} × of the goal of {goal} {unit}: {}",
        figure / goal,
        reached(figure <= goal)
    );
}

const fn reached(it: bool) -> &'static str {
    if it { "reached" } else { "NOT REACHED" }
}

pub(crate) fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

pub(crate) fn quantile(values: &[f64], at: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = at * (sorted.len().saturating_sub(1)) as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    match (sorted.get(below), sorted.get(above)) {
        (Some(a), Some(b)) => (a + b) / 2.0,
        _ => f64::NAN,
    }
}

/// Time that the threads alive now have spent on processors.
pub(crate) fn own_cpu() -> Duration {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    tasks.map(|task| on_processor(&task.path().to_string_lossy())).sum()
}

/// Time that this thread has spent on a processor.
pub(crate) fn thread_cpu() -> Duration {
    on_processor("/proc/thread-self")
}

fn on_processor(task: &str) -> Duration {
    let text = fs::read_to_string(format!("{task}/schedstat")).unwrap_or_default();
    let nanoseconds = text.split_whitespace().next().and_then(|it| it.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

/// Returns a line of a process's memory in KiB: `VmHWM` is its peak.
pub(crate) fn memory_kib(process: &str, line: &str) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let value = status.lines().find_map(|it| it.strip_prefix(line)?.strip_prefix(':'))?;
    value.trim().strip_suffix(" kB")?.parse().ok()
}
