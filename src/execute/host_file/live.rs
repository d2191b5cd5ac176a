//! The files of this machine, for real.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Write as _},
    os::{
        fd::AsRawFd as _,
        unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    },
    path::Path,
};

use rustix::{
    fs::{AtFlags, Gid, Mode, OFlags, Uid, XattrFlags, chmod, chownat, getxattr, open},
    io::Errno,
};
use tokio::process::Command;

use super::effects::{FileEffects, Step};
use crate::{
    execute::daemon::command::{QUICK, run},
    model::edit::OwnFile,
    plan::rollback::FileState,
};

const ACCESS_LIST: &str = "system.posix_acl_access";
/// Where distributions put it.
const AUDITCTL: [&str; 2] = ["/usr/sbin/auditctl", "/sbin/auditctl"];
const NEW_MODE: u32 = 0o644;
const NEW_DIRECTORY_MODE: u32 = 0o755;

/// This machine, as this process sees it.
#[derive(Clone, Copy, Debug, Default)]
pub struct LiveFiles;

/// A file that cannot become another one between a look and a step.
struct Held(File);

impl Held {
    /// Opens what the path leads to, without reading it: a socket as well.
    fn open(path: &str) -> io::Result<Self> {
        let file = open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self(file.into()))
    }

    /// The kernel's own name of it; system calls that take no open file of this kind take this.
    fn name(&self) -> String {
        format!("/proc/self/fd/{}", self.0.as_raw_fd())
    }

    fn state(&self) -> io::Result<FileState> {
        let metadata = self.0.metadata()?;
        let access_list = self.access_list()?;
        let (uid, gid) = (metadata.uid(), metadata.gid());
        Ok(FileState { uid, gid, mode: metadata.mode() & 0o7777, access_list })
    }

    fn access_list(&self) -> io::Result<Option<Vec<u8>>> {
        let mut list = vec![0_u8; 4096];
        match getxattr(self.name(), ACCESS_LIST, &mut list[..]) {
            Ok(0) | Err(Errno::NODATA | Errno::NOTSUP) => Ok(None),
            Ok(length) => {
                list.truncate(length);
                Ok(Some(list))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn set(&self, from: &FileState, to: &FileState) -> io::Result<()> {
        if from.access_list.is_some() && to.access_list.is_none() {
            rustix::fs::removexattr(self.name(), ACCESS_LIST)?;
        }
        if (from.uid, from.gid) != (to.uid, to.gid) {
            let (uid, gid) = (Uid::from_raw(to.uid), Gid::from_raw(to.gid));
            chownat(&self.0, "", Some(uid), Some(gid), AtFlags::EMPTY_PATH)?;
        }
        // A change of owner may take bits away, and of a list with it too.
        chmod(self.name(), Mode::from_raw_mode(to.mode))?;
        if let Some(list) = &to.access_list {
            rustix::fs::setxattr(self.name(), ACCESS_LIST, list, XattrFlags::empty())?;
        }
        Ok(())
    }
}

impl FileEffects for LiveFiles {
    fn look(&self, path: &str) -> Step<FileState> {
        let look = || Held::open(path)?.state();
        look().map_err(|error| format!("cannot look at {path}: {error}"))
    }

    fn set(&self, path: &str, from: &FileState, to: &FileState) -> Step<()> {
        let words = |error: io::Error| match error.kind() {
            ErrorKind::PermissionDenied => format!(
                "may not change {path}; run plimsoll as root, and if `lsattr {path}` shows an i, \
                 `chattr -i {path}` lifts that"
            ),
            ErrorKind::ReadOnlyFilesystem => format!("{path} is on a read-only file system"),
            _ => format!("cannot change {path}: {error}"),
        };
        let held = Held::open(path).map_err(words)?;
        if held.state().map_err(words)? != *from {
            return Err(format!("{path} was changed just now"));
        }
        held.set(from, to).map_err(words)?;
        match held.state().map_err(words)? {
            now if now == *to => Ok(()),
            _ => Err(format!("{path} is not as it was set")),
        }
    }

    fn read(&self, file: OwnFile) -> Step<Option<String>> {
        match fs::read_to_string(file.path()) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("cannot read {}: {error}", file.path())),
        }
    }

    fn write(&self, file: OwnFile, text: Option<&str>) -> Step<()> {
        let path = Path::new(file.path());
        let written = match text {
            Some(text) => replace(path, text),
            None => fs::remove_file(path),
        };
        written.map_err(|error| format!("cannot write {}: {error}", file.path()))
    }

    async fn reload_units(&self) -> Step<()> {
        run(Command::new("systemctl").arg("daemon-reload"), QUICK).await.map(drop)
    }

    async fn add_audit_rule(&self, rule: &str) -> Step<()> {
        audit(rule, "Rule exists").await
    }

    async fn remove_audit_rule(&self, rule: &str) -> Step<()> {
        // `-W` takes away what `-w` has added.
        audit(&rule.replacen("-w", "-W", 1), "No rule").await
    }
}

/// Gives `auditctl` a line as it stands in a file of rules; an answer with `fine` in it is no
/// failure.
async fn audit(rule: &str, fine: &str) -> Step<()> {
    let program = AUDITCTL.into_iter().find(|it| Path::new(it).exists());
    let program = program.ok_or("there is no `auditctl` any more")?;
    match run(Command::new(program).args(rule.split_whitespace()), QUICK).await {
        Err(why) if !why.contains(fine) => Err(why),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(NEW_DIRECTORY_MODE).create(directory)?;
    }
    // Neither systemd nor the audit system reads a file with this ending.
    let candidate = path.with_extension("new");
    let mut options = OpenOptions::new();
    let mut file =
        options.write(true).create(true).truncate(true).mode(NEW_MODE).open(&candidate)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&candidate, path)
}
