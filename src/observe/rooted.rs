//! Paths as another process sees them: its root may not be ours, and its links are its own.

use std::{
    ffi::OsString,
    fs::Metadata,
    io,
    os::unix::fs::MetadataExt as _,
    path::{Component, Path, PathBuf},
};

/// As many links in one path as the kernel follows.
const LINK_LIMIT: usize = 40;

/// The root directory of some process: `/`, or `/proc/PID/root`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Root(PathBuf);

impl Root {
    pub(super) fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Follows every link within this root. What does not exist stays as it is, behind the
    /// longest part that does.
    pub(super) fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        self.follow(path, &mut |_, _| {})
    }

    /// The same, and shows what lies on the way, links as themselves.
    pub(super) fn follow(
        &self,
        path: &Path,
        pass: &mut dyn FnMut(&Path, &Metadata),
    ) -> io::Result<PathBuf> {
        let mut resolved = PathBuf::from("/");
        let mut ahead: Vec<OsString> = parts(path);
        let mut links = 0;
        while let Some(part) = ahead.pop() {
            if part == ".." {
                resolved.pop();
                continue;
            }
            let next = resolved.join(&part);
            match std::fs::symlink_metadata(self.outside(&next)) {
                Ok(metadata) if metadata.is_symlink() => {
                    pass(&next, &metadata);
                    links += 1;
                    if links > LINK_LIMIT {
                        return Err(io::Error::other("its links lead in a circle"));
                    }
                    let target = std::fs::read_link(self.outside(&next))?;
                    if target.is_absolute() {
                        resolved = PathBuf::from("/");
                    }
                    ahead.extend(parts(&target));
                }
                Ok(metadata) => {
                    pass(&next, &metadata);
                    resolved = next;
                }
                Err(error) if is_absent(&error) => resolved = next,
                Err(error) => return Err(error),
            }
        }
        Ok(resolved)
    }

    /// Returns where a resolved path is for this process.
    pub(super) fn outside(&self, resolved: &Path) -> PathBuf {
        self.0.join(resolved.strip_prefix("/").unwrap_or(resolved))
    }

    /// Returns whether it is the root directory of this process too.
    pub(super) fn is_ours(&self) -> bool {
        let place = |path: &Path| std::fs::metadata(path).ok().map(|it| (it.dev(), it.ino()));
        let ours = place(Path::new("/"));
        ours.is_some() && ours == place(&self.0)
    }

    /// Returns where a path is for this process, links followed.
    pub(super) fn find(&self, path: &Path) -> io::Result<PathBuf> {
        self.resolve(path).map(|resolved| self.outside(&resolved))
    }
}

/// Returns whether nothing is there, as opposed to not being allowed to look.
pub(super) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// The parts of a path, last one first.
fn parts(path: &Path) -> Vec<OsString> {
    let mut parts: Vec<OsString> = path
        .components()
        .filter_map(|component| match component {
            Component::Normal(part) => Some(part.to_owned()),
            Component::ParentDir => Some("..".into()),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
        })
        .collect();
    parts.reverse();
    parts
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::observe::scratch::Scratch;

    #[test]
    fn links_are_followed_within_the_root_and_never_out_of_it() {
        let scratch = Scratch::new();
        scratch.directory("run/docker");
        symlink("/run", scratch.path("var-run")).unwrap();
        symlink("../run/docker", scratch.path("run/relative")).unwrap();
        symlink("/../../../run", scratch.path("out")).unwrap();
        let root = Root::new(scratch.path(""));
        let resolve = |path: &str| root.resolve(Path::new(path)).unwrap();
        assert_eq!(resolve("/var-run/docker.sock"), Path::new("/run/docker.sock"));
        assert_eq!(resolve("/run/relative/./x/../y"), Path::new("/run/docker/y"));
        assert_eq!(resolve("/out/docker"), Path::new("/run/docker"));
        assert_eq!(resolve("/not/there"), Path::new("/not/there"));
    }

    #[test]
    fn circle_of_links_is_an_error() {
        let scratch = Scratch::new();
        symlink("/b", scratch.path("a")).unwrap();
        symlink("/a", scratch.path("b")).unwrap();
        assert!(Root::new(scratch.path("")).resolve(Path::new("/a")).is_err());
    }
}
