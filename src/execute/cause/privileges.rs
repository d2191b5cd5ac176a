//! What it was not allowed any more.

use super::{Case, Cause};
use crate::{
    model::{capability::CapabilitySet, edit::ContainerEdit},
    plan::lines,
};

/// The kernel's two words for "you may not", as programs print them.
const REFUSED: &[&str] = &["operation not permitted", "eperm", "permission denied", "eacces"];

/// What a program was doing, in its own words or those of the C library, and the capability that
/// it takes. The more special word comes first: `setgroups` before `su`.
const NEEDS: &[(&str, &[&str])] = &[
    ("chown", &["CHOWN"]),
    ("change owner", &["CHOWN"]),
    ("changing owner", &["CHOWN"]),
    ("chmod", &["FOWNER"]),
    ("change permissions", &["FOWNER"]),
    ("changing permissions", &["FOWNER"]),
    ("utime", &["FOWNER"]),
    ("setgroups", &["SETGID"]),
    ("initgroups", &["SETGID"]),
    ("set groups", &["SETGID"]),
    ("setgid", &["SETGID"]),
    ("setegid", &["SETGID"]),
    ("setresgid", &["SETGID"]),
    ("setregid", &["SETGID"]),
    ("setuid", &["SETUID"]),
    ("seteuid", &["SETUID"]),
    ("setresuid", &["SETUID"]),
    ("setreuid", &["SETUID"]),
    // gosu, su-exec, su, runuser: groups first, then the user.
    ("failed switching to", &["SETGID", "SETUID"]),
    ("switch user", &["SETGID", "SETUID"]),
    ("drop privileges", &["SETGID", "SETUID"]),
    ("mknod", &["MKNOD"]),
    ("chroot", &["SYS_CHROOT"]),
    ("ping", &["NET_RAW"]),
    ("arping", &["NET_RAW"]),
    ("raw socket", &["NET_RAW"]),
    ("icmp", &["NET_RAW"]),
    ("rtnetlink", &["NET_ADMIN"]),
    ("iptables", &["NET_ADMIN"]),
    ("ioctl(siocs", &["NET_ADMIN"]),
    ("siocsif", &["NET_ADMIN"]),
    ("/dev/net/tun", &["NET_ADMIN"]),
    ("bind", &["NET_BIND_SERVICE"]),
    ("listen", &["NET_BIND_SERVICE"]),
    ("mlock", &["IPC_LOCK"]),
    ("ptrace", &["SYS_PTRACE"]),
    ("setpriority", &["SYS_NICE"]),
    ("sched_set", &["SYS_NICE"]),
    ("renice", &["SYS_NICE"]),
    ("settimeofday", &["SYS_TIME"]),
    ("clock_settime", &["SYS_TIME"]),
    ("set date", &["SYS_TIME"]),
    ("adjtime", &["SYS_TIME"]),
    ("setrlimit", &["SYS_RESOURCE"]),
    ("klogctl", &["SYSLOG"]),
    ("sethostname", &["SYS_ADMIN"]),
    ("umount", &["SYS_ADMIN"]),
    ("mount", &["SYS_ADMIN"]),
];

pub(super) fn no_new_privileges(case: &Case<'_>) -> Option<Cause> {
    if !case.has(|it| matches!(it, ContainerEdit::NoNewPrivileges(true))) {
        return None;
    }
    let line = case.said(&[
        "no new privileges",
        "no_new_privs",
        "must be suid",
        "must be setuid",
        "effective uid is not 0",
        "must be run as root",
        "sudo:",
        "su: ",
    ])?;
    let program = line.split(':').next().filter(|it| it.len() <= 16 && !it.contains(' '));
    let who = program.unwrap_or("a program with the setuid bit");
    Some(
        Cause::new(format!("no-new-privileges: {who} cannot become another user"))
            .instead("container.no-new-privileges: off"),
    )
}

/// A capability that the word for what failed names, and that went with the change.
pub(super) fn capability(case: &Case<'_>) -> Option<Cause> {
    let kept = kept(case)?;
    let refusals = case.lines.iter().rev().filter(|line| {
        let line = line.to_lowercase();
        REFUSED.iter().any(|word| line.contains(word))
    });
    for line in refusals {
        let lower = line.to_lowercase();
        let fitting = NEEDS.iter().filter(|(word, _)| has_word(&lower, word));
        for (word, names) in fitting {
            let needed = names
                .iter()
                .filter_map(|name| CapabilitySet::named(name))
                .fold(CapabilitySet::EMPTY, CapabilitySet::union);
            if needed.is_subset(kept) {
                continue;
            }
            let lost: Vec<&str> = needed.without(kept).names().collect();
            return Some(
                Cause::new(format!(
                    "it does without {} now, which `{word}` takes",
                    lost.join(", ")
                ))
                .instead(lines::capabilities_bounded(kept.union(needed))),
            );
        }
        // Root reads and writes what is not its own by this one.
        let overrides = CapabilitySet::named("DAC_OVERRIDE").unwrap_or_default();
        let denied = ["permission denied", "eacces"].iter().any(|it| lower.contains(it));
        let is_root = matches!(
            case.twin.0["Config"]["User"].as_str().unwrap_or_default(),
            "" | "0" | "root" | "0:0"
        );
        if denied && is_root && !overrides.is_subset(kept) {
            return Some(
                Cause::new(
                    "it does without DAC_OVERRIDE now, and root may not open what it does not own",
                )
                .instead(lines::capabilities_bounded(kept.union(overrides))),
            );
        }
    }
    None
}

/// Some privilege, and nothing says which.
pub(super) fn any_of_them(case: &Case<'_>) -> Option<Cause> {
    case.said(&["operation not permitted", "eperm", "function not implemented", "enosys"])?;
    if let Some(kept) = kept(case) {
        return Some(
            Cause::new("a capability it does without now; which one it does not say").note(
                format!(
                    "It has {kept}; `container.capabilities-bounded: {{ allow: […] }}` gives more"
                ),
            ),
        );
    }
    case.has(|it| matches!(it, ContainerEdit::DefaultSeccomp)).then(|| {
        Cause::new("a system call that the engine's seccomp profile refuses")
            .instead("container.seccomp-confined: off")
    })
}

/// The capabilities that are left, if the change took any.
fn kept(case: &Case<'_>) -> Option<CapabilitySet> {
    let mut kept = None;
    for edit in case.edits {
        match edit {
            ContainerEdit::BoundCapabilities(allow) => {
                kept = Some(kept.unwrap_or(CapabilitySet::ALL).intersection(*allow));
            }
            ContainerEdit::Privileged(false) => {
                kept =
                    Some(kept.unwrap_or(CapabilitySet::ALL).intersection(CapabilitySet::DEFAULT));
            }
            _ => {}
        }
    }
    kept
}

/// Returns whether a word stands in a text and is not part of a longer one.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        !before.is_some_and(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
    })
}
