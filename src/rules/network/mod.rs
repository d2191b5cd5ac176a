//! What must hold of networks.

pub mod bind_address;
pub mod icc_disabled;
pub mod unused_removed;
