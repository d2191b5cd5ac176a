//! What an inspect reply says in its security options.

use std::{collections::BTreeMap, fmt::Write as _};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{HostConfig, Text, text};
use crate::{
    model::{container::Seccomp, field::Field},
    sources::options::{go_bool, security_option},
};

/// The security options that rules look at. The last mention wins.
#[derive(Default)]
pub(super) struct SecurityOptions {
    pub no_new_privileges: Option<Field<bool>>,
    pub seccomp: Option<Seccomp>,
    pub apparmor: Option<String>,
    pub labels: Vec<String>,
    pub writable_cgroups: Option<bool>,
}

pub(super) fn options(host: &HostConfig<'_>) -> SecurityOptions {
    let mut options = SecurityOptions::default();
    for option in host.security_opt.iter().flatten() {
        options.read(&option.0);
    }
    let is_host = |mode: &Option<Text<'_>>| text(mode.as_ref()) == "host";
    let turns_labels_off =
        host.privileged == Some(true) || is_host(&host.pid_mode) || is_host(&host.ipc_mode);
    let last = host.security_opt.iter().flatten().last().map(|it| security_option(&it.0));
    if turns_labels_off && last == Some(("label", "disable")) {
        options.labels.pop();
    }
    options
}

impl SecurityOptions {
    fn read(&mut self, option: &str) {
        match security_option(option) {
            ("no-new-privileges", "") => self.no_new_privileges = Some(Field::Set(true)),
            ("no-new-privileges", word) => {
                let unreadable = Field::Unknown("its no-new-privileges option cannot be read");
                self.no_new_privileges = Some(go_bool(word).map_or(unreadable, Field::Set));
            }
            ("seccomp", profile) => self.seccomp = Some(seccomp(profile)),
            ("apparmor", profile) => self.apparmor = Some(profile.to_owned()),
            ("label", label) => self.labels.push(label.to_owned()),
            ("writable-cgroups", "") => self.writable_cgroups = Some(true),
            ("writable-cgroups", word) => self.writable_cgroups = go_bool(word),
            _ => {}
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Profile<'a> {
    #[serde(borrow)]
    default_action: Option<Text<'a>>,
    #[serde(borrow)]
    syscalls: Option<Vec<Calls<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Calls<'a> {
    /// In old profiles, with one call each.
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    names: Option<Vec<Text<'a>>>,
    #[serde(borrow)]
    action: Option<Text<'a>>,
    args: Option<Vec<serde::de::IgnoredAny>>,
    includes: Option<BTreeMap<String, serde::de::IgnoredAny>>,
}

impl Calls<'_> {
    /// Whether it lets its calls through whatever their arguments and the capabilities.
    fn always_allows(&self) -> bool {
        let is_allow = matches!(text(self.action.as_ref()), "SCMP_ACT_ALLOW" | "SCMP_ACT_LOG");
        is_allow
            && self.args.as_ref().is_none_or(Vec::is_empty)
            && !self.includes.as_ref().is_some_and(|it| it.contains_key("caps"))
    }
}

/// Calls that the engine's own profile lets through at most for containers with a capability.
const RISKY: &[&str] = &[
    "add_key",
    "bpf",
    "kexec_load",
    "keyctl",
    "mount",
    "open_by_handle_at",
    "perf_event_open",
    "request_key",
    "userfaultfd",
];

fn seccomp(profile: &str) -> Seccomp {
    match profile {
        "unconfined" => Seccomp::Unconfined,
        "builtin" => Seccomp::Builtin,
        json => match serde_json::from_str::<Profile<'_>>(json) {
            Ok(profile) => Seccomp::Profile {
                allows_everything: matches!(
                    text(profile.default_action.as_ref()),
                    "SCMP_ACT_ALLOW" | "SCMP_ACT_LOG"
                ),
                digest: digest(json),
                risky_calls: risky_calls(&profile),
            },
            Err(_) => Seccomp::Unreadable,
        },
    }
}

fn risky_calls(profile: &Profile<'_>) -> Vec<String> {
    let allowing = profile.syscalls.iter().flatten().filter(|it| it.always_allows());
    let names = allowing.flat_map(|it| it.name.iter().chain(it.names.iter().flatten()));
    let risky = names.map(|it| it.0.as_ref()).filter(|it| RISKY.contains(it));
    let mut risky: Vec<String> = risky.map(ToOwned::to_owned).collect();
    risky.sort_unstable();
    risky.dedup();
    risky
}

fn digest(text: &str) -> String {
    let hash = Sha256::digest(text);
    hash.iter().fold(String::from("sha256:"), |mut hex, byte| {
        // Writing to a string does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
