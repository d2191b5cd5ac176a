//! The part of `/info` about the Swarm, and what else tells of it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::certificate;
use crate::model::swarm::{Addresses, Cluster, Swarm};

const NANOSECONDS: u64 = 1_000_000_000;

/// What `/info` says.
pub(super) struct Reply<'a>(&'a Value);

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Manager {
    description: Description,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Description {
    hostname: String,
}

/// What the daemon remembers for its next start (moby `daemon/cluster/noderunner.go`).
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct State {
    local_addr: String,
    advertise_addr: String,
    data_path_addr: String,
}

impl<'a> Reply<'a> {
    pub(super) fn of(info: &'a Value) -> Self {
        Self(&info["Swarm"])
    }

    pub(super) fn state(&self) -> &'a str {
        self.0["LocalNodeState"].as_str().unwrap_or_default()
    }

    pub(super) fn is_manager(&self) -> bool {
        self.0["ControlAvailable"] == true
    }

    /// Of workers the engine says 0, or nothing.
    pub(super) fn nodes(&self) -> Option<u64> {
        self.0["Nodes"].as_u64().filter(|it| *it > 0)
    }

    pub(super) fn read(
        &self,
        managers: Result<Vec<Manager>, String>,
        listeners: Result<Vec<String>, String>,
        state: Result<State, String>,
        now: Option<Timestamp>,
    ) -> Swarm {
        Swarm {
            state: self.state().to_owned(),
            is_manager: self.is_manager(),
            cluster: self.0["Cluster"].is_object().then(|| self.cluster()),
            managers: managers.map(|nodes| {
                let names = nodes.into_iter().map(|it| it.description.hostname);
                names.collect::<BTreeSet<String>>().into_iter().collect()
            }),
            listeners,
            addresses: state.map(State::addresses),
            now,
        }
    }

    fn cluster(&self) -> Cluster {
        let spec = &self.0["Cluster"]["Spec"];
        let roots = self.0["Cluster"]["TLSInfo"]["TrustRoot"].as_str();
        Cluster {
            managers: self.0["Managers"].as_u64(),
            autolock: spec["EncryptionConfig"]["AutoLockManagers"].as_bool(),
            cert_seconds: spec["CAConfig"]["NodeCertExpiry"].as_u64().map(|it| it / NANOSECONDS),
            roots_since: match roots {
                Some(roots) => certificate::valid_since(roots),
                None => Err("the engine does not show the certificate".into()),
            },
        }
    }
}

impl State {
    fn addresses(self) -> Addresses {
        let advertised = self.advertise_addr.rsplit_once(':').map(|(address, _)| address);
        let management = advertised.filter(|it| !it.is_empty()).unwrap_or(&self.local_addr);
        Addresses {
            management: management.trim_matches(['[', ']']).to_owned(),
            data: self.data_path_addr,
        }
    }
}
