//! Our own checks say of settings that an engine does not start with them, or that containers do
//! not. Each claim is tried on the engines it is made for, and so is what we let pass.

use std::collections::BTreeMap;

use plimsoll::model::{
    daemon_check::{Engine, contradictions, needs},
    daemon_keys,
};
use serde_json::Value;

use super::{Scratch, version};
use crate::lab::{self, Suite};

/// What an engine makes of settings.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Does {
    Starts,
    /// It starts and does not do what is written there, which we refuse.
    Shrugs,
    /// It does not start.
    Refuses,
    /// It starts, and a container does not.
    Fails,
}

use Does::{Fails, Refuses, Shrugs, Starts};

/// Settings, and what 20.10, 26.1 and 28.5 make of them.
#[rustfmt::skip]
const CLAIMS: &[(&str, [Does; 3])] = &[
    (r#""icc": false, "live-restore": true, "log-opts": {"max-size": "1m"}"#, [Starts, Starts, Starts]),
    (r#""bip": "10.9.0.1/24", "bridge": "br9""#, [Refuses, Refuses, Refuses]),
    (r#""bip": "10.9.0.0/24""#, [Refuses, Refuses, Refuses]),
    (r#""bip": "10.9.0.1/24", "default-gateway": "10.8.0.1""#, [Refuses, Refuses, Refuses]),
    (r#""bip": "10.201.0.1/24", "default-address-pools": [{"base": "10.201.0.0/16", "size": 24}]"#, [Starts, Starts, Starts]),
    (r#""default-address-pools": [{"base": "10.201.0.0/16", "size": 8}]"#, [Refuses, Refuses, Refuses]),
    (r#""ipv6": true, "fixed-cidr-v6": "fd00:9::/64", "default-gateway-v6": "fd01::1""#, [Refuses, Refuses, Refuses]),
    (r#""ipv6": true"#, [Refuses, Refuses, Starts]),
    (r#""ip6tables": true"#, [Refuses, Refuses, Starts]),
    (r#""icc": false, "iptables": false"#, [Refuses, Refuses, Refuses]),
    (r#""icc": false, "ipv6": true, "fixed-cidr-v6": "fd00:9::/64", "ip6tables": false"#, [Shrugs, Shrugs, Refuses]),
    (r#""ip-masq": true, "iptables": false"#, [Shrugs, Shrugs, Shrugs]),
    (r#""default-runtime": "runsc""#, [Refuses, Refuses, Refuses]),
    (r#""runtimes": {"runc": {"path": "/bin/true"}}"#, [Refuses, Refuses, Refuses]),
    (r#""runtimes": {"x": {}}"#, [Shrugs, Refuses, Refuses]),
    (r#""runtimes": {"x": {"path": "/bin/true", "runtimeType": "io.x"}}"#, [Shrugs, Refuses, Refuses]),
    (r#""runtimes": {"x": {"runtimeType": "io.containerd.x.v1"}}"#, [Shrugs, Starts, Starts]),
    (r#""log-driver": "jsonfile""#, [Fails, Fails, Fails]),
    (r#""log-opts": {"max-sise": "1m"}"#, [Refuses, Refuses, Refuses]),
    (r#""default-ulimits": {"nofile": {"Soft": 64, "Hard": 128}}"#, [Fails, Fails, Fails]),
    (r#""default-ulimits": {"nofiles": {"Name": "nofiles", "Soft": 64, "Hard": 128}}"#, [Fails, Fails, Fails]),
    (r#""default-ulimits": {"nofile": {"Name": "nofile", "Soft": 128, "Hard": 64}}"#, [Fails, Fails, Fails]),
    (r#""seccomp-profile": "builtin""#, [Refuses, Starts, Starts]),
    (r#""seccomp-profile": "default""#, [Refuses, Refuses, Refuses]),
    (r#""seccomp-profile": "/dk-none.json""#, [Refuses, Refuses, Refuses]),
    (r#""group": "dk-none""#, [Refuses, Refuses, Refuses]),
    (r#""runtimes": {"x": {"path": "/dk-none"}}"#, [Shrugs, Shrugs, Shrugs]),
    (r#""storage-driver": "overlay3""#, [Refuses, Refuses, Refuses]),
    (r#""storage-driver": "overlay""#, [Starts, Refuses, Refuses]),
    (r#""storage-opts": ["size"]"#, [Refuses, Refuses, Refuses]),
    (r#""exec-opts": ["native.cgroupdriver=none"]"#, [Refuses, Refuses, Refuses]),
    (r#""exec-opts": ["native.cgroupdriver=systemd"], "cgroup-parent": "/docker""#, [Refuses, Refuses, Refuses]),
    (r#""metrics-addr": "9323""#, [Refuses, Refuses, Refuses]),
    (r#""metrics-addr": ":9399""#, [Refuses, Refuses, Refuses]),
    (r#""tls": true"#, [Refuses, Refuses, Refuses]),
    (r#""tlsverify": false"#, [Refuses, Refuses, Refuses]),
    (r#""userland-proxy": true"#, [Starts, Shrugs, Shrugs]),
    (r#""mtu": -1"#, [Refuses, Refuses, Refuses]),
    (r#""network-diagnostic-port": 70000"#, [Shrugs, Shrugs, Refuses]),
    (r#""labels": ["a=1", "a=2"]"#, [Refuses, Refuses, Refuses]),
    (r#""labels": ["a"]"#, [Refuses, Refuses, Refuses]),
    (r#""labels": ["com.docker.x=1"]"#, [Refuses, Refuses, Refuses]),
    (r#""registry-mirrors": ["https://u:p@m"]"#, [Refuses, Refuses, Refuses]),
    (r#""registry-mirrors": ["https://m/path"]"#, [Refuses, Starts, Starts]),
    (r#""insecure-registries": ["r/path"]"#, [Refuses, Refuses, Refuses]),
    (r#""insecure-registries": ["http://r:5000", "10.0.0.0/8"]"#, [Starts, Starts, Starts]),
    (r#""dns": ["dns.example"]"#, [Refuses, Refuses, Refuses]),
    (r#""node-generic-resources": ["gpu"]"#, [Refuses, Refuses, Refuses]),
    (r#""features": {"cdi": true}"#, [Shrugs, Starts, Starts]),
    (r#""host-gateway-ip": "10.0.0.1", "host-gateway-ips": ["10.0.0.1"]"#, [Refuses, Refuses, Refuses]),
    (r#""default-network-opts": {"bridge": {"a": 1}}"#, [Shrugs, Refuses, Refuses]),
    (r#""default-shm-size": "64M", "shutdown-timeout": -1, "max-download-attempts": 3"#, [Starts, Starts, Starts]),
    (r#""log-format": "json""#, [Refuses, Starts, Starts]),
    (r#""allow-direct-routing": true"#, [Refuses, Refuses, Starts]),
];

#[test]
fn our_checks_and_the_engine_agree_on_bookworm() {
    agree(Suite::Bookworm);
}

#[test]
fn our_checks_and_the_engine_agree_on_trixie() {
    agree(Suite::Trixie);
}

#[test]
fn our_checks_and_the_engine_agree_on_sid() {
    agree(Suite::Sid);
}

fn agree(suite: Suite) {
    let host = lab::host(suite).shared();
    let at = suite as usize;
    let engine = engine(&host);
    let questions: Vec<(String, bool)> =
        CLAIMS.iter().map(|(it, does)| ((*it).to_owned(), does[at] == Fails)).collect();
    let answers = Scratch::each(&host, &questions);
    let mut wrong = Vec::new();
    for ((settings, does), answer) in CLAIMS.iter().zip(&answers) {
        let seen = match (answer.started, answer.ran) {
            (false, _) => Refuses,
            (true, Some(false)) => Fails,
            (true, _) if does[at] == Shrugs => Shrugs,
            (true, _) => Starts,
        };
        if seen != does[at] {
            wrong.push(format!("{settings}: {seen:?}, not {:?}: {}", does[at], answer.said));
        }
        let parsed: BTreeMap<String, Value> =
            serde_json::from_str(&format!("{{{settings}}}")).unwrap();
        // None of what these settings need of a host is on this one.
        let needed = needs(&parsed);
        let found = contradictions(&parsed, &engine);
        if (found.is_empty() && needed.is_empty()) != (does[at] == Starts) {
            wrong.push(format!("{settings}: {:?}, and we say {found:?} {needed:?}", does[at]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn text_after_the_object_is_read_by_old_engines_only() {
    let trailing = [(r#""debug": true} and more {"#.to_owned(), false)];
    for suite in [Suite::Bookworm, Suite::Trixie, Suite::Sid] {
        let host = lab::host(suite).shared();
        let answers = Scratch::each(&host, &trailing);
        assert_eq!(answers[0].started, suite == Suite::Bookworm, "{answers:?}");
    }
}

/// What plimsoll learns of an engine by looking at it.
fn engine(host: &lab::Host) -> Engine {
    let version = version(host);
    let info = host.docker(&["info", "--format", "{{json .Plugins.Log}}"]);
    Engine {
        release: daemon_keys::release(&version),
        version,
        log_drivers: serde_json::from_str(&info).unwrap(),
        ..Engine::default()
    }
}
