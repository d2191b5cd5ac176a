//! `plimsoll explain`: a rule, a key of the daemon, or what would happen to an object.

mod daemon_key;

use plimsoll::{
    declaration::problem::Problem,
    model::{
        daemon_keys,
        object::Address,
        suggest::{nearest, question},
    },
    render::{self, json},
    rules,
};

use crate::{
    args::{ExplainArgs, Global, Narrow, Output},
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
        match global.output {
            Output::Json | Output::Ndjson => {
                output::print_json(&json::rules(&[(meta, Vec::new())], None))?
            }
            Output::Text => {
                output::print(&screen::bytes(|out| render::rules::rule(out, meta, &style))?)?;
            }
        }
        return Ok(Exit::Success);
    }
    match args.subject.split_once('/') {
        Some(("daemon", key)) if !key.is_empty() => daemon_key::explain(global, key, terminal),
        Some(("container", name)) => object(global, &Address::container(name), terminal),
        Some(("host", name)) => object(global, &Address::host(name), terminal),
        Some(("host-file", name)) => object(global, &Address::host_file(name), terminal),
        None if args.subject == "attestations" => {
            object(global, &Address::attestations(), terminal)
        }
        Some(("network", name)) => object(global, &Address::network(name), terminal),
        Some(("service", name)) => object(global, &Address::service(name), terminal),
        Some(("swarm", name)) => object(global, &Address::swarm(name), terminal),
        _ => Err(unknown(&args.subject)),
    }
}

fn object(global: &Global, address: &Address, terminal: &Terminal) -> Result<Exit, Failure> {
    let policy = declared::load(&declared::find(global)?)?;
    let look = engine::block_on(engine::look(global, &policy, ATTENDED, &Narrow::default()))?;
    let style = screen::style(terminal);
    let mut text = Vec::new();
    let found = render::explain::address(&mut text, &look.plan, &look.snapshot, address, &style)
        .map_err(|error| Failure::io("put the result together", &error))?;
    if !found {
        let said = match look.report.objects.contains(address) {
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
    let key = subject.trim_start_matches("daemon/");
    let help = if daemon_keys::find(key).is_some() || daemon_keys::find_unusable(key).is_some() {
        format!("a key of the daemon is written `daemon/{key}`")
    } else if !near.is_empty() {
        format!("did you mean {}?", near.join(" or "))
    } else if let Some(question) = question(&nearest(key, daemon_keys::names())) {
        format!("{question} A key of the daemon is written `daemon/KEY`")
    } else {
        "`plimsoll rules` lists the rules; objects are written container/NAME and daemon/KEY"
            .to_owned()
    };
    let problem =
        Problem::without_text("explain.unknown", format!("there is no rule or object `{subject}`"))
            .help(help);
    Failure::new(Exit::Usage, problem)
}
