//! `plimsoll plan`: what differs, and what putting it right would cost. Changes nothing.

use plimsoll::model::class::Class;

use crate::{
    args::{Global, Output, PlanArgs},
    declared, engine,
    exit::Exit,
    failure::Failure,
    output,
    screen::{self, Shown},
    terminal::Terminal,
};

/// What a person who is asked may allow; what is worse has to be named.
pub(crate) const ATTENDED: Class = Class::Evict;

pub(crate) fn run(global: &Global, args: &PlanArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let policy = declared::load(&declared::find(global)?)?;
    let ceiling = args.allow.unwrap_or(ATTENDED).max(ATTENDED);
    let look = engine::block_on(engine::look(global, &policy, ceiling, &args.narrow))?;
    engine::tell_cut_off(&engine::store(global, &engine::endpoint(global)?))?;
    match global.output {
        Output::Json | Output::Ndjson => output::print_json(&screen::plan_json(&look))?,
        Output::Text => {
            let shown = Shown {
                full_diff: args.full_diff,
                summary: args.summary,
                unchanged: args.show_unchanged,
            };
            output::print(&screen::plan(&look, terminal, shown)?)?;
        }
    }
    let differs = args.detailed_exitcode && screen::differs(&look.plan);
    Ok(if differs { Exit::Differences } else { Exit::Success })
}
