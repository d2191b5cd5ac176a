//! The daemon's process and whoever looks after it.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{Read as _, Seek as _, SeekFrom},
    os::unix::{ffi::OsStringExt as _, fs::MetadataExt as _},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::{net::UnixStream, process::Command, time::timeout};

use super::effects::{Process, Step};
use crate::docker::Endpoint;

/// For questions that are answered at once.
const QUICK: Duration = Duration::from_secs(30);
/// How much of a log is read to find its last lines.
const TAIL: u64 = 32 << 10;
/// What may belong to one failure, and how much of it is shown.
const RECENT: usize = 40;
const LINES: usize = 3;

/// Runs a command to its end and returns what it printed, errors last.
pub(super) async fn run(command: &mut Command, limit: Duration) -> Step<String> {
    let shown = shown(command);
    let output = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .output();
    let output = match timeout(limit, output).await {
        Ok(Ok(output)) => output,
        Ok(Err(error)) => return Err(format!("cannot run `{shown}`: {error}")),
        Err(_) => return Err(format!("`{shown}` did not end within {} s", limit.as_secs())),
    };
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).trim().to_owned();
    if output.status.success() {
        return Ok(text);
    }
    let lines = telling(&text);
    let said = if lines.is_empty() { String::new() } else { format!(": {}", lines.join("; ")) };
    Err(format!("`{shown}` failed ({}){said}", output.status))
}

/// The program and its first arguments; the rest may be long.
fn shown(command: &Command) -> String {
    let command = command.as_std();
    let words = std::iter::once(command.get_program()).chain(command.get_args().take(3));
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Returns a command that somebody declared.
pub(super) fn declared(words: &[String]) -> Step<Command> {
    let (program, arguments) = words.split_first().ok_or("the declared command is empty")?;
    let mut command = Command::new(program);
    command.args(arguments);
    Ok(command)
}

pub(super) async fn reload_unit(unit: &str) -> Step<()> {
    run(Command::new("systemctl").args(["reload", unit]), QUICK).await.map(drop)
}

/// Restarts a unit. Earlier restarts do not count against this one.
pub(super) async fn restart_unit(unit: &str, limit: Duration) -> Step<()> {
    let socket = unit.strip_suffix(".service").unwrap_or(unit).to_owned() + ".socket";
    for name in [unit, socket.as_str()] {
        // A unit without a socket says so here, and nothing depends on it.
        let _ = run(Command::new("systemctl").args(["reset-failed", name]), QUICK).await;
    }
    run(Command::new("systemctl").args(["restart", unit]), limit).await.map(drop)
}

/// Returns the process that systemd calls the main one of a unit.
pub(super) async fn main_process(unit: &str) -> Option<Process> {
    let arguments = ["show", "--property", "MainPID", "--value", unit];
    let text = run(Command::new("systemctl").args(arguments), QUICK).await.ok()?;
    process(text.trim().parse().ok()?)
}

/// Returns the process that listens on the socket, where that is the daemon.
pub(super) async fn listener(endpoint: &Endpoint) -> Option<Process> {
    let Endpoint::Unix(path) = endpoint else { return None };
    let stream = timeout(QUICK, UnixStream::connect(path)).await.ok()?.ok()?;
    let pid = u32::try_from(stream.peer_cred().ok()?.pid()?).ok()?;
    process(pid)
}

/// Returns this process, if it is a daemon of Docker's.
pub(super) fn process(pid: u32) -> Option<Process> {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    if pid == 0 || name.trim() != "dockerd" {
        return None;
    }
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(Process { pid, start_ticks: start_ticks(&stat)? })
}

/// Field 22. The second one, the name, may hold spaces and brackets.
fn start_ticks(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_ascii_whitespace().nth(19)?.parse().ok()
}

/// Sends SIGHUP. The daemon must answer before: a signal while it starts would end it.
pub(super) fn hang_up(process: Process) -> Step<()> {
    if self::process(process.pid) != Some(process) {
        return Err(format!("process {} is not the daemon any more", process.pid));
    }
    i32::try_from(process.pid)
        .ok()
        .and_then(rustix::process::Pid::from_raw)
        .ok_or_else(|| format!("{} is no process ID", process.pid))
        .and_then(|pid| {
            rustix::process::kill_process(pid, rustix::process::Signal::HUP)
                .map_err(|error| format!("cannot signal process {pid:?}: {error}"))
        })
}

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

/// Returns whether somebody listens on a plugin's socket, or a file says where it is.
pub(super) async fn plugin_listens(name: &str) -> bool {
    let directory = Path::new("/run/docker/plugins");
    for socket in [format!("{name}.sock"), format!("{name}/{name}.sock")] {
        if UnixStream::connect(directory.join(socket)).await.is_ok() {
            return true;
        }
    }
    let directories = ["/etc/docker/plugins", "/usr/lib/docker/plugins"];
    directories.iter().any(|directory| {
        let file = |kind| Path::new(directory).join(format!("{name}.{kind}"));
        file("spec").exists() || file("json").exists()
    })
}

/// Returns whether a process sees the same files as this one under the same names.
pub(super) fn shares_files(process: Process) -> bool {
    let namespace = |pid: &str| fs::metadata(format!("/proc/{pid}/ns/mnt")).map(|it| it.ino());
    let root = |pid: &str| fs::metadata(format!("/proc/{pid}/root")).map(|it| (it.dev(), it.ino()));
    let pid = process.pid.to_string();
    match (namespace("self"), namespace(&pid), root("self"), root(&pid)) {
        (Ok(own), Ok(its), Ok(own_root), Ok(its_root)) => own == its && own_root == its_root,
        _ => false,
    }
}

/// Returns the file that a process writes its errors to, if that is one.
pub(super) fn error_log(process: Process) -> Option<PathBuf> {
    let path = fs::read_link(format!("/proc/{}/fd/2", process.pid)).ok()?;
    path.is_file().then_some(path)
}

pub(super) async fn journal(unit: &str) -> Vec<String> {
    let arguments = ["--unit", unit, "--lines", "40", "--output", "cat", "--no-pager"];
    let text = run(Command::new("journalctl").args(arguments), QUICK).await.unwrap_or_default();
    telling(&text)
}

pub(super) fn tail(path: &Path) -> Vec<String> {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let start = file.metadata()?.len().saturating_sub(TAIL);
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.take(TAIL).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map(|bytes| telling(&String::from_utf8_lossy(&bytes))).unwrap_or_default()
}

/// Picks the lines that say what went wrong, or else the last ones. Credentials are taken out.
fn telling(text: &str) -> Vec<String> {
    let says_why = |line: &&str| {
        ["level=fatal", "level=error", "failed to start", "unable to"]
            .iter()
            .any(|sign| line.contains(sign))
    };
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    // The end of the log belongs to this failure; further up are earlier ones.
    let end = &lines[lines.len().saturating_sub(RECENT)..];
    let mut chosen: Vec<&str> = end.iter().copied().filter(says_why).collect();
    if chosen.is_empty() {
        chosen = end.to_vec();
    }
    chosen[chosen.len().saturating_sub(LINES)..]
        .iter()
        .map(|line| without_credentials(line))
        .collect()
}

fn without_credentials(line: &str) -> String {
    let mut safe = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        safe.push_str(before);
        let end =
            after.find(|c: char| c.is_whitespace() || c == '/' || c == '"').unwrap_or(after.len());
        rest = match after[..end].rfind('@') {
            Some(sign) => {
                safe.push_str("(sensitive)");
                &after[sign..]
            }
            None => after,
        };
    }
    safe + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_is_found_behind_a_name_with_brackets() {
        let stat = "7 (a) b) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20 21";
        assert_eq!(start_ticks(stat), Some(4711));
    }

    #[test]
    fn the_candidate_takes_the_place_of_the_file_given() {
        let words = ["-H", "fd://", "--config-file", "/a", "--config-file=/b", "--debug"];
        let kept = without_config_file(words.iter().map(OsString::from));
        assert_eq!(kept, ["-H", "fd://", "--debug"]);
    }

    #[test]
    fn this_process_is_no_daemon_and_is_not_signalled() {
        let pid = std::process::id();
        assert_eq!(process(pid), None);
        assert!(hang_up(Process { pid, start_ticks: 0 }).is_err());
    }

    #[test]
    fn the_lines_that_say_why_are_shown_without_credentials() {
        let log = "level=info msg=a\nfailed to start daemon: b\nlevel=info msg=c\n\nlevel=debug";
        assert_eq!(telling(log), ["failed to start daemon: b"]);
        assert_eq!(telling("one\ntwo"), ["one", "two"]);
        let line = "level=error msg=\"http://user:word@proxy:3128/x and http://plain/\"";
        assert_eq!(
            telling(line),
            ["level=error msg=\"http://(sensitive)@proxy:3128/x and http://plain/\""]
        );
    }

    #[tokio::test]
    async fn what_a_failing_command_says_is_in_the_error() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo first; echo second >&2; exit 3"]);
        let error = run(&mut command, QUICK).await.unwrap_err();
        assert!(error.ends_with("failed (exit status: 3): first; second"), "{error}");
        let words = ["/nowhere/restart".to_owned()];
        let error = run(&mut declared(&words).unwrap(), QUICK).await.unwrap_err();
        assert!(error.starts_with("cannot run `/nowhere/restart`"), "{error}");
    }

    #[tokio::test]
    async fn a_command_that_hangs_is_ended() {
        let mut command = Command::new("sleep");
        let error = run(command.arg("60"), Duration::from_millis(20)).await.unwrap_err();
        assert!(error.contains("did not end"), "{error}");
    }
}
