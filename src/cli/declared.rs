//! Finding and reading the declaration.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use jiff::{Timestamp, tz::TimeZone};
use plimsoll::declaration::{self, policy::Policy, problem::Problem};

use crate::{args::Global, exit::Exit, failure::Failure};

const FILE_NAME: &str = "plimsoll.yaml";
const HOST_FILE: &str = "/etc/plimsoll/plimsoll.yaml";

/// Returns the declaration to take: the one named, else the nearest `plimsoll.yaml` from here up
/// to the repository's root, else the host's.
pub(crate) fn find(global: &Global) -> Result<PathBuf, Failure> {
    if let Some(path) = &global.file {
        return Ok(path.clone());
    }
    let here = std::env::current_dir()
        .map_err(|error| Failure::io("tell the current directory", &error))?;
    for folder in here.ancestors() {
        let candidate = folder.join(FILE_NAME);
        if candidate.is_file() {
            return Ok(candidate.strip_prefix(&here).map(Path::to_path_buf).unwrap_or(candidate));
        }
        if folder.join(".git").exists() {
            break;
        }
    }
    let host = PathBuf::from(HOST_FILE);
    if host.is_file() {
        return Ok(host);
    }
    let problem = Problem::without_text("decl.missing", "there is no declaration")
        .note(format!("looked for {FILE_NAME} from here upwards, and for {HOST_FILE}"))
        .help("write one with `plimsoll init`, or name one with `-f`");
    Err(Failure::new(Exit::Declaration, problem))
}

/// Reads and resolves the declaration at `path`, with all that it extends.
pub(crate) fn load(path: &Path) -> Result<Policy, Failure> {
    let bytes = fs::read(path).map_err(|error| unreadable(path, &error))?;
    let loader = |name: &str| fs::read(name).map_err(|error| error.to_string());
    let policy = declaration::load(&path.to_string_lossy(), &bytes, &loader)?;
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let problems = policy.long_waivers(today);
    if problems.is_empty() { Ok(policy) } else { Err(problems.into()) }
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let exit = match error.kind() {
        io::ErrorKind::PermissionDenied => Exit::Permission,
        _ => Exit::Declaration,
    };
    let problem =
        Problem::without_text("decl.unreadable", format!("cannot read {}", path.display()))
            .note(error.to_string());
    Failure::new(exit, problem)
}
