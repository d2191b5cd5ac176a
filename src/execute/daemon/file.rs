//! The daemon's file on disk: replaced in one step, with its owner, mode and attributes, and a
//! copy of the old text beside it.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{XattrFlags, fsetxattr, getxattr, listxattr},
    io::Errno,
};

use super::effects::Step;
use crate::plan::daemon_file;

/// Backups of so many runs are kept.
const BACKUPS: usize = 5;
const BACKUP_MARK: &str = ".plimsoll-";
const CANDIDATE_END: &str = ".new";
const FOUND_END: &str = ".found";
/// Modes of a file and a directory that were not there before: what packages ship.
const NEW_MODE: u32 = 0o644;
const NEW_DIRECTORY_MODE: u32 = 0o755;

/// Where the daemon's file is, links resolved.
#[derive(Clone, Debug)]
pub(super) struct DaemonFile {
    path: PathBuf,
    candidate: PathBuf,
    backup: PathBuf,
}

impl DaemonFile {
    /// Follows links to the file that has to be replaced, or to where it would be.
    pub(super) fn locate(path: &Path, run: u64) -> Step<Self> {
        let path = match fs::canonicalize(path) {
            Ok(path) => path,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if fs::symlink_metadata(path).is_ok() {
                    return Err(format!(
                        "{} is a link to nowhere; make the file it points to, or take it away",
                        path.display()
                    ));
                }
                path.to_owned()
            }
            Err(error) => return Err(format!("cannot find {}: {error}", path.display())),
        };
        let beside = |end: String| {
            let mut name = path.as_os_str().to_owned();
            name.push(end);
            PathBuf::from(name)
        };
        Ok(Self {
            candidate: beside(format!("{BACKUP_MARK}{run}{CANDIDATE_END}")),
            backup: beside(format!("{BACKUP_MARK}{run}")),
            path,
        })
    }

    /// Names the parts as a note has them.
    pub(super) const fn from_parts(path: PathBuf, candidate: PathBuf, backup: PathBuf) -> Self {
        Self { path, candidate, backup }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn candidate(&self) -> &Path {
        &self.candidate
    }

    pub(super) fn read(&self) -> Step<Option<String>> {
        match fs::read(&self.path) {
            Ok(bytes) => daemon_file::decoded(bytes)
                .map(Some)
                .map_err(|why| format!("cannot read {}: {why}", self.path.display())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("cannot read {}: {error}", self.path.display())),
        }
    }

    /// Writes the new text beside the file.
    pub(super) fn write_candidate(&self, text: &str) -> Step<()> {
        let directory = self.directory()?;
        create_directory(directory).map_err(|error| failed("create", directory, &error))?;
        self.remove_old_candidates();
        copy_to(&self.candidate, text.as_bytes(), &self.path)
            .map_err(|error| failed("write", &self.candidate, &error))
    }

    /// For a run that ends before its file is in place.
    pub(super) fn discard_backup(&self) {
        // One that was never made is not there either.
        let _ = fs::remove_file(&self.backup);
    }

    pub(super) fn discard_candidate(&self) {
        // It may never have been written, and does no harm.
        let _ = fs::remove_file(&self.candidate);
    }

    /// Copies the file beside itself.
    pub(super) fn back_up(&self) -> Step<Option<String>> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("read", &self.path, &error)),
        };
        copy_to(&self.backup, &bytes, &self.path)
            .map_err(|error| failed("write", &self.backup, &error))?;
        Ok(Some(self.backup.display().to_string()))
    }

    pub(super) fn install_candidate(&self) -> Step<()> {
        self.replace_by(&self.candidate)
    }

    /// Keeps the file under a second name, which takes no room on a full disk. Nobody removes it.
    pub(super) fn keep_found(&self) -> Step<String> {
        let mut found = self.backup.as_os_str().to_owned();
        found.push(FOUND_END);
        fs::hard_link(&self.path, &found).map_err(|error| failed("keep", &self.path, &error))?;
        Ok(found.to_string_lossy().into_owned())
    }

    /// Brings the old text back. The backup stays where it is.
    pub(super) fn put_back(&self, backup: Option<&Path>) -> Step<()> {
        let Some(backup) = backup else {
            return match fs::remove_file(&self.path) {
                Ok(()) => self.sync_directory(),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
                Err(error) => Err(failed("remove", &self.path, &error)),
            };
        };
        let bytes = fs::read(backup).map_err(|error| failed("read", backup, &error))?;
        match copy_to(&self.candidate, &bytes, backup) {
            Ok(()) => self.replace_by(&self.candidate),
            // On a full disk there is still the copy itself.
            Err(error) if is_full(&error) => {
                self.discard_candidate();
                self.replace_by(backup)
            }
            Err(error) => Err(failed("write", &self.candidate, &error)),
        }
    }

    /// Removes all but the newest backups.
    pub(super) fn prune_backups(&self) {
        let mut runs = self.left_by_runs("");
        runs.sort_unstable_by(|one, other| other.cmp(one));
        for (_, path) in runs.into_iter().skip(BACKUPS) {
            // One backup too many is no reason to fail.
            let _ = fs::remove_file(path);
        }
    }

    /// Removes candidates of runs that were killed before they noted anything down.
    fn remove_old_candidates(&self) {
        for (_, path) in self.left_by_runs(CANDIDATE_END) {
            let _ = fs::remove_file(path);
        }
    }

    /// Lists files beside ours that are named for a run and end so.
    fn left_by_runs(&self, end: &str) -> Vec<(u64, PathBuf)> {
        let Some(name) = self.path.file_name().and_then(|name| name.to_str()) else {
            return Vec::new();
        };
        let start = format!("{name}{BACKUP_MARK}");
        let Ok(Ok(entries)) = self.directory().map(fs::read_dir) else { return Vec::new() };
        let named = entries.filter_map(Result::ok).filter_map(|entry| {
            let name = entry.file_name();
            let run = name.to_str()?.strip_prefix(&start)?.strip_suffix(end)?.parse().ok()?;
            Some((run, entry.path()))
        });
        named.collect()
    }

    fn replace_by(&self, new: &Path) -> Step<()> {
        fs::rename(new, &self.path).map_err(|error| {
            let path = self.path.display();
            match error.raw_os_error().map(Errno::from_raw_os_error) {
                Some(Errno::BUSY) => format!(
                    "cannot replace {path}: it is a mount of its own, so that only its content \
                     could be overwritten, which is not safe; mount its directory instead, or \
                     change it where it comes from"
                ),
                Some(Errno::PERM) => format!(
                    "cannot replace {path}: the file system refuses it; if `lsattr {path}` shows \
                     an i, `chattr -i {path}` lifts that"
                ),
                _ => failed("replace", &self.path, &error),
            }
        })?;
        self.sync_directory()
    }

    fn sync_directory(&self) -> Step<()> {
        let directory = self.directory()?;
        File::open(directory)
            .and_then(|it| it.sync_all())
            .map_err(|error| failed("write", directory, &error))
    }

    fn directory(&self) -> Step<&Path> {
        self.path.parent().ok_or_else(|| format!("{} is no file", self.path.display()))
    }
}

/// Writes bytes to a new file with the owner, mode and extended attributes (ACL, security label)
/// of a model, if that is there.
fn copy_to(path: &Path, bytes: &[u8], model: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let model_facts = match fs::metadata(model) {
        Ok(facts) => Some(facts),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    // What cannot be written whole is not left there in part.
    let written = write_new(path, bytes, model, model_facts.as_ref());
    if written.is_err() {
        let _ = fs::remove_file(path);
    }
    written
}

fn write_new(
    path: &Path,
    bytes: &[u8],
    model: &Path,
    model_facts: Option<&fs::Metadata>,
) -> io::Result<()> {
    // Nobody may read it before it has its owner and mode.
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    match model_facts {
        Some(facts) => {
            fchown(&file, Some(facts.uid()), Some(facts.gid()))?;
            copy_attributes(model, &file)?;
            file.set_permissions(facts.permissions())?;
        }
        None => {
            // A rootless daemon's file is its user's, who has the directory.
            let directory = fs::metadata(path.parent().unwrap_or(Path::new("/")))?;
            fchown(&file, Some(directory.uid()), Some(directory.gid()))?;
            file.set_permissions(fs::Permissions::from_mode(NEW_MODE))?;
        }
    }
    file.sync_all()
}

fn copy_attributes(from: &Path, to: &File) -> io::Result<()> {
    let mut names = vec![0; 64 << 10];
    let length = match listxattr(from, &mut names[..]) {
        Ok(length) => length,
        Err(Errno::NOTSUP) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    for name in names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let mut value = vec![0; 64 << 10];
        let length = getxattr(from, name, &mut value[..])?;
        match fsetxattr(to, name, &value[..length], XattrFlags::empty()) {
            // A file system or a security module may keep some to itself.
            Ok(()) | Err(Errno::NOTSUP | Errno::PERM) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The daemon's user, root or not, has to get into it whatever our own umask is.
fn create_directory(path: &Path) -> io::Result<()> {
    let missing: Vec<_> = path.ancestors().take_while(|above| !above.exists()).collect();
    for directory in missing.into_iter().rev() {
        fs::create_dir(directory)?;
        fs::set_permissions(directory, fs::Permissions::from_mode(NEW_DIRECTORY_MODE))?;
    }
    Ok(())
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}

fn failed(doing: &str, path: &Path, error: &io::Error) -> String {
    let path = path.display();
    match error.kind() {
        ErrorKind::ReadOnlyFilesystem => {
            format!("cannot {doing} {path}: its file system is read-only")
        }
        ErrorKind::PermissionDenied => format!("no permission to {doing} {path}; run as root"),
        _ if is_full(error) => {
            format!("cannot {doing} {path}: its file system is full; free some space first")
        }
        _ => format!("cannot {doing} {path}: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    struct Room(PathBuf);

    impl Room {
        fn new(name: &str) -> Self {
            let path =
                std::env::temp_dir().join(format!("plimsoll-file-{}-{name}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn names(&self) -> Vec<String> {
            let mut names: Vec<_> = fs::read_dir(&self.0)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        }
    }

    impl Drop for Room {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    #[test]
    fn a_replaced_file_keeps_its_mode_and_comes_back_the_same() {
        let room = Room::new("mode");
        let path = room.0.join("daemon.json");
        fs::write(&path, "old").unwrap();
        fs::write(room.0.join("daemon.json.plimsoll-6.new"), "of a killed run").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let file = DaemonFile::locate(&path, 7).unwrap();
        file.write_candidate("new").unwrap();
        let backup = file.back_up().unwrap().unwrap();
        file.install_candidate().unwrap();
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), mode(&path)), ("new", 0o640));
        assert_eq!(mode(Path::new(&backup)), 0o640);
        assert_eq!(room.names(), ["daemon.json", "daemon.json.plimsoll-7"]);

        fs::write(&path, "theirs").unwrap();
        let found = file.keep_found().unwrap();
        file.put_back(Some(Path::new(&backup))).unwrap();
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), mode(&path)), ("old", 0o640));
        assert_eq!(fs::read_to_string(found).unwrap(), "theirs");
    }

    #[test]
    fn a_file_that_was_not_there_is_gone_again() {
        let room = Room::new("absent");
        let path = room.0.join("docker/daemon.json");
        let file = DaemonFile::locate(&path, 7).unwrap();
        assert_eq!(file.read(), Ok(None));
        file.write_candidate("new").unwrap();
        assert_eq!(file.back_up(), Ok(None));
        file.install_candidate().unwrap();
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o644, 0o755));
        file.put_back(None).unwrap();
        assert_eq!(file.read(), Ok(None));
    }

    #[test]
    fn a_link_stays_and_its_target_is_replaced() {
        let room = Room::new("link");
        let (link, target) = (room.0.join("daemon.json"), room.0.join("real.json"));
        fs::write(&target, "old").unwrap();
        symlink("real.json", &link).unwrap();
        let file = DaemonFile::locate(&link, 7).unwrap();
        file.write_candidate("new").unwrap();
        file.install_candidate().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&target).unwrap(), "new");

        symlink("nowhere", room.0.join("broken.json")).unwrap();
        let error = DaemonFile::locate(&room.0.join("broken.json"), 7).unwrap_err();
        assert!(error.contains("is a link to nowhere"), "{error}");
    }

    #[test]
    fn an_attribute_of_a_user_stays_on_the_file() {
        let room = Room::new("xattr");
        let path = room.0.join("daemon.json");
        fs::write(&path, "old").unwrap();
        let named = File::open(&path).unwrap();
        match fsetxattr(&named, "user.origin", b"ansible", XattrFlags::empty()) {
            Ok(()) => {}
            // Not every file system has them.
            Err(Errno::NOTSUP) => return,
            Err(error) => panic!("{error}"),
        }
        let file = DaemonFile::locate(&path, 7).unwrap();
        file.write_candidate("new").unwrap();
        file.install_candidate().unwrap();
        let mut value = [0; 16];
        let length = getxattr(&path, "user.origin", &mut value[..]).unwrap();
        assert_eq!(&value[..length], b"ansible");
    }

    #[test]
    fn what_cannot_be_replaced_leaves_nothing_beside_it() {
        let room = Room::new("refused");
        let path = room.0.join("daemon.json");
        fs::create_dir(&path).unwrap();
        let file = DaemonFile::locate(&path, 7).unwrap();
        file.write_candidate("new").unwrap();
        assert!(file.install_candidate().unwrap_err().contains("cannot replace"));
        assert!(file.back_up().unwrap_err().contains("cannot read"));
        file.discard_candidate();
        file.discard_backup();
        assert_eq!(room.names(), ["daemon.json"]);
    }

    #[test]
    fn the_last_backups_are_kept() {
        let room = Room::new("backups");
        let path = room.0.join("daemon.json");
        fs::write(&path, "text").unwrap();
        for run in [2, 10, 9, 1, 11, 3, 12] {
            DaemonFile::locate(&path, run).unwrap().back_up().unwrap();
        }
        fs::write(room.0.join("daemon.json.plimsoll-mine"), "").unwrap();
        DaemonFile::locate(&path, 13).unwrap().prune_backups();
        let kept = [3, 9, 10, 11, 12].map(|run| format!("daemon.json.plimsoll-{run}"));
        for name in &kept {
            assert!(room.names().contains(name), "{name}");
        }
        assert_eq!(room.names().len(), kept.len() + 2);
    }
}
