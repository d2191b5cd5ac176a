//! `plimsoll import`: a declaration of the host as it is. Changes nothing.

use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use plimsoll::{
    declaration::{import::ImportOptions, problem::Problem},
    pipeline::Imported,
};

use crate::{
    args::{Global, ImportArgs, Until},
    engine,
    exit::Exit,
    failure::Failure,
    output, rules,
};

pub(crate) fn run(global: &Global, args: &ImportArgs) -> Result<Exit, Failure> {
    for name in &args.baseline {
        rules::baseline(name)?;
    }
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let options = ImportOptions {
        baselines: args.baseline.clone(),
        expires: last_day(args.until, today)?,
        owner: args.owner.clone(),
    };
    let Imported { text, look } = engine::block_on(engine::import(global, &options))?;
    output::print(text.as_bytes())?;
    let waived = look.report.checks.waived;
    if waived > 0 {
        let checks = if waived == 1 { "1 check fails" } else { &format!("{waived} checks fail") };
        output::note(&format!("{checks} today; waived until {} at most", options.expires));
    }
    let unknown = look.report.checks.unknown;
    if unknown > 0 {
        let checks = if unknown == 1 { "1 check" } else { &format!("{unknown} checks") };
        output::note(&format!("{checks} cannot be judged here; `plimsoll plan` says why"));
    }
    let left = look.plan.changes.len();
    if left > 0 {
        output::note(&format!("{left} changes are left; `plimsoll plan` shows them"));
    }
    Ok(Exit::Success)
}

fn last_day(until: Until, today: Date) -> Result<Date, Failure> {
    let day = match until {
        Until::Days(days) => today.saturating_add(i32::from(days).days()),
        Until::Day(day) => day,
    };
    if day < today {
        let problem = Problem::without_text("import.until", format!("{day} is over"))
            .help("name a day that is still to come, or so many days: `--until 90d`");
        return Err(Failure::new(Exit::Usage, problem));
    }
    Ok(day)
}
