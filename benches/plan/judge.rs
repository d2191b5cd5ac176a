//! Judging and planning alone, on one core, without an engine.

use std::{collections::BTreeMap, env, process::Command};

use jiff::civil::date;
use plimsoll::{
    declaration::policy::Policy,
    evaluate::evaluate,
    model::{class::Class, finding::Report, snapshot::Snapshot},
    plan::{Ceiling, Plan, build, run::LastApplied},
};

use crate::{
    Outcome, declarations, host,
    measure::{against, heading, median, memory_kib, thread_cpu},
};

/// Makes this program measure its memory in a process of its own.
pub(crate) const ALONE: &str = "--judge-alone";

const CONTAINERS: usize = 10_000;
const ROUNDS: usize = 9;
const GOAL_SECONDS: f64 = 0.3;
const GOAL_KIB: f64 = 25.0;

pub(crate) fn rows() -> Outcome<()> {
    heading(&format!("judge and plan {CONTAINERS} made-up containers by every rule, one core"));
    let policy = declarations::every_rule()?;
    let snapshot = host::snapshot(CONTAINERS)?;
    let mut judged = Vec::new();
    let mut planned = Vec::new();
    for _ in 0..=ROUNDS {
        let start = thread_cpu();
        let report = evaluate(&policy, date(2026, 1, 1), &snapshot);
        let between = thread_cpu();
        let plan = plan(&policy, &report, &snapshot);
        planned.push((thread_cpu() - between).as_secs_f64());
        judged.push((between - start).as_secs_f64());
        drop((report, plan));
    }
    let both: Vec<f64> = judged.iter().zip(&planned).map(|(a, b)| (a + b) * 1e3).collect();
    against("time on the processor", median(&both), GOAL_SECONDS * 1e3, "ms");
    println!("    {:>9.1} ms  judge", median(&judged) * 1e3);
    println!("    {:>9.1} ms  plan", median(&planned) * 1e3);

    let child = Command::new(env::current_exe()?).arg(ALONE).output()?;
    let text = String::from_utf8_lossy(&child.stdout);
    let mut figures = text.split_whitespace().map(str::parse::<f64>);
    let (Some(Ok(seen)), Some(Ok(peak))) = (figures.next(), figures.next()) else {
        return Err(String::from_utf8_lossy(&child.stderr).into());
    };
    against("peak memory a container", peak, GOAL_KIB, "KiB");
    println!("    {seen:>9.1} KiB of it for what was seen");
    Ok(())
}

/// Prints what one container takes in memory: as it was seen, and at the peak of planning.
pub(crate) fn alone() -> Outcome<()> {
    let policy = declarations::every_rule()?;
    let used = || memory_kib("self", "VmRSS").ok_or("this system does not tell memory");
    let before = used()?;
    let snapshot = host::snapshot(CONTAINERS)?;
    let seen = used()? - before;
    let report = evaluate(&policy, date(2026, 1, 1), &snapshot);
    let plan = plan(&policy, &report, &snapshot);
    let peak = memory_kib("self", "VmHWM").ok_or("this system does not tell memory")? - before;
    drop((snapshot, report, plan));
    println!("{} {}", seen / CONTAINERS as f64, peak / CONTAINERS as f64);
    Ok(())
}

fn plan(policy: &Policy, report: &Report, snapshot: &Snapshot) -> Plan {
    let (last, layers) = (LastApplied::default(), BTreeMap::new());
    build::plan(policy, report, snapshot, &last, &layers, &Ceiling::at(Class::Evict))
}
