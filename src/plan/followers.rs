//! Containers that the daemon's defaults have not reached, and the daemon's own changes, which
//! come first.

use std::collections::BTreeSet;

use super::{Change, SettingChange, Shown, build::Context};
use crate::{
    model::{
        class::Class,
        container::ContainerSpec,
        daemon_value::same_as_running,
        edit::{ContainerEdit, Edit},
        finding::{Finding, Fix, Verdict},
        owner::Owner,
    },
    rules::container::follows_daemon_defaults,
};

/// What the planner has decided about the daemon.
pub(super) struct DaemonPlan<'c> {
    changes: &'c [Change],
}

impl<'c> DaemonPlan<'c> {
    pub(super) const fn new(changes: &'c [Change]) -> Self {
        Self { changes }
    }

    fn change_of(&self, key: &str) -> Option<&'c Change> {
        self.changes.iter().find(|it| it.address.name() == key)
    }

    /// Returns the IDs of the daemon's changes that come before a container's.
    pub(super) fn before(&self, findings: &[&Finding]) -> Vec<String> {
        let keys = keys(findings);
        let mut ids: Vec<String> = keys
            .iter()
            .filter_map(|key| self.change_of(key))
            .filter(|change| change.held.is_none())
            .map(|change| change.id.clone())
            .collect();
        ids.dedup();
        ids
    }

    /// Returns which of the daemon's changes stops every container and has it started again.
    pub(super) fn restart_of_all(&self) -> Option<usize> {
        self.changes.iter().position(|it| it.held.is_none() && it.interrupts)
    }

    /// Returns a key that the daemon does not go by and will not after this run: a restart of
    /// the container would change nothing.
    pub(super) fn in_vain<'k>(&self, context: &Context<'_>, keys: &[&'k str]) -> Option<&'k str> {
        keys.iter().copied().find(|key| match self.change_of(key) {
            Some(change) => change.held.is_some(),
            None => context.policy.settings.get(*key).is_some_and(|setting| {
                let sides = context.snapshot.daemon.keys.get(*key);
                let running = sides.and_then(|it| it.running.stated());
                !running.is_some_and(|it| same_as_running(key, &setting.value, it))
            }),
        })
    }
}

/// Returns the daemon's keys that a restart of the container is for.
pub(super) fn restarts_for<'a>(findings: &[&'a Finding]) -> Vec<&'a str> {
    let mut keys: Vec<&str> = edits(findings)
        .filter_map(|edit| match edit {
            Edit::Restart { key } => Some(key.as_str()),
            Edit::Container(_)
            | Edit::DaemonKey { .. }
            | Edit::DaemonKeyAbsent { .. }
            | Edit::Evict { .. }
            | Edit::HostFile(_) => None,
        })
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Returns whether a replacement is to take the daemon's seccomp profile, which no option of its
/// own can say.
pub(super) fn takes_seccomp(findings: &[&Finding]) -> bool {
    keys(findings).contains("seccomp-profile")
}

/// Returns the daemon's keys that these findings about one container follow from.
fn keys<'a>(findings: &[&'a Finding]) -> BTreeSet<&'a str> {
    edits(findings)
        .flat_map(|edit| match edit {
            Edit::Restart { key } => vec![key.as_str()],
            Edit::Container(ContainerEdit::NoNewPrivileges(_)) => vec!["no-new-privileges"],
            Edit::Container(ContainerEdit::DefaultSeccomp) => vec!["seccomp-profile"],
            Edit::Container(ContainerEdit::PrivateIpc | ContainerEdit::ShareableIpc) => {
                vec!["default-ipc-mode"]
            }
            Edit::Container(ContainerEdit::CgroupnsMode(_)) => vec!["default-cgroupns-mode"],
            Edit::Container(ContainerEdit::ShmSize(_)) => vec!["default-shm-size"],
            Edit::Container(ContainerEdit::Runtime(_)) => vec!["default-runtime", "runtimes"],
            Edit::Container(ContainerEdit::Log { .. }) => vec!["log-driver", "log-opts"],
            Edit::Container(_)
            | Edit::DaemonKey { .. }
            | Edit::DaemonKeyAbsent { .. }
            | Edit::Evict { .. }
            | Edit::HostFile(_) => vec![],
        })
        .collect()
}

fn edits<'a>(findings: &[&'a Finding]) -> impl Iterator<Item = &'a Edit> {
    findings.iter().filter(|it| follows(it)).flat_map(|it| it.verdict.edits())
}

fn follows(finding: &Finding) -> bool {
    finding.rule == follows_daemon_defaults::ID
}

/// Returns what a restart changes, a row a key.
pub(super) fn rows(findings: &[&Finding]) -> Vec<SettingChange> {
    let row = |finding: &&Finding| match &*finding.verdict {
        Verdict::Fail { field, seen, want, fix: Fix::Edits(edits) }
            if edits.iter().any(|it| matches!(it, Edit::Restart { .. })) =>
        {
            Some(SettingChange {
                name: (*field).into(),
                before: Shown::Value(seen.clone().into()),
                after: Shown::Value(want.clone().into()),
                forces: Some(Class::Restart),
            })
        }
        _ => None,
    };
    findings.iter().filter(|it| follows(it)).filter_map(row).collect()
}

/// Returns what is said where an old default and a container's own choice look the same.
pub(super) fn own_choice(findings: &[&Finding]) -> Option<String> {
    let may_be_own = edits(findings).any(|edit| match edit {
        Edit::Container(
            ContainerEdit::Log { .. }
            | ContainerEdit::PrivateIpc
            | ContainerEdit::ShareableIpc
            | ContainerEdit::CgroupnsMode(_)
            | ContainerEdit::ShmSize(_)
            | ContainerEdit::Runtime(_),
        ) => true,
        Edit::Container(_)
        | Edit::Restart { .. }
        | Edit::DaemonKey { .. }
        | Edit::DaemonKeyAbsent { .. }
        | Edit::Evict { .. }
        | Edit::HostFile(_) => false,
    });
    may_be_own.then(|| {
        format!(
            "an old default of the daemon, or its own choice; to keep it, say `{}: off` for it, \
             or waive the rule",
            follows_daemon_defaults::ID
        )
    })
}

/// Returns who restarts a container that somebody else starts.
pub(super) fn restarted_elsewhere(spec: &ContainerSpec) -> Option<String> {
    match &spec.owner {
        Owner::Nobody | Owner::Compose { .. } | Owner::Other(_) => None,
        Owner::Unit { unit } => Some(format!(
            "systemd unit {unit} runs it; have it started anew:\n  systemctl restart {unit}"
        )),
        Owner::Swarm { service } => Some(format!(
            "Swarm starts it for service {service}; have it started anew:\n  \
             docker service update --force {service}"
        )),
        Owner::Kubernetes { pod } => Some(format!("Kubernetes starts it; delete pod {pod}")),
        Owner::Nomad { allocation } => Some(format!(
            "Nomad starts it; have it started anew:\n  nomad alloc restart {allocation}"
        )),
        Owner::Ecs { task } => Some(format!("ECS starts it; stop task {task}")),
    }
}
