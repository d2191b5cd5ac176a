//! Networks, addresses and the names a container is found under.

use super::{Shape, body, shape};
use crate::lab::Suite;

pub(super) const SHAPES: &[Shape] = &[
    shape(
        "network-aliases",
        "names on two networks, and none that piles up",
        "--network fid-front --network-alias one --network-alias two fid/idle:1",
    )
    .then("docker network connect --alias three fid-back $it")
    .found_as(&["fid-network-aliases", "one", "two", "three"]),
    shape(
        "network-host-name",
        "a host name among the aliases of new engines",
        "--network fid-front --hostname mail fid/idle:1",
    )
    .created(),
    shape(
        "network-address",
        "held by the old one until it stops, on two networks",
        "--network fid-front --ip 10.89.1.77 fid/idle:1",
    )
    .then("docker network connect --ip 10.89.2.77 fid-back $it"),
    shape(
        "network-address-6",
        "one that was asked for beside one that was not",
        "--network fid-six --ip6 fd00:89::77 fid/idle:1",
    ),
    shape(
        "network-mac",
        "asked for, and told apart from a generated one",
        "--network fid-front --mac-address 02:12:34:56:78:9a fid/idle:1",
    )
    .fixed_mac(),
    shape(
        "network-macs",
        "one on each network",
        "--network name=fid-front,mac-address=02:12:34:56:78:9c \
         --network name=fid-back,mac-address=02:12:34:56:78:9d fid/idle:1",
    )
    .since(Suite::Sid)
    .fixed_mac(),
    shape(
        "network-driver-options",
        "told to one endpoint",
        "--network name=fid-front,driver-opt=com.example.a=b fid/idle:1",
    )
    .created(),
    shape(
        "network-sysctl",
        "of one interface, which Docker 28 takes only as an option of its endpoint",
        "--network name=fid-front,driver-opt=com.docker.network.endpoint.sysctls=\
         net.ipv4.conf.IFNAME.log_martians=1 fid/idle:1",
    )
    .since(Suite::Sid)
    .created(),
    shape("network-gateway", "which network is the way out", "--network fid-front fid/idle:1")
        .since(Suite::Sid)
        .then("docker network connect --gw-priority 9 fid-back $it"),
    shape(
        "network-link",
        "a name of its own for another container",
        "--network fid-front --link fid-peer:friend fid/idle:1",
    )
    .inside("ping -c 1 friend | grep -c '1 packets received'"),
    shape("link", "shown otherwise than typed", "--link fid-target:friend fid/idle:1")
        .inside("grep -c friend /etc/hosts"),
    shape("network-none", "no endpoint to configure", "--network none fid/idle:1").created(),
    shape("network-host", "the host's name would be asked for", "--network host fid/idle:1"),
    shape(
        "network-host-named",
        "a name of its own all the same",
        "--network host --hostname mail --domainname example.com fid/idle:1",
    )
    .created(),
    shape(
        "network-joined",
        "ports and host name are refused beside it",
        "--network container:fid-provider --no-healthcheck fid/all:1",
    ),
    shape(
        "network-by-id",
        "the mode names no network that the endpoints know",
        "--network $(docker network inspect -f '{{.Id}}' fid-front) fid/idle:1",
    )
    .changes(&["HostConfig.NetworkMode"])
    .created(),
    shape(
        "network-left",
        "on another network than its mode says",
        "--network fid-front fid/idle:1",
    )
    .then("docker network connect fid-back $it; docker network disconnect fid-front $it"),
    shape("network-left-all", "taken off every network", "fid/idle:1")
        .then("docker network disconnect bridge $it"),
    shape("network-beside-bridge", "aliases are refused on the default network", "fid/idle:1")
        .then("docker network connect --alias side fid-front $it")
        .found_as(&["side"]),
    shape(
        "network-bridge-second",
        "the default network comes second",
        "--network fid-front fid/idle:1",
    )
    .then("docker network connect bridge $it")
    .created(),
    body(
        "network-off",
        "only requests can say it",
        r#"{ "Image": "fid/idle:1", "NetworkDisabled": true }"#,
    )
    .created(),
];
