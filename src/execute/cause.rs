//! Why a replacement may have failed: which of the changed settings fits what it said.

use serde_json::Value;

use super::seen::Seen;
use crate::model::edit::ContainerEdit;

/// Characters of a log line that are shown.
const SHOWN: usize = 200;
/// Shorter values of the environment are no secrets, and would blot out half the text.
const SECRET: usize = 4;

/// Returns its last words, and the changed setting they point to.
pub(super) fn last_words(twin: &Seen, log: &str, edits: &[ContainerEdit]) -> String {
    let log = redacted(log, &twin.0["Config"]["Env"]);
    let lines: Vec<&str> = log.lines().map(str::trim).filter(|it| !it.is_empty()).collect();
    let mut text = String::new();
    if let Some(cause) = likely_cause(twin, &lines, edits) {
        text.push_str(&format!("; likely cause: {cause}"));
    }
    if let Some(last) = lines.last() {
        let shown: String = last.chars().filter(|it| !it.is_control()).take(SHOWN).collect();
        text.push_str(&format!("; its last words: {shown}"));
    }
    text
}

fn likely_cause(twin: &Seen, lines: &[&str], edits: &[ContainerEdit]) -> Option<String> {
    let has = |fits: fn(&ContainerEdit) -> bool| edits.iter().any(fits);
    let said = |words: &[&str]| {
        lines.iter().rev().find(|line| {
            let line = line.to_lowercase();
            words.iter().any(|word| line.contains(word))
        })
    };
    if has(|it| matches!(it, ContainerEdit::ReadOnlyRootfs(true)))
        && let Some(line) = said(&["read-only file system", "erofs", "readonly file system"])
    {
        return Some(match path_in(line) {
            Some(path) => format!("read-only root, and it writes to {path}"),
            None => "read-only root".into(),
        });
    }
    if has(|it| matches!(it, ContainerEdit::Memory(_)))
        && (twin.ran_out_of_memory()
            || said(&["out of memory", "cannot allocate memory"]).is_some())
    {
        return Some("the memory limit".into());
    }
    if has(|it| matches!(it, ContainerEdit::PidsLimit(_)))
        && said(&["resource temporarily unavailable", "can't fork", "cannot fork"]).is_some()
    {
        return Some("the limit on processes".into());
    }
    if has(loses_privileges) && said(&["operation not permitted", "eperm"]).is_some() {
        return Some("a capability it does without now".into());
    }
    if has(|it| matches!(it, ContainerEdit::User(_)) || loses_privileges(it))
        && let Some(line) = said(&["permission denied", "eacces"])
    {
        let user = has(|it| matches!(it, ContainerEdit::User(_)));
        let what = if user { "the user it runs as" } else { "a capability it does without now" };
        return Some(match path_in(line) {
            Some(path) => format!("{what}, at {path}"),
            None => what.into(),
        });
    }
    None
}

const fn loses_privileges(edit: &ContainerEdit) -> bool {
    match edit {
        ContainerEdit::Privileged(_)
        | ContainerEdit::BoundCapabilities(_)
        | ContainerEdit::NoNewPrivileges(_)
        | ContainerEdit::DefaultSeccomp => true,
        ContainerEdit::ReadOnlyRootfs(_)
        | ContainerEdit::Tmpfs { .. }
        | ContainerEdit::User(_)
        | ContainerEdit::RemoveMount { .. }
        | ContainerEdit::NetworkMode(_)
        | ContainerEdit::PrivatePid
        | ContainerEdit::PrivateIpc
        | ContainerEdit::PrivateUts
        | ContainerEdit::ShareableIpc
        | ContainerEdit::CgroupnsMode(_)
        | ContainerEdit::ShmSize(_)
        | ContainerEdit::Runtime(_)
        | ContainerEdit::Log { .. }
        | ContainerEdit::PublishOn { .. }
        | ContainerEdit::PidsLimit(_)
        | ContainerEdit::Memory(_)
        | ContainerEdit::RestartPolicy { .. } => false,
    }
}

/// The last absolute path of a line: programs name themselves first.
fn path_in(line: &str) -> Option<&str> {
    line.split([' ', '\'', '"', '`', '(', ')', '[', ']', ','])
        .map(|word| word.trim_end_matches([':', '.', ';']))
        .rfind(|word| word.len() > 1 && word.starts_with('/'))
}

/// Values of the environment never leave the engine, whoever prints them.
fn redacted(log: &str, environment: &Value) -> String {
    let mut values: Vec<&str> = environment
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.as_str()?.split_once('='))
        // Search paths are no secret, and would hide the paths that matter here.
        .filter(|(name, value)| *name != "PATH" && value.len() >= SECRET)
        .map(|(_, value)| value)
        .collect();
    // Longer ones first: one value may be part of another.
    values.sort_by_key(|value| std::cmp::Reverse(value.len()));
    values.iter().fold(log.to_owned(), |log, value| log.replace(value, "(sensitive)"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn words(log: &str, edits: &[ContainerEdit]) -> String {
        let twin = Seen(json!({ "Config": { "Env": ["TOKEN=hunter22", "PATH=/bin"] } }));
        last_words(&twin, log, edits)
    }

    #[test]
    fn read_only_root_is_named_with_the_path_that_was_written() {
        let text = words(
            "starting\n/bin/sh: can't create /var/lib/app/pid: Read-only file system\n",
            &[ContainerEdit::PidsLimit(1), ContainerEdit::ReadOnlyRootfs(true)],
        );
        assert!(text.contains("read-only root, and it writes to /var/lib/app/pid"), "{text}");
    }

    #[test]
    fn setting_that_was_not_changed_is_never_the_cause() {
        let text = words("x: Read-only file system", &[ContainerEdit::PidsLimit(1)]);
        assert!(!text.contains("likely cause"), "{text}");
    }

    #[test]
    fn values_of_the_environment_are_not_repeated() {
        let text = words("login with hunter22 failed", &[]);
        assert_eq!(text, "; its last words: login with (sensitive) failed");
    }

    #[test]
    fn missing_permission_points_to_what_took_it() {
        let edits = [ContainerEdit::User("1000".into())];
        let text = words("open '/data/db': Permission denied", &edits);
        assert!(text.contains("the user it runs as, at /data/db"), "{text}");
        let edits = [ContainerEdit::Privileged(false)];
        let text = words("mount: Operation not permitted", &edits);
        assert!(text.contains("capability"), "{text}");
    }
}
