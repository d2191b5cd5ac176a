//! Whether the host is kept as it is declared: when that last succeeded.

use jiff::SignedDuration;

use super::host_system::Seen;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upkeep {
    /// How long ago a run last left nothing to do, or failed at nothing; `None` if none ever did
    /// here.
    pub since: Seen<Option<SignedDuration>>,
}

impl Default for Upkeep {
    fn default() -> Self {
        Self { since: Err("nobody looked".to_owned()) }
    }
}
