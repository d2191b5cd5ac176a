//! Addresses on which the engine's process holds ports for containers: without a proxy it keeps
//! them bound by itself (seen on 20.10 and 28.5 with `userland-proxy` off).

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
};

use crate::docker::Summary;

/// Returns the addresses that containers are published on right now, by TCP.
pub(super) fn addresses(listed: &[Summary]) -> BTreeSet<SocketAddr> {
    let ports = listed.iter().filter_map(|it| it.ports.as_ref()).flatten();
    ports
        .filter(|it| it.protocol == "tcp")
        .filter_map(|it| Some(SocketAddr::new(it.ip.as_ref()?.parse().ok()?, it.public_port?)))
        .collect()
}

/// Returns what of the addresses that the engine's process listens on is not there for containers.
pub(super) fn without(listeners: Vec<String>, published: &BTreeSet<SocketAddr>) -> Vec<String> {
    let is_published = |address: SocketAddr| {
        let plain = SocketAddr::new(address.ip().to_canonical(), address.port());
        // A socket of IPv6 takes IPv4 as well: `0.0.0.0` is held by `[::]`.
        let any_v4 = SocketAddr::new(IpAddr::from([0; 4]), address.port());
        published.contains(&plain) || address.ip().is_unspecified() && published.contains(&any_v4)
    };
    let of_engine = |it: &String| it.parse().map_or(true, |address| !is_published(address));
    listeners.into_iter().filter(of_engine).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_held_for_containers_are_not_the_engines() {
        let list = r#"[{"Ports": [
            {"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
            {"IP": "::", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
            {"IP": "127.0.0.1", "PrivatePort": 80, "PublicPort": 9090, "Type": "tcp"},
            {"IP": "0.0.0.0", "PrivatePort": 53, "PublicPort": 2375, "Type": "udp"},
            {"PrivatePort": 2376, "Type": "tcp"}
        ]}, {"Ports": null}]"#;
        let published = addresses(&serde_json::from_str::<Vec<Summary>>(list).unwrap());
        let listeners = [
            "0.0.0.0:8080",
            "[::]:8080",
            "[::ffff:127.0.0.1]:9090",
            "0.0.0.0:9090",
            "0.0.0.0:2375",
            "127.0.0.1:2376",
        ];
        assert_eq!(
            without(listeners.map(str::to_owned).into(), &published),
            ["0.0.0.0:9090", "0.0.0.0:2375", "127.0.0.1:2376"]
        );
    }
}
