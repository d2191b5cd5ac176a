//! Keys that look like settings and are none: refused, or accepted and never read.

use super::Release;

/// A key that must not be declared.
#[derive(Debug)]
pub struct UnusableKey {
    pub name: &'static str,
    pub why: WhyUnusable,
    /// The key that does what was meant.
    pub instead: Option<&'static str>,
    /// What a person should know, in a sentence without a full stop.
    pub advice: &'static str,
    /// The first release line that lets it pass where it is ignored: flags came later than the
    /// file. Older ones refuse it.
    pub since: Release,
    /// The first release line of which this is true; older ones go by the key. `None` where no
    /// release that matters ever did.
    pub until: Option<Release>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyUnusable {
    /// No engine that is still maintained accepts it.
    Removed,
    /// Passes the engine's own checks, and does nothing.
    Ignored,
    /// The engine refuses to start with it.
    Refused,
    /// Belongs on the command line.
    FlagOnly,
    /// Works, is documented nowhere, and is not meant to be set.
    Undocumented,
}

/// The first release with a file.
const FIRST: Release = (1, 10);

/// Sorted by name.
#[rustfmt::skip]
pub static REMOVED_OR_IGNORED: &[UnusableKey] = &[
    singular("add-runtime", "runtimes"),
    ignored("allow-nondistributable-artifacts", None, "such image layers are always pushed since 29.0").until((29, 0)),
    removed("api-cors-header", None, "put a proxy that sets these headers before the API").until((28, 0)),
    removed("api-cors-headers", None, "put a proxy that sets these headers before the API"),
    removed("api-enable-cors", None, "put a proxy that sets these headers before the API"),
    singular("authorization-plugin", "authorization-plugins"),
    singular("cdi-spec-dir", "cdi-spec-dirs").since((25, 0)),
    removed("cluster-advertise", None, "overlay networks with an external store are gone; use Swarm").until((23, 0)),
    removed("cluster-store", None, "overlay networks with an external store are gone; use Swarm").until((23, 0)),
    removed("cluster-store-opts", None, "overlay networks with an external store are gone; use Swarm").until((23, 0)),
    flag_only("config-file", "the file cannot name itself"),
    refused("containerd-plugin-namespace", "the namespace of plugins can only be set by the flag --containerd-plugins-namespace"),
    ignored("containerd-plugins-namespace", None, "the namespace of plugins can only be set by the flag of this name"),
    singular("default-address-pool", "default-address-pools"),
    UnusableKey { name: "default-init", why: WhyUnusable::Refused, instead: Some("init"), advice: "the engine has no flag of this name and refuses the key", since: FIRST, until: None },
    singular("default-network-opt", "default-network-opts").since((24, 0)),
    singular("default-ulimit", "default-ulimits"),
    ignored("deprecated-key-path", None, "the engine no longer has a key of its own"),
    removed("disable-legacy-registry", None, "registries of version 1 are gone since 19.03"),
    singular("dns-opt", "dns-opts"),
    singular("exec-opt", "exec-opts"),
    singular("feature", "features").since((27, 3)),
    removed("graph", Some("data-root"), "it was renamed in 17.05").until((23, 0)),
    flag_only("help", "it is no setting"),
    singular("host", "hosts"),
    ignored("http-proxy", Some("proxies"), "write it inside `proxies`; at the top it is accepted and does nothing").since((23, 0)),
    ignored("https-proxy", Some("proxies"), "write it inside `proxies`; at the top it is accepted and does nothing").since((23, 0)),
    singular("insecure-registry", "insecure-registries"),
    singular("label", "labels"),
    singular("log-opt", "log-opts"),
    ignored("no-proxy", Some("proxies"), "write it inside `proxies`; at the top it is accepted and does nothing").since((23, 0)),
    singular("node-generic-resource", "node-generic-resources"),
    removed("oom-score-adjust", None, "set OOMScoreAdjust in the service unit").until((25, 0)),
    singular("registry-mirror", "registry-mirrors"),
    refused("resolv-conf", "the engine has no flag of this name and refuses the key"),
    undocumented("restart", "false keeps every restart policy from acting when the daemon starts"),
    singular("storage-opt", "storage-opts"),
    refused("swarm-raft-election-tick", "the engine has no flag of this name and refuses the key"),
    refused("swarm-raft-heartbeat-tick", "the engine has no flag of this name and refuses the key"),
    flag_only("validate", "it is no setting").since((23, 0)),
    flag_only("version", "it is no setting"),
];

const fn singular(name: &'static str, instead: &'static str) -> UnusableKey {
    UnusableKey {
        name,
        why: WhyUnusable::Ignored,
        instead: Some(instead),
        advice: "it is the name of the flag; in the file it passes every check and does nothing",
        since: FIRST,
        until: None,
    }
}

const fn ignored(
    name: &'static str,
    instead: Option<&'static str>,
    advice: &'static str,
) -> UnusableKey {
    UnusableKey { name, why: WhyUnusable::Ignored, instead, advice, since: FIRST, until: None }
}

const fn removed(
    name: &'static str,
    instead: Option<&'static str>,
    advice: &'static str,
) -> UnusableKey {
    UnusableKey { name, why: WhyUnusable::Removed, instead, advice, since: FIRST, until: None }
}

const fn refused(name: &'static str, advice: &'static str) -> UnusableKey {
    UnusableKey {
        name,
        why: WhyUnusable::Refused,
        instead: None,
        advice,
        since: FIRST,
        until: None,
    }
}

const fn flag_only(name: &'static str, advice: &'static str) -> UnusableKey {
    UnusableKey {
        name,
        why: WhyUnusable::FlagOnly,
        instead: None,
        advice,
        since: FIRST,
        until: None,
    }
}

const fn undocumented(name: &'static str, advice: &'static str) -> UnusableKey {
    UnusableKey {
        name,
        why: WhyUnusable::Undocumented,
        instead: None,
        advice,
        since: FIRST,
        until: None,
    }
}

impl UnusableKey {
    const fn since(self, release: Release) -> Self {
        Self { since: release, ..self }
    }

    const fn until(self, release: Release) -> Self {
        Self { until: Some(release), ..self }
    }
}
