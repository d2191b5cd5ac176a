//! What is wrong with files, and what puts it right.

use std::collections::BTreeMap;

use crate::{
    model::{
        edit::{Edit, FileEdit, OwnFile},
        finding::{Fix, Verdict},
        host_files::{FileFacts, HostFiles, SocketUnit, Subject},
    },
    rules::fails_by_hand,
};

/// Whom a file is to belong to, in numbers; either group will do, and the first is given.
#[derive(Clone, Copy)]
pub(in crate::rules) struct Owned {
    pub(in crate::rules) uid: u32,
    pub(in crate::rules) gid: u32,
    pub(in crate::rules) or_gid: u32,
}

#[derive(Default)]
pub(in crate::rules) struct Wrong {
    says: Vec<String>,
    edits: Vec<FileEdit>,
    /// Commands, and what else only a person can do.
    by_hand: Vec<String>,
    pub(super) unseen: Vec<String>,
}

impl Wrong {
    pub(in crate::rules) fn owner(&mut self, path: &str, facts: &FileFacts, owner: Owned) {
        let fits = [owner.gid, owner.or_gid].contains(&facts.attributes.gid);
        if facts.attributes.uid != owner.uid || !fits {
            self.says.push(format!(
                "{path} belongs to {}:{}",
                facts.attributes.uid, facts.attributes.gid
            ));
            let gid = if fits { facts.attributes.gid } else { owner.gid };
            self.edits.push(FileEdit::Owner { path: path.into(), uid: owner.uid, gid });
        }
    }

    pub(in crate::rules) fn mode(&mut self, path: &str, facts: &FileFacts, at_most: u32) {
        if facts.attributes.mode & !at_most != 0 {
            self.says.push(format!("{path} has mode {:04o}", facts.attributes.mode));
            let mode = facts.attributes.mode & at_most;
            self.edits.push(FileEdit::Mode { path: path.into(), mode });
        }
    }

    pub(in crate::rules) fn access_list(&mut self, path: &str, facts: &FileFacts) {
        if facts.attributes.has_access_list {
            self.says.push(format!("{path} has an access list beside its mode"));
            self.edits.push(FileEdit::NoAccessList { path: path.into() });
        }
    }

    /// A directory of the engine's own is closed; any other is somebody's, who may have a reason.
    pub(in crate::rules) fn open_parents(
        &mut self,
        path: &str,
        facts: &FileFacts,
        host: &HostFiles,
    ) {
        let (uid, gid) = host.owner;
        for parent in &facts.open_parents {
            self.says.push(format!("others can write to {parent}, above {path}"));
            match host.attributes(parent) {
                Some(it) if [0, uid].contains(&it.uid) => {
                    let mode = it.mode & !0o002;
                    self.edits.push(FileEdit::Mode { path: parent.clone(), mode });
                }
                _ => {
                    self.by_hand.push(format!("chown {uid}:{gid} {parent} && chmod go-w {parent}"))
                }
            }
        }
    }

    pub(in crate::rules) fn by_hand(&mut self, what: String, todo: String) {
        self.says.push(what);
        self.by_hand.push(todo);
    }

    pub(super) fn unit_mode(&mut self, unit: &SocketUnit, at_most: u32) {
        if unit.mode & !at_most != 0 {
            self.says.push(format!("docker.socket makes it with mode {:04o}", unit.mode));
            self.line(format!("SocketMode={:04o}", unit.mode & at_most));
        }
    }

    pub(super) fn unit_owner(
        &mut self,
        unit: &SocketUnit,
        owner: Owned,
        group: &str,
        groups: &BTreeMap<String, u32>,
    ) {
        if !["root", "0"].contains(&unit.user.as_str()) {
            self.says.push(format!("docker.socket makes it for user {}", unit.user));
            self.line("SocketUser=root".into());
        }
        let gid = match unit.group.as_str() {
            "root" => Some(0),
            name => groups.get(name).copied().or_else(|| name.parse().ok()),
        };
        if !gid.is_some_and(|it| [owner.gid, owner.or_gid].contains(&it)) {
            self.says.push(format!("docker.socket makes it for group {}", unit.group));
            self.line(format!("SocketGroup={group}"));
        }
    }

    fn line(&mut self, line: String) {
        self.edits.push(FileEdit::Line { file: OwnFile::SocketUnit, line });
    }

    /// Half a repair would look like a whole one, so where a person is needed for any of it, all
    /// is left to them.
    pub(in crate::rules) fn verdict(
        mut self,
        subject: Subject,
        field: &'static str,
        want: &'static str,
    ) -> Verdict {
        if self.says.is_empty() {
            return match self.unseen.is_empty() {
                true => Verdict::Pass,
                false => Verdict::Unknown(self.unseen.join("; ")),
            };
        }
        let seen = self.says.join("; ");
        // Programs are the package manager's.
        if self.by_hand.is_empty() && subject != Subject::EngineBinaries {
            let edits = self.edits.into_iter().map(Edit::HostFile).collect();
            return Verdict::Fail { field, seen, want: want.into(), fix: Fix::Edits(edits) };
        }
        let mut todo: Vec<String> = self.edits.iter().map(command).collect();
        todo.append(&mut self.by_hand);
        todo.dedup();
        fails_by_hand(field, seen, want, todo.join("; "))
    }
}

/// Returns what a person would type or write.
fn command(edit: &FileEdit) -> String {
    match edit {
        FileEdit::Owner { path, uid, gid } => format!("chown {uid}:{gid} {path}"),
        FileEdit::Mode { path, mode } => format!("chmod {mode:04o} {path}"),
        FileEdit::NoAccessList { path } => format!("setfacl -b {path}"),
        FileEdit::Line { file, line } => format!("add `{line}` to {}", file.path()),
    }
}
