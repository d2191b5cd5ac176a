//! What a rule goes by that only a person can answer.

use jiff::civil::Date;

/// The day, and what decides whether the question arises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attestable {
    /// UTC.
    pub today: Date,
    /// Whether the host is part of a Swarm.
    pub swarm_active: bool,
}
