//! Rules about the daemon, and what the `daemon` section of a declaration asks for.

pub mod authz_plugin;
pub mod authz_plugin_healthy;
pub mod cgroup_parent_default;
pub mod config_live_drift;
pub mod config_parses;
pub mod default_publish_address;
pub mod default_runtime;
pub mod default_ulimits;
pub mod fixed;
mod key;
pub mod log_driver_central;
pub mod log_rotation;
pub mod metrics_not_public;
pub mod min_api_version;
pub mod no_basesize_override;
pub mod no_insecure_env;
pub mod no_insecure_registries;
pub mod no_warnings;
pub mod proxy_credentials;
pub mod registry_mirrors_https;
pub mod runtimes_declared;
pub mod seccomp_default;
pub mod selinux_enabled;
pub mod settings;
pub mod storage_driver_supported;
pub mod tcp_requires_client_tls;
pub mod userns_remap;
