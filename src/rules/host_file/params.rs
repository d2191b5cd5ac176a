//! What a declaration may say about a file.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::rules::ParamError;

/// Whom a file may belong to.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Owner {
    /// For the engine's socket: the group that it may belong to beside root's; `docker`, if left
    /// out.
    pub(super) group: Option<String>,
}

/// How far permissions may go.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Permissions {
    /// The bits that may be set, in octal: `"0660"`.
    #[schemars(regex(pattern = "^0?[0-7]{3}$"))]
    permissions: Option<String>,
    /// The same, as long as it is not one of the words that say what plimsoll may do.
    #[schemars(regex(pattern = "^0?[0-7]{3}$"))]
    mode: Option<String>,
}

impl Permissions {
    /// Returns the bits that may be set.
    pub(super) fn at_most(&self, by_itself: u32) -> Result<u32, ParamError> {
        let named = [("permissions", &self.permissions), ("mode", &self.mode)];
        let mut given = named.into_iter().filter_map(|(name, it)| Some((name, it.as_ref()?)));
        let Some((name, text)) = given.next() else { return Ok(by_itself) };
        if let Some((other, _)) = given.next() {
            return Err(ParamError::new(other, format!("says again what `{name}` says")));
        }
        match u32::from_str_radix(text, 8) {
            Ok(bits) if bits <= 0o777 => Ok(bits),
            _ => Err(ParamError::new(name, "is no mode in octal, such as \"0660\"")),
        }
    }
}
