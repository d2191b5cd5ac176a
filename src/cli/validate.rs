//! `plimsoll validate`: is the declaration sound? Needs no Docker.

use std::path::PathBuf;

use crate::{
    args::{Global, Output, ValidateArgs},
    declared,
    exit::Exit,
    failure::Failure,
    output,
    terminal::Terminal,
};

pub(crate) fn run(
    global: &Global,
    args: &ValidateArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let paths: Vec<PathBuf> =
        if args.paths.is_empty() { vec![declared::find(global)?] } else { args.paths.clone() };
    let mut problems = 0;
    let mut worst = Exit::Success;
    let mut reports = Vec::new();
    for path in &paths {
        match declared::load(path) {
            Ok(policy) => reports.push(serde_json::json!({
                "file": path, "valid": true, "digest": policy.digest,
            })),
            Err(failure) => {
                failure
                    .print(terminal)
                    .map_err(|error| Failure::io("write to standard error", &error))?;
                problems += failure.problems.len();
                worst = failure.exit;
                reports.push(serde_json::json!({
                    "file": path, "valid": false, "problems": failure.problems.iter().map(|it| {
                        let place = it.at.as_ref().map(|at| at.line_column());
                        serde_json::json!({
                            "code": it.code, "message": it.message,
                            "line": place.map(|it| it.0), "column": place.map(|it| it.1),
                            "help": it.help,
                        })
                    }).collect::<Vec<_>>(),
                }));
            }
        }
    }
    match global.output {
        Output::Json | Output::Ndjson => {
            output::print_json(&serde_json::json!({ "files": reports }))?
        }
        Output::Text if problems == 0 => {
            let names: Vec<_> = paths.iter().map(|it| it.display().to_string()).collect();
            output::print(format!("Valid: {}\n", names.join(", ")).as_bytes())?;
        }
        Output::Text => {}
    }
    Ok(worst)
}
