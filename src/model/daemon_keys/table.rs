//! The table: one entry a key. A key that says nothing else needs a restart, concerns no container,
//! is excluded by the flag of its name, and shows nowhere.

mod words;

use self::words::{key, member};

use super::{
    BridgeMember, DaemonKeyFacts, Family,
    InfoMember::*,
    LiveSource, Shape,
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
const COLLECTOR: ValueKind = Object(&[
    member("enabled", Bool),
    member("defaultKeepStorage", TEXT),
    member("defaultMaxUsedSpace", TEXT),
    member("defaultMinFreeSpace", TEXT),
    member("defaultReservedSpace", TEXT),
    member("policy", Json),
]);
const ENTITLEMENTS: ValueKind = Object(&[
    member("device", Bool),
    member("network-host", Bool),
    member("security-insecure", Bool),
]);
const BUILDER: ValueKind = Object(&[
    member("entitlements", ENTITLEMENTS),
    member("gc", COLLECTOR),
    member("history", Json),
]);
const NRI: ValueKind = Object(&[
    member("enable", Bool),
    member("plugin-path", TEXT),
    member("plugin-config-path", TEXT),
    member("socket-path", TEXT),
]);

/// The table, sorted by name.
#[rustfmt::skip]
pub static DAEMON_KEYS: &[DaemonKeyFacts] = &[
    key("allow-direct-routing", Bool, (28, 2)).at_daemon_start().default("false")
        .about("true lets other hosts reach containers by their own addresses, past what is published"),
    key("authorization-plugins", TextList, (1, 10)).flag("authorization-plugin").reload_resets().info(AuthorizationPlugins).default("[]")
        .about("the only thing that decides which API call a client may make").note("a plugin that does not answer ends the daemon, at a start and at a reload"),
    key("bip", TEXT, (1, 10)).breaks_bridge().bridge(BridgeMember::GatewayV4).shape(Shape::HostAddress(Family::V4))
        .about("none by itself: it chooses the addresses of the default bridge").note("taken out again, docker0 keeps the address until somebody deletes the interface"),
    key("bip6", TEXT, (28, 0)).breaks_bridge().bridge(BridgeMember::GatewayV6).shape(Shape::HostAddress(Family::V6))
        .about("none by itself: it chooses the addresses of the default bridge"),
    key("bridge", TEXT, (1, 10)).short('b').breaks_bridge().option("com.docker.network.bridge.name")
        .about("none by itself: it chooses the bridge that containers without a network share").note("`none` deletes the interface docker0 at once"),
    key("bridge-accept-fwmark", TEXT, (29, 0)).at_daemon_start().shape(Shape::Mark)
        .about("packets with this mark pass the engine's firewall rules"),
    key("builder", BUILDER, (18, 9)).no_flag()
        .about("the entitlement `security-insecure` lets builds run privileged").note("the engine ignores members that it does not know"),
    key("cdi-spec-dirs", TextList, (25, 0)).flag("cdi-spec-dir").at_start().info(CdiSpecDirs).shape(Shape::Path)
        .about("whoever can write there hands devices of the host to containers").note("a list with one empty text turns it off"),
    key("cgroup-parent", TEXT, (1, 10)).at_start()
        .about("limits of the group it names hold for all containers together"),
    key("containerd", TEXT, (1, 11)).hides().info(ContainerdAddress)
        .about("whoever owns this socket owns every container").note("the packaged service gives it by flag, and the key then keeps the engine from starting"),
    key("containerd-namespace", TEXT, (20, 10)).hides().info(ContainerdNamespace).default("\"moby\"")
        .about("none by itself: it is where containerd keeps the containers"),
    key("cpu-rt-period", Integer, (1, 13)).at_start().default("0").shape(Shape::AtLeast(0))
        .about("a container with real-time priority can starve the host"),
    key("cpu-rt-runtime", Integer, (1, 13)).at_start().default("0").shape(Shape::AtLeast(0))
        .about("a container with real-time priority can starve the host"),
    key("cri-containerd", Bool, (18, 9)).default("false")
        .about("true opens a second way to start containers, past the engine's API"),
    key("data-root", TEXT, (17, 5)).hides().info(DockerRootDir).shape(Shape::Path)
        .about("a file system of its own keeps images and logs from filling the host's"),
    key("debug", Bool, (1, 10)).short('D').reload_keeps().info(Debug).event("debug").default("false")
        .about("debug logs can hold what clients send"),
    key("default-address-pools", Json, (18, 6)).flag("default-address-pool").breaks().new_networks().info(DefaultAddressPools).shape(Shape::Pools)
        .about("none by itself: it chooses the addresses of new networks").note("while it is set, the engine makes docker0 anew at every start without live-restore"),
    key("default-cgroupns-mode", CGROUPNS_MODES, (20, 10)).reload_keeps().at_creation().info(CgroupnsPrivate).event("default-cgroupns-mode")
        .about("`private` hides the host's control groups from containers"),
    key("default-gateway", TEXT, (1, 10)).breaks_bridge().bridge(BridgeMember::DefaultGatewayV4).shape(Shape::Address(Family::V4))
        .about("decides where packets of the default bridge leave"),
    key("default-gateway-v6", TEXT, (1, 10)).breaks_bridge().bridge(BridgeMember::DefaultGatewayV6).shape(Shape::Address(Family::V6))
        .about("decides where packets of the default bridge leave"),
    key("default-ipc-mode", IPC_MODES, (17, 9)).reload_keeps().at_creation().event("default-ipc-mode").default("\"private\"")
        .about("`private` keeps containers out of each other's shared memory"),
    key("default-network-opts", Json, (24, 0)).flag("default-network-opt").new_networks().default("{}").shape(Shape::NetworkOptions)
        .about("can publish ports of new networks on loopback by itself"),
    key("default-runtime", TEXT, (1, 12)).reload_keeps().at_creation().info(DefaultRuntime).event("default-runtime").default("\"runc\"")
        .about("decides how strongly containers are kept from the host's kernel"),
    key("default-shm-size", Size, (17, 6)).reload_keeps().at_creation().event("default-shm-size").default("\"64M\"")
        .about("bounds the shared memory that a container can take from the host"),
    key("default-stop-timeout", Integer, (29, 7)).reload_keeps().event("default-stop-timeout").default("10").shape(Shape::AtLeast(0))
        .about("none by itself: how long a container may take to stop"),
    key("default-ulimits", Json, (1, 10)).flag("default-ulimit").at_start().default("{}").shape(Shape::Ulimits)
        .about("bounds processes and open files, so that one container cannot use up the host"),
    key("dns", TextList, (1, 10)).at_start().default("[]").shape(Shape::Address(Family::Either))
        .about("whoever runs these servers decides where names lead"),
    key("dns-opts", TextList, (1, 10)).flag("dns-opt").at_start().default("[]")
        .about("none by itself: options of name lookup in containers"),
    key("dns-search", TextList, (1, 10)).at_start().default("[]")
        .about("names without a dot are looked up in these domains first"),
    key("exec-opts", TextList, (1, 10)).flag("exec-opt").at_start().info(CgroupDriver).shape(Shape::ExecOption)
        .about("none by itself: who manages the control groups"),
    key("exec-root", TEXT, (1, 10)).breaks().out_of_view().shape(Shape::Path)
        .about("whoever can write there controls running containers"),
    key("experimental", Bool, (1, 13)).version(VersionMember::Experimental).default("false")
        .about("turns on code that is not finished"),
    key("features", FEATURES, (18, 9)).flag("feature").reload_resets().event("features").default("{}")
        .about("none by itself: each feature has its own effect").note("a reload replaces the whole object"),
    key("firewall-backend", FIREWALL_BACKENDS, (29, 0)).breaks().at_daemon_start_too().info(FirewallBackend)
        .about("rules that were put into DOCKER-USER do not hold under nftables"),
    key("fixed-cidr", TEXT, (1, 10)).breaks_bridge().bridge(BridgeMember::RangeV4).shape(Shape::Network(Family::V4))
        .about("none by itself: it narrows the addresses of the default bridge"),
    key("fixed-cidr-v6", TEXT, (1, 10)).breaks_bridge().bridge(BridgeMember::RangeV6).shape(Shape::Network(Family::V6))
        .about("with it containers of the default bridge can be reached over IPv6"),
    key("group", TEXT, (1, 10)).short('G').breaks().live(LiveSource::SocketGroup).default("\"docker\"")
        .about("every member is root on this host").note("without effect under systemd's docker.socket, which sets the group itself"),
    key("host-gateway-ip", TEXT, (20, 10)).at_start().shape(Shape::Address(Family::Either))
        .about("decides what containers reach as `host-gateway`").note("engines from 28.0 call it `host-gateway-ips`"),
    key("host-gateway-ips", TextList, (28, 0)).flag("host-gateway-ip").at_start().default("[]").shape(Shape::Address(Family::Either))
        .about("decides what containers reach as `host-gateway`"),
    key("hosts", TextList, (1, 10)).flag("host").short('H').breaks().shape(Shape::Listener)
        .about("whoever can connect is root on this host, unless TLS asks for a certificate").note("the packaged service gives `-H fd://`, and the key then keeps the engine from starting, even as []"),
    key("icc", Bool, (1, 10)).empty_start().option("com.docker.network.bridge.enable_icc").default("true")
        .about("false keeps containers on the default bridge from each other; other networks need the option of the same name").note("needs the kernel module br_netfilter"),
    key("init", Bool, (1, 13)).at_start().default("false")
        .about("true reaps dead processes, which otherwise use up process numbers"),
    key("init-path", TEXT, (1, 13)).at_start().info(InitBinary).default("\"docker-init\"")
        .about("this program of the host runs in every container with an init"),
    key("insecure-registries", TextList, (1, 11)).flag("insecure-registry").reload_keeps().info(InsecureRegistries).event("insecure-registries").default("[]").shape(Shape::Registry)
        .about("images from these registries can be replaced on the way"),
    key("ip", TEXT, (1, 10)).empty_start().option("com.docker.network.bridge.host_binding_ipv4").default("\"0.0.0.0\"").shape(Shape::Address(Family::Either))
        .about("127.0.0.1 keeps ports published on the default bridge off the network"),
    key("ip-forward", Bool, (1, 10)).breaks().at_daemon_start_too().default("true")
        .about("containers need it to leave the host").note("false does not turn off what the kernel already does"),
    key("ip-forward-no-drop", Bool, (28, 0)).at_daemon_start().default("false")
        .about("true leaves the host forwarding for everybody").note("true does not undo a policy that is already DROP"),
    key("ip-masq", Bool, (1, 10)).empty_start().option("com.docker.network.bridge.enable_ip_masquerade").default("true")
        .about("false shows the containers' own addresses to the network"),
    key("ip6tables", Bool, (20, 10)).breaks().at_daemon_start_too()
        .about("without it no rule protects containers over IPv6").note("on by default from 27.0"),
    key("iptables", Bool, (1, 10)).breaks().at_daemon_start_too().default("true")
        .about("false takes away the rules that keep networks apart").note("false leaves the rules in place until the next boot or flush"),
    key("ipv6", Bool, (1, 10)).empty_start().bridge(BridgeMember::EnableIpv6).default("false")
        .about("containers of the default bridge get addresses that may be reached from outside"),
    key("labels", TextList, (1, 10)).flag("label").reload_keeps().info(Labels).event("labels").default("[]").shape(Shape::Label)
        .about("none by itself"),
    key("live-restore", Bool, (1, 12)).reload_keeps().info(LiveRestore).event("live-restore").default("false")
        .about("keeps containers running while the daemon is restarted for an update"),
    key("log-driver", TEXT, (1, 10)).at_creation().info(LoggingDriver).default("\"json-file\"")
        .about("a driver that sends elsewhere keeps the trail when a host is taken over"),
    key("log-format", LOG_FORMATS, (25, 0)).default("\"text\"")
        .about("none by itself"),
    key("log-level", LOG_LEVELS, (1, 10)).short('l').default("\"info\"")
        .about("what is not logged cannot be looked into afterwards; `info` is what to keep"),
    key("log-opts", TextMap, (1, 10)).flag("log-opt").at_creation().default("{}")
        .about("without max-size one container can fill the disk; options can hold tokens"),
    key("max-concurrent-downloads", Integer, (1, 12)).reload_resets().event("max-concurrent-downloads").default("3").shape(Shape::AtLeast(0))
        .about("none by itself"),
    key("max-concurrent-uploads", Integer, (1, 12)).reload_resets().event("max-concurrent-uploads").default("5").shape(Shape::AtLeast(0))
        .about("none by itself"),
    key("max-download-attempts", Integer, (20, 10)).reload_resets().event("max-download-attempts").default("5").shape(Shape::AtLeast(0))
        .about("none by itself"),
    key("metrics-addr", TEXT, (1, 13)).shape(Shape::HostPort)
        .about("anybody who can connect reads the engine's metrics"),
    key("min-api-version", TEXT, (29, 0)).no_flag().breaks().version(VersionMember::MinApiVersion).shape(Shape::ApiVersion)
        .about("a higher one leaves clients less old API to use"),
    key("mtu", Integer, (1, 10)).empty_start().option("com.docker.network.driver.mtu").default("1500").shape(Shape::AtLeast(0))
        .about("none by itself"),
    key("network-control-plane-mtu", Integer, (17, 9)).default("1500").shape(Shape::AtLeast(0))
        .about("none by itself"),
    key("network-diagnostic-port", Integer, (17, 12)).reload_resets().default("0").shape(Shape::Between(0, 65535))
        .about("opens a server on loopback that asks nobody who they are").note("the engine acts on it at a reload only, never at a start"),
    key("no-new-privileges", Bool, (17, 6)).at_creation().info(NoNewPrivileges).default("false")
        .about("programs such as sudo cannot give a container's processes more rights").note("a container's own `no-new-privileges=false` wins"),
    key("node-generic-resources", TextList, (17, 9)).flag("node-generic-resource").info(GenericResources).default("[]").shape(Shape::Pair)
        .about("none by itself"),
    key("nri-opts", NRI, (29, 2)).reload_resets().at_start_too().info(Nri).event("nri-opts").default("{}")
        .about("its plugins may rewrite every container"),
    key("pidfile", TEXT, (1, 10)).short('p').default("\"/var/run/docker.pid\"").shape(Shape::Path)
        .about("none by itself"),
    key("proxies", PROXIES, (23, 0)).no_flag().info(Proxies).default("{}").sensitive()
        .about("its URLs can hold passwords, which everybody reads who reads the file"),
    key("raw-logs", Bool, (1, 11)).default("false")
        .about("none by itself"),
    key("registry-mirrors", TextList, (1, 11)).flag("registry-mirror").reload_keeps().info(RegistryMirrors).event("registry-mirrors").default("[]").shape(Shape::Mirror)
        .about("whoever runs the mirror decides what an image holds"),
    key("rootless", Bool, (19, 3)).breaks().info(Rootless)
        .about("an engine without root cannot give root away").note("found out by itself; not meant to be set by hand"),
    key("runtimes", Json, (1, 12)).flag("add-runtime").merges().reload_keeps().at_start_too().info(Runtimes).event("runtimes").default("{}").shape(Shape::Runtimes)
        .about("a runtime is a program of the host that runs as root"),
    key("seccomp-profile", TEXT, (1, 13)).at_start().info(SeccompProfile).default("\"builtin\"").shape(Shape::PathOr(&["builtin", "unconfined"]))
        .about("`unconfined` opens every system call to containers").note("the file is read when the daemon starts; containers that ever started as `unconfined` stay so"),
    key("selinux-enabled", Bool, (1, 10)).at_creation().info(Selinux).default("false")
        .about("labels keep a container that breaks out from the host's files").note("on a host without SELinux it is a warning and nothing else"),
    key("shutdown-timeout", Integer, (1, 13)).reload_keeps().event("shutdown-timeout").default("15")
        .about("none by itself").note("a negative number waits for ever"),
    key("storage-driver", TEXT, (1, 10)).short('s').hides().info(StorageDriver)
        .about("`vfs` and drivers that are gone bound no disk space"),
    key("storage-opts", TextList, (1, 10)).flag("storage-opt").breaks().at_creation_too().shape(Shape::Pair)
        .about("a size for overlay2 bounds what a container can write"),
    key("swarm-default-advertise-addr", TEXT, (1, 12))
        .about("none by itself").note("used when a node joins, and never after"),
    key("tls", Bool, (1, 10)).breaks().default("false")
        .about("without `tlsverify` it encrypts and asks nobody who they are").note("without `hosts` it leaves only tcp://localhost:2376"),
    key("tlscacert", TEXT, (1, 10)).breaks().shape(Shape::Path)
        .about("whoever holds a key of this authority is root on this host").note("read when the daemon starts"),
    key("tlscert", TEXT, (1, 10)).breaks().shape(Shape::Path)
        .about("none by itself").note("read when the daemon starts"),
    key("tlskey", TEXT, (1, 10)).breaks().shape(Shape::Path)
        .about("whoever reads this file can pose as the engine").note("read when the daemon starts"),
    key("tlsverify", Bool, (1, 10)).breaks()
        .about("clients need a certificate; without it everybody who connects is root").note("its mere presence turns TLS on, even as false"),
    key("userland-proxy", Bool, (1, 10)).breaks().at_daemon_start_too().info(UserlandProxy).default("true")
        .about("a process of root's for every published port, behind which client addresses are lost").note("false needs the kernel module br_netfilter"),
    key("userland-proxy-path", TEXT, (1, 13)).at_daemon_start().info(UserlandProxyPath).shape(Shape::Path)
        .about("this program runs as root for every published port"),
    key("userns-remap", TEXT, (1, 10)).hides().info(UsernsRemap).shape(Shape::Remap)
        .about("root in a container is nobody on the host").note("`default` makes a user `dockremap`"),
];
