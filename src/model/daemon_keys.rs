//! What is known about the keys of `daemon.json`, as one table.
//!
//! Source: moby `daemon/config/config.go`, `daemon/reload.go`; see the table's own columns.

/// One key.
#[derive(Debug)]
pub struct DaemonKeyFacts {
    pub name: &'static str,
    pub kind: ValueKind,
    /// The command-line flag that excludes it, without dashes.
    pub flag: Option<&'static str>,
    pub takes_effect: TakesEffect,
    pub live: LiveSource,
    /// Whether its value can hold a secret.
    pub sensitive: bool,
}

/// The JSON type that the daemon decodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    Bool,
    Integer,
    /// One of these words; empty is any text.
    Text(&'static [&'static str]),
    /// A size as text: `64M`; a bare number is refused.
    Size,
    TextList,
    /// Text to text: numbers and booleans as values are refused.
    TextMap,
    BoolMap,
    /// Any object or list; its inside is the engine's to check.
    Json,
}

/// What a change needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakesEffect {
    /// SIGHUP applies it.
    Reload {
        /// Whether leaving the key out at a reload keeps the old value, so that it has to be
        /// written as empty.
        kept_when_absent: bool,
    },
    Restart,
    /// A daemon start while no container runs: the default bridge is left alone otherwise.
    EmptyStart,
    /// A restart after which images, containers or volumes drop out of view.
    Hides,
    /// A restart that may lock somebody out.
    Breaks,
}

/// Where the running value is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveSource {
    /// A member of `/info`, and how to read it, is known to `observe::daemon`.
    Info,
    /// `Options` of the default bridge network.
    BridgeOption(&'static str),
    /// Attribute of the `reload` event only.
    ReloadEvent,
    /// Nowhere: the file, the flags and the start time of the process have to do.
    Nowhere,
}

/// The table, sorted by name.
pub static DAEMON_KEYS: &[DaemonKeyFacts] = &[];

/// Finds a key by its exact name.
pub fn find(name: &str) -> Option<&'static DaemonKeyFacts> {
    DAEMON_KEYS.iter().find(|key| key.name == name)
}
