//! What a container mounts, and where that leads on the host.

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
    /// Taken over from another container (`--volumes-from`), so not to be taken away here.
    pub inherited: bool,
    /// Host path after symlinks, also for a volume that is a bind in disguise; empty for a volume
    /// that the engine keeps among its own. Filled in by `effective::complete`.
    pub real_source: Field<String>,
    /// Whether the source is, or holds, a socket that controls an engine, as far as it is known
    /// where the source leads. Filled in likewise.
    pub reach: SocketReach,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MountKind {
    Bind,
    Volume,
    /// A kind that this program does not know: image, cluster, named pipe.
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
