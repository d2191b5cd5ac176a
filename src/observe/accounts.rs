//! The users of a host, as `/etc/passwd` has them.

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
    const PATH: &str = "/etc/passwd";
    let text = root.find(Path::new(PATH)).and_then(fs::read_to_string);
    let text = text.map_err(|error| format!("{PATH} cannot be read: {error}"))?;
    Ok(text.lines().filter_map(account).collect())
}

fn account(line: &str) -> Option<Account> {
    let columns: Vec<&str> = line.split(':').collect();
    let uid = columns.get(2)?.parse().ok()?;
    Some(Account { name: columns[0].to_owned(), uid, home: columns.get(5)?.into() })
}
