//! What security modules, kernel namespaces and the runtime do with a container beside seccomp
//! and capabilities.

/// What a container says about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Confinement {
    /// The container's own AppArmor option; `None` leaves it to the engine.
    pub apparmor_option: Option<String>,
    /// The AppArmor profile that the engine shows; empty until the first start of a container
    /// without an option, and on hosts without AppArmor.
    pub apparmor_shown: String,
    /// `type:container_t`, `disable`: what it asks of SELinux. Not what the engine adds by itself
    /// to privileged containers and to those in the host's PID or IPC namespace.
    pub labels: Vec<String>,
    /// Whether it asks to write its control group; `None` leaves it to the engine, which then
    /// says no.
    pub writable_cgroups: Option<bool>,
    /// Whether it asks for the host's user IDs where the daemon maps them to others.
    pub host_userns: bool,
    /// `process` or `hyperv`, on Windows only.
    pub isolation: String,
    /// `linux` or `windows`.
    pub platform: String,
}
