//! Writes the world: carries plans out. Judges nothing and chooses nothing.

pub mod effects;
pub mod host;
