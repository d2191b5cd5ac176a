//! What has to be put right by hand before a key can be changed.

use serde_json::Value;

use super::LIVE_RESTORE;
use crate::{
    model::{
        daemon::{DaemonConfig, Service},
        daemon_check::Engine,
        daemon_keys::DaemonKeyFacts,
    },
    plan::{
        DaemonApply, Held,
        build::Context,
        daemon_file,
        flags::{argument, excluding_flag},
        refusal::hosts_drop_in,
    },
};

/// Returns what has to be put right before the key can be changed at all.
pub(super) fn forbidden(
    context: &Context<'_>,
    key: &str,
    facts: Option<&DaemonKeyFacts>,
    value: Option<&Value>,
    apply: DaemonApply,
) -> Option<Held> {
    let daemon = &context.snapshot.daemon;
    let text = if let Some(why) = &daemon.file_error {
        format!("{} cannot be read: {why}", daemon.file_path)
    } else if let Some(flag) = excluding_flag(daemon, key) {
        let drop_in = hosts_drop_in(daemon).filter(|_| key == "hosts");
        format!(
            "the daemon's command line has `{}` ({}); with the key in the file too it does not \
             start: take the flag out first{}",
            argument(key, flag),
            flag.origin.as_deref().unwrap_or("of unknown origin"),
            drop_in.map_or(String::new(), |how| format!("; {how}")),
        )
    } else if let Some(why) = unknown_to_engine(daemon, facts) {
        why
    } else if daemon.swarm_active && key == LIVE_RESTORE && value == Some(&Value::Bool(true)) {
        "this host is a Swarm node, and the daemon does not start with both; leave the Swarm or \
         drop the key"
            .into()
    } else {
        unreachable_service(context, apply)?
    };
    Some(Held::ByHand(text))
}

/// Returns what has to be put right before the file can be written.
pub(super) fn unwritable(daemon: &DaemonConfig, key: &str) -> Option<Held> {
    let text = match (daemon.file_given_twice.get(key), &daemon.file_obstacle) {
        (Some(places), _) => daemon_file::ambiguous(key, places),
        (None, Some(why)) => format!("{} cannot be replaced: {why}", daemon.file_path),
        (None, None) => return None,
    };
    Some(Held::ByHand(text))
}

fn unknown_to_engine(daemon: &DaemonConfig, facts: Option<&DaemonKeyFacts>) -> Option<String> {
    Engine::of(daemon).does_not_know(facts?)
}

fn unreachable_service(context: &Context<'_>, apply: DaemonApply) -> Option<String> {
    let (command, name) = match apply {
        DaemonApply::Reload => (&context.policy.reload_command, "reload"),
        DaemonApply::Restart => (&context.policy.restart_command, "restart"),
    };
    if command.is_some() {
        return None;
    }
    let service = &context.snapshot.daemon.service;
    match (service, apply) {
        (Service::Process { pid }, DaemonApply::Restart) => Some(format!(
            "no service manager that plimsoll knows looks after the daemon (process {pid}); \
             declare the command that restarts it, below `daemon:`\n  \
             restart-command: [/path/to/restart-docker]"
        )),
        (Service::NotFound, _) => Some(format!(
            "the daemon's process is not visible from here; run on its host as root, or declare \
             the command that does the {name}"
        )),
        (
            Service::Systemd { .. }
            | Service::SystemdUser { .. }
            | Service::OpenRc { .. }
            | Service::SysVInit { .. }
            | Service::Snap { .. },
            _,
        )
        | (Service::Process { .. }, DaemonApply::Reload) => None,
    }
}
