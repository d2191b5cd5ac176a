//! plimsoll keeps Docker hosts above the line their declaration draws.
//!
//! # Code map, in reading order
//!
//! Pure rooms, values in and values out:
//! - [`model`]: the nouns.
//! - [`rules`]: one file per rule; a rule judges and never acts.
//! - [`declaration`]: YAML to [`declaration::policy::Policy`], with every problem and its place.
//! - [`sources`]: from the engine's JSON to the nouns, and from edits back to its JSON.
//! - [`evaluate`]: policy and snapshot to a report that adds up.
//! - [`plan`]: from what was found to what would be done.
//! - [`render`]: plans, runs and problems as text.
//!
//! Rooms with effects:
//! - [`docker`]: the engine's API; the only importer of bollard and hyper.
//! - [`observe`]: looks at a host; judges nothing.
//! - [`execute`]: writes the world; [`execute::effects::Effects`] lists every way it can.
//! - [`store`]: what is kept between runs; it writes its own directory and nothing else.
//! - [`pipeline`]: the arrows between the rooms: recover, look, plan, act, look again.
//! - [`enforce`]: the same, again and again.

#![deny(clippy::print_stdout, clippy::print_stderr, clippy::exit)]

pub mod declaration;
pub mod docker;
pub mod enforce;
pub mod evaluate;
pub mod execute;
pub mod model;
pub mod observe;
pub mod pipeline;
pub mod plan;
pub mod render;
pub mod rules;
pub mod sources;
pub mod store;
