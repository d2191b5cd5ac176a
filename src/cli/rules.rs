//! `plimsoll rules`: the rules there are, or those of a baseline.

use std::{borrow::Cow, collections::BTreeSet, fs};

use plimsoll::{
    declaration::{
        self,
        baseline::{self, Baseline},
        problem::Problem,
    },
    render::{json, rules as table, rules::Numbered},
    rules::{
        self,
        listing::{self, Listed},
    },
};
use serde::Deserialize;

use crate::{
    args::{Global, Output, RulesArgs},
    exit::Exit,
    failure::Failure,
    output, screen,
    terminal::Terminal,
};

pub(crate) fn run(global: &Global, args: &RulesArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let rules = match &args.baseline {
        None => rules::all_metas().into_iter().map(|meta| (meta, Vec::new())).collect(),
        Some(name) => members(baseline(name)?, args.edition.as_deref())?,
    };
    if let Some(since) = &args.changed_since {
        let before = listing(args.baseline.as_deref(), since)?;
        let now = rules.iter().map(|(meta, items)| Listed::new(meta, items)).collect();
        let changed = listing::changed(&before, now);
        match global.output {
            Output::Json | Output::Ndjson => {
                output::print_json(&json::rules_changed(&changed, since))?;
            }
            Output::Text => {
                output::print(&screen::bytes(|out| {
                    table::changed(out, &changed, since, &screen::style(terminal))
                })?)?;
            }
        }
        return Ok(Exit::Success);
    }
    match global.output {
        Output::Json | Output::Ndjson => {
            output::print_json(&json::rules(&rules, args.baseline.as_deref()))?;
        }
        Output::Text => {
            output::print(&screen::bytes(|out| {
                table::table(out, &rules, &screen::style(terminal))
            })?)?;
        }
    }
    Ok(Exit::Success)
}

/// What `plimsoll rules -o json` prints, as far as it is compared.
#[derive(Deserialize)]
struct Document {
    format: String,
    #[serde(default)]
    baseline: Option<String>,
    rules: Vec<Listed>,
}

/// The rules as they were: in an edition of the baseline, else in a file.
fn listing(name: Option<&str>, since: &str) -> Result<Vec<Listed>, Failure> {
    if let Some(name) = name {
        let shipped = baseline(name)?;
        if shipped.editions().contains(&since) {
            let members = members(shipped, Some(since))?;
            return Ok(members.iter().map(|(meta, items)| Listed::new(meta, items)).collect());
        }
    }
    let refused = |message: String| {
        let help = "give an edition of the baseline, or a file that `plimsoll rules -o json` of \
                    an older version has printed";
        let problem = Problem::without_text("rules.changed-since", message).help(help.to_owned());
        Failure::new(Exit::Usage, problem)
    };
    let text =
        fs::read(since).map_err(|error| refused(format!("cannot read `{since}`: {error}")))?;
    let document: Document = serde_json::from_slice(&text)
        .map_err(|error| refused(format!("`{since}` is no listing of rules: {error}")))?;
    if document.format != "plimsoll.rules" || document.baseline.as_deref() != name {
        let of = |name: Option<&str>| name.map_or("all rules".into(), |it| format!("`{it}`"));
        let (there, here) = (of(document.baseline.as_deref()), of(name));
        return Err(refused(format!("`{since}` lists {there}, and {here} are asked for")));
    }
    Ok(document.rules)
}

/// The rules of a baseline, in the order of their numbers.
fn members(shipped: &Baseline, edition: Option<&str>) -> Result<Vec<Numbered>, Failure> {
    let text = text_of(shipped, edition)?;
    let asked = rules_of(shipped, &text)?;
    let mut members: Vec<Numbered> = rules::all_metas()
        .into_iter()
        .filter(|meta| asked.contains(meta.id))
        .map(|meta| (meta, shipped.items(meta, edition)))
        .collect();
    members.sort_by_cached_key(|(_, items)| items.first().map(|item| steps(item)));
    Ok(members)
}

/// 5.10 comes after 5.9.
fn steps(item: &str) -> Vec<u32> {
    let digits = item.split(|it: char| !it.is_ascii_digit());
    digits.filter_map(|digits| digits.parse().ok()).collect()
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

fn text_of(shipped: &Baseline, edition: Option<&str>) -> Result<Cow<'static, str>, Failure> {
    shipped.text(edition).ok_or_else(|| {
        let wanted = edition.unwrap_or_default();
        let message = format!("there is no edition `{wanted}` of `{}`", shipped.name);
        let known = match shipped.editions() {
            [] => "it has no editions".to_owned(),
            editions => format!("there are: {}", editions.join(", ")),
        };
        Failure::new(Exit::Usage, Problem::without_text("rules.edition", message).help(known))
    })
}

fn rules_of(shipped: &Baseline, text: &str) -> Result<BTreeSet<&'static str>, Failure> {
    let nothing_else = |_: &str| Err("a baseline extends no file".to_owned());
    let policy = declaration::load(shipped.name, text.as_bytes(), &nothing_else)?;
    let of_containers = policy.containers.iter().map(|choices| choices.meta.id);
    let of_daemon = policy.daemon.iter().map(|assignment| assignment.meta.id);
    Ok(of_containers.chain(of_daemon).collect())
}
