//! What the daemon logged since a moment, as far as it tells why something failed.

use std::{
    fs::{self, File},
    io::{Read as _, Seek as _, SeekFrom},
    path::Path,
};

use tokio::process::Command;

use super::{
    command::{QUICK, run},
    effects::LogPosition,
};
use crate::model::daemon::Service;

/// How much of a log is read to find its last lines.
const TAIL: u64 = 64 << 10;
/// What may belong to one failure, and how much of it is shown.
const RECENT: usize = 40;
const LINES: usize = 3;

/// Returns where the log ends now, so that older errors are not taken for new ones.
pub(super) async fn position(service: &Service, error_log: Option<&Path>) -> LogPosition {
    if let Some(unit) = journal_of(service) {
        let arguments = ["--lines", "0", "--show-cursor", "--output", "cat", "--no-pager"];
        let text = run(Command::new("journalctl").args([unit]).args(arguments), QUICK).await;
        let cursor = text.ok().and_then(|text| {
            text.lines().find_map(|line| line.strip_prefix("-- cursor: ").map(str::to_owned))
        });
        return LogPosition::Journal { cursor };
    }
    match error_log {
        Some(path) => LogPosition::File {
            path: path.to_owned(),
            length: fs::metadata(path).map_or(0, |it| it.len()),
        },
        None => LogPosition::Nowhere,
    }
}

/// Returns the lines behind a position that say what went wrong.
pub(super) async fn since(position: &LogPosition, service: &Service) -> Vec<String> {
    match (position, journal_of(service)) {
        (LogPosition::Journal { cursor }, Some(unit)) => {
            let mut command = Command::new("journalctl");
            command.args([unit]);
            match cursor {
                Some(cursor) => command.arg(format!("--after-cursor={cursor}")),
                None => command.args(["--lines", "40"]),
            };
            command.args(["--output", "cat", "--no-pager", "--quiet"]);
            telling(&run(&mut command, QUICK).await.unwrap_or_default())
        }
        (LogPosition::File { path, length }, _) => tail(path, *length),
        (LogPosition::Journal { .. }, None) | (LogPosition::Nowhere, _) => Vec::new(),
    }
}

/// Returns what selects a service's lines of the journal.
fn journal_of(service: &Service) -> Option<String> {
    match service {
        Service::Systemd { unit, .. } | Service::Snap { unit, .. } => {
            // Of the unit's own processes, not what systemd says about it.
            Some(format!("_SYSTEMD_UNIT={unit}"))
        }
        // Seen by root and by the owner alike.
        Service::SystemdUser { unit, .. } => Some(format!("_SYSTEMD_USER_UNIT={unit}")),
        Service::OpenRc { .. }
        | Service::SysVInit { .. }
        | Service::Process { .. }
        | Service::NotFound => None,
    }
}

fn tail(path: &Path, length: u64) -> Vec<String> {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let now = file.metadata()?.len();
        // One that is shorter than before was begun anew.
        let from = if now < length { 0 } else { length };
        file.seek(SeekFrom::Start(from.max(now.saturating_sub(TAIL))))?;
        let mut bytes = Vec::new();
        file.take(TAIL).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map(|bytes| telling(&String::from_utf8_lossy(&bytes))).unwrap_or_default()
}

/// Picks the lines that say what went wrong, or else the last ones. Credentials are taken out.
pub(super) fn telling(text: &str) -> Vec<String> {
    let says_why = |line: &&str| {
        ["level=fatal", "level=error", "failed to start", "unable to"]
            .iter()
            .any(|sign| line.contains(sign))
            // Its last words are no entries of its log.
            || !line.contains("level=")
    };
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    // The end of the log belongs to this failure; further up are earlier ones.
    let end = &lines[lines.len().saturating_sub(RECENT)..];
    let mut chosen: Vec<&str> = end.iter().copied().filter(says_why).collect();
    if chosen.is_empty() {
        chosen = end.to_vec();
    }
    let mut told: Vec<String> = Vec::new();
    // A daemon that is tried several times says the same several times.
    for line in chosen.iter().map(|line| without_credentials(without_time(line))) {
        told.retain(|it| *it != line);
        told.push(line);
    }
    told.split_off(told.len().saturating_sub(LINES))
}

/// Cuts `time="2026-11-26T03:51:58.395Z" ` off, which runs tell themselves.
fn without_time(line: &str) -> &str {
    let rest = line.strip_prefix("time=\"").and_then(|rest| rest.split_once("\" "));
    rest.map_or(line, |(_, rest)| rest)
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
    fn the_lines_that_say_why_are_shown_without_credentials() {
        let bare = "level=error msg=a\nlevel=info msg=b\ncould not get builder GC policy";
        assert_eq!(telling(bare), ["level=error msg=a", "could not get builder GC policy"]);
        let log = "level=info msg=a\nfailed to start daemon: b\nlevel=info msg=c\n\nlevel=debug";
        assert_eq!(telling(log), ["failed to start daemon: b"]);
        assert_eq!(telling("one\ntwo"), ["one", "two"]);
        let again = "time=\"1\" level=fatal a\ntime=\"2\" level=fatal a\n";
        assert_eq!(telling(again), ["level=fatal a"]);
        let line = "level=error msg=\"http://user:word@proxy:3128/x and http://plain/\"";
        assert_eq!(
            telling(line),
            ["level=error msg=\"http://(sensitive)@proxy:3128/x and http://plain/\""]
        );
    }

    #[test]
    fn lines_from_before_are_not_shown_unless_the_file_was_begun_anew() {
        let path = std::env::temp_dir().join(format!("plimsoll-log-{}", std::process::id()));
        fs::write(&path, "level=error old\nlevel=error new\n").unwrap();
        assert_eq!(tail(&path, 16), ["level=error new"]);
        assert_eq!(tail(&path, 1000), ["level=error old", "level=error new"]);
        fs::remove_file(&path).unwrap();
    }
}
