//! `plimsoll explain`: a rule, a key of the daemon, or what would happen to an object.

use plimsoll::{declaration::problem::Problem, model::object::Address, render, rules};

use crate::{
    args::{ExplainArgs, Global, Narrow},
    declared, engine,
    exit::Exit,
    failure::Failure,
    output,
    plan::ATTENDED,
    screen,
    terminal::Terminal,
};

pub(crate) fn run(
    global: &Global,
    args: &ExplainArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let style = screen::style(terminal);
    if let Some(meta) = rules::all_metas().into_iter().find(|meta| meta.id == args.subject) {
        output::print(&screen::bytes(|out| render::rules::rule(out, meta, &style))?)?;
        return Ok(Exit::Success);
    }
    let Some((_, name)) =
        args.subject.split_once('/').filter(|(kind, _)| matches!(*kind, "container" | "daemon"))
    else {
        return Err(unknown(&args.subject));
    };
    let address = match args.subject.starts_with("container/") {
        true => Address::container(name),
        false => Address::daemon_key(name),
    };
    let policy = declared::load(&declared::find(global)?)?;
    let look = engine::block_on(engine::look(global, &policy, ATTENDED, &Narrow::default()))?;
    let mut text = Vec::new();
    let daemon = &look.snapshot.daemon;
    let found = render::explain::address(&mut text, &look.plan, daemon, &address, &style)
        .map_err(|error| Failure::io("put the result together", &error))?;
    if !found {
        let known = look.report.objects.contains(&address);
        let said = match known {
            true => format!("{address} is in sync.\n"),
            false => format!("Nothing here is called {address}, or no rule looks at it.\n"),
        };
        text.extend_from_slice(said.as_bytes());
    }
    output::print(&text)?;
    Ok(Exit::Success)
}

fn unknown(subject: &str) -> Failure {
    let near: Vec<_> = rules::all_metas()
        .into_iter()
        .map(|meta| meta.id)
        .filter(|id| {
            id.contains(subject) || subject.contains(id.split('.').next_back().unwrap_or(id))
        })
        .take(3)
        .collect();
    let help = match near.is_empty() {
        true => {
            "`plimsoll rules` lists the rules; objects are written container/NAME and daemon/KEY"
                .to_owned()
        }
        false => format!("did you mean {}?", near.join(" or ")),
    };
    let problem =
        Problem::without_text("explain.unknown", format!("there is no rule or object `{subject}`"))
            .help(help);
    Failure::new(Exit::Usage, problem)
}
