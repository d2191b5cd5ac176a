//! Nothing but what was meant to changes.

mod comparison;
mod held;
mod matrix;
mod meddled;
mod meddling;
mod same;

use plimsoll::sources::create_body::DaemonFacts;

use crate::lab::Host;

fn daemon_facts(host: &Host) -> DaemonFacts {
    DaemonFacts {
        default_runtime: "runc".into(),
        default_ulimits: Vec::new(),
        host_name: host.run(&["hostname"]).ok().trim().into(),
    }
}
