//! What a `RUN` ran, as far as can be told without being a shell.

use crate::model::image::Run;

/// A package manager, the words that refresh its lists, and those that go by them.
struct Manager {
    name: &'static str,
    refreshes: &'static [&'static str],
    installs: &'static [&'static str],
}

const APT: &[&str] =
    &["install", "upgrade", "dist-upgrade", "full-upgrade", "build-dep", "satisfy"];
const RPM: &[&str] = &["install", "update", "upgrade", "groupinstall", "reinstall"];

const MANAGERS: &[Manager] = &[
    Manager { name: "apt-get", refreshes: &["update"], installs: APT },
    Manager { name: "apt", refreshes: &["update"], installs: APT },
    Manager { name: "aptitude", refreshes: &["update"], installs: APT },
    Manager { name: "apk", refreshes: &["update"], installs: &["add", "upgrade", "fix"] },
    Manager { name: "dnf", refreshes: &["makecache"], installs: RPM },
    Manager { name: "microdnf", refreshes: &["makecache"], installs: RPM },
    Manager { name: "yum", refreshes: &["makecache"], installs: RPM },
    Manager {
        name: "zypper",
        refreshes: &["refresh", "ref"],
        installs: &["install", "in", "update", "up", "dist-upgrade", "dup", "patch"],
    },
];

const SHELLS: &[&str] = &["sh", "ash", "bash", "dash", "zsh"];

/// What may stand before the program of a command.
const BEFORE: &[&str] =
    &["!", "do", "elif", "else", "env", "exec", "if", "nice", "then", "time", "until", "while"];

/// Splits off the build arguments that stand before a command: `|2 A=1 B=2 /bin/sh -c make`. A
/// value with spaces has no quotes, and ends where the next name begins.
pub(super) fn arguments(text: &str) -> (Vec<(&str, &str)>, &str) {
    let split = text.strip_prefix('|').and_then(|it| it.split_once(' '));
    let Some((count, mut rest)) = split else { return (Vec::new(), text) };
    let mut pairs = Vec::new();
    for _ in 0..count.parse().unwrap_or(0) {
        while let Some((word, after)) = rest.split_once(' ') {
            let pair = word.split_once('=').filter(|(name, _)| is_name(name));
            // Where the command begins, all have been seen.
            if pair.is_none() && (word.starts_with('/') || pairs.is_empty()) {
                break;
            }
            rest = after;
            if let Some(pair) = pair {
                pairs.push(pair);
                break;
            }
        }
    }
    (pairs, rest)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_')
}

/// Returns what a shell was given to run; a command without a shell is returned as it is.
pub(super) fn inside_shell(command: &str) -> &str {
    let Some((shell, script)) = command.split_once(" -c ") else { return command };
    let is_one_command = !shell.contains(['&', ';', '|']);
    if is_one_command && shell.split_whitespace().any(|it| SHELLS.contains(&base(it))) {
        script
    } else {
        command
    }
}

/// Splits a script into commands, and these into words.
pub(super) fn commands(script: &str) -> impl Iterator<Item = Vec<&str>> {
    script
        .split(['&', '|', ';', '\n', '(', ')', '{', '}', '`'])
        .map(|command| command.split_whitespace().map(|it| it.trim_matches(['"', '\''])).collect())
}

/// Notes what one command does with packages and with `sudo`.
pub(super) fn note(words: &[&str], run: &mut Run) {
    let mut rest = words.iter().copied().skip_while(|it| {
        let is_assignment = it.split_once('=').is_some_and(|(name, _)| is_name(name));
        is_assignment || BEFORE.contains(it)
    });
    let mut program = rest.next();
    if program.is_some_and(|it| base(it) == "sudo") {
        run.sudo = true;
        program = rest.find(|it| !it.starts_with('-'));
    }
    let Some(manager) = program.and_then(|it| MANAGERS.iter().find(|one| one.name == base(it)))
    else {
        return;
    };
    let words: Vec<&str> = rest.collect();
    let verb =
        words.iter().find(|it| manager.refreshes.contains(*it) || manager.installs.contains(*it));
    let Some(verb) = verb else { return };
    if manager.installs.contains(verb) {
        run.installs = true;
        run.sudo |= words.iter().any(|it| *it == "sudo" || it.starts_with("sudo="));
    } else {
        run.refreshes = Some(format!("{} {verb}", manager.name));
    }
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
