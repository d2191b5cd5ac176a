//! `plimsoll schema`: the JSON Schema of a declaration.

use plimsoll::declaration::schema;

use crate::{exit::Exit, failure::Failure, output};

pub(crate) fn run() -> Result<Exit, Failure> {
    output::print(schema::text().as_bytes())?;
    Ok(Exit::Success)
}
