//! What binds a container to another one: replacing that one would break it.

use super::container::{ContainerSpec, Namespace};

/// One container's hold on another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// ID or name of the other one, as the engine stores it.
    pub to: String,
    pub shares: Shares,
}

/// What a container has from another one.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Shares {
    Network,
    Pid,
    Ipc,
    /// Its volumes, by its ID: a copy could not be made any more once that is gone. By its name
    /// it follows the replacement by itself.
    Volumes,
    /// A link of the default bridge, which follows the container and not the name.
    Link,
}

impl Shares {
    /// Whether it ends with a stop of the other one, and does not come back with its start.
    pub const fn is_namespace(self) -> bool {
        matches!(self, Self::Network | Self::Pid | Self::Ipc)
    }

    /// Returns it for a sentence about the other container: `whose network it shares`.
    pub const fn whose(self) -> &'static str {
        match self {
            Self::Network => "whose network it shares",
            Self::Pid => "whose processes it shares",
            Self::Ipc => "whose memory segments it shares",
            Self::Volumes => "whose volumes it takes",
            Self::Link => "which it links to",
        }
    }

    /// Returns it for a sentence about the one that refers: `shares its network`.
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Network => "shares its network",
            Self::Pid => "shares its processes",
            Self::Ipc => "shares its memory segments",
            Self::Volumes => "takes its volumes",
            Self::Link => "links to it",
        }
    }
}

/// Returns what a container holds on to.
pub fn references(spec: &ContainerSpec) -> Vec<Reference> {
    let joined = [
        (&spec.network_mode, Shares::Network),
        (&spec.pid_mode, Shares::Pid),
        (&spec.ipc_mode, Shares::Ipc),
    ];
    let joined = joined.into_iter().filter_map(|(mode, shares)| match mode {
        Namespace::Container { id, .. } => Some(Reference { to: id.clone(), shares }),
        Namespace::Own
        | Namespace::None
        | Namespace::Shareable
        | Namespace::Host
        | Namespace::Named(_) => None,
    });
    let volumes = spec.volumes_from.iter().filter(|it| is_id(it));
    let volumes = volumes.map(|to| Reference { to: to.clone(), shares: Shares::Volumes });
    let links = spec.links.iter().map(|to| Reference { to: to.clone(), shares: Shares::Link });
    joined.chain(volumes).chain(links).collect()
}

/// Returns whether a reference means the container with this ID and name.
pub fn is_to(reference: &str, id: &str, name: &str) -> bool {
    reference == name || reference == id || (is_id(reference) && id.starts_with(reference))
}

fn is_id(text: &str) -> bool {
    text.len() >= 12 && text.bytes().all(|it| it.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples::container;

    #[test]
    fn every_hold_is_told_and_volumes_by_name_are_none() {
        let id = "0a".repeat(32);
        let spec = ContainerSpec {
            network_mode: Namespace::from_word(&format!("container:{id}")),
            pid_mode: Namespace::Host,
            ipc_mode: Namespace::from_word("container:vpn"),
            volumes_from: vec![id.clone(), "data".into()],
            links: vec!["db".into()],
            ..container("web")
        };
        let found: Vec<(String, Shares)> =
            references(&spec).into_iter().map(|it| (it.to, it.shares)).collect();
        assert_eq!(
            found,
            [
                (id.clone(), Shares::Network),
                ("vpn".into(), Shares::Ipc),
                (id, Shares::Volumes),
                ("db".into(), Shares::Link),
            ]
        );
    }

    #[test]
    fn id_may_be_short_and_a_name_is_whole() {
        let id = "0a".repeat(32);
        assert!(is_to(&id[..12], &id, "web") && is_to("web", &id, "web"));
        assert!(!is_to("we", &id, "web") && !is_to(&id[..11], &id, "web"));
        assert!(!is_to("", &id, "web"));
    }
}
