//! What lies in images: files that give whoever runs them another user or group, what building
//! them left behind, and accounts. The layers are looked through where they lie on this machine,
//! each once, however many images share it.

mod left_over;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    os::unix::fs::{FileTypeExt as _, MetadataExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::fs::getxattr;

use super::rooted::{Root, is_absent};
use crate::{
    model::{
        field::Field,
        image::{ImageFacts, ImageFiles},
    },
    sources::accounts::account_faults,
};

/// A layer with more files than this is not looked through.
const MOST_ENTRIES: usize = 1_000_000;

/// By these an upper layer says that a directory hides what lower ones have in it.
const OPAQUE: &[&str] = &["trusted.overlay.opaque", "user.overlay.opaque"];

const NO_LAYERS: &str = "only images on overlay2 can be looked through";
const UNREADABLE: &str = "the layers of its image cannot be looked through from here";
const TOO_MANY: &str = "its image has too many files to look through";

/// Of one layer, as paths within it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    set_id: Vec<PathBuf>,
    left_over: Vec<PathBuf>,
}

/// What is known of each layer, or why nothing is.
type Scanned = BTreeMap<PathBuf, Result<Found, &'static str>>;

/// Returns by image ID what containers of it see. Blocks.
pub(super) fn look(
    root: &Root,
    images: &[(String, Arc<ImageFacts>)],
) -> BTreeMap<String, Field<Arc<ImageFiles>>> {
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
        let files = || {
            Ok(ImageFiles {
                set_id: visible(&layers, &scanned, |it| &it.set_id)?,
                left_over: visible(&layers, &scanned, |it| &it.left_over)?,
                accounts: accounts(&layers),
            })
        };
        files().map_or_else(Field::Unknown, |it| Field::Set(Arc::new(it)))
    };
    images.iter().map(|(id, image)| (id.clone(), look(image))).collect()
}

fn scan(layer: &Path, most: usize) -> Result<Found, &'static str> {
    let mut found = Found::default();
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
            let path = entry.path();
            let within = path.strip_prefix(layer).map_err(|_| UNREADABLE)?;
            if metadata.is_file() && is_set_id(metadata.mode()) {
                found.set_id.push(within.to_owned());
            }
            if left_over::is_one(&path, &metadata) {
                found.left_over.push(within.to_owned());
            }
            if metadata.is_dir() {
                folders.push(path);
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
    scanned: &Scanned,
    which: fn(&Found) -> &Vec<PathBuf>,
) -> Result<Vec<String>, &'static str> {
    let mut seen = BTreeSet::new();
    for (depth, layer) in layers.iter().enumerate() {
        let found = scanned.get(layer).ok_or(UNREADABLE)?.as_ref().map_err(|why| *why)?;
        for path in which(found) {
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

/// Says what is wrong with the image's accounts; `None` if it has none.
fn accounts(layers: &[PathBuf]) -> Result<Option<Vec<String>>, &'static str> {
    const NO_FILE: &str = "an account file of its image cannot be read";
    let mut texts = Vec::new();
    for name in ["etc/passwd", "etc/shadow", "etc/group"] {
        let text = match topmost(layers, Path::new(name)).map_err(|_| NO_FILE)? {
            // Where a link leads decides the layer below it, which is looked at file by file.
            Some(file) if fs::symlink_metadata(&file).is_ok_and(|it| it.is_file()) => {
                Some(fs::read(file).map_err(|_| NO_FILE)?)
            }
            Some(_) => return Err(NO_FILE),
            None => None,
        };
        texts.push(text.map(|it| String::from_utf8_lossy(&it).into_owned()));
    }
    let [Some(passwd), shadow, group] = texts.as_slice() else { return Ok(None) };
    let text = |it: &Option<String>| it.clone().unwrap_or_default();
    Ok(Some(account_faults(passwd, &text(shadow), &text(group))))
}

/// Returns where a file lies that containers see at this path.
fn topmost(layers: &[PathBuf], path: &Path) -> io::Result<Option<PathBuf>> {
    for layer in layers {
        if hides(layer, path)? {
            let file = layer.join(path);
            return match fs::symlink_metadata(&file) {
                Ok(metadata) if is_whiteout(&metadata) => Ok(None),
                Ok(_) => Ok(Some(file)),
                Err(error) if is_absent(&error) => Ok(None),
                Err(error) => Err(error),
            };
        }
    }
    Ok(None)
}

fn is_whiteout(metadata: &fs::Metadata) -> bool {
    metadata.file_type().is_char_device() && metadata.rdev() == 0
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
        let is_last = parts.peek().is_none();
        if is_whiteout(&metadata) || is_last || !metadata.is_dir() || is_opaque(&here) {
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

    fn looked(scratch: &Scratch, layers: &[&str]) -> Field<Arc<ImageFiles>> {
        let layers = layers.iter().map(|it| format!("/{it}")).collect();
        let image = Arc::new(ImageFacts { layers, ..ImageFacts::default() });
        look(&Root::new(scratch.path("")), &[("sha256:1f0c".into(), image)])
            .remove("sha256:1f0c")
            .unwrap()
    }

    fn seen(scratch: &Scratch, layers: &[&str]) -> Vec<String> {
        looked(scratch, layers).stated().unwrap().set_id.clone()
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
        assert_eq!(seen(&scratch, &["up", "low"]), all);
        set_mode(&scratch, "up/bin/su", 0o755);
        assert_eq!(seen(&scratch, &["up", "low"]), &all[1..]);
        scratch.file("up/opt/tool", "no directory any more");
        assert_eq!(seen(&scratch, &["up", "low"]), &all[1..2]);
        assert_eq!(seen(&scratch, &["low", "up"]), all);
    }

    #[test]
    fn opaque_directory_hides_all_that_is_below_it() {
        let scratch = Scratch::new();
        set_mode(&scratch, "low/bin/su", 0o4755);
        scratch.directory("up/bin");
        let mark = setxattr(scratch.path("up/bin"), OPAQUE[1], b"y", XattrFlags::empty());
        // Not every file system of a build machine takes such marks.
        if mark.is_ok() {
            assert_eq!(seen(&scratch, &["up", "low"]), Vec::<String>::new());
        }
    }

    #[test]
    fn what_cannot_be_looked_through_is_unknown() {
        let scratch = Scratch::new();
        set_mode(&scratch, "low/bin/su", 0o4755);
        assert_eq!(looked(&scratch, &[]), Field::Unknown(NO_LAYERS));
        assert_eq!(looked(&scratch, &["missing"]), Field::Unknown(UNREADABLE));
        assert_eq!(scan(&scratch.path("low"), 1), Err(TOO_MANY));
        assert_eq!(scan(&scratch.path("low"), 2).unwrap().set_id, [PathBuf::from("bin/su")]);
    }

    #[test]
    fn what_was_left_behind_is_told_from_what_only_looks_like_it() {
        let scratch = Scratch::new();
        scratch.file("low/src/.git/config", "[core]\n");
        scratch.file("low/src/.gitignore", "target\n");
        scratch.file("low/root/.ssh/id_rsa", "");
        scratch.file("low/root/.ssh/id_rsa.pub", "");
        scratch.file("low/etc/ssh/ssh_host_rsa_key", "");
        scratch.file("low/etc/ssl/ca.pem", "-----BEGIN CERTIFICATE-----\n");
        scratch.file("low/etc/ssl/own.key", "-----BEGIN RSA PRIVATE KEY-----\nMII\n");
        scratch.file("up/root/.cache/x", "");
        scratch.file("up/root/.ssh", "no directory any more");
        let files = looked(&scratch, &["up", "low"]);
        let left_over = &files.stated().unwrap().left_over;
        let expected =
            ["/etc/ssh/ssh_host_rsa_key", "/etc/ssl/own.key", "/root/.cache", "/src/.git"];
        assert_eq!(left_over, &expected);
    }

    #[test]
    fn accounts_are_those_of_the_topmost_layer_that_has_them() {
        let scratch = Scratch::new();
        let accounts =
            |layers: &[&str]| looked(&scratch, layers).stated().unwrap().accounts.clone();
        scratch.directory("bare");
        scratch.file("low/etc/passwd", "root:x:0:0::/:\n");
        scratch.file("low/etc/shadow", "root:::0:::::\n");
        scratch.file("up/etc/shadow", "root:*::0:::::\n");
        assert_eq!(accounts(&["bare"]), Ok(None));
        let open = vec!["root has an empty password in /etc/shadow".to_owned()];
        assert_eq!(accounts(&["bare", "low"]), Ok(Some(open)));
        assert_eq!(accounts(&["up", "low"]), Ok(Some(Vec::new())));
        scratch.directory("link/etc");
        symlink("/nix/passwd", scratch.path("link/etc/passwd")).unwrap();
        assert!(accounts(&["link", "low"]).is_err());
    }
}
