//! Rules about one container.

pub mod pids_limit;
