//! The table: one line a key, and the words its columns are written with.

use super::{
    BridgeMember, DaemonKeyFacts,
    InfoMember::{self, *},
    LiveSource, Member, Pickup, Release, TakesEffect,
    ValueKind::{self, *},
    VersionMember,
};

const TEXT: ValueKind = Text(&[]);
const CGROUPNS_MODES: ValueKind = Text(&["private", "host"]);
const IPC_MODES: ValueKind = Text(&["private", "shareable"]);
const LOG_LEVELS: ValueKind = Text(&["panic", "fatal", "error", "warn", "info", "debug", "trace"]);
const LOG_FORMATS: ValueKind = Text(&["text", "json"]);
const FIREWALL_BACKENDS: ValueKind = Text(&["iptables", "nftables"]);
const FEATURES: ValueKind = BoolMap(&[
    "buildkit",
    "cdi",
    "containerd-migration",
    "containerd-snapshotter",
    "embedded-containerd",
    "swarm-nftables",
    "time-namespaces",
]);
const PROXIES: ValueKind =
    Object(&[member("http-proxy", TEXT), member("https-proxy", TEXT), member("no-proxy", TEXT)]);
const BUILDER: ValueKind =
    Object(&[member("gc", Json), member("entitlements", Json), member("history", Json)]);
const NRI: ValueKind = Object(&[
    member("enable", Bool),
    member("plugin-path", TEXT),
    member("plugin-config-path", TEXT),
    member("socket-path", TEXT),
]);

/// The table, sorted by name.
#[rustfmt::skip]
pub static DAEMON_KEYS: &[DaemonKeyFacts] = &[
    key("allow-direct-routing", Bool, (28, 2)).at_daemon_start().default("false"),
    key("authorization-plugins", TextList, (1, 10)).flag("authorization-plugin").reload_resets().info(AuthorizationPlugins).default("[]"),
    key("bip", TEXT, (1, 10)).breaks_bridge().bridge(BridgeMember::GatewayV4),
    key("bip6", TEXT, (28, 0)).breaks_bridge().bridge(BridgeMember::GatewayV6),
    key("bridge", TEXT, (1, 10)).short('b').breaks_bridge().option("com.docker.network.bridge.name"),
    key("bridge-accept-fwmark", TEXT, (29, 0)).at_daemon_start(),
    key("builder", BUILDER, (18, 9)).no_flag(),
    key("cdi-spec-dirs", TextList, (25, 0)).flag("cdi-spec-dir").at_start().info(CdiSpecDirs),
    key("cgroup-parent", TEXT, (1, 10)).at_start(),
    key("containerd", TEXT, (1, 11)).hides().info(ContainerdAddress),
    key("containerd-namespace", TEXT, (20, 10)).hides().info(ContainerdNamespace).default("\"moby\""),
    key("cpu-rt-period", Integer, (1, 13)).at_start().default("0"),
    key("cpu-rt-runtime", Integer, (1, 13)).at_start().default("0"),
    key("cri-containerd", Bool, (18, 9)).default("false"),
    key("data-root", TEXT, (17, 5)).hides().info(DockerRootDir),
    key("debug", Bool, (1, 10)).short('D').reload_keeps().info(Debug).event("debug").default("false"),
    key("default-address-pools", Json, (18, 6)).flag("default-address-pool").breaks().new_networks().info(DefaultAddressPools),
    key("default-cgroupns-mode", CGROUPNS_MODES, (20, 10)).reload_keeps().at_creation().info(CgroupnsPrivate).event("default-cgroupns-mode"),
    key("default-gateway", TEXT, (1, 10)).breaks_bridge().bridge(BridgeMember::DefaultGatewayV4),
    key("default-gateway-v6", TEXT, (1, 10)).breaks_bridge().bridge(BridgeMember::DefaultGatewayV6),
    key("default-ipc-mode", IPC_MODES, (17, 9)).reload_keeps().at_creation().event("default-ipc-mode").default("\"private\""),
    key("default-network-opts", Json, (24, 0)).flag("default-network-opt").new_networks().default("{}"),
    key("default-runtime", TEXT, (1, 12)).reload_keeps().at_creation().info(DefaultRuntime).event("default-runtime").default("\"runc\""),
    key("default-shm-size", Size, (17, 6)).reload_keeps().at_creation().event("default-shm-size").default("\"64M\""),
    key("default-stop-timeout", Integer, (29, 7)).reload_keeps().event("default-stop-timeout").default("10"),
    key("default-ulimits", Json, (1, 10)).flag("default-ulimit").at_start().default("{}"),
    key("dns", TextList, (1, 10)).at_start().default("[]"),
    key("dns-opts", TextList, (1, 10)).flag("dns-opt").at_start().default("[]"),
    key("dns-search", TextList, (1, 10)).at_start().default("[]"),
    key("exec-opts", TextList, (1, 10)).flag("exec-opt").at_start().info(CgroupDriver),
    key("exec-root", TEXT, (1, 10)).breaks().out_of_view(),
    key("experimental", Bool, (1, 13)).version(VersionMember::Experimental).default("false"),
    key("features", FEATURES, (18, 9)).flag("feature").reload_resets().event("features").default("{}"),
    key("firewall-backend", FIREWALL_BACKENDS, (29, 0)).breaks().at_daemon_start_too().info(FirewallBackend),
    key("fixed-cidr", TEXT, (1, 10)).breaks_bridge().bridge(BridgeMember::RangeV4),
    key("fixed-cidr-v6", TEXT, (1, 10)).breaks_bridge().bridge(BridgeMember::RangeV6),
    key("group", TEXT, (1, 10)).short('G').breaks().live(LiveSource::SocketGroup).default("\"docker\""),
    key("host-gateway-ip", TEXT, (20, 10)).at_start(),
    key("host-gateway-ips", TextList, (28, 0)).flag("host-gateway-ip").at_start().default("[]"),
    key("hosts", TextList, (1, 10)).flag("host").short('H').breaks(),
    key("icc", Bool, (1, 10)).empty_start().option("com.docker.network.bridge.enable_icc").default("true"),
    key("init", Bool, (1, 13)).at_start().default("false"),
    key("init-path", TEXT, (1, 13)).at_start().info(InitBinary).default("\"docker-init\""),
    key("insecure-registries", TextList, (1, 11)).flag("insecure-registry").reload_keeps().info(InsecureRegistries).event("insecure-registries").default("[]"),
    key("ip", TEXT, (1, 10)).empty_start().option("com.docker.network.bridge.host_binding_ipv4").default("\"0.0.0.0\""),
    key("ip-forward", Bool, (1, 10)).breaks().at_daemon_start_too().default("true"),
    key("ip-forward-no-drop", Bool, (28, 0)).at_daemon_start().default("false"),
    key("ip-masq", Bool, (1, 10)).empty_start().option("com.docker.network.bridge.enable_ip_masquerade").default("true"),
    key("ip6tables", Bool, (20, 10)).breaks().at_daemon_start_too(),
    key("iptables", Bool, (1, 10)).breaks().at_daemon_start_too().default("true"),
    key("ipv6", Bool, (1, 10)).empty_start().bridge(BridgeMember::EnableIpv6).default("false"),
    key("labels", TextList, (1, 10)).flag("label").reload_keeps().info(Labels).event("labels").default("[]"),
    key("live-restore", Bool, (1, 12)).reload_keeps().info(LiveRestore).event("live-restore").default("false"),
    key("log-driver", TEXT, (1, 10)).at_creation().info(LoggingDriver).default("\"json-file\""),
    key("log-format", LOG_FORMATS, (25, 0)).default("\"text\""),
    key("log-level", LOG_LEVELS, (1, 10)).short('l').default("\"info\""),
    key("log-opts", TextMap, (1, 10)).flag("log-opt").at_creation().default("{}"),
    key("max-concurrent-downloads", Integer, (1, 12)).reload_resets().event("max-concurrent-downloads").default("3"),
    key("max-concurrent-uploads", Integer, (1, 12)).reload_resets().event("max-concurrent-uploads").default("5"),
    key("max-download-attempts", Integer, (20, 10)).reload_resets().event("max-download-attempts").default("5"),
    key("metrics-addr", TEXT, (1, 13)),
    key("min-api-version", TEXT, (29, 0)).no_flag().breaks().version(VersionMember::MinApiVersion),
    key("mtu", Integer, (1, 10)).empty_start().option("com.docker.network.driver.mtu").default("1500"),
    key("network-control-plane-mtu", Integer, (17, 9)).default("1500"),
    key("network-diagnostic-port", Integer, (17, 12)).reload_resets().default("0"),
    key("no-new-privileges", Bool, (17, 6)).at_creation().info(NoNewPrivileges).default("false"),
    key("node-generic-resources", TextList, (17, 9)).flag("node-generic-resource").info(GenericResources).default("[]"),
    key("nri-opts", NRI, (29, 2)).reload_resets().at_start_too().info(Nri).event("nri-opts").default("{}"),
    key("pidfile", TEXT, (1, 10)).short('p').default("\"/var/run/docker.pid\""),
    key("proxies", PROXIES, (23, 0)).no_flag().info(Proxies).default("{}").sensitive(),
    key("raw-logs", Bool, (1, 11)).default("false"),
    key("registry-mirrors", TextList, (1, 11)).flag("registry-mirror").reload_keeps().info(RegistryMirrors).event("registry-mirrors").default("[]"),
    key("rootless", Bool, (19, 3)).breaks().info(Rootless),
    key("runtimes", Json, (1, 12)).flag("add-runtime").merges().reload_keeps().at_start_too().info(Runtimes).event("runtimes").default("{}"),
    key("seccomp-profile", TEXT, (1, 13)).at_start().info(SeccompProfile).default("\"builtin\""),
    key("selinux-enabled", Bool, (1, 10)).at_creation().info(Selinux).default("false"),
    key("shutdown-timeout", Integer, (1, 13)).reload_keeps().event("shutdown-timeout").default("15"),
    key("storage-driver", TEXT, (1, 10)).short('s').hides().info(StorageDriver),
    key("storage-opts", TextList, (1, 10)).flag("storage-opt").breaks().at_creation_too(),
    key("swarm-default-advertise-addr", TEXT, (1, 12)),
    key("tls", Bool, (1, 10)).breaks().default("false"),
    key("tlscacert", TEXT, (1, 10)).breaks(),
    key("tlscert", TEXT, (1, 10)).breaks(),
    key("tlskey", TEXT, (1, 10)).breaks(),
    key("tlsverify", Bool, (1, 10)).breaks(),
    key("userland-proxy", Bool, (1, 10)).breaks().at_daemon_start_too().info(UserlandProxy).default("true"),
    key("userland-proxy-path", TEXT, (1, 13)).at_daemon_start().info(UserlandProxyPath),
    key("userns-remap", TEXT, (1, 10)).hides().info(UsernsRemap),
];

/// A key that needs a restart, concerns no container, is excluded by the flag of its name, and
/// shows nowhere. The words below say what is different.
const fn key(name: &'static str, kind: ValueKind, since: Release) -> DaemonKeyFacts {
    DaemonKeyFacts {
        name,
        kind,
        flag: Some(name),
        short_flag: None,
        flag_merges: false,
        takes_effect: TakesEffect::Restart,
        pickup: Pickup::NotAboutContainers,
        live: LiveSource::Nowhere,
        event: None,
        default: None,
        sensitive: false,
        since,
        until: None,
    }
}

const fn member(name: &'static str, kind: ValueKind) -> Member {
    Member { name, kind }
}

/// The words the table is written with. Two columns are set by most of them: what applies a
/// change, and when a container follows it.
impl DaemonKeyFacts {
    const fn flag(self, flag: &'static str) -> Self {
        Self { flag: Some(flag), ..self }
    }

    const fn no_flag(self) -> Self {
        Self { flag: None, ..self }
    }

    const fn short(self, short: char) -> Self {
        Self { short_flag: Some(short), ..self }
    }

    const fn merges(self) -> Self {
        Self { flag_merges: true, ..self }
    }

    const fn reload_keeps(self) -> Self {
        Self { takes_effect: TakesEffect::Reload { kept_when_absent: true }, ..self }
    }

    const fn reload_resets(self) -> Self {
        Self { takes_effect: TakesEffect::Reload { kept_when_absent: false }, ..self }
    }

    const fn breaks(self) -> Self {
        Self { takes_effect: TakesEffect::Breaks, ..self }
    }

    const fn breaks_bridge(self) -> Self {
        Self { takes_effect: TakesEffect::Breaks, pickup: Pickup::EmptyStart, ..self }
    }

    const fn empty_start(self) -> Self {
        Self { takes_effect: TakesEffect::EmptyStart, pickup: Pickup::EmptyStart, ..self }
    }

    const fn hides(self) -> Self {
        Self { takes_effect: TakesEffect::Hides, pickup: Pickup::OutOfView, ..self }
    }

    const fn at_start(self) -> Self {
        Self { takes_effect: TakesEffect::Restart, pickup: Pickup::ContainerStart, ..self }
    }

    const fn at_start_too(self) -> Self {
        Self { pickup: Pickup::ContainerStart, ..self }
    }

    const fn at_creation(self) -> Self {
        Self { pickup: Pickup::ContainerCreation, ..self }
    }

    const fn at_creation_too(self) -> Self {
        Self { pickup: Pickup::ContainerCreation, ..self }
    }

    const fn at_daemon_start(self) -> Self {
        Self { takes_effect: TakesEffect::Restart, pickup: Pickup::DaemonStart, ..self }
    }

    const fn at_daemon_start_too(self) -> Self {
        Self { pickup: Pickup::DaemonStart, ..self }
    }

    const fn new_networks(self) -> Self {
        Self { pickup: Pickup::NewNetworks, ..self }
    }

    const fn out_of_view(self) -> Self {
        Self { pickup: Pickup::OutOfView, ..self }
    }

    const fn info(self, member: InfoMember) -> Self {
        Self { live: LiveSource::Info(member), ..self }
    }

    const fn version(self, member: VersionMember) -> Self {
        Self { live: LiveSource::Version(member), ..self }
    }

    const fn option(self, name: &'static str) -> Self {
        Self { live: LiveSource::BridgeOption(name), ..self }
    }

    const fn bridge(self, member: BridgeMember) -> Self {
        Self { live: LiveSource::Bridge(member), ..self }
    }

    const fn live(self, live: LiveSource) -> Self {
        Self { live, ..self }
    }

    /// Names the event's attribute. It is the live source too where nothing better is known.
    const fn event(self, attribute: &'static str) -> Self {
        match self.live {
            LiveSource::Nowhere => {
                Self { event: Some(attribute), live: LiveSource::ReloadEvent, ..self }
            }
            _ => Self { event: Some(attribute), ..self },
        }
    }

    const fn default(self, json: &'static str) -> Self {
        Self { default: Some(json), ..self }
    }

    const fn sensitive(self) -> Self {
        Self { sensitive: true, ..self }
    }
}
