//! Passwords of registries do not lie about in files.

use crate::{
    model::{
        detail::Detail,
        finding::{Severity, Verdict},
        host_system::HostSystem,
        object::Address,
    },
    rules::{Example, Meta, NoParams, Rule, fails_by_hand, nist},
};

pub struct ClientCredentials;

static META: Meta = Meta {
    id: "host.client-credentials",
    title: "Users of the engine keep no passwords in their files for Docker",
    severity: Severity::High,
    docs: "
## Checks
Looks at `~/.docker/config.json` of root, of a rootless daemon's owner and of every user whose group may write to the engine's sockets. It belongs to its user or to root, nobody else may read it (no more permissions than 0600), and it keeps no password and no token for a registry, which a credential helper (`credsStore`, `credHelpers`) does instead. What it keeps is neither shown nor written down; the registries are named.
Files that `DOCKER_CONFIG` points to are not known of. Homes are looked up in `/etc/passwd`; if `/etc/nsswitch.conf` names further places for users, the answer is never a pass.

## Why
Such a password is only written in another alphabet. Who reads it can push images that this host and others run.

## What a fix may break
Nothing is changed. Without the password in the file, scripts need the helper, and have to log in once more.
",
    fix: None,
    references: &[nist("4.3.2")],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "client-configs: [{path: /root/.docker/config.json}]" },
        Example::Passes { params: "{}", object: "client-configs: [{path: /root/.docker/config.json, mode: '0400'}]" },
        Example::Fails { params: "{}", object: "client-configs: [{path: /root/.docker/config.json, mode: '0640'}]" },
        Example::Fails { params: "{}", object: "client-configs: [{path: /home/bob/.docker/config.json, keeps: [r.example]}]" },
        Example::Fails { params: "{}", object: "client-configs: [{path: /home/bob/.docker/config.json, is-foreign: true}]" },
        Example::Fails { params: "{}", object: "client-configs: [{path: /home/bob/.docker/config.json, mode: '0644', unread: it is no JSON}]" },
        Example::NotApplicable { params: "{}", object: "client-configs: []" },
        Example::Unknown { params: "{}", object: "client-configs: [{path: /home/bob/.docker/config.json, unread: it is no JSON}]" },
        Example::Unknown { params: "{}", object: "client-configs: [{path: /home/bob/.docker/config.json, unseen: no permission}]" },
        Example::Unknown { params: "{}", object: "{client-configs: [], other-accounts: [sss]}" },
        Example::Unknown { params: "{}", object: "{unseen: the engine is elsewhere}" },
    ],
};

impl Rule for ClientCredentials {
    type View = HostSystem;
    type Params = NoParams;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn address(&self) -> Option<Address> {
        Some(Address::host("client-credentials"))
    }

    fn needs(&self) -> &'static [Detail] {
        &[Detail::ClientConfigs]
    }

    fn judge(&self, host: &HostSystem, _: &NoParams) -> Verdict {
        let configs = match &host.client_configs {
            Ok(configs) => configs,
            Err(why) => return Verdict::Unknown(why.clone()),
        };
        let (mut wrong, mut todo, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
        for config in configs {
            let (path, user) = (&config.path, &config.user);
            let facts = match &config.seen {
                Ok(facts) => facts,
                Err(why) => {
                    unknown.push(format!("{path}: {why}"));
                    continue;
                }
            };
            if facts.is_foreign {
                wrong.push(format!("{path} belongs to somebody else"));
                todo.push(format!("`chown {user} {path}`"));
            }
            let too_much = facts.mode & !0o600;
            if too_much != 0 {
                wrong.push(format!("{path} has mode {:04o}", facts.mode));
                todo.push(format!("`chmod {:04o} {path}`", facts.mode & 0o600));
            }
            match &facts.keeps {
                Ok(registries) if registries.is_empty() => {}
                Ok(registries) => {
                    let names: Vec<&str> = registries.iter().map(String::as_str).collect();
                    wrong.push(format!("{path} keeps what lets in at {}", names.join(", ")));
                    todo.push(format!(
                        "as {user}: `docker logout`, name a helper in `credsStore`, and log in again"
                    ));
                }
                Err(why) => unknown.push(format!("{path}: {why}")),
            }
        }
        if !wrong.is_empty() {
            let want = "0600, its user's own, with a credential helper";
            return fails_by_hand("config.json", wrong.join("; "), want, todo.join("; "));
        }
        if !host.other_accounts.is_empty() {
            let others = host.other_accounts.join(", ");
            unknown.push(format!("users also come from {others}, which is not asked"));
        }
        if !unknown.is_empty() {
            return Verdict::Unknown(unknown.join("; "));
        }
        match configs.is_empty() {
            true => Verdict::NotApplicable("nobody who may command the engine has such a file"),
            false => Verdict::Pass,
        }
    }
}
