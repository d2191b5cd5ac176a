//! Containers as others describe them, read into one view, and written back.

pub mod create_body;
