//! Many edits of one container, from many rules, become one list without contradictions.

use std::collections::{BTreeMap, btree_map::Entry};

use crate::model::edit::ContainerEdit;

/// What came of merging.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Merged {
    /// In a fixed order, at most one for each setting.
    pub(super) edits: Vec<ContainerEdit>,
    /// What two rules cannot agree on, in words.
    pub(super) conflicts: Vec<String>,
}

/// Merges edits, each with the rule that asks for it. Limits become the smallest, capabilities
/// what all allow; anything else has to be equal.
pub(super) fn merge<'a>(
    edits: impl IntoIterator<Item = (&'static str, &'a ContainerEdit)>,
) -> Merged {
    let mut slots: BTreeMap<Slot<'a>, (&'static str, ContainerEdit)> = BTreeMap::new();
    let mut conflicts = Vec::new();
    for (rule, edit) in edits {
        let mut slot = match slots.entry(Slot::of(edit)) {
            Entry::Vacant(slot) => {
                slot.insert((rule, edit.clone()));
                continue;
            }
            Entry::Occupied(slot) => slot,
        };
        let (first, there) = slot.get_mut();
        match both(there, edit) {
            Some(merged) => *there = merged,
            None => conflicts.push(format!(
                "{first} wants {}, {rule} wants {}",
                wanted(there),
                wanted(edit)
            )),
        }
    }
    // A mount leaves before something else may take its place.
    let mut edits: Vec<_> = slots.into_values().map(|(_, edit)| edit).collect();
    edits.sort_by_key(|edit| !matches!(edit, ContainerEdit::RemoveMount { .. }));
    Merged { edits, conflicts }
}

/// The setting that an edit is about. Declared in the order in which edits are listed.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Slot<'a> {
    Privileged,
    Capabilities,
    NoNewPrivileges,
    Seccomp,
    ReadOnlyRootfs,
    Tmpfs(&'a str),
    User,
    Mount(&'a str),
    NetworkMode,
    Pid,
    Ipc,
    Uts,
    Cgroupns,
    ShmSize,
    Runtime,
    Log,
    Port(&'a str),
    PidsLimit,
    Memory,
    Restart,
}

impl<'a> Slot<'a> {
    fn of(edit: &'a ContainerEdit) -> Self {
        match edit {
            ContainerEdit::Privileged(_) => Self::Privileged,
            ContainerEdit::BoundCapabilities(_) => Self::Capabilities,
            ContainerEdit::NoNewPrivileges(_) => Self::NoNewPrivileges,
            ContainerEdit::DefaultSeccomp => Self::Seccomp,
            ContainerEdit::ReadOnlyRootfs(_) => Self::ReadOnlyRootfs,
            ContainerEdit::Tmpfs { path, .. } => Self::Tmpfs(path),
            ContainerEdit::User(_) => Self::User,
            ContainerEdit::RemoveMount { destination } => Self::Mount(destination),
            ContainerEdit::NetworkMode(_) => Self::NetworkMode,
            ContainerEdit::PrivatePid => Self::Pid,
            ContainerEdit::PrivateIpc | ContainerEdit::ShareableIpc => Self::Ipc,
            ContainerEdit::PrivateUts => Self::Uts,
            ContainerEdit::CgroupnsMode(_) => Self::Cgroupns,
            ContainerEdit::ShmSize(_) => Self::ShmSize,
            ContainerEdit::Runtime(_) => Self::Runtime,
            ContainerEdit::Log { .. } => Self::Log,
            ContainerEdit::PublishOn { container_port, .. } => Self::Port(container_port),
            ContainerEdit::PidsLimit(_) => Self::PidsLimit,
            ContainerEdit::Memory(_) => Self::Memory,
            ContainerEdit::RestartPolicy { .. } => Self::Restart,
        }
    }
}

/// Returns the edit that does what two edits of one setting want, if there is one.
fn both(one: &ContainerEdit, other: &ContainerEdit) -> Option<ContainerEdit> {
    use ContainerEdit as E;
    match (one, other) {
        (E::BoundCapabilities(a), E::BoundCapabilities(b)) => {
            Some(E::BoundCapabilities(a.intersection(*b)))
        }
        (E::PidsLimit(a), E::PidsLimit(b)) => Some(E::PidsLimit(*a.min(b))),
        (E::Memory(a), E::Memory(b)) => Some(E::Memory(*a.min(b))),
        (E::Tmpfs { options, .. }, more) if options.is_empty() => Some(more.clone()),
        (there, E::Tmpfs { options, .. }) if options.is_empty() => Some(there.clone()),
        (
            E::RestartPolicy { name: a, max_retries: x },
            E::RestartPolicy { name: b, max_retries: y },
        ) if a == b => {
            // 0 is without a limit.
            let max_retries = if *x == 0 || *y == 0 { *x.max(y) } else { *x.min(y) };
            Some(E::RestartPolicy { name: a.clone(), max_retries })
        }
        (a, b) => (a == b).then(|| a.clone()),
    }
}

fn wanted(edit: &ContainerEdit) -> String {
    match edit {
        ContainerEdit::Privileged(it) => format!("privileged {it}"),
        ContainerEdit::BoundCapabilities(set) => format!("capabilities within {set}"),
        ContainerEdit::NoNewPrivileges(it) => format!("no-new-privileges {it}"),
        ContainerEdit::DefaultSeccomp => "the engine's seccomp profile".into(),
        ContainerEdit::ReadOnlyRootfs(it) => format!("read_only {it}"),
        ContainerEdit::Tmpfs { path, options } => format!("tmpfs {path}:{options}"),
        ContainerEdit::User(user) => format!("user {user}"),
        ContainerEdit::RemoveMount { destination } => format!("no mount at {destination}"),
        ContainerEdit::NetworkMode(mode) => format!("network_mode {mode}"),
        ContainerEdit::PrivatePid => "a pid namespace of its own".into(),
        ContainerEdit::PrivateIpc => "an ipc namespace of its own".into(),
        ContainerEdit::PrivateUts => "a uts namespace of its own".into(),
        ContainerEdit::ShareableIpc => "an ipc namespace that others may join".into(),
        ContainerEdit::CgroupnsMode(word) => format!("cgroup {word}"),
        ContainerEdit::ShmSize(bytes) => format!("shm_size {bytes}"),
        ContainerEdit::Runtime(name) => format!("runtime {name}"),
        ContainerEdit::Log { driver, .. } => format!("logging by {driver}"),
        ContainerEdit::PublishOn { container_port, address } => {
            format!("port {container_port} on {address}")
        }
        ContainerEdit::PidsLimit(limit) => format!("pids_limit {limit}"),
        ContainerEdit::Memory(bytes) => format!("memory {bytes}"),
        ContainerEdit::RestartPolicy { name, max_retries } => {
            format!("restart {name}:{max_retries}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::capability::CapabilitySet;

    fn check(edits: &[ContainerEdit], merged: &[ContainerEdit], conflicts: &[&str]) {
        let named = edits.iter().zip(["a", "b", "c"]).map(|(edit, rule)| (rule, edit));
        let result = merge(named);
        assert_eq!(result.edits, merged);
        assert_eq!(result.conflicts, conflicts);
    }

    #[test]
    fn limits_become_the_smallest() {
        use ContainerEdit::{Memory, PidsLimit};
        check(&[PidsLimit(512), PidsLimit(100), Memory(9)], &[PidsLimit(100), Memory(9)], &[]);
    }

    #[test]
    fn capabilities_become_what_every_rule_allows() {
        let named = |name| CapabilitySet::named(name).unwrap();
        check(
            &[
                ContainerEdit::BoundCapabilities(named("KILL").union(named("CHOWN"))),
                ContainerEdit::BoundCapabilities(named("KILL").union(named("NET_RAW"))),
            ],
            &[ContainerEdit::BoundCapabilities(named("KILL"))],
            &[],
        );
    }

    #[test]
    fn different_words_for_one_setting_are_a_conflict_and_the_first_stays() {
        check(
            &[ContainerEdit::User("1000".into()), ContainerEdit::User("65534".into())],
            &[ContainerEdit::User("1000".into())],
            &["a wants user 1000, b wants user 65534"],
        );
    }

    #[test]
    fn mount_leaves_before_a_tmpfs_takes_its_place() {
        let tmpfs =
            |options: &str| ContainerEdit::Tmpfs { path: "/run".into(), options: options.into() };
        let remove = ContainerEdit::RemoveMount { destination: "/run".into() };
        check(&[tmpfs(""), remove.clone(), tmpfs("size=1m")], &[remove, tmpfs("size=1m")], &[]);
    }

    #[test]
    fn unlimited_retries_give_way() {
        let restart =
            |max_retries| ContainerEdit::RestartPolicy { name: "on-failure".into(), max_retries };
        check(&[restart(0), restart(5), restart(9)], &[restart(5)], &[]);
    }
}
