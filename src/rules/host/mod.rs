//! Rules about the machine that the engine runs on, and the programs that the engine is made of.

pub mod audit;
pub mod cgroup_v2;
pub mod client_credentials;
pub mod container_sprawl;
pub mod data_root_own_filesystem;
pub mod docker_group_members;
pub mod engine_version_supported;
pub mod fips_mode;
pub mod firewall_hook_present;
mod floors;
pub mod image_sprawl;
pub mod kernel_supported;
pub mod kernel_sysctls;
pub mod listener_inventory;
pub mod lsm_active;
pub mod runc_version;
pub mod service_enabled;
pub mod subid_ranges;
pub mod time_since_last_run;
pub mod trusted_files;
pub mod unit_dropins_trusted;
