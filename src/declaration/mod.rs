//! YAML to Policy. Text comes in, problems with positions or a policy come out; no I/O, no clock.

pub mod choose;
pub mod policy;
pub mod problem;
#[cfg(test)]
pub mod samples;
