//! Who could put something else in the place of what containers mount from the host.

use std::{
    collections::BTreeMap,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use super::rooted::Root;
use crate::model::{
    container::ContainerSpec,
    field::Field,
    mount::{Mount, MountKind},
};

/// Sources that were followed already, and what was found.
#[derive(Default)]
pub(super) struct Followed(BTreeMap<String, Field<Vec<String>>>);

impl Followed {
    /// Returns what others than root could exchange on the way to a container's bind sources.
    /// Blocks.
    pub(super) fn exchangeable(&mut self, root: &Root, spec: &ContainerSpec) -> Field<Vec<String>> {
        let mut all = Vec::new();
        let is_bind = |it: &&Mount| it.kind == MountKind::Bind;
        for mount in spec.mounts.iter().filter(is_bind) {
            let source = mount.source.clone();
            let found = self.0.entry(source).or_insert_with_key(|source| on_the_way(root, source));
            match found {
                Field::Set(found) => all.extend(found.iter().cloned()),
                other => return other.clone(),
            }
        }
        all.sort_unstable();
        all.dedup();
        Field::Set(all)
    }
}

fn on_the_way(root: &Root, source: &str) -> Field<Vec<String>> {
    const STICKY: u32 = 0o1000;
    let mut found = Vec::new();
    let mut passed: Vec<(PathBuf, u32)> = Vec::new();
    let followed = root.follow(Path::new(source), &mut |path, metadata| {
        if metadata.is_symlink() && metadata.uid() != 0 {
            found.push(format!("{}, a link of user {}", path.display(), metadata.uid()));
        }
        if metadata.is_dir() {
            passed.push((path.to_owned(), metadata.mode()));
        }
    });
    let Ok(end) = followed else {
        return Field::Unknown("where its mounts lead cannot be followed from here");
    };
    // Whoever may write to the source itself changes its contents, and not where it is.
    let open = passed
        .into_iter()
        .filter(|(path, mode)| *path != end && mode & 0o002 != 0 && mode & STICKY == 0);
    found.extend(open.map(|(path, _)| format!("{}, where everybody may write", path.display())));
    Field::Set(found)
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, Permissions},
        os::unix::fs::{PermissionsExt as _, lchown, symlink},
    };

    use super::*;
    use crate::observe::scratch::Scratch;

    #[test]
    fn open_directories_and_links_of_others_are_found_on_the_way() {
        let scratch = Scratch::new();
        scratch.directory("srv/open/data");
        scratch.directory("srv/sticky/data");
        let chmod = |path: &str, mode| {
            fs::set_permissions(scratch.path(path), Permissions::from_mode(mode)).unwrap();
        };
        chmod("srv/open", 0o777);
        chmod("srv/sticky", 0o1777);
        chmod("srv/sticky/data", 0o777);
        let root = Root::new(scratch.path(""));
        let found = |source: &str| on_the_way(&root, source);
        let open = "/srv/open, where everybody may write".to_owned();
        assert_eq!(found("/srv/open/data"), Field::Set(vec![open.clone()]));
        assert_eq!(found("/srv/open"), Field::Set(vec![]));
        assert_eq!(found("/srv/sticky/data"), Field::Set(vec![]));
        symlink("/srv/open/data", scratch.path("srv/link")).unwrap();
        // Only root can give it away; anybody else's is somebody else's already.
        let _ = lchown(scratch.path("srv/link"), Some(1000), None);
        let owner = fs::symlink_metadata(scratch.path("srv/link")).unwrap().uid();
        let link = format!("/srv/link, a link of user {owner}");
        assert_eq!(found("/srv/link"), Field::Set(vec![link, open]));
        symlink("/srv/loop", scratch.path("srv/loop")).unwrap();
        assert!(matches!(found("/srv/loop"), Field::Unknown(_)));
    }
}
