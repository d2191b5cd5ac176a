//! Declaration to Policy: what it extends is read, merged and bound; all problems at once.

mod files;
mod followers;
mod merge;
mod together;

use std::collections::BTreeMap;

use crate::{
    declaration::{
        bind, check,
        policy::{Policy, SourceFile},
        problem::Problem,
        resolve::files::Gathered,
    },
    rules::{self, AnyRule},
};

/// More than a person reads; a file with more is something else than a declaration.
const MAX_SHOWN: usize = 200;

/// Reads a declaration and everything it extends. `loader` is asked for the files that are named
/// under `extends`, by path; its error is shown as it is.
pub fn load(
    name: &str,
    bytes: &[u8],
    loader: &dyn Fn(&str) -> Result<Vec<u8>, String>,
) -> Result<Policy, Vec<Problem>> {
    let Gathered { files, order, mut problems } = files::gather(name, bytes, loader);

    let mut merged = merge::Merged::default();
    let mut together = together::Together::default();
    for file in &files {
        let checked = check::check(&file.source, &file.root);
        merged.rules_of(file, &checked, &mut problems);
        merge::Merged::probes_of(file, &checked, &mut problems);
        merged.waiver_ids_of(file, &mut problems);
        together.take(file, &checked);
        merge::contradictions(file, &mut problems);
        if problems.is_empty() && checked.problems.is_empty() {
            merged.sections_of(file, &mut problems);
        }
        problems.extend(checked.problems);
    }
    problems.extend(together.problems());
    if !problems.is_empty() {
        return Err(in_order(problems, &order));
    }

    let mut policy = merged.into_policy();
    let all: Vec<String> = order.iter().map(|file| file.digest.clone()).collect();
    policy.digest = bind::sha256(all.join("\n").as_bytes());
    policy.files = order;
    Ok(policy)
}

/// Sorts by file and position, and says of what repeats itself only how often.
fn in_order(problems: Vec<Problem>, order: &[SourceFile]) -> Vec<Problem> {
    let rank = |problem: &Problem| {
        problem.at.as_ref().map(|at| {
            let file = order.iter().position(|file| file.path == at.source.name);
            (file.unwrap_or(order.len()), at.span.start, at.span.end)
        })
    };
    let mut problems = problems;
    problems.sort_by_key(rank);

    let mut groups: Vec<(Problem, Vec<u32>)> = Vec::new();
    let mut group_of: BTreeMap<(String, &str, String, String, Vec<String>), usize> =
        BTreeMap::new();
    for problem in problems {
        let name = problem.at.as_ref().map(|at| at.source.name.clone()).unwrap_or_default();
        let key = (
            name,
            problem.code,
            problem.message.clone(),
            problem.label.clone(),
            problem.notes.clone(),
        );
        match group_of.get(&key).and_then(|index| groups.get_mut(*index)) {
            // The very same place seen twice: an anchor used in several places.
            Some((first, _)) if first.at == problem.at => {}
            Some((_, lines)) => lines.extend(problem.at.as_ref().map(|at| at.line_column().0)),
            None => {
                group_of.insert(key, groups.len());
                groups.push((problem, Vec::new()));
            }
        }
    }
    let beyond = groups.len().saturating_sub(MAX_SHOWN);
    groups.truncate(MAX_SHOWN);
    let mut shown: Vec<Problem> =
        groups.into_iter().map(|(problem, lines)| with_repeats(problem, &lines)).collect();
    if beyond > 0 {
        let message = format!("{beyond} more problems are not shown");
        shown.push(Problem::without_text("decl.too-many-problems", message));
    }
    shown
}

fn with_repeats(problem: Problem, lines: &[u32]) -> Problem {
    match lines {
        [] => problem,
        [line] => problem.note(format!("the same once more in line {line}")),
        [..] => {
            let shown: Vec<String> = lines.iter().take(10).map(u32::to_string).collect();
            let rest = if lines.len() > 10 { ", …" } else { "" };
            problem.note(format!(
                "the same {} more times: lines {}{rest}",
                lines.len(),
                shown.join(", ")
            ))
        }
    }
}

/// Rules by ID, of those that the predicate lets through.
fn rule_of(id: &str, belongs: fn(&dyn AnyRule) -> bool) -> Option<&'static dyn AnyRule> {
    rules::find(id).filter(|rule| belongs(*rule))
}

/// Later entries win.
fn put<T>(map: &mut BTreeMap<String, T>, key: &str, value: T) {
    map.insert(key.to_owned(), value);
}
