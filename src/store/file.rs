//! Reading and writing one file of the state directory: whole or not at all.

use std::{
    fs,
    io::{self, ErrorKind, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use atomic_write_file::{OpenOptions, unix::OpenOptionsExt as _};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::StoreError;
use crate::plan::FORMAT_VERSION;

const VERSION_MEMBER: &str = "format_version";

/// Returns the text, or nothing if the file is not there.
pub(super) fn read(path: &Path) -> Result<Option<String>, StoreError> {
    match fs::read(path) {
        Ok(bytes) => {
            String::from_utf8(bytes).map(Some).map_err(|_| damaged(path, "it is not UTF-8"))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StoreError::Io { doing: "read", path: path.to_owned(), source }),
    }
}

/// Replaces the file. Readers see the old text or the new one, and so does whoever comes after a
/// power cut.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    replace(path, bytes).map_err(|source| StoreError::Io {
        doing: "write",
        path: path.to_owned(),
        source,
    })
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().preserve_mode(false).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.commit()
}

/// Reads JSON that says which format it has. A newer major version is refused, a newer minor one
/// only adds.
pub(super) fn read_versioned<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, StoreError> {
    let Some(text) = read(path)? else { return Ok(None) };
    let value: Value =
        serde_json::from_str(&text).map_err(|error| damaged(path, &error.to_string()))?;
    let found = value
        .get(VERSION_MEMBER)
        .and_then(Value::as_str)
        .ok_or_else(|| damaged(path, "it does not say which format it has"))?;
    if major(found) != major(FORMAT_VERSION) {
        return Err(StoreError::Newer {
            path: path.to_owned(),
            found: found.to_owned(),
            known: FORMAT_VERSION,
        });
    }
    serde_json::from_value(value).map(Some).map_err(|error| damaged(path, &error.to_string()))
}

/// Writes JSON that a person can read, with its format.
pub(super) fn write_versioned<T: Serialize>(path: &Path, content: &T) -> Result<(), StoreError> {
    let text = versioned_text(content).map_err(|error| StoreError::Io {
        doing: "write",
        path: path.to_owned(),
        source: io::Error::other(error),
    })?;
    write(path, text.as_bytes())
}

fn versioned_text<T: Serialize>(content: &T) -> Result<String, serde_json::Error> {
    let mut members = serde_json::Map::new();
    members.insert(VERSION_MEMBER.to_owned(), Value::from(FORMAT_VERSION));
    if let Value::Object(rest) = serde_json::to_value(content)? {
        for (name, value) in rest {
            members.entry(name).or_insert(value);
        }
    }
    Ok(serde_json::to_string_pretty(&members)? + "\n")
}

fn major(version: &str) -> &str {
    version.split_once('.').map_or(version, |(major, _)| major)
}

fn damaged(path: &Path, why: &str) -> StoreError {
    StoreError::Damaged { path: path.to_owned(), why: why.to_owned() }
}
