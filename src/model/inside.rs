//! What goes on in a container.

use super::field::Field;

/// What runs in a container, as far as somebody asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inside {
    /// Programs that were started from outside (`docker exec`) and run, its health check among
    /// them.
    pub sessions: Field<Vec<Session>>,
    /// Names of the SSH servers among its processes.
    pub ssh_servers: Field<Vec<String>>,
}

impl Default for Inside {
    fn default() -> Self {
        const UNSEEN: &str = "what runs in it was not looked at";
        Self { sessions: Field::Unknown(UNSEEN), ssh_servers: Field::Unknown(UNSEEN) }
    }
}

/// One program that was started from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Whether it has every capability, whatever its container has.
    pub privileged: bool,
    /// As whom it runs, as it was asked for; the engine fills in the container's own.
    pub user: String,
}

/// Returns whether a process of this name lets people log in. Newer ones of OpenSSH have a process
/// for each connection: `sshd-session`.
pub fn is_ssh_server(name: &str) -> bool {
    matches!(name, "sshd" | "dropbear") || name.starts_with("sshd-")
}
