//! `plimsoll rules`: the rules there are, or those of a baseline.

use std::collections::BTreeSet;

use plimsoll::{
    declaration::{
        self,
        baseline::{self, Baseline},
        problem::Problem,
    },
    render::{json, rules as table},
    rules::{self, Meta},
};

use crate::{
    args::{Global, Output, RulesArgs},
    exit::Exit,
    failure::Failure,
    output, screen,
    terminal::Terminal,
};

pub(crate) fn run(global: &Global, args: &RulesArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut metas: Vec<&Meta> = rules::all_metas();
    if let Some(name) = &args.baseline {
        let wanted = rules_of(name)?;
        metas.retain(|meta| wanted.contains(meta.id));
    }
    match global.output {
        Output::Json | Output::Ndjson => output::print_json(&json::rules(&metas))?,
        Output::Text => {
            output::print(&screen::bytes(|out| {
                table::table(out, &metas, &screen::style(terminal))
            })?)?;
        }
    }
    Ok(Exit::Success)
}

pub(crate) fn baseline(name: &str) -> Result<&'static Baseline, Failure> {
    baseline::find(name).ok_or_else(|| {
        let known: Vec<_> = baseline::BASELINES.iter().map(|it| it.name).collect();
        let problem =
            Problem::without_text("rules.baseline", format!("there is no baseline `{name}`"))
                .help(format!("shipped are: {}", known.join(", ")));
        Failure::new(Exit::Usage, problem)
    })
}

fn rules_of(name: &str) -> Result<BTreeSet<&'static str>, Failure> {
    let baseline = baseline(name)?;
    let nothing_else = |_: &str| Err("a baseline extends no file".to_owned());
    let policy = declaration::load(baseline.name, baseline.text.as_bytes(), &nothing_else)?;
    let of_containers = policy.containers.iter().map(|choices| choices.meta.id);
    let of_daemon = policy.daemon.iter().map(|assignment| assignment.meta.id);
    Ok(of_containers.chain(of_daemon).collect())
}
