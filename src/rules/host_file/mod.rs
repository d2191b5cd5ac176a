//! Owners and permissions of the files that the engine goes by. The rules differ in nothing but
//! which file, and how far its permissions may go.

mod params;
mod table;

pub use table::*;

use self::params::{Owner, Permissions};
use super::{Meta, ParamError, Rule, fails_by_hand};
use crate::model::{
    finding::Verdict,
    host_files::{FileFacts, HostFiles, SeenFile, Subject},
    object::Address,
};

/// That a file belongs to the daemon's user.
pub struct FileOwner {
    subject: Subject,
    meta: &'static Meta,
}

/// That a file is open to no more people than these bits say.
pub struct FileMode {
    subject: Subject,
    at_most: u32,
    meta: &'static Meta,
}

impl Rule for FileOwner {
    type View = HostFiles;
    type Params = Owner;

    fn meta(&self) -> &'static Meta {
        self.meta
    }

    fn address(&self) -> Option<Address> {
        Some(Address::host_file(self.subject.name()))
    }

    fn judge(&self, host: &HostFiles, params: &Owner) -> Verdict {
        let (uid, gid) = host.owner;
        let mut groups = vec![gid];
        if self.subject == Subject::DockerSock {
            let group = params.group.as_deref().unwrap_or("docker");
            groups.extend(host.groups.get(group));
        }
        judge(host, self.subject, "owner", |path, facts| {
            let mut wrong = Vec::new();
            let mut todo = Vec::new();
            if facts.uid != uid || !groups.contains(&facts.gid) {
                wrong.push(format!("{path} belongs to {}:{}", facts.uid, facts.gid));
                let group = groups.last().copied().unwrap_or(gid);
                todo.push(format!("chown {uid}:{group} {path}"));
            }
            for parent in &facts.open_parents {
                wrong.push(format!("others can write to {parent}, above {path}"));
                todo.push(format!("chown {uid}:{gid} {parent} && chmod go-w {parent}"));
            }
            (wrong, todo)
        })
    }
}

impl Rule for FileMode {
    type View = HostFiles;
    type Params = Permissions;

    fn meta(&self) -> &'static Meta {
        self.meta
    }

    fn address(&self) -> Option<Address> {
        Some(Address::host_file(self.subject.name()))
    }

    fn check(&self, params: &Permissions) -> Result<(), ParamError> {
        params.at_most(self.at_most).map(|_| ())
    }

    fn judge(&self, host: &HostFiles, params: &Permissions) -> Verdict {
        let declared = params.at_most(self.at_most).unwrap_or(self.at_most);
        judge(host, self.subject, "mode", |path, facts| {
            let is_key = self.subject == Subject::RegistryCerts && path.ends_with(".key");
            let at_most = if is_key { declared & 0o400 } else { declared };
            let mut wrong = Vec::new();
            let mut todo = Vec::new();
            if facts.mode & !at_most != 0 {
                wrong.push(format!("{path} has mode {:04o}", facts.mode));
                todo.push(format!("chmod {:04o} {path}", facts.mode & at_most));
            }
            if facts.has_access_list {
                wrong.push(format!("{path} has an access list beside its mode"));
                todo.push(format!("setfacl -b {path}"));
            }
            (wrong, todo)
        })
    }
}

/// Judges every file of a subject; says of all what is wrong, and what to type.
pub(super) fn judge(
    host: &HostFiles,
    subject: Subject,
    field: &'static str,
    look: impl Fn(&str, &FileFacts) -> (Vec<String>, Vec<String>),
) -> Verdict {
    if let Some(why) = &host.unseen {
        return Verdict::Unknown(why.clone());
    }
    let Some(files) = host.files.get(&subject) else {
        return Verdict::Unknown("nobody looked at this file".into());
    };
    if files.is_empty() {
        return Verdict::NotApplicable("there is no such file on this host");
    }
    let mut wrong = Vec::new();
    let mut todo = Vec::new();
    let mut unseen = Vec::new();
    for SeenFile { path, facts } in files {
        match facts {
            Ok(facts) => {
                let (more, commands) = look(path, facts);
                wrong.extend(more);
                todo.extend(commands);
            }
            Err(why) => unseen.push(format!("{path}: {why}")),
        }
    }
    todo.dedup();
    if wrong.is_empty() && unseen.is_empty() {
        return Verdict::Pass;
    }
    if wrong.is_empty() {
        return Verdict::Unknown(unseen.join("; "));
    }
    let mut advice = todo.join("; ");
    if subject == Subject::DockerSock {
        advice.push_str(
            "; the next start makes the socket anew: keep it so by `SocketMode=`, `SocketUser=` \
             and `SocketGroup=` of docker.socket, or by the key `group`",
        );
    }
    let want = match field {
        "owner" => "the daemon's user, in directories that nobody else can write to",
        _ => "no more than the mode that is allowed",
    };
    fails_by_hand(field, wrong.join("; "), want, advice)
}
