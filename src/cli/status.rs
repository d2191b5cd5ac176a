//! `plimsoll status`: is the host as declared, and what waits? Changes nothing.

use jiff::Timestamp;
use plimsoll::render::status::{self, Status};

use crate::{
    args::{Global, Narrow, Output},
    declared, engine,
    exit::Exit,
    failure::Failure,
    output,
    plan::ATTENDED,
    screen,
    terminal::Terminal,
};

pub(crate) fn run(global: &Global, terminal: &Terminal) -> Result<Exit, Failure> {
    let policy = declared::load(&declared::find(global)?)?;
    let look = engine::block_on(engine::look(global, &policy, ATTENDED, &Narrow::default()))?;
    let store = engine::store(global, &engine::endpoint(global)?);
    let last_run = match look.plan.declaration.last_run {
        Some((id, _)) => store.run(id)?,
        None => None,
    };
    match global.output {
        Output::Json | Output::Ndjson => output::print_json(&screen::plan_json(&look))?,
        Output::Text => {
            let status = Status {
                plan: &look.plan,
                last_run: last_run.as_ref(),
                kept: &look.snapshot.kept,
                now: Some(Timestamp::now()),
            };
            let style = screen::style(terminal);
            output::print(&screen::bytes(|out| status::status(out, &status, &style))?)?;
        }
    }
    Ok(if screen::differs(&look.plan) { Exit::Differences } else { Exit::Success })
}
