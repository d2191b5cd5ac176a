//! plimsoll from outside: the binary, against real engines in test hosts.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod careless;
mod cis_level_one;
mod compose;
mod daemon;
mod daemon_keys;
mod elsewhere;
mod enforced;
mod engine_objects;
mod execute;
mod followers;
mod gate;
mod host_files;
mod host_rules;
mod images;
mod imported;
mod in_place;
mod judged;
mod kernels_word;
mod killed;
#[allow(dead_code, reason = "the lab offers more than the tests of one day use")]
mod lab;
mod lost;
mod main_job;
mod own;
mod owners;
mod refused;
mod rollback;
mod sides;
mod smoke;
mod told;
