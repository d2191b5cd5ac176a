//! One file per rule. A rule judges a view and never acts; what it would change is data.

pub mod attested;
pub mod container;
pub mod daemon;
pub mod host;
pub mod host_file;
pub mod image;
pub mod listing;
pub mod network;
pub mod reference;
pub mod swarm;

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

pub use self::reference::Reference;
use self::reference::{
    cis, cis_moved, cis6, cis8, nist, owasp, pss_baseline, pss_restricted, stig,
};
use crate::model::{
    class::Class,
    container::{ContainerSpec, Namespace, State},
    detail::Detail,
    edit::{ContainerEdit, Edit, Eviction},
    finding::{Fix, Severity, Verdict},
    glob::Glob,
    object::{Address, Object, ObjectKind, View},
};

/// Every rule that a declaration names, sorted by ID.
pub static RULES: &[&dyn AnyRule] = &[
    &container::age::Age,
    &container::annotations_declared::AnnotationsDeclared,
    &container::apparmor_confined::ApparmorConfined,
    &container::blkio_limits::BlkioLimits,
    &container::capabilities_bounded::CapabilitiesBounded,
    &container::caps_useless_for_nonroot::CapsUselessForNonroot,
    &container::cgroup_parent_default::CgroupParentDefault,
    &container::core_ulimit_zero::CoreUlimitZero,
    &container::cpu_limit::CpuLimit,
    &container::created_by_declared_tool::CreatedByDeclaredTool,
    &container::declared::Declared,
    &container::default_proc_masks::DefaultProcMasks,
    &container::device_classes::DeviceClasses,
    &container::device_requests_declared::DeviceRequestsDeclared,
    &container::engine_proxy_is_narrow::EngineProxyIsNarrow,
    &container::expired::Expired,
    &container::follows_daemon_defaults::FollowsDaemonDefaults,
    &container::healthcheck::Healthcheck,
    &container::healthy::Healthy,
    &container::init_process::InitProcess,
    &container::kernel_truth::KernelTruth,
    &container::log_driver::LogDriver,
    &container::masked_paths_current::MaskedPathsCurrent,
    &container::memory_limit::MemoryLimit,
    &container::networks_declared::NetworksDeclared,
    &container::no_bind_through_volume::NoBindThroughVolume,
    &container::no_cap_all_typo::NoCapAllTypo,
    &container::no_cap::DAC_READ_SEARCH,
    &container::no_cap::EQUIVALENTS,
    &container::no_cap_mknod::NoCapMknod,
    &container::no_cap::NET_ADMIN,
    &container::no_cap::NET_RAW,
    &container::no_cap::SYS_ADMIN,
    &container::no_cap::SYS_MODULE,
    &container::no_cap::SYS_PTRACE,
    &container::no_default_bridge::NoDefaultBridge,
    &container::no_engine_env::NoEngineEnv,
    &container::no_engine_socket::NoEngineSocket,
    &container::no_engine_socket_ancestor::NoEngineSocketAncestor,
    &container::no_foreign_runtime_socket::NoForeignRuntimeSocket,
    &container::no_host_devices::NoHostDevices,
    &container::no_host_ipc::NoHostIpc,
    &container::no_host_network::NoHostNetwork,
    &container::no_host_pid::NoHostPid,
    &container::no_host_root_equivalent_combo::NoHostRootEquivalentCombo,
    &container::no_host_userns::NoHostUserns,
    &container::no_host_uts::NoHostUts,
    &container::no_hostprocess::NoHostprocess,
    &container::no_hosts_override::NoHostsOverride,
    &container::no_inherited_mounts::NoInheritedMounts,
    &container::no_ipc_sharing::NoIpcSharing,
    &container::no_l2_network::NoL2Network,
    &container::no_legacy_links::NoLegacyLinks,
    &container::no_live_exec::NoLiveExec,
    &container::no_net_sharing::NoNetSharing,
    &container::no_new_privileges::NoNewPrivileges,
    &container::no_oom_bypass::NoOomBypass,
    &container::no_pid_sharing::NoPidSharing,
    &container::no_privileged::NoPrivileged,
    &container::no_privileged_exec::NoPrivilegedExec,
    &container::no_privileged_host_port::NoPrivilegedHostPort,
    &container::no_publish_all::NoPublishAll,
    &container::no_root_exec::NoRootExec,
    &container::no_root_group::NoRootGroup,
    &container::no_secret_env::NoSecretEnv,
    &container::no_sensitive_bind::NoSensitiveBind,
    &container::no_shared_propagation::NoSharedPropagation,
    &container::no_socket_group::NoSocketGroup,
    &container::no_sshd::NoSshd,
    &container::no_symlinked_bind_source::NoSymlinkedBindSource,
    &container::no_systempaths_unconfined::NoSystempathsUnconfined,
    &container::no_wildcard_device_rule::NoWildcardDeviceRule,
    &container::no_wildcard_publish::NoWildcardPublish,
    &container::no_writable_cgroups::NoWritableCgroups,
    &container::no_writable_drift::NoWritableDrift,
    &container::non_root_user::NonRootUser,
    &container::own_network::OwnNetwork,
    &container::pids_limit::PidsLimit,
    &container::ports_declared::PortsDeclared,
    &container::private_cgroupns::PrivateCgroupns,
    &container::read_only_rootfs::ReadOnlyRootfs,
    &container::restart_bounded::RestartBounded,
    &container::restart_storm::RestartStorm,
    &container::runtime_allowed::RuntimeAllowed,
    &container::safe_sysctls::SafeSysctls,
    &container::seccomp_confined::SeccompConfined,
    &container::seccomp_profile_known::SeccompProfileKnown,
    &container::selinux_confined::SelinuxConfined,
    &container::shm_and_tmpfs_bounded::ShmAndTmpfsBounded,
    &container::stop_timeout_sane::StopTimeoutSane,
    &container::storage_quota::StorageQuota,
    &container::uid_high::UidHigh,
    &container::ulimits::Ulimits,
    &container::volume_not_shared::VolumeNotShared,
    &container::volume_types_allowed::VolumeTypesAllowed,
    &daemon::authz_plugin::AuthzPlugin,
    &daemon::authz_plugin_healthy::AuthzPluginHealthy,
    &host::trusted_files::CDI_DIRS,
    &daemon::cgroup_parent_default::CgroupParentDefault,
    &daemon::config_live_drift::ConfigLiveDrift,
    &daemon::config_parses::ConfigParses,
    &daemon::default_publish_address::DefaultPublishAddress,
    &daemon::default_runtime::DefaultRuntime,
    &daemon::default_ulimits::DefaultUlimits,
    &daemon::fixed::EXPERIMENTAL_OFF,
    &daemon::fixed::ICC_DISABLED,
    &daemon::fixed::IPC_AND_CGROUPNS_DEFAULTS,
    &daemon::fixed::IPTABLES_MANAGED,
    &daemon::fixed::LIVE_RESTORE,
    &daemon::log_driver_central::LogDriverCentral,
    &daemon::fixed::LOG_LEVEL_INFO,
    &daemon::log_rotation::LogRotation,
    &daemon::metrics_not_public::MetricsNotPublic,
    &daemon::min_api_version::MinApiVersion,
    &daemon::no_basesize_override::NoBasesizeOverride,
    &daemon::no_buildkit_insecure::NoBuildkitInsecure,
    &daemon::fixed::NO_DIRECT_ROUTING,
    &daemon::no_insecure_env::NoInsecureEnv,
    &daemon::no_insecure_registries::NoInsecureRegistries,
    &daemon::fixed::NO_NEW_PRIVILEGES_DEFAULT,
    &daemon::no_nri_undeclared::NoNriUndeclared,
    &daemon::no_warnings::NoWarnings,
    &daemon::plugins_declared::PluginsDeclared,
    &daemon::proxy_credentials::ProxyCredentials,
    &daemon::registry_mirrors_https::RegistryMirrorsHttps,
    &daemon::fixed::ROOTLESS,
    &daemon::runtimes_declared::RuntimesDeclared,
    &daemon::seccomp_default::SeccompDefault,
    &daemon::selinux_enabled::SelinuxEnabled,
    &daemon::storage_driver_supported::StorageDriverSupported,
    &daemon::tcp_requires_client_tls::TcpRequiresClientTls,
    &daemon::fixed::USERLAND_PROXY_DISABLED,
    &daemon::userns_remap::UsernsRemap,
    &host_file::CONTAINERD_SOCK_MODE,
    &host_file::CONTAINERD_SOCK_OWNER,
    &host_file::DAEMON_JSON_MODE,
    &host_file::DAEMON_JSON_OWNER,
    &host_file::DOCKER_SERVICE_MODE,
    &host_file::DOCKER_SERVICE_OWNER,
    &host_file::DOCKER_SOCK_MODE,
    &host_file::DOCKER_SOCK_OWNER,
    &host_file::DOCKER_SOCKET_UNIT_MODE,
    &host_file::DOCKER_SOCKET_UNIT_OWNER,
    &host_file::ETC_DEFAULT_DOCKER_MODE,
    &host_file::ETC_DEFAULT_DOCKER_OWNER,
    &host_file::ETC_DOCKER_MODE,
    &host_file::ETC_DOCKER_OWNER,
    &host_file::ETC_SYSCONFIG_DOCKER_MODE,
    &host_file::ETC_SYSCONFIG_DOCKER_OWNER,
    &host_file::REGISTRY_CERTS_MODE,
    &host_file::REGISTRY_CERTS_OWNER,
    &host_file::TLS_CA_MODE,
    &host_file::TLS_CA_OWNER,
    &host_file::TLS_CERT_MODE,
    &host_file::TLS_CERT_OWNER,
    &host_file::TLS_KEY_MODE,
    &host_file::TLS_KEY_OWNER,
    &host::audit::CONTAINERD_BIN,
    &host::audit::CONTAINERD_CONFIG,
    &host::audit::CONTAINERD_SHIM,
    &host::audit::CONTAINERD_SHIM_RUNC_V1,
    &host::audit::CONTAINERD_SHIM_RUNC_V2,
    &host::audit::CONTAINERD_SOCKET,
    &host::audit::DAEMON_JSON,
    &host::audit::DATA_ROOT,
    &host::audit::DOCKER_SERVICE,
    &host::audit::DOCKER_SOCKET,
    &host::audit::DOCKERD,
    &host::audit::ETC_DEFAULT_DOCKER,
    &host::audit::ETC_DOCKER,
    &host::audit::ETC_SYSCONFIG_DOCKER,
    &attested::AUDIT_FAILURE_ALERT,
    &host::audit::RUN_CONTAINERD,
    &host::audit::RUNC,
    &host::cgroup_v2::CgroupV2,
    &host::client_credentials::ClientCredentials,
    &host::container_sprawl::ContainerSprawl,
    &attested::CONTENT_TRUST_ENV,
    &host::trusted_files::DATA_ROOT_MODE,
    &host::data_root_own_filesystem::DataRootOwnFilesystem,
    &host::docker_group_members::DockerGroupMembers,
    &host::trusted_files::ENGINE_BINARIES,
    &host::trusted_files::ENGINE_KEY_MODE,
    &host::engine_version_supported::EngineVersionSupported,
    &host::fips_mode::FipsMode,
    &host::firewall_hook_present::FirewallHookPresent,
    &host::image_sprawl::ImageSprawl,
    &host::kernel_supported::KernelSupported,
    &host::kernel_sysctls::KernelSysctls,
    &host::listener_inventory::ListenerInventory,
    &host::lsm_active::LsmActive,
    &attested::OS_HARDENED,
    &host::trusted_files::PluginSpecs,
    &host::runc_version::RuncVersion,
    &host::service_enabled::ServiceEnabled,
    &host::subid_ranges::SubidRanges,
    &host::time_since_last_run::TimeSinceLastRun,
    &host::unit_dropins_trusted::UnitDropinsTrusted,
    &image::account_database_sane::AccountDatabaseSane,
    &image::allow_list::AllowList,
    &image::copy_not_add::CopyNotAdd,
    &image::dangling_in_use::DanglingInUse,
    &image::digest_pinned::DigestPinned,
    &attested::DOCKERFILE_HYGIENE,
    &image::healthcheck::Healthcheck,
    &attested::MINIMAL_PACKAGES,
    &image::no_latest_tag::NoLatestTag,
    &image::no_leftover_files::NoLeftoverFiles,
    &image::no_lone_update::NoLoneUpdate,
    &image::no_secrets::NoSecrets,
    &image::no_setid_files::NoSetidFiles,
    &image::no_ssh_port::NoSshPort,
    &image::no_sudo::NoSudo,
    &image::no_system_workdir_or_volume::NoSystemWorkdirOrVolume,
    &image::not_stale::NotStale,
    &attested::SCAN_FRESH,
    &attested::SIGNATURE_VERIFIED,
    &image::trusted_source::TrustedSource,
    &attested::VERIFIED_PACKAGES,
    &network::bind_address::BindAddress,
    &network::icc_disabled::IccDisabled,
    &network::unused_removed::UnusedRemoved,
    &swarm::autolock::Autolock,
    &attested::AUTOLOCK_ROTATED,
    &swarm::ca_rotated::CaRotated,
    &swarm::cert_expiry::CertExpiry,
    &swarm::data_plane_separated::DataPlaneSeparated,
    &swarm::inactive_unless_declared::InactiveUnlessDeclared,
    &swarm::listen_addr_bound::ListenAddrBound,
    &swarm::manager_quorum::ManagerQuorum,
    &swarm::overlay_encrypted::OverlayEncrypted,
    &swarm::uses_secrets::UsesSecrets,
];

/// Finds a rule by its ID.
pub fn find(id: &str) -> Option<&'static dyn AnyRule> {
    RULES.iter().copied().find(|rule| rule.meta().id == id)
}

/// Everything that can be explained, sorted by ID: the rules, and those that follow from the
/// `daemon` section of a declaration.
pub fn all_metas() -> Vec<&'static Meta> {
    let mut metas: Vec<_> = RULES.iter().map(|rule| rule.meta()).collect();
    metas.extend([&daemon::settings::SETTING, &daemon::settings::ABSENT]);
    metas.sort_by_key(|meta| meta.id);
    metas
}

/// Finds what can be explained by its ID.
pub fn meta(id: &str) -> Option<&'static Meta> {
    all_metas().into_iter().find(|meta| meta.id == id)
}

/// One thing that must hold.
pub trait Rule: Sync + 'static {
    /// What it looks at.
    type View: View;
    /// What a declaration may say about it.
    type Params: DeserializeOwned + JsonSchema + Send + Sync + 'static;

    fn meta(&self) -> &'static Meta;

    /// Returns what it is about, where that is always one thing of the host: a key of the daemon, a
    /// file.
    fn address(&self) -> Option<Address> {
        None
    }

    /// Returns what it wants to know that is not always looked at.
    fn needs(&self) -> &'static [Detail] {
        &[]
    }

    /// Says what is wrong with parameters that have the right shape.
    fn check(&self, _params: &Self::Params) -> Result<(), ParamError> {
        Ok(())
    }

    /// Same view and same parameters give the same verdict, always.
    fn judge(&self, view: &Self::View, params: &Self::Params) -> Verdict;
}

/// Everything about a rule that is text. Docs, schema and the README table are made from it.
#[derive(Debug)]
pub struct Meta {
    pub id: &'static str,
    /// A sentence about the good state: "Containers do not run privileged".
    pub title: &'static str,
    pub severity: Severity,
    /// Markdown under the headings *Checks*, *Why*, *What a fix may break*.
    pub docs: &'static str,
    /// What its fix costs; `None` where a person has to do it.
    pub fix: Option<Class>,
    pub references: &'static [Reference],
    /// Rules that cannot hold while this one fails. Reported once, under this one.
    pub implies: &'static [&'static str],
    /// Small objects that pass and fail. Shown in the docs, run by the tests.
    pub examples: &'static [Example],
}

/// Parameters as YAML, and an object as the engine's inspect reply shows it, in YAML, cut down
/// to what matters.
#[derive(Debug)]
pub enum Example {
    Passes { params: &'static str, object: &'static str },
    Fails { params: &'static str, object: &'static str },
    Unknown { params: &'static str, object: &'static str },
    NotApplicable { params: &'static str, object: &'static str },
}

/// A rule with its types erased, so that all fit in one list.
pub trait AnyRule: Sync {
    fn meta(&self) -> &'static Meta;
    fn kind(&self) -> ObjectKind;
    fn address(&self) -> Option<Address>;
    fn needs(&self) -> &'static [Detail];
    /// Returns the schema of the parameters in place, not as a reference.
    fn params_schema(&self, generator: &mut SchemaGenerator) -> Schema;
    /// Reads the parameters; an object without members stands for `true`.
    fn bind(&'static self, params: Value) -> Result<Box<dyn BoundRule>, ParamError>;
}

/// Why parameters do not fit a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamError {
    /// Where, within the parameters: `tmpfs[0]`; `.` for the whole.
    pub path: String,
    pub message: String,
}

impl ParamError {
    fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

/// A rule with its parameters.
pub trait BoundRule: Send + Sync {
    /// Returns `None` when the object is of another kind.
    fn judge(&self, object: Object<'_>) -> Option<Verdict>;
}

struct Bound<R: Rule> {
    rule: &'static R,
    params: R::Params,
}

impl<R: Rule> BoundRule for Bound<R> {
    fn judge(&self, object: Object<'_>) -> Option<Verdict> {
        R::View::of(object).map(|view| self.rule.judge(view, &self.params))
    }
}

impl<R: Rule> AnyRule for R {
    fn meta(&self) -> &'static Meta {
        Rule::meta(self)
    }

    fn kind(&self) -> ObjectKind {
        R::View::KIND
    }

    fn address(&self) -> Option<Address> {
        Rule::address(self)
    }

    fn needs(&self) -> &'static [Detail] {
        Rule::needs(self)
    }

    fn params_schema(&self, generator: &mut SchemaGenerator) -> Schema {
        R::Params::json_schema(generator)
    }

    fn bind(&'static self, params: Value) -> Result<Box<dyn BoundRule>, ParamError> {
        let params: R::Params = serde_path_to_error::deserialize(params).map_err(|error| {
            ParamError { path: error.path().to_string(), message: error.into_inner().to_string() }
        })?;
        self.check(&params)?;
        Ok(Box::new(Bound { rule: self, params }))
    }
}

/// For rules that are simply on or off.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoParams {}

/// For rules that let some pass by name.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Allow {
    /// Those that pass; `*` and `?` are wildcards.
    #[serde(default)]
    allow: Vec<Glob>,
}

impl Allow {
    fn allows(&self, name: &str) -> bool {
        self.allow.iter().any(|it| it.fits(name))
    }

    /// Returns whether it names nobody.
    const fn is_empty(&self) -> bool {
        self.allow.is_empty()
    }

    /// Returns those that are not allowed, as one text; `None` if all are.
    fn others<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
        let others: Vec<&str> = names.into_iter().filter(|it| !self.allows(it)).collect();
        (!others.is_empty()).then(|| others.join(", "))
    }
}

/// A failure that edits to the container put right.
fn fails(
    field: &'static str,
    seen: impl Into<String>,
    want: impl Into<Cow<'static, str>>,
    edits: impl IntoIterator<Item = ContainerEdit>,
) -> Verdict {
    let fix = Fix::Edits(edits.into_iter().map(Edit::Container).collect());
    Verdict::Fail { field, seen: seen.into(), want: want.into(), fix }
}

/// A failure that a person has to put right.
fn fails_by_hand(
    field: &'static str,
    seen: impl Into<String>,
    want: impl Into<Cow<'static, str>>,
    advice: impl Into<Cow<'static, str>>,
) -> Verdict {
    Verdict::Fail { field, seen: seen.into(), want: want.into(), fix: Fix::ByHand(advice.into()) }
}

/// A failure that ends with the container out of action; not applicable once it is. The evaluator
/// puts such a container aside: nobody hardens what must not run.
fn not_allowed(
    container: &ContainerSpec,
    field: &'static str,
    seen: impl Into<String>,
    want: impl Into<Cow<'static, str>>,
    until: Eviction,
) -> Verdict {
    if is_out_of_action(container, until) {
        return Verdict::NotApplicable("not allowed, and out of action already");
    }
    let fix = Fix::Edits(vec![Edit::Evict { until }]);
    Verdict::Fail { field, seen: seen.into(), want: want.into(), fix }
}

/// Returns whether an eviction has nothing left to do. A container that is only asked for is not
/// out of action: it must not come to be.
fn is_out_of_action(container: &ContainerSpec, until: Eviction) -> bool {
    let is_active = match container.state {
        State::Requested => return false,
        State::Other => container.pid != 0,
        state => state.has_processes(),
    };
    let is_paused = container.state == State::Paused;
    match until {
        _ if !is_active => true,
        Eviction::Pause => is_paused,
        Eviction::Disconnect => {
            // The engine takes no container off these two.
            let is_connected = match container.network_mode {
                Namespace::Host | Namespace::None => false,
                Namespace::Own
                | Namespace::Shareable
                | Namespace::Container { .. }
                | Namespace::Named(_) => !container.networks.is_empty(),
            };
            is_paused && !is_connected
        }
        Eviction::Stop => false,
    }
}

/// Says the first few of many.
fn shortened(all: &[&str]) -> String {
    const MOST_SHOWN: usize = 8;
    let mut text = all[..all.len().min(MOST_SHOWN)].join(", ");
    if all.len() > MOST_SHOWN {
        text.push_str(&format!(" and {} more", all.len() - MOST_SHOWN));
    }
    text
}

/// Says how a list that must not be empty is written.
fn require_entries<T>(path: &str, list: &[T], example: &str) -> Result<(), ParamError> {
    if list.is_empty() {
        let message = format!("`{path}` has to say what is allowed, for example `{example}`");
        return Err(ParamError::new(path, message));
    }
    Ok(())
}
