//! `plimsoll version`.

use plimsoll::rules::RULES;

use crate::{exit::Exit, failure::Failure, output};

pub(crate) fn run() -> Result<Exit, Failure> {
    let version = env!("CARGO_PKG_VERSION");
    output::print(format!("plimsoll {version} ({} rules)\n", RULES.len()).as_bytes())?;
    Ok(Exit::Success)
}
