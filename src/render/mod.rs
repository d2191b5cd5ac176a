//! Findings, plans, runs and problems as text; each a function into a writer. Decides nothing.

pub mod diagnostic;
