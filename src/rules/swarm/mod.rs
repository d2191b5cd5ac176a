//! What must hold of the Swarm that an engine is a node of.

pub mod autolock;
pub mod ca_rotated;
pub mod cert_expiry;
pub mod data_plane_separated;
pub mod inactive_unless_declared;
pub mod listen_addr_bound;
pub mod manager_quorum;
pub mod overlay_encrypted;
pub mod uses_secrets;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::{
    finding::Verdict,
    swarm::{Cluster, Swarm},
};

/// How old something may become.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct MaxDays {
    /// The highest number of days that passes.
    max_days: Option<u32>,
}

/// Returns the verdict on an engine that is in no Swarm, or does not tell.
fn outside(swarm: &Swarm) -> Option<Verdict> {
    match swarm.state.as_str() {
        "" => Some(Verdict::Unknown("the engine does not tell of a Swarm".into())),
        "inactive" => Some(Verdict::NotApplicable("this engine is in no Swarm")),
        _ => None,
    }
}

/// Returns what only managers tell, or the verdict on an engine that does not.
fn of_manager(swarm: &Swarm) -> Result<&Cluster, Verdict> {
    if let Some(verdict) = outside(swarm) {
        return Err(verdict);
    }
    match &swarm.cluster {
        Some(cluster) => Ok(cluster),
        None if swarm.state == "active" && !swarm.is_manager => {
            Err(Verdict::NotApplicable("only managers of a Swarm know"))
        }
        None => {
            let why = format!("the state of its Swarm is {}, and it does not tell", swarm.state);
            Err(Verdict::Unknown(why))
        }
    }
}
