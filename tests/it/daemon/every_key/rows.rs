//! Every key of the table with a value to try, how it is tried, and where it shows.

use crate::lab::Suite;

/// Keys that are applied together, and undone together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Batch {
    /// Nothing needs more than a reload.
    Reload,
    /// Others decide: a process that the daemon asks before it answers anybody, and a daemon that
    /// takes itself for one without root.
    Guarded,
    /// What the daemon and its containers start with.
    Start,
    /// The default bridge, on a host where nothing runs.
    Bridge,
    /// A bridge of the host's own, what the bridge driver does, and a port to listen on that asks
    /// for certificates.
    Surroundings,
    /// Images and containers drop out of view; there are none.
    Hides,
    /// Not to be set: this is what is said about it.
    Refused(&'static str),
    /// Cannot be seen on machines of the lab, for this reason; that it is refused or taken back
    /// without harm can.
    NotHere { why: &'static str, says: &'static str },
}

impl Batch {
    /// Those that are applied, in the order in which they are.
    pub(super) const APPLIED: [Self; 6] =
        [Self::Reload, Self::Start, Self::Bridge, Self::Surroundings, Self::Hides, Self::Guarded];
}

/// What the daemon's own list of its settings says about a key in force.
#[derive(Clone, Copy, Debug)]
pub(super) enum Listed {
    /// What was declared.
    Same,
    Json(&'static str),
    /// It is not in the list, or not in a way that tells.
    Nowhere,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) key: &'static str,
    /// JSON, which is YAML too.
    pub(super) value: &'static str,
    pub(super) batch: Batch,
    pub(super) suites: &'static [Suite],
    pub(super) listed: Listed,
    /// A question to the engine or the kernel, as a shell script, and its answer with the key.
    pub(super) probe: Option<(&'static str, &'static str)>,
    /// Where this value needs more than the table says of the key.
    pub(super) class: Option<&'static str>,
    /// Why something is left of it after it was taken out.
    pub(super) stays: Option<&'static str>,
}

impl Row {
    const fn on(self, suites: &'static [Suite]) -> Self {
        Self { suites, ..self }
    }

    const fn listed(self, json: &'static str) -> Self {
        Self { listed: Listed::Json(json), ..self }
    }

    const fn not_listed(self) -> Self {
        Self { listed: Listed::Nowhere, ..self }
    }

    const fn probe(self, script: &'static str, answer: &'static str) -> Self {
        Self { probe: Some((script, answer)), ..self }
    }

    const fn class(self, class: &'static str) -> Self {
        Self { class: Some(class), ..self }
    }

    const fn stays(self, why: &'static str) -> Self {
        Self { stays: Some(why), ..self }
    }

    const fn info(self, script: &'static str, answer: &'static str) -> Self {
        self.probe(script, answer)
    }
}

const fn row(key: &'static str, value: &'static str, batch: Batch) -> Row {
    Row {
        key,
        value,
        batch,
        suites: &Suite::ALL,
        listed: Listed::Same,
        probe: None,
        class: None,
        stays: None,
    }
}

const OLD: &[Suite] = &[Suite::Bookworm];
const SUPERVISED: &[Suite] = &[Suite::Trixie, Suite::Sid];
const BEFORE_27: &[Suite] = &[Suite::Bookworm, Suite::Trixie];
const NEW: &[Suite] = &[Suite::Sid];

/// A member of `/info`.
macro_rules! info {
    ($member:literal) => {
        concat!("docker info --format '{{json .", $member, "}}'")
    };
}
/// An option of the default bridge.
macro_rules! option {
    ($name:literal) => {
        concat!(
            "docker network inspect bridge --format '{{index .Options \"com.docker.network.",
            $name,
            "\"}}'"
        )
    };
}
/// A part of the default bridge's addresses.
macro_rules! address {
    ($member:literal, $value:literal) => {
        concat!(
            "docker network inspect bridge --format '{{range .IPAM.Config}}{{.",
            $member,
            "}} {{end}}' | grep -o ",
            $value
        )
    };
}
/// What a new container finds, as [`CONTAINER`] has written it down.
macro_rules! container {
    ($pattern:literal) => {
        concat!("grep -o '", $pattern, "' /run/lab-container | head -n 1")
    };
}
/// Asks a new container once for all that rows want to know. The second try is for 28.5, where
/// `host-gateway` is of no use after a reload.
pub(super) const CONTAINER: &str = r#"
ask='cat /proc/self/cgroup /etc/resolv.conf /etc/hosts; grep NoNewPrivs /proc/self/status
echo "files $(ulimit -n)"; df -k /dev/shm | tail -n 1; tr "\0" " " </proc/1/cmdline'
image=plimsoll-test/busybox:1
docker run --rm --add-host there:host-gateway $image sh -c "$ask" >/run/lab-container 2>&1 ||
    docker run --rm $image sh -c "$ask" >/run/lab-container 2>&1
"#;

use Batch::*;

/// Sorted by name, as the table is.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    row("allow-direct-routing", "true", Start),
    row("authorization-plugins", "[\"lab-authz\"]", Guarded).not_listed()
        .probe(": >/run/lab-authz.log; docker version >/dev/null; grep -q AuthZReq /run/lab-authz.log && echo asked", "asked"),
    row("bip", "\"10.77.0.1/24\"", Bridge).probe(address!("Gateway", "10.77.0.1"), "10.77.0.1")
        .stays("docker0 keeps its address, and the engine goes by an interface that is there"),
    row("bip6", "\"fd00:77::1/64\"", Bridge).probe(address!("Gateway", "fd00:77::1"), "fd00:77::1"),
    row("bridge", "\"lab0\"", Surroundings).not_listed().probe(option!("bridge.name"), "lab0"),
    row("bridge-accept-fwmark", "\"0x1\"", Start),
    row("builder", "{\"gc\": {\"enabled\": true, \"defaultKeepStorage\": \"1GB\"}}", Start)
        .on(BEFORE_27).listed("{\"GC\": {\"Enabled\": true, \"DefaultKeepStorage\": \"1GB\"}, \"Entitlements\": {}}"),
    row("builder", "{\"gc\": {\"enabled\": true, \"defaultKeepStorage\": \"1GB\"}}", Start).on(NEW)
        .listed("{\"GC\": {\"Enabled\": true, \"DefaultReservedSpace\": \"1GB\"}, \"Entitlements\": {}}"),
    row("cdi-spec-dirs", "[\"/etc/lab-cdi\"]", Start).probe(info!("CDISpecDirs"), "[\"/etc/lab-cdi\"]"),
    row("cgroup-parent", "\"/lab-parent\"", Start).probe(container!("/lab-parent"), "/lab-parent"),
    row("containerd", "\"/run/lab-containerd.sock\"", Refused("`containerd` is also set in the daemon's start command")),
    row("containerd-namespace", "\"lab\"", Hides).on(BEFORE_27),
    row("containerd-namespace", "\"lab\"", Hides).on(NEW).probe(info!("Containerd.Namespaces.Containers"), "\"lab\""),
    row("cpu-rt-period", "1000000", Start),
    row("cpu-rt-runtime", "10000", Start),
    row("cri-containerd", "true", Start),
    row("data-root", "\"/var/lib/lab-docker\"", Hides).listed("\"/var/lib/lab-docker/100000.100000\"")
        .info(info!("DockerRootDir"), "\"/var/lib/lab-docker/100000.100000\""),
    row("debug", "true", Reload).info(info!("Debug"), "true"),
    row("default-address-pools", "[{\"base\": \"10.99.0.0/16\", \"size\": 24}]", Surroundings).on(BEFORE_27)
        .listed("{\"Values\": [{\"base\": \"10.99.0.0/16\", \"size\": 24}]}").info(info!("DefaultAddressPools"), "[{\"Base\":\"10.99.0.0/16\",\"Size\":24}]"),
    row("default-address-pools", "[{\"base\": \"10.99.0.0/16\", \"size\": 24}]", Surroundings).on(NEW).not_listed()
        .info(info!("DefaultAddressPools"), "[{\"Base\":\"10.99.0.0/16\",\"Size\":24}]"),
    row("default-cgroupns-mode", "\"private\"", Reload).info("docker info --format '{{.SecurityOptions}}' | grep -o name=cgroupns", "name=cgroupns"),
    row("default-gateway", "\"10.77.0.254\"", Bridge),
    row("default-gateway-v6", "\"fd00:77::fe\"", Bridge),
    row("default-ipc-mode", "\"shareable\"", Reload),
    row("default-network-opts", "{\"bridge\": {\"com.docker.network.bridge.host_binding_ipv4\": \"127.0.0.1\"}}", Start),
    row("default-runtime", "\"lab\"", Reload).info(info!("DefaultRuntime"), "\"lab\""),
    row("default-shm-size", "\"32M\"", Reload).listed("33554432").probe(container!("shm  *32768"), "shm 32768"),
    row("default-stop-timeout", "20", Reload),
    row("default-ulimits", "{\"nofile\": {\"Name\": \"nofile\", \"Hard\": 4096, \"Soft\": 2048}}", Start).probe(container!("files 2048"), "files 2048"),
    row("dns", "[\"192.0.2.53\"]", Start).probe(container!("192.0.2.53"), "192.0.2.53"),
    row("dns-opts", "[\"ndots:3\"]", Start).probe(container!("ndots:3"), "ndots:3"),
    row("dns-search", "[\"lab.example\"]", Start).probe(container!("lab.example"), "lab.example"),
    row("exec-opts", "[\"native.cgroupdriver=cgroupfs\"]", Start),
    row("exec-root", "\"/run/lab-docker\"", Surroundings),
    row("experimental", "true", Start).probe("docker version --format '{{.Server.Experimental}}'", "true"),
    row("features", "{\"buildkit\": false, \"cdi\": true}", Start).on(&[Suite::Trixie]).class("restart"),
    row("features", "{\"buildkit\": false}", Reload).on(&[Suite::Bookworm, Suite::Sid]),
    row("firewall-backend", "\"nftables\"", Surroundings),
    row("fixed-cidr", "\"10.77.0.128/25\"", Bridge).not_listed().probe(address!("IPRange", "10.77.0.128/25"), "10.77.0.128/25"),
    row("fixed-cidr-v6", "\"fd00:77::/80\"", Bridge),
    row("group", "\"root\"", Surroundings).on(SUPERVISED).probe("stat -c %G /run/docker.sock", "root"),
    row("group", "\"root\"", NotHere { why: "systemd made the socket, and its unit decides", says: "docker.socket" }).on(OLD),
    row("host-gateway-ip", "\"192.0.2.1\"", Start).on(BEFORE_27).probe(container!("192.0.2.1"), "192.0.2.1"),
    row("host-gateway-ip", "\"192.0.2.1\"", Bridge).on(NEW).not_listed().probe(container!("192.0.2.1"), "192.0.2.1"),
    row("host-gateway-ips", "[\"192.0.2.2\"]", Start).not_listed().probe(container!("192.0.2.2"), "192.0.2.2"),
    row("hosts", "[\"unix:///var/run/docker.sock\", \"tcp://127.0.0.1:2376\"]", Surroundings).on(SUPERVISED)
        .probe("ss -Hltn | grep -o 127.0.0.1:2376", "127.0.0.1:2376"),
    row("hosts", "[\"unix:///var/run/docker.sock\"]", Refused("`hosts` is also set in the daemon's start command")).on(OLD),
    row("icc", "false", Bridge).probe(option!("bridge.enable_icc"), "false"),
    row("init", "true", Start).probe(container!("docker-init\\|/sbin/[a-z-]*init"), "/sbin/docker-init"),
    row("init-path", "\"/usr/local/bin/lab-init\"", Start).info(info!("InitBinary"), "\"/usr/local/bin/lab-init\""),
    row("insecure-registries", "[\"registry.lab:5000\"]", Reload)
        .probe("docker info --format '{{json .RegistryConfig.IndexConfigs}}' | grep -o registry.lab:5000 | head -n 1", "registry.lab:5000"),
    row("ip", "\"127.0.0.1\"", Bridge).probe(option!("bridge.host_binding_ipv4"), "127.0.0.1"),
    row("ip-forward", "false", Surroundings),
    row("ip-forward-no-drop", "true", Start),
    row("ip-masq", "false", Bridge).probe(option!("bridge.enable_ip_masquerade"), "false"),
    row("ip6tables", "true", Start).on(BEFORE_27),
    row("ip6tables", "false", Surroundings).on(NEW),
    row("iptables", "false", Surroundings),
    row("ipv6", "true", Bridge).probe("docker network inspect bridge --format '{{.EnableIPv6}}'", "true"),
    row("labels", "[\"tier=edge\", \"site=lab\"]", Reload).info("docker info --format '{{join .Labels \"\\n\"}}' | sort | xargs", "site=lab tier=edge"),
    row("live-restore", "true", Reload).info(info!("LiveRestoreEnabled"), "true"),
    row("log-driver", "\"local\"", Start).info(info!("LoggingDriver"), "\"local\""),
    row("log-format", "\"json\"", Start),
    row("log-level", "\"debug\"", Start),
    row("log-opts", "{\"max-size\": \"5m\"}", Start).listed("{\"max-size\": \"5m\"}")
        .probe("id=$(docker create plimsoll-test/busybox:1); docker inspect --format '{{json .HostConfig.LogConfig.Config}}' $id; docker rm $id >/dev/null", "{\"max-size\":\"5m\"}"),
    row("max-concurrent-downloads", "7", Reload),
    row("max-concurrent-uploads", "8", Reload),
    row("max-download-attempts", "9", Reload),
    row("metrics-addr", "\"127.0.0.1:9323\"", Start)
        .probe("curl -s http://127.0.0.1:9323/metrics | grep -o engine_daemon_engine_info | head -n 1", "engine_daemon_engine_info"),
    row("min-api-version", "\"1.44\"", Surroundings),
    row("mtu", "1400", Bridge).probe(option!("driver.mtu"), "1400"),
    row("network-control-plane-mtu", "1400", Start),
    row("network-diagnostic-port", "9324", Reload).not_listed().probe("ss -Hltn | grep -o 127.0.0.1:9324", "127.0.0.1:9324"),
    row("no-new-privileges", "true", Start).probe(container!("NoNewPrivs:.1"), "NoNewPrivs: 1"),
    row("node-generic-resources", "[\"lab=one\"]", Start).info("docker info --format '{{json .GenericResources}}' | grep -o '\"Value\":\"one\"'", "\"Value\":\"one\""),
    row("nri-opts", "{\"enable\": true}", Reload),
    row("pidfile", "\"/run/lab-docker.pid\"", Start).probe("test \"$(cat /run/lab-docker.pid)\" = \"$(pgrep -xo dockerd)\" && echo there", "there"),
    row("proxies", "{\"http-proxy\": \"http://192.0.2.3:3128\"}", Start).info(info!("HTTPProxy"), "\"http://192.0.2.3:3128\""),
    row("raw-logs", "true", Start),
    row("registry-mirrors", "[\"https://mirror.lab\"]", Reload).info(info!("RegistryConfig.Mirrors"), "[\"https://mirror.lab/\"]"),
    row("rootless", "true", Guarded).on(BEFORE_27).probe("docker info --format '{{.SecurityOptions}}' | grep -o name=rootless", "name=rootless"),
    row("rootless", "true", NotHere { why: "this release asks for RootlessKit", says: "rootless" }).on(NEW),
    row("runtimes", "{\"lab\": {\"path\": \"/usr/sbin/runc\"}}", Reload).on(OLD)
        .listed("{\"lab\": {\"path\": \"/usr/sbin/runc\"}, \"runc\": {\"path\": \"runc\"}}")
        .stays("any list, even an empty one, takes away the names of shims until the next start"),
    row("runtimes", "{\"lab\": {\"path\": \"/usr/sbin/runc\"}}", Reload).on(SUPERVISED).info("docker info --format '{{json .Runtimes}}' | grep -o '\"lab\":' | head -n 1", "\"lab\":"),
    row("seccomp-profile", "\"/etc/lab-seccomp.json\"", Start).info("docker info --format '{{.SecurityOptions}}' | grep -o profile=/etc/lab-seccomp.json", "profile=/etc/lab-seccomp.json"),
    row("selinux-enabled", "true", NotHere { why: "the kernel has no SELinux", says: "selinux-enabled" }),
    row("shutdown-timeout", "20", Reload),
    row("storage-driver", "\"vfs\"", Hides).info(info!("Driver"), "\"vfs\""),
    row("storage-opts", "[\"overlay2.override_kernel_check=true\"]", Surroundings).on(OLD),
    row("storage-opts", "[\"overlay2.size=1G\"]", NotHere { why: "only a size is left, and that needs xfs with quotas", says: "storage-opts" }).on(SUPERVISED),
    row("swarm-default-advertise-addr", "\"127.0.0.1\"", Start),
    row("tls", "true", Surroundings).on(SUPERVISED).probe("curl -sk https://127.0.0.1:2376/_ping --cert /etc/lab-tls/cert.pem --key /etc/lab-tls/key.pem", "OK"),
    row("tls", "true", Surroundings).on(OLD),
    row("tlscacert", "\"/etc/lab-tls/cert.pem\"", Surroundings),
    row("tlscert", "\"/etc/lab-tls/cert.pem\"", Surroundings),
    row("tlskey", "\"/etc/lab-tls/key.pem\"", Surroundings),
    row("tlsverify", "true", Surroundings).on(SUPERVISED).probe("curl -sk https://127.0.0.1:2376/_ping >/dev/null; test $? = 56 && echo asks", "asks"),
    row("tlsverify", "true", Surroundings).on(OLD),
    row("userland-proxy", "false", Surroundings),
    row("userland-proxy-path", "\"/usr/local/bin/lab-proxy\"", Start),
    row("userns-remap", "\"labmap\"", Hides).listed("\"labmap:labmap\"").info("docker info --format '{{.SecurityOptions}}' | grep -o name=userns", "name=userns"),
];
