use serde_json::json;

use super::*;

/// The keys at fault, in the order they are found.
#[track_caller]
fn check(settings: Value, keys: &[&str]) {
    check_on(&engine("28.5.2"), settings, keys);
}

fn engine(version: &str) -> Engine {
    Engine {
        version: version.to_owned(),
        release: daemon_keys::release(version),
        ..Engine::default()
    }
}

#[track_caller]
fn check_on(engine: &Engine, settings: Value, keys: &[&str]) {
    let settings: Settings = serde_json::from_value(settings).unwrap();
    let found = contradictions(&settings, engine);
    let found: Vec<_> = found.iter().map(|it| it.key.as_str()).collect();
    assert_eq!(found, keys, "{settings:?}");
}

/// The keys at fault within a declaration.
#[track_caller]
fn check_within(settings: Value, keys: &[&str]) {
    let settings: Settings = serde_json::from_value(settings).unwrap();
    let found = within(&settings);
    let found: Vec<_> = found.iter().map(|it| it.key.as_str()).collect();
    assert_eq!(found, keys, "{settings:?}");
}

#[test]
fn a_usual_hardened_file_is_fine() {
    let settings = json!({
        "live-restore": true, "icc": false, "no-new-privileges": true, "log-driver": "json-file",
        "log-opts": {"max-size": "10m", "max-file": "3", "mode": "non-blocking"},
        "bip": "10.200.0.1/24", "default-address-pools": [{"base": "10.201.0.0/16", "size": 24}],
        "fixed-cidr": "10.200.0.128/25", "default-gateway": "10.200.0.254",
        "default-ulimits": {"nofile": {"Name": "nofile", "Soft": 64, "Hard": 128}},
        "runtimes": {"x": {"path": "/bin/x"}}, "default-runtime": "x",
        "metrics-addr": "127.0.0.1:9323", "exec-opts": ["native.cgroupdriver=systemd"],
        "cgroup-parent": "docker.slice", "storage-driver": "overlay2", "userns-remap": "default",
    });
    check(settings.clone(), &[]);
    check_on(&engine("20.10.24+dfsg1"), settings, &[]);
}

#[test]
fn values_are_judged_by_their_shape() {
    check(json!({"bip": "10.0.0.0/24"}), &["bip"]);
    check(json!({"mtu": -1, "metrics-addr": "9323"}), &["metrics-addr", "mtu"]);
    check(json!({"labels": ["a=1", "a=2"]}), &["labels"]);
    check(json!({"features": {"buildkitt": true}}), &["features"]);
    check(json!({"features": {"something-new": true}}), &[]);
}

#[test]
fn containers_cannot_be_kept_apart_without_iptables() {
    check(json!({"icc": false, "iptables": false}), &["icc"]);
    check(json!({"icc": false, "ipv6": true, "ip6tables": false}), &["icc"]);
    check(json!({"iptables": false}), &[]);
    check(json!({"iptables": false, "ip-masq": true}), &["ip-masq"]);
    check_within(json!({"icc": false, "iptables": false}), &["icc"]);
}

#[test]
fn networks_of_the_bridge_get_on_with_each_other() {
    check(json!({"bip": "10.0.0.1/24", "bridge": "br0"}), &["bip"]);
    check(json!({"bip": "10.0.0.1/24", "bridge": ""}), &[]);
    check(json!({"bip": "10.0.0.1/24", "default-gateway": "10.0.1.1"}), &["default-gateway"]);
    check(json!({"bip6": "fd00::1/64", "default-gateway-v6": "fd01::1"}), &["default-gateway-v6"]);
}

#[test]
fn options_of_log_drivers_are_known() {
    check(json!({"log-opts": {"max-sise": "1m"}}), &["log-opts"]);
    check(json!({"log-driver": "local", "log-opts": {"tag": "x"}}), &["log-opts"]);
    check(json!({"log-driver": "fluentd", "log-opts": {"tag": "x"}}), &[]);
    // The file may name another driver.
    check_within(json!({"log-opts": {"max-sise": "1m"}}), &[]);
    check_within(json!({"log-driver": "local", "log-opts": {"tag": "x"}}), &["log-opts"]);
}

#[test]
fn a_log_driver_is_one_that_the_engine_has() {
    let has = Engine { log_drivers: vec!["json-file".into(), "local".into()], ..engine("28.5.2") };
    check_on(&has, json!({"log-driver": "jsonfile"}), &["log-driver"]);
    check_on(&has, json!({"log-driver": "local"}), &[]);
    check_on(&has, json!({"log-driver": "none"}), &[]);
    check(json!({"log-driver": "jsonfile"}), &[]);
}

#[test]
fn a_runtime_is_declared_before_it_is_the_default() {
    check(json!({"default-runtime": "runsc"}), &["default-runtime"]);
    check(json!({"default-runtime": "io.containerd.runc.v2"}), &[]);
    check_within(json!({"default-runtime": "runsc"}), &[]);
    let flagged = Engine { flag_runtimes: ["runsc".to_owned()].into(), ..engine("28.5.2") };
    check_on(&flagged, json!({"default-runtime": "runsc", "runtimes": {}}), &[]);
}

#[test]
fn what_the_engine_is_too_old_or_too_new_for_is_named() {
    let settings = json!({"proxies": {}, "userland-proxy": true});
    check_on(&engine("20.10.24"), settings.clone(), &["proxies"]);
    check(settings, &["userland-proxy"]);
    let why = engine("20.10.24+dfsg1").does_not_know(daemon_keys::find("log-format").unwrap());
    assert_eq!(
        why.as_deref(),
        Some("engine 20.10.24+dfsg1 does not know `log-format`; engines from 25.0 do")
    );
    check_on(&engine("20.10.24"), json!({"seccomp-profile": "unconfined"}), &["seccomp-profile"]);
    check(json!({"seccomp-profile": "unconfined"}), &[]);
    check_on(&engine("20.10.24"), json!({"ip6tables": true}), &["ip6tables"]);
    check_on(&engine("20.10.24"), json!({"ip6tables": true, "experimental": true}), &[]);
    check(json!({"ip6tables": true}), &[]);
    check_on(&engine("26.1.5"), json!({"ipv6": true}), &["ipv6"]);
    check_on(&engine("26.1.5"), json!({"ipv6": true, "bridge": "br0"}), &[]);
    check(json!({"ipv6": true}), &[]);
    let typed = json!({"runtimes": {"x": {"runtimeType": "io.x"}}});
    check_on(&engine("20.10.24"), typed.clone(), &["runtimes"]);
    check(typed, &[]);
    let mirrors = json!({"registry-mirrors": ["https://m.example/path"]});
    check_on(&engine("20.10.24"), mirrors.clone(), &["registry-mirrors"]);
    check(mirrors, &[]);
    check_on(&engine("20.10.24"), json!({"registry-mirrors": ["https://m.example/"]}), &[]);
    check_on(&engine("20.10.24"), json!({"storage-driver": "devicemapper"}), &[]);
    check(json!({"storage-driver": "devicemapper"}), &["storage-driver"]);
    check(json!({"storage-driver": "overlay3"}), &["storage-driver"]);
    check_on(&engine("20.10.24"), json!({"features": {"cdi": true}}), &["features"]);
    check(json!({"features": {"cdi": true}}), &[]);
}

#[test]
fn a_node_of_a_swarm_has_no_live_restore() {
    let node = Engine { swarm_active: true, ..engine("29.1.0") };
    check_on(&node, json!({"live-restore": true}), &["live-restore"]);
    check_on(&node, json!({"firewall-backend": "nftables"}), &["firewall-backend"]);
}

#[test]
fn control_groups_are_those_of_the_host() {
    let v2 = Engine {
        cgroup_version: Some(2),
        cgroup_driver: Some("systemd".into()),
        ..engine("28.5.2")
    };
    let settings = json!({"cgroup-parent": "/docker", "cpu-rt-runtime": 1000});
    check_on(&v2, settings.clone(), &["cgroup-parent", "cpu-rt-runtime"]);
    let v1 = Engine { cgroup_version: Some(1), ..v2.clone() };
    check_on(&v1, settings.clone(), &["cgroup-parent"]);
    check(settings, &[]);
    let other = json!({"cgroup-parent": "/docker", "exec-opts": ["native.cgroupdriver=cgroupfs"]});
    check_on(&v2, other, &[]);
    let chosen = json!({"cgroup-parent": "/docker", "exec-opts": ["native.cgroupdriver=systemd"]});
    check_within(chosen, &["cgroup-parent"]);
}

#[test]
fn tls_in_the_file_needs_its_files_there() {
    check(json!({"tls": true}), &["tls"]);
    check(json!({"tlsverify": false}), &["tlsverify"]);
    check(json!({"tlsverify": true, "tlscert": "/c", "tlskey": "/k", "tlscacert": "/a"}), &[]);
    check_within(json!({"tls": true}), &[]);
}

#[test]
fn what_is_on_the_command_line_is_not_in_the_file() {
    let with = |flags: &[&str]| Engine {
        flags: flags.iter().map(|it| (*it).to_owned()).collect(),
        ..engine("28.5.2")
    };
    check_on(&with(&["tls", "tlsverify"]), json!({"tls": true, "tlsverify": true}), &[]);
    let certificate = json!({"tls": true, "tlscert": "/c", "tlskey": "/k"});
    check_on(&with(&["tlscert", "tlskey"]), certificate, &[]);
    let proxy = json!({"userland-proxy": true, "userland-proxy-path": "/p"});
    check_on(&with(&["userland-proxy"]), json!({"userland-proxy": true}), &[]);
    check_on(&with(&["userland-proxy-path"]), proxy.clone(), &["userland-proxy"]);
    check_on(&with(&[]), proxy, &[]);
}

#[test]
fn features_and_names_exclude_others() {
    let snapshotter = json!({"containerd-snapshotter": true});
    let both = json!({"features": snapshotter, "userns-remap": "default"});
    check_on(&engine("29.0.0"), both.clone(), &["features"]);
    check(both, &[]);
    let embedded = json!({"embedded-containerd": true});
    let settings = json!({"features": embedded, "cri-containerd": true});
    check_on(&engine("29.7.0"), settings, &["cri-containerd"]);
    let both = json!({"host-gateway-ip": "10.0.0.1", "host-gateway-ips": ["10.0.0.1"]});
    check(both, &["host-gateway-ip"]);
}

#[test]
fn settings_need_files_programs_and_groups_of_the_host() {
    let settings = json!({
        "seccomp-profile": "/etc/x.json", "group": "ops", "init-path": "docker-init",
        "runtimes": {"x": {"path": "/bin/x"}, "y": {"path": "y"}, "z": {"runtimeType": "io.z"}},
        "tlscert": "", "userland-proxy-path": "/bin/p",
    });
    let settings: Settings = serde_json::from_value(settings).unwrap();
    let found: Vec<String> = needs(&settings).iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "seccomp-profile: there is no file /etc/x.json on this host",
            "userland-proxy-path: there is no program /bin/p on this host",
            "runtimes: there is no program /bin/x on this host",
            "group: there is no group ops on this host",
        ]
    );
    for (key, value) in [("group", "docker"), ("group", "1000"), ("seccomp-profile", "builtin")] {
        let settings = Settings::from([(key.to_owned(), json!(value))]);
        assert_eq!(needs(&settings), []);
    }
}

#[test]
fn clients_are_left_with_a_version_of_the_api() {
    let it = Engine { api_version: Some("1.51".into()), ..engine("29.0.0") };
    check_on(&it, json!({"min-api-version": "1.52"}), &["min-api-version"]);
    check_on(&it, json!({"min-api-version": "1.9"}), &["min-api-version"]);
    check_on(&it, json!({"min-api-version": "1.51"}), &[]);
}
