//! The changes of files of the host: one an object, with all of its files.

use std::collections::BTreeMap;

use super::{
    Action, Change, FileChange, Held, SettingChange, Shown, WayBack,
    build::Context,
    cause::cause,
    identity::{change_id, digest_of_policy, fingerprint},
};
use crate::model::{
    class::Class,
    edit::{Edit, FileEdit, OwnFile},
    finding::Finding,
    host_files::{FileAttributes, HostFiles, Subject},
    object::Address,
};

/// Everything that is wanted for one object.
#[derive(Default)]
struct Wanted {
    files: BTreeMap<String, FileChange>,
    lines: BTreeMap<OwnFile, Vec<String>>,
    conflict: Option<String>,
}

impl Wanted {
    fn is_empty(&self) -> bool {
        self.files.is_empty() && self.lines.is_empty() && self.conflict.is_none()
    }

    /// Takes what it has files in common with another; returns whether there was any.
    fn take_over(&mut self, other: &mut Self) -> bool {
        let before = other.files.len();
        other.files.retain(|path, it| {
            let Some(file) = self.files.get_mut(path) else { return true };
            let FileChange { before, after, .. } = it;
            if (after.uid, after.gid) != (before.uid, before.gid) {
                self.conflict = set_owner(file, after.uid, after.gid).or(self.conflict.take());
            }
            file.after.mode &= after.mode;
            file.after.has_access_list &= after.has_access_list;
            false
        });
        other.files.len() < before
    }
}

/// Returns what is wrong if somebody else wants another owner.
fn set_owner(file: &mut FileChange, uid: u32, gid: u32) -> Option<String> {
    let is_free = |before, after, want| after == before || after == want;
    let FileChange { path, before, after } = file;
    let is_agreed = is_free(before.uid, after.uid, uid) && is_free(before.gid, after.gid, gid);
    (after.uid, after.gid) = (uid, gid);
    (!is_agreed).then(|| format!("two rules want different owners of {path}"))
}

/// Returns whether files of the host are to be changed about it.
pub(super) fn concerns(finding: &Finding) -> bool {
    finding.verdict.edits().iter().any(|it| matches!(it, Edit::HostFile(_)))
}

/// Returns the changes, and for each the findings it answers. A file that two objects have
/// something to say about is set once, with the first of them.
pub(super) fn changes<'a>(
    context: &Context<'_>,
    about: Vec<(&Address, Vec<&'a Finding>)>,
) -> Vec<(Change, Vec<&'a Finding>)> {
    let mut all: Vec<(&Address, Vec<&Finding>, Wanted)> = Vec::new();
    for (address, findings) in about {
        let mut wanted = wanted(&context.snapshot.files, &findings);
        let mut with = None;
        for (at, (_, _, earlier)) in all.iter_mut().enumerate() {
            if earlier.take_over(&mut wanted) {
                with = Some(at);
            }
        }
        match with {
            Some(at) if wanted.is_empty() => all[at].1.extend(findings),
            _ => all.push((address, findings, wanted)),
        }
    }
    all.into_iter()
        .map(|(address, findings, wanted)| (change(context, address, &findings, wanted), findings))
        .collect()
}

fn change(
    context: &Context<'_>,
    address: &Address,
    findings: &[&Finding],
    wanted: Wanted,
) -> Change {
    let files: Vec<FileChange> = wanted.files.into_values().collect();
    let id = change_id(address, &(&files, &wanted.lines));
    let policy = digest_of_policy(context.policy, &context.chooser, context.snapshot, address);
    let print = fingerprint(context.snapshot, address).unwrap_or_default();
    let (cause, drift) = cause(findings, context.last.objects.get(address), &print, &policy);
    let held = wanted
        .conflict
        .map(Held::Conflict)
        .or_else(|| out_of_reach(context, &files))
        .or_else(|| context.undone(&id, address))
        .or_else(|| context.above_ceiling(Class::Live));
    Change {
        settings: settings(&files, &wanted.lines),
        rules: context.cited(findings),
        how: how(&files, &wanted.lines),
        impact: impact(address, &files),
        undo: "`plimsoll rollback` gives back owner, mode and lines of before".into(),
        way_back: WayBack::SetBack,
        action: Action::SetFiles { files, lines: wanted.lines },
        id,
        address: address.clone(),
        class: Class::Live,
        cause,
        held,
        group: None,
        drift,
        standing: None,
        interrupts: false,
        lost: None,
        after: Vec::new(),
        commit: false,
        probes: Vec::new(),
    }
}

fn wanted(seen: &HostFiles, findings: &[&Finding]) -> Wanted {
    let mut wanted = Wanted::default();
    for edit in findings.iter().flat_map(|it| it.verdict.edits()) {
        let Edit::HostFile(edit) = edit else { continue };
        match edit {
            FileEdit::Line { file, line } => {
                let lines = wanted.lines.entry(*file).or_default();
                if !lines.contains(line) {
                    lines.push(line.clone());
                }
            }
            FileEdit::Owner { path, uid, gid } => {
                if let Some(file) = file(&mut wanted.files, seen, path) {
                    wanted.conflict = set_owner(file, *uid, *gid).or(wanted.conflict);
                }
            }
            FileEdit::Mode { path, mode } => {
                if let Some(file) = file(&mut wanted.files, seen, path) {
                    file.after.mode &= mode;
                }
            }
            FileEdit::NoAccessList { path } => {
                if let Some(file) = file(&mut wanted.files, seen, path) {
                    file.after.has_access_list = false;
                }
            }
        }
    }
    wanted
}

fn file<'w>(
    files: &'w mut BTreeMap<String, FileChange>,
    seen: &HostFiles,
    path: &str,
) -> Option<&'w mut FileChange> {
    if !files.contains_key(path) {
        let before = seen.attributes(path)?;
        files.insert(path.into(), FileChange { path: path.into(), before, after: before });
    }
    files.get_mut(path)
}

fn out_of_reach(context: &Context<'_>, files: &[FileChange]) -> Option<Held> {
    (!files.is_empty() && !context.snapshot.files.within_reach).then(|| {
        Held::ByHand(
            "the daemon has another root directory than this run, and its files are not changed \
             from here; run plimsoll on its host"
                .into(),
        )
    })
}

fn settings(files: &[FileChange], lines: &BTreeMap<OwnFile, Vec<String>>) -> Vec<SettingChange> {
    let setting = |name: String, before, after| {
        let shown = |text: Option<String>| text.map_or(Shown::Absent, |it| Shown::Value(it.into()));
        SettingChange { name, before: shown(before), after: shown(after), forces: None }
    };
    let mut settings = Vec::new();
    for FileChange { path, before, after } in files {
        let owner = |it: &FileAttributes| Some(format!("{}:{}", it.uid, it.gid));
        let mode = |it: &FileAttributes| Some(format!("{:04o}", it.mode));
        if owner(before) != owner(after) {
            settings.push(setting(format!("owner {path}"), owner(before), owner(after)));
        }
        if mode(before) != mode(after) {
            settings.push(setting(format!("mode {path}"), mode(before), mode(after)));
        }
        if before.has_access_list && !after.has_access_list {
            settings.push(setting(format!("access list {path}"), Some("set".into()), None));
        }
    }
    for (file, lines) in lines {
        for line in lines {
            settings.push(setting(file.word().into(), None, Some(line.clone())));
        }
    }
    settings
}

fn how(files: &[FileChange], lines: &BTreeMap<OwnFile, Vec<String>>) -> String {
    let mut steps = Vec::new();
    if !files.is_empty() {
        steps.push("set in place; put back if one of them cannot be".to_owned());
    }
    for file in lines.keys() {
        let then = match file {
            OwnFile::AuditRules => "given to the kernel by `auditctl`",
            OwnFile::SocketUnit => "read by `systemctl daemon-reload`",
        };
        steps.push(format!("lines added to {}, and {then}", file.path()));
    }
    steps.join("; ")
}

fn impact(address: &Address, files: &[FileChange]) -> Vec<String> {
    if files.is_empty() {
        return Vec::new();
    }
    let sockets = [Subject::DockerSock, Subject::ContainerdSock].map(Subject::name);
    vec![if sockets.contains(&address.name()) {
        "who connects by the old owner or mode no longer can; open connections stay".into()
    } else {
        "who uses it by the old owner or mode no longer can".into()
    }]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(files: &[(&str, u32, u32)]) -> Wanted {
        let attributes = |uid, mode| FileAttributes { uid, gid: 0, mode, has_access_list: true };
        let change = |(path, uid, mode): &(&str, u32, u32)| {
            let (before, after) = (attributes(7, 0o777), attributes(*uid, *mode));
            ((*path).to_owned(), FileChange { path: (*path).into(), before, after })
        };
        Wanted { files: files.iter().map(change).collect(), ..Wanted::default() }
    }

    #[test]
    fn file_that_two_objects_ask_about_is_set_once_and_to_what_both_allow() {
        let mut first = wanted(&[("/etc/docker", 7, 0o775), ("/etc/docker/daemon.json", 0, 0o644)]);
        let mut second = wanted(&[("/etc/docker", 0, 0o755), ("/else", 0, 0o600)]);
        assert!(first.take_over(&mut second));
        let both = first.files["/etc/docker"].after;
        assert_eq!((both.uid, both.mode, both.has_access_list), (0, 0o755, true));
        assert_eq!(second.files.keys().collect::<Vec<_>>(), ["/else"]);
        assert!(!first.take_over(&mut second));
        assert_eq!(first.conflict, None);
    }

    #[test]
    fn two_owners_of_one_file_are_a_conflict() {
        let mut first = wanted(&[("/x", 0, 0o600)]);
        let mut second = wanted(&[("/x", 5, 0o600)]);
        assert!(first.take_over(&mut second));
        assert!(second.is_empty());
        assert_eq!(first.conflict.as_deref(), Some("two rules want different owners of /x"));
    }
}
