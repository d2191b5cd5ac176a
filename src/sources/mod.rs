//! From the engine's words to specs, and from edits back to its words.
//!
//! Pure: bytes and JSON in, values out. `observe` fetches, `execute` sends.

pub mod accounts;
pub mod audit_rules;
pub mod create_body;
pub mod engine_objects;
pub mod exec;
pub mod firewall;
pub mod image;
pub mod info;
pub mod inspect;
pub mod lower;
mod options;
