//! What a container mounts, and where that leads on the host.

use std::fmt;

use super::field::Field;

/// One mount of a container.
#[derive(Clone, Debug, PartialEq)]
pub struct Mount {
    pub kind: MountKind,
    /// Host path of a bind, name of a volume; empty for a volume that has none yet.
    pub source: String,
    /// Path inside the container.
    pub destination: String,
    pub writable: bool,
    /// `rprivate`, `rshared`; empty where nobody said.
    pub propagation: String,
    /// Of a volume: `local`, or the name of a plugin; empty before the engine made it.
    pub driver: String,
    /// Other containers that mount the same, if one of them all writes there. Filled in by
    /// `effective::follow_joined`.
    pub shared_with: Others,
    /// Taken over from another container (`--volumes-from`), so not to be taken away here.
    pub inherited: bool,
    /// Host path after symlinks, also for a volume that is a bind in disguise; empty for a volume
    /// that the engine keeps among its own. Filled in by `effective::complete`.
    pub real_source: Field<String>,
    /// Whether the source is, or holds, a socket that controls an engine, as far as it is known
    /// where the source leads. Filled in likewise.
    pub reach: SocketReach,
}

/// Some of many containers: a thousand may mount the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Others {
    /// Names of the first few, sorted.
    pub first: Vec<String>,
    /// Of all.
    pub count: usize,
}

impl Others {
    /// So many names are told at most.
    pub const TOLD: usize = 4;
}

impl fmt::Display for Others {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.first.join(", "))?;
        match self.count.saturating_sub(self.first.len()) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MountKind {
    Bind,
    Volume,
    /// Files of an image.
    Image,
    /// A kind that this program does not know: cluster, named pipe.
    Other,
}

/// How a mount leads to a control socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketReach {
    None,
    /// The source is this socket.
    Is(String),
    /// The source is a directory above this socket.
    Holds(String),
}
