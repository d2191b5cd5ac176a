//! Changes of the daemon that would lock somebody out, lose something, or end the daemon: each
//! with the way out. Asked when a plan is made, and once more before it is carried out.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{DaemonApply, build::listed, flags::argument};
use crate::model::{
    daemon::{DaemonConfig, Flag},
    daemon_check::loses_live_containers,
    daemon_host::DaemonHost,
    daemon_keys::{self, TakesEffect},
};

/// One key that is to be changed.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub key: &'a str,
    /// `None` takes it out of the file.
    pub value: Option<&'a Value>,
    pub apply: DaemonApply,
    pub daemon: &'a DaemonConfig,
    /// The file as it would be, and the command line.
    pub after: &'a BTreeMap<String, Value>,
    /// Names of the containers that would live through a restart.
    pub living: &'a [&'a str],
}

/// Returns why the change must not be made, and what to do about that.
pub fn refusal(asked: &Asked<'_>) -> Option<String> {
    CHECKS.iter().find_map(|check| check(asked))
}

const CHECKS: &[fn(&Asked<'_>) -> Option<String>] = &[
    reload_drops_flag,
    plugin_is_silent,
    client_is_not_listened_to,
    tls_takes_the_socket,
    group_is_systemds,
    group_is_unknown,
    client_leaves_the_group,
    live_containers_drop_out_of_view,
    store_is_containerds,
    bridge_has_no_filter,
    runtime_is_in_use,
];

/// A reload reads the file alone, and resets some keys that it does not find there. Plugins that
/// guard the API are gone without a word then (moby `Daemon.Reload`).
fn reload_drops_flag(asked: &Asked<'_>) -> Option<String> {
    // These are reloaded beside a restart, too.
    let reloads = ["live-restore", "network-diagnostic-port"].contains(&asked.key);
    if asked.apply != DaemonApply::Reload && !reloads {
        return None;
    }
    asked.daemon.keys.iter().find_map(|(name, key)| {
        let resets = daemon_keys::find(name).is_some_and(|facts| {
            facts.takes_effect == TakesEffect::Reload { kept_when_absent: false }
        });
        let flag = key.flag.as_ref().filter(|_| resets)?;
        let harm = match name.as_str() {
            "authorization-plugins" => "any reload drops it, which leaves the API unguarded",
            _ => "any reload resets it to the default",
        };
        Some(format!(
            "the daemon is started with `{}`{}, and {harm}; take the flag out, write `{name}` to \
             {} by hand and restart the daemon first",
            argument(name, flag),
            from(flag),
            asked.daemon.file_path
        ))
    })
}

/// A daemon that cannot reach such a plugin ends, at a reload as at a start.
fn plugin_is_silent(asked: &Asked<'_>) -> Option<String> {
    let answering = asked.daemon.host.plugins.as_ref()?;
    let named = asked.after.get("authorization-plugins")?.as_array()?;
    let silent = named.iter().filter_map(Value::as_str).find(|name| !answering.contains(*name))?;
    Some(format!(
        "the authorization plugin {silent} does not answer, and with it in the file the daemon \
         ends at its next reload or start; see to it that /run/docker/plugins/{silent}.sock is \
         there first"
    ))
}

fn client_is_not_listened_to(asked: &Asked<'_>) -> Option<String> {
    if asked.key != "hosts" {
        return None;
    }
    let own = &asked.daemon.host.client_address;
    let hosts = asked.after.get("hosts").and_then(Value::as_array);
    let default = [Value::from(DEFAULT_SOCKET)];
    let hosts = hosts.filter(|it| !it.is_empty()).map_or(&default[..], Vec::as_slice);
    let reaches = |host: &str| {
        // systemd's socket is the packaged one.
        short(host) == short(own)
            || (host.starts_with("fd:") && short(own) == short(DEFAULT_SOCKET))
    };
    (!hosts.iter().filter_map(Value::as_str).any(reaches)).then(|| {
        format!(
            "this run talks to the daemon at {own}, where it would no longer listen, so that \
             nobody here could tell how it went; add \"{own}\" to `hosts`"
        )
    })
}

const DEFAULT_SOCKET: &str = "unix:///var/run/docker.sock";

/// `/var/run` is `/run`.
fn short(address: &str) -> String {
    address.replacen("unix:///var/run/", "unix:///run/", 1)
}

/// With TLS and no address the daemon has no socket any more (moby `loadListeners`).
fn tls_takes_the_socket(asked: &Asked<'_>) -> Option<String> {
    let turns_on = match asked.key {
        "tls" => asked.value == Some(&Value::Bool(true)),
        // Its mere presence does.
        "tlsverify" => asked.value.is_some(),
        _ => false,
    };
    let has_hosts = asked.after.contains_key("hosts");
    (turns_on && !has_hosts && asked.daemon.host.client_address.starts_with("unix:")).then(|| {
        format!(
            "with TLS and no `hosts` the daemon listens on tcp://localhost:2376 alone, and this \
             run could not reach it any more; declare hosts: [\"{DEFAULT_SOCKET}\", …] as well"
        )
    })
}

fn by_systemd(asked: &Asked<'_>) -> bool {
    let hosts = asked.after.get("hosts").and_then(Value::as_array).into_iter().flatten();
    hosts.filter_map(Value::as_str).any(|host| host.starts_with("fd:"))
}

fn group_is_systemds(asked: &Asked<'_>) -> Option<String> {
    (asked.key == "group" && by_systemd(asked)).then(|| {
        "the socket is systemd's, and the key has no effect on it; drop the key and set the group \
         there instead\n  \
         systemctl edit docker.socket    # [Socket] SocketGroup=…"
            .to_owned()
    })
}

/// The daemon does not start with one, except for `docker`.
fn group_is_unknown(asked: &Asked<'_>) -> Option<String> {
    let group = asked.value.filter(|_| asked.key == "group")?.as_str()?;
    let is_number = group.parse::<u32>().is_ok();
    let known = asked.daemon.host.groups.as_ref()?;
    (!group.is_empty() && group != "docker" && !is_number && !known.contains(group)).then(|| {
        format!(
            "there is no group {group} on this host, and the daemon does not start without it\n  \
             groupadd --system {group}"
        )
    })
}

fn client_leaves_the_group(asked: &Asked<'_>) -> Option<String> {
    let is_root = asked.daemon.host.client_uid == 0;
    (asked.key == "group" && !is_root && !asked.daemon.service.ends_containers()).then(|| {
        "this run is not root's, and could be locked out of the socket by its new group; run \
         plimsoll as root"
            .to_owned()
    })
}

/// They would hold ports and volumes that nobody can see any more.
fn live_containers_drop_out_of_view(asked: &Asked<'_>) -> Option<String> {
    let loses = loses_live_containers(asked.key) && asked.apply == DaemonApply::Restart;
    (loses && !asked.living.is_empty()).then(|| {
        format!(
            "containers live through the daemon's restart (live-restore) and would run on outside \
             of its view, with their ports and volumes; stop them first, then apply\n  \
             docker stop {}",
            asked.living.join(" ")
        )
    })
}

/// Naming a graph driver makes the engine leave containerd's store (moby
/// `determineImageStoreChoice`).
fn store_is_containerds(asked: &Asked<'_>) -> Option<String> {
    let names_driver = asked.key == "storage-driver" && asked.value.is_some();
    (names_driver && asked.daemon.host.containerd_store).then(|| {
        "this engine keeps its images in containerd's store, and with a storage driver in the \
         file it would leave that store and show none of them; drop the key"
            .to_owned()
    })
}

fn bridge_has_no_filter(asked: &Asked<'_>) -> Option<String> {
    let needs =
        ["icc", "userland-proxy"].contains(&asked.key) && asked.value == Some(&Value::Bool(false));
    (needs && asked.daemon.host.bridge_netfilter == Some(false)).then(|| {
        "the kernel's module br_netfilter is neither loaded nor to be found, and without it the \
         daemon cannot set up its bridge and does not start; load it first\n  \
         modprobe br_netfilter"
            .to_owned()
    })
}

fn runtime_is_in_use(asked: &Asked<'_>) -> Option<String> {
    let declared = asked.after.get("runtimes").and_then(Value::as_object);
    let before = asked.daemon.keys.get("runtimes").filter(|_| asked.key == "runtimes")?;
    let before = before.file.as_ref()?.as_object()?;
    let is_left = |name: &str| declared.is_some_and(|it| it.contains_key(name));
    before.keys().filter(|name| !is_left(name)).find_map(|name| {
        let users = asked.daemon.host.runtimes_in_use.get(name)?;
        let users: Vec<&str> = users.iter().map(String::as_str).collect();
        Some(format!(
            "the runtime {name} would be gone, and these containers could not be started any \
             more: {}; replace or remove them first",
            listed(&users)
        ))
    })
}

/// Returns whether the engine would make a user for this value, at a start and at `--validate`
/// as well (moby `parseRemappedRoot`).
pub fn makes_remap_user(userns_remap: &Value, host: &DaemonHost) -> bool {
    userns_remap == "default" && host.has_remap_user != Some(true)
}

fn from(flag: &Flag) -> String {
    flag.origin.as_ref().map_or(String::new(), |origin| format!(" ({origin})"))
}

/// Returns how to take `-H` out of the unit, so that the file can say it.
pub(super) fn hosts_drop_in(daemon: &DaemonConfig) -> Option<String> {
    let unit = daemon.service.system_unit()?;
    let others = daemon.keys.iter().filter(|(name, _)| *name != "hosts");
    let arguments: Vec<String> =
        others.filter_map(|(name, key)| Some(argument(name, key.flag.as_ref()?))).collect();
    let program = match daemon.host.program.as_str() {
        "" => "/usr/bin/dockerd",
        program => program,
    };
    let command = [&[program.to_owned()], &arguments[..]].concat().join(" ");
    let folder = format!("/etc/systemd/system/{unit}.d");
    Some(format!(
        "a drop-in does that\n  \
         mkdir -p {folder}\n  \
         printf '[Service]\\nExecStart=\\nExecStart={command}\\n' \\\n    \
         >{folder}/hosts.conf\n  \
         systemctl daemon-reload && systemctl restart {unit}"
    ))
}

#[cfg(test)]
mod tests;
