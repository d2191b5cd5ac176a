//! Asks the kernel for the rules that packets for containers go through before the engine's own.

use std::path::Path;

use serde_json::Value;

use super::{audit::run, rooted::Root};
use crate::{
    model::{
        daemon::DaemonConfig,
        host_system::{FilterHooks, Seen},
    },
    sources::firewall::filter_hook,
};

/// Asks by the program that prints them; `None` if the engine writes no rules. Blocks.
pub(super) fn look(root: &Root, config: &DaemonConfig, info: &Value) -> Seen<Option<FilterHooks>> {
    let says = |key: &str| config.keys.get(key).and_then(|it| it.running.stated());
    if says("iptables").is_some_and(|it| *it == false) {
        return Ok(None);
    }
    let backend = info["FirewallBackend"]["Driver"].as_str().unwrap_or("iptables");
    if !backend.starts_with("iptables") {
        return Err(format!("the engine writes its rules by {backend}, which is not read"));
    }
    if !root.is_ours() {
        return Err("this run has another root directory than the daemon, and no `iptables`".into());
    }
    let hook = |program: &str| {
        let places =
            ["/usr/sbin", "/sbin", "/usr/local/sbin"].map(|it| Path::new(it).join(program));
        let place = places.iter().find(|it| it.exists());
        let place = place.ok_or_else(|| format!("there is no `{program}` on this host"))?;
        Ok(filter_hook(&run(&place.display().to_string(), &["-t", "filter"])?))
    };
    Ok(Some(FilterHooks { ipv4: hook("iptables-save"), ipv6: hook("ip6tables-save") }))
}
