//! Rules about the daemon, and what the `daemon` section of a declaration asks for.

pub mod fixed;
mod key;
pub mod settings;

use super::Reference;

const fn cis6(item: &'static str) -> Reference {
    Reference { benchmark: "CIS Docker", edition: "1.6.0", item }
}

const fn cis8(item: &'static str) -> Reference {
    Reference { benchmark: "CIS Docker", edition: "1.8.0", item }
}

/// The numbers of an item that edition 1.8.0 moved.
const fn cis_moved(old: &'static str, new: &'static str) -> [Reference; 2] {
    [cis6(old), cis8(new)]
}

/// A number of the STIG for Docker Enterprise 2.x on Linux.
const fn stig(item: &'static str) -> Reference {
    Reference { benchmark: "DISA STIG Docker Enterprise 2.x", edition: "V2R1", item }
}
