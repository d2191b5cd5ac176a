//! What building an image tends to leave in it.

use std::{
    fs::{File, Metadata},
    io::Read as _,
    path::Path,
};

const DIRECTORIES: [&str; 9] =
    [".aws", ".azure", ".cache", ".git", ".hg", ".idea", ".npm", ".svn", ".vscode"];
const FILES: [&str; 7] =
    [".git-credentials", ".netrc", ".pypirc", "id_dsa", "id_ecdsa", "id_ed25519", "id_rsa"];
/// A private key says in its first line that it is one.
const FIRST_LINE: u64 = 80;

/// Returns whether this is a repository, a cache, a private key or what a tool logs in with.
pub(super) fn is_one(path: &Path, metadata: &Metadata) -> bool {
    let Some(name) = path.file_name().and_then(|it| it.to_str()) else { return false };
    if metadata.is_dir() {
        return DIRECTORIES.contains(&name);
    }
    if !metadata.is_file() {
        return false;
    }
    let of_host = name.starts_with("ssh_host_") && name.ends_with("_key");
    let can_be_key = name.ends_with(".key") || name.ends_with(".pem");
    FILES.contains(&name) || of_host || can_be_key && begins_like_key(path)
}

fn begins_like_key(path: &Path) -> bool {
    let mut begin = Vec::new();
    let read = File::open(path).and_then(|file| file.take(FIRST_LINE).read_to_end(&mut begin));
    let text = String::from_utf8_lossy(&begin);
    read.is_ok() && text.starts_with("-----BEGIN ") && text.contains("PRIVATE KEY-----")
}
