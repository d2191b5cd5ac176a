//! Files in images that give whoever runs them another user or group. The layers are looked
//! through where they lie on this machine; no file is read, and each layer is gone through once,
//! however many images share it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    os::unix::fs::{FileTypeExt as _, MetadataExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::fs::getxattr;

use super::rooted::{Root, is_absent};
use crate::model::{field::Field, image::ImageFacts};

/// A layer with more files than this is not looked through.
const MOST_ENTRIES: usize = 1_000_000;

/// By these an upper layer says that a directory hides what lower ones have in it.
const OPAQUE: &[&str] = &["trusted.overlay.opaque", "user.overlay.opaque"];

const NO_LAYERS: &str = "only images on overlay2 can be looked through";
const UNREADABLE: &str = "the layers of its image cannot be looked through from here";
const TOO_MANY: &str = "its image has too many files to look through";

type Paths = Field<Arc<Vec<String>>>;

/// Returns by image ID the paths that containers of it see. Blocks.
pub(super) fn look(root: &Root, images: &[(String, Arc<ImageFacts>)]) -> BTreeMap<String, Paths> {
    let mut scanned = BTreeMap::new();
    let mut look = |image: &ImageFacts| {
        if image.layers.is_empty() {
            return Field::Unknown(NO_LAYERS);
        }
        let layers: Result<Vec<PathBuf>, _> =
            image.layers.iter().map(|it| root.find(Path::new(it))).collect();
        let Ok(layers) = layers else { return Field::Unknown(UNREADABLE) };
        for layer in &layers {
            if !scanned.contains_key(layer) {
                scanned.insert(layer.clone(), scan(layer, MOST_ENTRIES));
            }
        }
        visible(&layers, &scanned).map_or_else(Field::Unknown, |it| Field::Set(Arc::new(it)))
    };
    images.iter().map(|(id, image)| (id.clone(), look(image))).collect()
}

/// Returns the set-ID files of one layer, as paths within it.
fn scan(layer: &Path, most: usize) -> Result<Vec<PathBuf>, &'static str> {
    let mut found = Vec::new();
    let mut entries = 0;
    let mut folders = vec![layer.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).map_err(|_| UNREADABLE)? {
            entries += 1;
            if entries > most {
                return Err(TOO_MANY);
            }
            let entry = entry.map_err(|_| UNREADABLE)?;
            // Of a link itself, not of what it leads to.
            let metadata = entry.metadata().map_err(|_| UNREADABLE)?;
            if metadata.is_dir() {
                folders.push(entry.path());
            } else if metadata.is_file() && is_set_id(metadata.mode()) {
                let path = entry.path();
                found.push(path.strip_prefix(layer).map_err(|_| UNREADABLE)?.to_owned());
            }
        }
    }
    Ok(found)
}

/// The set-group-ID bit means something else for what its group may not run (`man 7 inode`).
const fn is_set_id(mode: u32) -> bool {
    mode & 0o4000 != 0 || mode & 0o2010 == 0o2010
}

/// Lays the layers over each other, topmost first.
fn visible(
    layers: &[PathBuf],
    scanned: &BTreeMap<PathBuf, Result<Vec<PathBuf>, &'static str>>,
) -> Result<Vec<String>, &'static str> {
    let mut seen = BTreeSet::new();
    for (depth, layer) in layers.iter().enumerate() {
        let found = scanned.get(layer).ok_or(UNREADABLE)?.as_ref().map_err(|why| *why)?;
        for path in found {
            let mut is_hidden = false;
            for above in &layers[..depth] {
                is_hidden |= hides(above, path).map_err(|_| UNREADABLE)?;
            }
            if !is_hidden {
                seen.insert(format!("/{}", path.display()));
            }
        }
    }
    Ok(seen.into_iter().collect())
}

/// Returns whether a layer has something else in the place of a file of a lower one, or says that
/// nothing is there.
fn hides(layer: &Path, path: &Path) -> io::Result<bool> {
    let mut here = layer.to_path_buf();
    let mut parts = path.components().peekable();
    while let Some(part) = parts.next() {
        here.push(part);
        let metadata = match fs::symlink_metadata(&here) {
            Ok(metadata) => metadata,
            Err(error) if is_absent(&error) => return Ok(false),
            Err(error) => return Err(error),
        };
        let is_whiteout = metadata.file_type().is_char_device() && metadata.rdev() == 0;
        let is_last = parts.peek().is_none();
        if is_whiteout || is_last || !metadata.is_dir() || is_opaque(&here) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_opaque(directory: &Path) -> bool {
    let mut value = [0_u8; 1];
    OPAQUE.iter().any(|name| {
        getxattr(directory, *name, &mut value[..]).is_ok_and(|length| length == 1)
            && value[0] == b'y'
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use rustix::fs::{XattrFlags, setxattr};

    use super::*;
    use crate::observe::scratch::Scratch;

    fn set_mode(scratch: &Scratch, path: &str, mode: u32) {
        scratch.file(path, "");
        fs::set_permissions(scratch.path(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn seen(scratch: &Scratch, layers: &[&str]) -> Paths {
        let layers = layers.iter().map(|it| format!("/{it}")).collect();
        let image = Arc::new(ImageFacts { layers, ..ImageFacts::default() });
        look(&Root::new(scratch.path("")), &[("sha256:1f0c".into(), image)])
            .remove("sha256:1f0c")
            .unwrap()
    }

    #[test]
    fn upper_layers_hide_what_they_replace() {
        let scratch = Scratch::new();
        set_mode(&scratch, "low/bin/su", 0o4755);
        set_mode(&scratch, "low/bin/wall", 0o2755);
        set_mode(&scratch, "low/bin/locked", 0o2644);
        set_mode(&scratch, "low/bin/plain", 0o755);
        set_mode(&scratch, "low/opt/tool/run", 0o6755);
        symlink("su", scratch.path("low/bin/link")).unwrap();
        scratch.directory("up/opt");
        let all: &[&str] = &["/bin/su", "/bin/wall", "/opt/tool/run"];
        let paths = |texts: &[&str]| {
            Field::Set(Arc::new(texts.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>()))
        };
        assert_eq!(seen(&scratch, &["up", "low"]), paths(all));
        set_mode(&scratch, "up/bin/su", 0o755);
        assert_eq!(seen(&scratch, &["up", "low"]), paths(&all[1..]));
        scratch.file("up/opt/tool", "no directory any more");
        assert_eq!(seen(&scratch, &["up", "low"]), paths(&all[1..2]));
        assert_eq!(seen(&scratch, &["low", "up"]), paths(all));
    }

    #[test]
    fn opaque_directory_hides_all_that_is_below_it() {
        let scratch = Scratch::new();
        set_mode(&scratch, "low/bin/su", 0o4755);
        scratch.directory("up/bin");
        let mark = setxattr(scratch.path("up/bin"), OPAQUE[1], b"y", XattrFlags::empty());
        // Not every file system of a build machine takes such marks.
        if mark.is_ok() {
            assert_eq!(seen(&scratch, &["up", "low"]), Field::Set(Arc::default()));
        }
    }

    #[test]
    fn what_cannot_be_looked_through_is_unknown() {
        let scratch = Scratch::new();
        set_mode(&scratch, "low/bin/su", 0o4755);
        assert_eq!(seen(&scratch, &[]), Field::Unknown(NO_LAYERS));
        assert_eq!(seen(&scratch, &["missing"]), Field::Unknown(UNREADABLE));
        assert_eq!(scan(&scratch.path("low"), 1), Err(TOO_MANY));
        assert_eq!(scan(&scratch.path("low"), 2).unwrap(), [PathBuf::from("bin/su")]);
    }
}
