//! The users and groups of a host, as `/etc/passwd` and `/etc/group` have them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::rooted::Root;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) home: PathBuf,
}

/// Reads all of them, or says why that cannot be.
pub(super) fn read(root: &Root) -> Result<Vec<Account>, String> {
    Ok(text(root, "/etc/passwd")?.lines().filter_map(account).collect())
}

/// Returns the groups with their numbers, in the order of `/etc/group`.
pub(super) fn groups(root: &Root) -> Result<Vec<(String, u32)>, String> {
    let group = |line: &str| {
        let mut columns = line.split(':');
        Some((columns.next()?.to_owned(), columns.nth(1)?.parse().ok()?))
    };
    Ok(text(root, "/etc/group")?.lines().filter_map(group).collect())
}

fn text(root: &Root, path: &str) -> Result<String, String> {
    let text = root.find(Path::new(path)).and_then(fs::read_to_string);
    text.map_err(|error| format!("{path} cannot be read: {error}"))
}

fn account(line: &str) -> Option<Account> {
    let columns: Vec<&str> = line.split(':').collect();
    let uid = columns.get(2)?.parse().ok()?;
    Some(Account { name: columns[0].to_owned(), uid, home: columns.get(5)?.into() })
}
