//! Asking the engine's own program about a file.

use std::{
    ffi::OsString,
    fs,
    os::unix::ffi::OsStringExt as _,
    path::{Path, PathBuf},
};

use tokio::process::Command;

use super::{
    command::{QUICK, run},
    effects::{Process, Step},
};

/// Asks the engine's own program whether it could start with a file, with the arguments and the
/// environment of the process that runs.
pub(super) async fn validate(process: Process, candidate: &Path) -> Step<()> {
    let proc = PathBuf::from(format!("/proc/{}", process.pid));
    let words = null_separated(&proc.join("cmdline"))?;
    let mut command = Command::new(proc.join("exe"));
    command
        .args(without_config_file(words.into_iter().skip(1)))
        .arg("--validate")
        .arg("--config-file")
        .arg(candidate)
        .env_clear();
    for variable in null_separated(&proc.join("environ"))? {
        let text = variable.to_string_lossy();
        // Those are for one process only.
        if let Some((name, value)) = text.split_once('=')
            && !["NOTIFY_SOCKET", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"].contains(&name)
        {
            command.env(name, value);
        }
    }
    if let Ok(directory) = fs::read_link(proc.join("cwd")) {
        command.current_dir(directory);
    }
    run(&mut command, QUICK).await.map(drop).map_err(|why| {
        // The program shows as /proc/PID/exe, which tells nobody anything.
        let said = why.split_once("): ").map_or(why.as_str(), |(_, said)| said);
        format!("the engine refuses the new file: {said}")
    })
}

fn null_separated(path: &Path) -> Step<Vec<OsString>> {
    let bytes =
        fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let words = bytes.split(|byte| *byte == 0).filter(|word| !word.is_empty());
    Ok(words.map(|word| OsString::from_vec(word.to_vec())).collect())
}

/// The file that is given on the command line gives way to the candidate.
fn without_config_file(words: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut kept = Vec::new();
    let mut skip = false;
    for word in words {
        let text = word.to_string_lossy();
        let name = text.trim_start_matches('-');
        if std::mem::take(&mut skip) {
            continue;
        }
        skip = name == "config-file";
        if !skip && !name.starts_with("config-file=") {
            kept.push(word);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_candidate_takes_the_place_of_the_file_given() {
        let words = ["-H", "fd://", "--config-file", "/a", "--config-file=/b", "--debug"];
        let kept = without_config_file(words.iter().map(OsString::from));
        assert_eq!(kept, ["-H", "fd://", "--debug"]);
    }
}
