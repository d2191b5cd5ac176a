//! What would keep the daemon's file from being replaced, found before anybody tries.

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use rustix::fs::{AtFlags, CWD, StatVfsMountFlags, StatxAttributes, StatxFlags, statvfs, statx};

use super::rooted::{Root, is_absent};

/// Returns what is in the way, and the way out of it.
pub(super) fn obstacle(root: &Root, path: &Path) -> Option<String> {
    let resolved = root.resolve(path).ok()?;
    let outside = root.outside(&resolved);
    let shown = resolved.display();
    let it = if resolved == path { "it".to_owned() } else { shown.to_string() };
    match fs::symlink_metadata(&outside) {
        Ok(metadata) => {
            let attributes = attributes(&outside);
            if attributes.contains(StatxAttributes::MOUNT_ROOT) {
                return Some(format!(
                    "{it} is a mount of its own, so that nothing can take its place in one \
                     step; mount the directory it is in instead, or change it where it comes from"
                ));
            }
            if attributes.intersects(StatxAttributes::IMMUTABLE | StatxAttributes::APPEND) {
                return Some(format!("{it} is immutable; `chattr -i -a {shown}` lifts that"));
            }
            if metadata.nlink() > 1 {
                return Some(format!(
                    "{it} has {} names (hard links), and the others would be left with the old \
                     text; make it a file of its own, or the other names symbolic links",
                    metadata.nlink()
                ));
            }
        }
        Err(error) if is_absent(&error) => {
            if is_link(root, path) {
                return Some(format!(
                    "it is a link to {shown}, which is not there; make that file, or take the \
                     link away"
                ));
            }
        }
        Err(_) => return None,
    }
    let directory = existing_above(root, &resolved)?;
    let outside = root.outside(&directory);
    let shown = directory.display();
    if statvfs(&outside).ok()?.f_flag.contains(StatVfsMountFlags::RDONLY) {
        return Some(format!(
            "the file system of {shown} is mounted read-only; mount it writable, \
             `mount -o remount,rw` does it, or change the file where it comes from"
        ));
    }
    attributes(&outside)
        .contains(StatxAttributes::IMMUTABLE)
        .then(|| format!("{shown} is immutable; `chattr -i {shown}` lifts that"))
}

/// Kernels before 5.8 tell nothing about mounts, and then the replacing itself fails.
fn attributes(path: &Path) -> StatxAttributes {
    let flags = AtFlags::SYMLINK_NOFOLLOW;
    statx(CWD, path, flags, StatxFlags::BASIC_STATS)
        .map_or(StatxAttributes::empty(), |it| it.stx_attributes & it.stx_attributes_mask)
}

fn is_link(root: &Root, path: &Path) -> bool {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else { return false };
    root.find(directory)
        .and_then(|directory| fs::symlink_metadata(directory.join(name)))
        .is_ok_and(|metadata| metadata.is_symlink())
}

fn existing_above(root: &Root, resolved: &Path) -> Option<PathBuf> {
    let directory = resolved.ancestors().skip(1).find(|above| root.outside(above).exists());
    directory.map(Path::to_owned)
}

/// Refuses to read what may never end, or is no file at all.
pub(super) fn only_regular(metadata: &fs::Metadata) -> io::Result<()> {
    if metadata.is_file() {
        Ok(())
    } else if metadata.is_dir() {
        Err(io::Error::other("it is a directory; the daemon needs a file, or nothing, there"))
    } else {
        Err(io::Error::other("it is no regular file; the daemon needs one, or nothing, there"))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::observe::scratch::Scratch;

    fn check(scratch: &Scratch, says: Option<&str>) {
        let root = Root::new(scratch.path(""));
        let found = obstacle(&root, Path::new("/etc/docker/daemon.json"));
        match (says, found) {
            (None, None) => {}
            (Some(says), Some(found)) => assert!(found.contains(says), "{found}"),
            (says, found) => panic!("{says:?}, not {found:?}"),
        }
    }

    #[test]
    fn file_and_missing_file_and_missing_directory_are_no_obstacle() {
        let scratch = Scratch::new();
        check(&scratch, None);
        scratch.directory("etc/docker");
        check(&scratch, None);
        scratch.file("srv/real.json", "{}");
        symlink("/srv/real.json", scratch.path("etc/docker/daemon.json")).unwrap();
        check(&scratch, None);
    }

    #[test]
    fn link_to_nowhere_and_second_name_are_seen() {
        let scratch = Scratch::new();
        scratch.directory("etc/docker");
        symlink("/srv/real.json", scratch.path("etc/docker/daemon.json")).unwrap();
        check(&scratch, Some("it is a link to /srv/real.json, which is not there"));
        scratch.file("srv/real.json", "{}");
        check(&scratch, None);
        fs::hard_link(scratch.path("srv/real.json"), scratch.path("srv/other.json")).unwrap();
        check(&scratch, Some("/srv/real.json has 2 names"));
    }
}
