//! Findings, plans, runs and problems as text; each a function into a writer. Decides nothing.

pub mod daemon_key;
pub mod diagnostic;
pub mod diff;
pub mod events;
pub mod explain;
pub mod json;
pub mod outcome;
mod paragraph;
pub mod progress;
pub mod rollback;
pub mod rules;
pub mod status;
mod style;
mod table;
pub mod text;
mod values;

pub use style::Style;
