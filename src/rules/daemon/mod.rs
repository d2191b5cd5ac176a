//! What the `daemon` section of a declaration asks for.

pub mod settings;
