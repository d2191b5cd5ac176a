//! What a container may use of the host beside memory and processes, and for how long.

/// What a container says about it; 0, empty and `None` are no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    pub cpu: CpuLimit,
    pub blkio: BlkioLimit,
    /// Size of its writable layer as typed: `10G`.
    pub layer_size: String,
    /// Seconds that it gets to end by itself; `None` leaves it to the engine.
    pub stop_seconds: Option<i64>,
}

/// How much of the processors it gets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CpuLimit {
    /// In billionths of a processor.
    pub nano: i64,
    /// Microseconds in each period.
    pub quota: i64,
    /// Microseconds; 0 is the kernel's 100,000.
    pub period: i64,
    /// Which processors: `0-3,7`.
    pub set: String,
    /// A weight against others, and no limit; 1024 is the usual.
    pub shares: i64,
}

impl CpuLimit {
    /// Returns how much it gets at most, in billionths of a processor.
    pub fn at_most(&self) -> Option<i64> {
        let period = if self.period > 0 { self.period } else { 100_000 };
        let by_quota = || self.quota.checked_mul(1_000_000_000).map(|it| it / period);
        match self.nano {
            nano if nano > 0 => Some(nano),
            _ if self.quota > 0 => by_quota(),
            _ => None,
        }
    }
}

/// How much it may read from disks and write to them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlkioLimit {
    /// A weight against others, for all devices or for one.
    pub has_weight: bool,
    /// Bytes or operations in a second, for at least one device.
    pub has_rate: bool,
}
