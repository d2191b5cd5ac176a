//! Who may write to the engine's socket is root, and is named.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    model::{
        finding::{Severity, Verdict},
        host_system::{HostSystem, SocketGroup},
        object::Address,
    },
    rules::{Example, Meta, Rule, cis6, cis8, fails_by_hand, nist},
};

pub struct DockerGroupMembers;

/// Whom a declaration knows.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Members {
    /// Names of users that may be in the group, each in full.
    #[serde(default)]
    allow: Vec<String>,
}

static META: Meta = Meta {
    id: "host.docker-group-members",
    title: "Only declared users may command the engine",
    severity: Severity::Critical,
    docs: "
## Checks
Takes the groups that may write to the sockets which the engine takes orders on, by their numbers, whatever they are called. Every user in such a group, and every account whose first group it is, is named in `allow`, in full. Root, and the owner of a rootless daemon, do not count.
Users and groups are read from `/etc/passwd` and `/etc/group`. If `/etc/nsswitch.conf` names further places, such as `sss` or `ldap`, and the files hold nobody else, the answer is unknown.

## Why
Whoever may write to the engine's socket is root on this host: a container that mounts `/` takes one command.

## What a fix may break
Nothing is changed: the command that takes a user out of the group is named. That user's scripts need `sudo` from then on; sessions that are open keep the group until they end.
",
    fix: None,
    references: &[cis6("1.1.2"), cis8("1.1.2"), nist("4.3.1"), nist("4.5.4"), nist("4.3.2")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "{socket-groups: {docker: []}}" },
        Example::Passes { params: "allow: [bob]", object: "{socket-groups: {docker: [bob]}}" },
        Example::Fails { params: "{}", object: "{socket-groups: {docker: [bob]}}" },
        Example::Fails { params: "allow: [bobby]", object: "{socket-groups: {docker: [bob]}}" },
        Example::Fails { params: "allow: [bob]", object: "{socket-groups: {docker: [bob], ops: [alice]}, other-accounts: [sss]}" },
        Example::NotApplicable { params: "{}", object: "{socket-groups: {}}" },
        Example::Unknown { params: "{}", object: "{socket-groups: {docker: []}, other-accounts: [sss]}" },
        Example::Unknown { params: "{}", object: "{unseen: the engine is elsewhere}" },
    ],
};

impl Rule for DockerGroupMembers {
    type View = HostSystem;
    type Params = Members;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::host("socket-group"))
    }

    fn judge(&self, host: &HostSystem, params: &Members) -> Verdict {
        let groups = match &host.socket_groups {
            Ok(groups) => groups,
            Err(why) => return Verdict::Unknown(why.clone()),
        };
        if groups.is_empty() {
            return Verdict::NotApplicable("no group may write to the engine's sockets");
        }
        let mut seen = Vec::new();
        let mut advice = Vec::new();
        for SocketGroup { gid, name, members } in groups {
            let others: Vec<&str> = members
                .iter()
                .filter(|it| !params.allow.contains(it))
                .map(String::as_str)
                .collect();
            if others.is_empty() {
                continue;
            }
            let name = if name.is_empty() { gid.to_string() } else { name.clone() };
            seen.push(format!("{} in group {name}", others.join(", ")));
            advice.extend(others.iter().map(|it| format!("`gpasswd -d {it} {name}`")));
        }
        if !seen.is_empty() {
            let advice = format!(
                "name them under `allow`, or take them out: {}; an account whose first group it \
                 is gets another one by `usermod -g`",
                advice.join(", ")
            );
            return fails_by_hand("group", seen.join("; "), "declared users alone", advice);
        }
        if host.other_accounts.is_empty() {
            return Verdict::Pass;
        }
        Verdict::Unknown(format!(
            "members of groups also come from {}, which is not asked",
            host.other_accounts.join(", ")
        ))
    }
}
