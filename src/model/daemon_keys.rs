//! What is known about the keys of `daemon.json`.
//!
//! Source: moby `daemon/config/config.go`, `daemon/reload.go` and `daemon/command/config.go`, at
//! the first tag of each release line; the table itself is in `table`.

mod relations;
mod shape;
mod table;
#[cfg(test)]
mod tests;
mod unusable;

use serde_json::Value;

pub use relations::{Effect, RELATIONS, Relation, Situation};
pub use shape::{Family, Fault, Shape};
pub use table::DAEMON_KEYS;
pub use unusable::{REMOVED_OR_IGNORED, UnusableKey, WhyUnusable};

/// A release line: `(20, 10)`. Compares as releases follow each other.
pub type Release = (u16, u16);

/// One key.
#[derive(Debug)]
pub struct DaemonKeyFacts {
    pub name: &'static str,
    pub kind: ValueKind,
    /// The command-line flag that excludes it, without dashes. Both together keep the daemon
    /// from starting and from reloading, even if they say the same.
    pub flag: Option<&'static str>,
    /// The short form of that flag.
    pub short_flag: Option<char>,
    /// Whether flag and key are merged instead of excluding each other (`runtimes`).
    pub flag_merges: bool,
    pub takes_effect: TakesEffect,
    /// When a container that exists follows the new value.
    pub pickup: Pickup,
    pub live: LiveSource,
    /// Attribute of the daemon's `reload` event that shows the value.
    pub event: Option<&'static str>,
    /// What the engine goes by if neither file nor flag says anything, as JSON; `None` where
    /// that depends on the host or means "not set".
    default: Option<&'static str>,
    /// What the value, or each entry of a list, has to look like beyond its type.
    pub shape: Shape,
    /// What it means for security, in a sentence without a full stop.
    pub about: &'static str,
    /// What else surprises people, in a sentence without a full stop.
    pub note: Option<&'static str>,
    /// Whether its value can hold a secret wherever it is set. For values that only sometimes do,
    /// ask [`DaemonKeyFacts::holds_secret`].
    pub sensitive: bool,
    /// The first release line that knows it.
    pub since: Release,
    /// The first release line that no longer follows it.
    pub until: Option<Release>,
}

/// The JSON type that the daemon decodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    Bool,
    Integer,
    /// One of these words; empty is any text.
    Text(&'static [&'static str]),
    /// A size as text: `64M`; a bare number is refused.
    Size,
    TextList,
    /// Text to text: numbers and booleans as values are refused.
    TextMap,
    /// Text to boolean. The names are those known; others are accepted by the engine.
    BoolMap(&'static [&'static str]),
    /// An object with these members and no others.
    Object(&'static [Member]),
    /// Any object or list; its inside is the engine's to check.
    Json,
}

/// A member of a key whose value is an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    pub name: &'static str,
    pub kind: ValueKind,
}

/// What a change needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakesEffect {
    /// SIGHUP applies it.
    Reload {
        /// Whether leaving the key out at a reload keeps the old value, so that it has to be
        /// written as empty.
        kept_when_absent: bool,
    },
    Restart,
    /// A daemon start while no container runs: the default bridge is left alone otherwise.
    EmptyStart,
    /// A restart after which images, containers or volumes drop out of view.
    Hides,
    /// A restart that may lock somebody out.
    Breaks,
}

/// When a container that exists follows a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pickup {
    /// No container is involved.
    NotAboutContainers,
    /// At its next start.
    ContainerStart,
    /// Never: it was settled when the container was created.
    ContainerCreation,
    /// When the daemon starts while no container runs.
    EmptyStart,
    /// At the daemon's start, for containers that live through it too.
    DaemonStart,
    /// Never for networks that exist; new ones follow.
    NewNetworks,
    /// Containers drop out of the daemon's view.
    OutOfView,
}

/// Where the running value is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveSource {
    /// A member of `/info`.
    Info(InfoMember),
    /// A member of `/version`.
    Version(VersionMember),
    /// `Options` of the default bridge network (`/networks/bridge`), as text.
    BridgeOption(&'static str),
    /// Another member of the default bridge network.
    Bridge(BridgeMember),
    /// Group of the API socket.
    SocketGroup,
    /// Attribute of the `reload` event only; its name is in [`DaemonKeyFacts::event`].
    ReloadEvent,
    /// Nowhere: the file, the flags and the start time of the process have to do.
    Nowhere,
}

/// Members of `/info`, each read in its own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InfoMember {
    /// `Plugins.Authorization`: the value at the daemon's start, stale after a reload.
    AuthorizationPlugins,
    /// `CDISpecDirs`.
    CdiSpecDirs,
    /// `SecurityOptions` has `name=cgroupns` exactly if the mode is `private`.
    CgroupnsPrivate,
    /// `CgroupDriver`, which `exec-opts` says as `native.cgroupdriver=…`.
    CgroupDriver,
    /// `Containerd.Address`, engines from 27.0.
    ContainerdAddress,
    /// `Containerd.Namespaces.Containers`, engines from 27.0.
    ContainerdNamespace,
    /// `Debug`.
    Debug,
    /// `DefaultAddressPools`, `Base` and `Size` spelt with capitals; left out if not set.
    DefaultAddressPools,
    /// `DefaultRuntime`.
    DefaultRuntime,
    /// `DockerRootDir`; with `userns-remap` it has `/<uid>.<gid>` behind it.
    DockerRootDir,
    /// `FirewallBackend.Driver`, engines from 28.1.
    FirewallBackend,
    /// `GenericResources`.
    GenericResources,
    /// `InitBinary`.
    InitBinary,
    /// `RegistryConfig.IndexConfigs` with `Secure` false, and `InsecureRegistryCIDRs` without
    /// the loopback ranges, which the engine always adds.
    InsecureRegistries,
    /// `Labels`, in no order.
    Labels,
    /// `LiveRestoreEnabled`.
    LiveRestore,
    /// `LoggingDriver`.
    LoggingDriver,
    /// `SecurityOptions` has `name=no-new-privileges`, engines from 24.0; older ones never show it.
    NoNewPrivileges,
    /// `NRI`, engines from 29.2.
    Nri,
    /// `HttpProxy`, `HttpsProxy`, `NoProxy`: credentials masked, environment mixed in.
    Proxies,
    /// `RegistryConfig.Mirrors`, to which the engine adds a slash.
    RegistryMirrors,
    /// `SecurityOptions` has `name=rootless`.
    Rootless,
    /// `Runtimes`: the built-in ones are among them, and paths only.
    Runtimes,
    /// `SecurityOptions` has `name=seccomp,profile=…`: `default` up to 20.10 and `builtin` from
    /// 23.0 are one value.
    SeccompProfile,
    /// `SecurityOptions` has `name=selinux`.
    Selinux,
    /// `Driver`.
    StorageDriver,
    /// `SecurityOptions` has `name=userns`: whether it is on, not for which user.
    UsernsRemap,
    /// `FirewallBackend.Info` has `EnableUserlandProxy`, engines from 29.5, only when on.
    UserlandProxy,
    /// `FirewallBackend.Info`, `UserlandProxyPath`, engines from 29.5.
    UserlandProxyPath,
}

/// Members of `/version`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionMember {
    /// `MinAPIVersion`.
    MinApiVersion,
    /// `Experimental`.
    Experimental,
}

/// Members of `/networks/bridge` that are not among its options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BridgeMember {
    /// `IPAM.Config[]`: the gateway with the length of the subnet, IPv4.
    GatewayV4,
    /// The same, IPv6.
    GatewayV6,
    /// `IPAM.Config[].IPRange`, IPv4.
    RangeV4,
    /// The same, IPv6.
    RangeV6,
    /// `IPAM.Config[].AuxiliaryAddresses`, `DefaultGatewayIPv4`.
    DefaultGatewayV4,
    /// The same, `DefaultGatewayIPv6`.
    DefaultGatewayV6,
    /// `EnableIPv6`.
    EnableIpv6,
}

impl DaemonKeyFacts {
    /// Returns the value that says the same as leaving the key out, where there is one that does
    /// not depend on the host. This is what has to be written for a key that a reload keeps.
    pub fn default_value(&self) -> Option<Value> {
        self.default.and_then(|text| serde_json::from_str(text).ok())
    }

    /// Returns whether a reload applies the key.
    pub const fn reloads(&self) -> bool {
        matches!(self.takes_effect, TakesEffect::Reload { .. })
    }

    /// Returns what this change needs. Of `features` a reload takes only one over, and one of them
    /// decides where images are kept.
    pub fn takes_effect_from(&self, before: Option<&Value>, after: Option<&Value>) -> TakesEffect {
        if self.name != "features" {
            return self.takes_effect;
        }
        let of = |value: Option<&Value>, name: &str| value.and_then(|it| it.get(name)).cloned();
        let names = |value: Option<&Value>| {
            let names = value.and_then(Value::as_object).into_iter().flatten();
            names.map(|(name, _)| name.clone()).collect::<Vec<_>>()
        };
        let mut moved = names(before);
        moved.extend(names(after));
        moved.retain(|name| of(before, name) != of(after, name));
        if moved.iter().any(|name| name == "containerd-snapshotter") {
            TakesEffect::Hides
        } else if moved.iter().any(|name| name != "buildkit") {
            TakesEffect::Restart
        } else {
            self.takes_effect
        }
    }

    /// Returns whether leaving the key out of the file at a reload keeps the old value.
    pub const fn kept_when_absent(&self) -> bool {
        matches!(self.takes_effect, TakesEffect::Reload { kept_when_absent: true })
    }

    /// Returns whether an engine of this release follows the key.
    pub fn known_to(&self, release: Release) -> bool {
        self.since <= release && self.until.is_none_or(|until| release < until)
    }

    /// Returns whether this value must never be shown or stored.
    pub fn holds_secret(&self, value: &Value) -> bool {
        self.sensitive || has_secret_name(value)
    }
}

/// Returns whether containers take the value of this key when they are created or start.
pub fn reaches_containers(name: &str) -> bool {
    find(name)
        .is_some_and(|it| matches!(it.pickup, Pickup::ContainerCreation | Pickup::ContainerStart))
}

/// Finds a key by its exact name.
pub fn find(name: &str) -> Option<&'static DaemonKeyFacts> {
    DAEMON_KEYS.binary_search_by(|key| key.name.cmp(name)).ok().map(|at| &DAEMON_KEYS[at])
}

/// Returns the name of every key.
pub fn names() -> impl Iterator<Item = &'static str> {
    DAEMON_KEYS.iter().map(|key| key.name)
}

/// Finds a key that looks right and is not.
pub fn find_unusable(name: &str) -> Option<&'static UnusableKey> {
    REMOVED_OR_IGNORED.iter().find(|key| key.name == name)
}

/// Finds the key that a flag excludes. `name` is without dashes.
pub fn find_by_flag(name: &str) -> Option<&'static DaemonKeyFacts> {
    let mut chars = name.chars();
    match (chars.next(), chars.next()) {
        (Some(short), None) => DAEMON_KEYS.iter().find(|key| key.short_flag == Some(short)),
        _ => DAEMON_KEYS.iter().find(|key| key.flag == Some(name)),
    }
}

/// Reads the release line out of an engine's version: `20.10.24+dfsg1` is `(20, 10)`.
pub fn release(version: &str) -> Option<Release> {
    let mut parts = version.trim_start_matches('v').split('.');
    let major = parts.next()?.parse().ok()?;
    let minor = parts.next()?;
    let digits = minor.find(|c: char| !c.is_ascii_digit()).unwrap_or(minor.len());
    Some((major, minor[..digits].parse().ok()?))
}

/// Writes a release line as the engine does: `20.10`, `17.06`.
pub fn release_text((major, minor): Release) -> String {
    match major {
        // Releases were named for year and month.
        17..=19 => format!("{major}.{minor:02}"),
        _ => format!("{major}.{minor}"),
    }
}

/// Returns whether an object names a member as if it were a secret: `splunk-token` among log
/// options.
pub fn has_secret_name(value: &Value) -> bool {
    const WORDS: [&str; 5] = ["token", "password", "passwd", "secret", "credential"];
    match value {
        Value::Object(members) => members.iter().any(|(name, value)| {
            let name = name.to_ascii_lowercase();
            WORDS.iter().any(|word| name.contains(word)) || has_secret_name(value)
        }),
        Value::Array(items) => items.iter().any(has_secret_name),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
