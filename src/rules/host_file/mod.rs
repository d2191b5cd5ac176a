//! Owners and permissions of the files that the engine goes by. The rules differ in nothing but
//! which file, and how far its permissions may go.

mod params;
mod table;
mod wrong;

pub use table::*;

use self::params::{Owner, Permissions};
pub(super) use self::wrong::{Owned, Wrong};
use super::{Meta, ParamError, Rule};
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
        let named = params.group.as_deref().unwrap_or("docker");
        let is_socket = self.subject == Subject::DockerSock;
        let of_clients = if is_socket { host.groups.get(named).copied() } else { None };
        let owner = Owned { uid, gid: of_clients.unwrap_or(gid), or_gid: gid };
        let mut wrong = judge(host, self.subject, |path, facts, wrong| {
            wrong.owner(path, facts, owner);
            wrong.open_parents(path, facts, host);
        });
        if let (true, Some(unit), Ok(wrong)) = (is_socket, &host.socket_unit, &mut wrong) {
            let group = if of_clients.is_some() { named } else { "root" };
            wrong.unit_owner(unit, owner, group, &host.groups);
        }
        let want = "the daemon's user, in directories that nobody else can write to";
        wrong.map_or_else(|verdict| verdict, |it| it.verdict(self.subject, "owner", want))
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
        let mut wrong = judge(host, self.subject, |path, facts, wrong| {
            let is_key = self.subject == Subject::RegistryCerts && path.ends_with(".key");
            let at_most = if is_key { declared & 0o400 } else { declared };
            wrong.access_list(path, facts);
            wrong.mode(path, facts, at_most);
        });
        if let (Subject::DockerSock, Some(unit), Ok(wrong)) =
            (self.subject, &host.socket_unit, &mut wrong)
        {
            wrong.unit_mode(unit, declared);
        }
        let want = "no more than the mode that is allowed";
        wrong.map_or_else(|verdict| verdict, |it| it.verdict(self.subject, "mode", want))
    }
}

/// Judges every file of a subject. Ends with a verdict where there is none to judge.
pub(super) fn judge(
    host: &HostFiles,
    subject: Subject,
    look: impl Fn(&str, &FileFacts, &mut Wrong),
) -> Result<Wrong, Verdict> {
    if let Some(why) = &host.unseen {
        return Err(Verdict::Unknown(why.clone()));
    }
    let Some(files) = host.files.get(&subject) else {
        return Err(Verdict::Unknown("nobody looked at this file".into()));
    };
    if files.is_empty() {
        return Err(Verdict::NotApplicable("there is no such file on this host"));
    }
    let mut wrong = Wrong::default();
    for SeenFile { path, facts } in files {
        match facts {
            Ok(facts) => look(path, facts, &mut wrong),
            Err(why) => wrong.unseen.push(format!("{path}: {why}")),
        }
    }
    Ok(wrong)
}
