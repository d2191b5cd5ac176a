//! One container, whoever described it.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    capability::{CapabilityRequest, CapabilitySet},
    condition::Condition,
    confinement::Confinement,
    defaulted::{DaemonDefaults, Defaulted},
    engine_facts::EngineFacts,
    field::Field,
    image::ImageSeen,
    inside::Inside,
    limits::Limits,
    mount::Mount,
    network::NetworkDriver,
    owner::{Claim, Owner},
    process::ProcessFacts,
};

/// One container. Spellings are already gone: `CAP_SYS_ADMIN` and `sys_admin` are one
/// capability, and the ways to write `no-new-privileges` are one boolean.
#[derive(Clone, Debug, PartialEq)]
pub struct ContainerSpec {
    /// Without the leading slash.
    pub name: String,
    /// Full ID; empty for a container that does not exist yet.
    pub id: String,
    /// The reference as it was typed.
    pub image: String,
    /// `sha256:…`; empty when the source does not tell.
    pub image_id: String,
    /// `repository@sha256:…` of the image. Filled in by `effective::complete`.
    pub repo_digests: Field<Vec<String>>,
    pub image_seen: ImageSeen,
    pub labels: BTreeMap<String, String>,
    pub owner: Owner,
    /// What became of checking that. Filled in by `effective::complete`.
    pub claim: Claim,
    pub state: State,
    /// When it last started, RFC 3339 as the engine says it; empty if never.
    pub started_at: String,
    /// Process ID of its first process on the host; 0 when it does not run.
    pub pid: u32,
    pub auto_remove: bool,
    /// Whether one of its extra hosts is `host-gateway`, an address that the engine fills in.
    pub names_host_gateway: bool,
    pub has_healthcheck: bool,
    pub condition: Condition,

    pub privileged: bool,
    pub capability_request: CapabilityRequest,
    /// After privileged, add and drop. Filled in by `effective::complete`.
    pub capabilities: Field<CapabilitySet>,
    pub no_new_privileges: Field<bool>,
    /// The container's own option; `None` leaves it to the daemon.
    pub seccomp_option: Option<Seccomp>,
    /// What the daemon gives a container without an option when it is created today.
    pub seccomp_default: Field<Seccomp>,
    /// After privileged, option and default. Filled in by `effective::complete`.
    pub seccomp: Field<Seccomp>,
    pub confinement: Confinement,
    /// The user as configured; empty means the image's, and there root.
    pub user: Field<String>,
    /// The user ID that `user` stands for. Filled in by `effective::complete`.
    pub uid: Field<u32>,

    pub read_only_rootfs: bool,
    /// Path to mount options.
    pub tmpfs: BTreeMap<String, String>,
    /// Binds and volumes, sorted by destination; a tmpfs is in `tmpfs` alone.
    pub mounts: Vec<Mount>,
    /// Paths for which the image or the caller asks a volume without a name, sorted.
    pub volume_paths: Vec<String>,
    /// False until the first start of a container that takes mounts from others: the engine does
    /// not list them before.
    pub mounts_listed: bool,
    /// Paths at which it differs from its image, without what the engine makes itself; asked for
    /// only where a rule asks.
    pub changes: Field<Vec<String>>,
    /// What others than root could put something else in the place of, on the way to what it
    /// binds from the host; looked at only where a rule asks.
    pub exchangeable: Field<Vec<String>>,
    /// IDs or names of the containers whose mounts it takes, as they were typed.
    pub volumes_from: Vec<String>,
    /// Names of the containers that it links to on the default bridge.
    pub links: Vec<String>,

    pub limits: Limits,
    /// `None` is no limit.
    pub pids_limit: Option<i64>,
    /// `None` is no limit.
    pub memory_bytes: Option<i64>,
    pub restart_policy: RestartPolicy,
    /// Memory and swap together; -1 is swap without limit, 0 is what the engine makes of it.
    pub memory_swap_bytes: i64,
    pub oom_kill_disable: bool,
    /// What the kernel adds when it looks for a victim; -1000 is never.
    pub oom_score_adj: i64,

    pub devices: Devices,
    /// Kernel settings of its own, by name.
    pub sysctls: BTreeMap<String, String>,
    /// What of `/proc` and `/sys` it does not see. Left to the daemon until it is created.
    pub masked_paths: Field<Vec<String>>,
    /// What of `/proc` it cannot write. Likewise.
    pub read_only_paths: Field<Vec<String>>,
    /// Groups beside the user's own, as they were typed.
    pub groups: Vec<String>,
    /// Names and addresses in its `/etc/hosts`, as they were typed.
    pub extra_hosts: Vec<String>,
    /// Names of what it says to its runtime.
    pub annotations: Vec<String>,
    /// Names of variables that tell programs in it which engine to control, sorted.
    pub engine_variables: Vec<String>,
    /// Where secrets stand in its configuration, by name and never with the value, sorted:
    /// `environment DB_PASSWORD`.
    pub secrets: Vec<String>,

    pub network_mode: Namespace,
    pub pid_mode: Namespace,
    pub ipc_mode: Namespace,
    pub uts_mode: Namespace,
    /// Names of the networks it is attached to.
    pub networks: Vec<String>,
    /// Which networks the engine has, and of which kind; asked for only where a rule asks.
    pub network_drivers: Field<Arc<Vec<NetworkDriver>>>,
    pub published_ports: Vec<PublishedPort>,
    pub publish_all_ports: bool,
    /// Whether it or its image says that it listens on ports.
    pub exposes_ports: bool,
    /// What it is told to let through if it is a proxy before an engine's socket: names of
    /// switches that let something be changed, sorted. `None` if it is none of a known kind.
    pub engine_filter: Option<Vec<String>>,

    /// What the engine says about itself. Filled in by `effective::complete`.
    pub engine: Arc<EngineFacts>,
    /// Settings for which the daemon has a default.
    pub defaulted: Defaulted,
    /// What the daemon gives containers. Filled in by `effective::complete`.
    pub daemon_defaults: Arc<DaemonDefaults>,
    /// The kernel's word on its first process. Filled in by `effective::complete`.
    pub process: Field<Arc<ProcessFacts>>,
    pub inside: Inside,
}

/// What a container is given of the host's devices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Devices {
    /// Their paths on the host.
    pub paths: Vec<String>,
    /// Lines for the devices control group: `c 10:200 rwm`.
    pub rules: Vec<String>,
    /// What a driver gives it, such as graphics cards.
    pub requests: Vec<DeviceRequest>,
}

/// What is asked of a device driver.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceRequest {
    /// Empty is whichever has the capabilities.
    pub driver: String,
    /// -1 is all there are.
    pub count: i64,
    pub ids: Vec<String>,
    /// One of these lists has to be met.
    pub capabilities: Vec<Vec<String>>,
}

/// What the engine says a container is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Asked for, not there yet: a create request, a Compose service.
    Requested,
    Created,
    Running,
    Paused,
    Restarting,
    Exited,
    Dead,
    Removing,
    /// A word that this program does not know.
    Other,
}

impl State {
    /// Returns whether it has processes.
    pub const fn has_processes(self) -> bool {
        matches!(self, Self::Running | Self::Paused | Self::Restarting)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seccomp {
    /// The engine's own profile.
    Builtin,
    Unconfined,
    /// A profile given as JSON.
    Profile {
        allows_everything: bool,
        /// SHA-256 of its text as the engine keeps it: `sha256:…`.
        digest: String,
        /// Calls that it lets through although they lead out of containers, sorted.
        risky_calls: Vec<String>,
    },
    /// Something that this program cannot read.
    Unreadable,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestartPolicy {
    pub name: RestartName,
    /// Only meaningful for `on-failure`; 0 is without limit.
    pub max_retries: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RestartName {
    No,
    Always,
    UnlessStopped,
    OnFailure,
    Other(String),
}

impl RestartPolicy {
    /// Reads a policy from its word and count; an empty word is `no`, and a count means nothing
    /// but for `on-failure`.
    pub fn from_word(word: &str, max_retries: u32) -> Self {
        let name = match word {
            "" | "no" => RestartName::No,
            "always" => RestartName::Always,
            "unless-stopped" => RestartName::UnlessStopped,
            "on-failure" => RestartName::OnFailure,
            other => RestartName::Other(other.into()),
        };
        let max_retries = if name == RestartName::OnFailure { max_retries } else { 0 };
        Self { name, max_retries }
    }

    /// Returns it as people write it: `on-failure:5`.
    pub fn text(&self) -> String {
        match &self.name {
            RestartName::No => "no".into(),
            RestartName::Always => "always".into(),
            RestartName::UnlessStopped => "unless-stopped".into(),
            RestartName::OnFailure if self.max_retries > 0 => {
                format!("on-failure:{}", self.max_retries)
            }
            RestartName::OnFailure => "on-failure".into(),
            RestartName::Other(word) => word.clone(),
        }
    }
}

/// A kernel namespace a container may have to itself or share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Namespace {
    /// Its own (network: the default bridge).
    Own,
    /// Network or IPC `none`.
    None,
    /// IPC of its own that others may join.
    Shareable,
    Host,
    /// That of another container.
    Container {
        /// Its ID, or its name in a request.
        id: String,
        /// The name of that container. Filled in by `effective::follow_joined`; empty if it was
        /// not found.
        name: String,
        /// Whether this leads to the host's own namespace in the end. Filled in likewise.
        reaches_host: Field<bool>,
    },
    /// A network by name.
    Named(String),
}

impl Namespace {
    /// Reads a mode word as Docker writes it: `""`, `host`, `container:ID`, a network's name.
    pub fn from_word(word: &str) -> Self {
        match word {
            "" | "default" | "bridge" | "private" => Self::Own,
            "none" => Self::None,
            "shareable" => Self::Shareable,
            "host" => Self::Host,
            other => other.strip_prefix("container:").map_or_else(
                || Self::Named(other.into()),
                |id| Self::Container {
                    id: id.into(),
                    name: String::new(),
                    reaches_host: Field::Unknown("the container that it joins was not looked at"),
                },
            ),
        }
    }

    /// Returns the word a person would write.
    pub fn text(&self) -> String {
        match self {
            Self::Own => "private".into(),
            Self::None => "none".into(),
            Self::Shareable => "shareable".into(),
            Self::Host => "host".into(),
            Self::Container { id, .. } => format!("container:{id}"),
            Self::Named(it) => it.clone(),
        }
    }
}

/// One published port, as configured (`PortBindings`), not as currently bound.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublishedPort {
    /// `80/tcp`.
    pub container_port: String,
    /// Empty is every address, in both families.
    pub host_ip: String,
    /// Empty or `0` is chosen by the engine.
    pub host_port: String,
}

impl PublishedPort {
    /// Returns whether it listens on every address of the host.
    pub fn is_wildcard(&self) -> bool {
        matches!(self.host_ip.as_str(), "" | "0.0.0.0" | "::")
    }
}
