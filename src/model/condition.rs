//! How a container fares, as the engine tells.

/// What has become of it since it was started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// How often its restart policy has started it again.
    pub restarts: i64,
    /// How many programs run in it that were started from outside, its health check among them.
    pub execs: usize,
    /// What its health check says: `starting`, `healthy`, `unhealthy`; empty without one.
    pub health: String,
}
