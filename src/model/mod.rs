//! The nouns: what plimsoll looks at, what it concludes, what it would change.
//!
//! Knows no rule, no file format and no daemon; holds values, not behaviour with effects.

pub mod attestable;
pub mod audit;
pub mod capability;
pub mod claim;
pub mod class;
pub mod compose;
pub mod condition;
pub mod confinement;
pub mod container;
pub mod daemon;
pub mod daemon_check;
pub mod daemon_digest;
pub mod daemon_file;
pub mod daemon_host;
pub mod daemon_keys;
pub mod daemon_value;
pub mod day;
pub mod defaulted;
pub mod detail;
pub mod edit;
pub mod effective;
pub mod engine_facts;
pub mod engine_says;
pub mod field;
pub mod finding;
pub mod host_files;
pub mod host_path;
pub mod host_system;
pub mod image;
pub mod inside;
pub mod json_members;
pub mod limits;
pub mod mount;
pub mod object;
pub mod own_container;
pub mod owner;
pub mod owner_families;
pub mod predict;
pub mod probe;
pub mod process;
pub mod provenance;
pub mod redacted;
pub mod reference;
#[cfg(test)]
pub mod samples;
pub mod selector;
pub mod size;
pub mod snapshot;
pub mod standing;
pub mod suggest;
pub mod telling_names;
pub mod transaction;
pub mod writable_paths;
