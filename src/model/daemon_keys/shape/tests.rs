use serde_json::json;

use super::*;

/// Checks that the first of the values fit and that each of the others has faults at these paths.
#[track_caller]
fn check(shape: Shape, good: &[Value], bad: &[(Value, &[&str])]) {
    for value in good {
        assert_eq!(shape.faults(value), [], "{shape:?} {value}");
    }
    for (value, paths) in bad {
        let found: Vec<String> = shape.faults(value).iter().map(|it| it.path.join("/")).collect();
        assert_eq!(found, *paths, "{shape:?} {value}");
    }
}

#[test]
fn numbers_have_ranges() {
    check(
        Shape::Between(0, 65535),
        &[json!(0), json!(65535)],
        &[(json!(-1), &[""]), (json!(65536), &[""]), (json!(1.5), &[""])],
    );
    check(Shape::AtLeast(0), &[json!(0)], &[(json!(-1), &[""])]);
}

#[test]
fn addresses_are_of_their_family() {
    check(
        Shape::Address(Family::V4),
        &[json!("10.0.0.1"), json!("")],
        &[(json!("::1"), &[""]), (json!("10.0.0.1/8"), &[""])],
    );
    check(
        Shape::Address(Family::Either),
        &[json!(["::1", "9.9.9.9"])],
        &[(json!(["9.9.9.9", "dns.example"]), &["1"])],
    );
    check(
        Shape::Network(Family::V4),
        &[json!("10.0.0.0/8"), json!("10.1.2.3/8")],
        &[(json!("10.0.0.0"), &[""]), (json!("10.0.0.0/33"), &[""]), (json!("fd00::/64"), &[""])],
    );
}

#[test]
fn a_bridge_has_an_address_of_the_host() {
    let v4 = Shape::HostAddress(Family::V4);
    check(
        v4,
        &[json!("10.0.0.1/24"), json!("10.0.0.0/32"), json!("")],
        &[(json!("10.0.0.0/24"), &[""]), (json!("10.0.0.1"), &[""]), (json!("fd00::1/64"), &[""])],
    );
    assert!(v4.faults(&json!("10.0.0.0/24"))[0].instead.ends_with("10.0.0.1/24"));
    check(Shape::HostAddress(Family::V6), &[json!("fd00::1/64")], &[(json!("fd00::/64"), &[""])]);
}

#[test]
fn listeners_have_a_scheme() {
    let good = ["unix:///run/d.sock", "tcp://0.0.0.0:2376", "tcp://[::1]:2376", "fd://"];
    check(
        Shape::Listener,
        &[json!(good)],
        &[(
            json!(["/run/d.sock", "unix://run/d.sock", "tcp://0.0.0.0", "http://x"]),
            &["0", "1", "2", "3"],
        )],
    );
    check(
        Shape::HostPort,
        &[json!("127.0.0.1:9323"), json!("[::1]:9323")],
        &[
            (json!("9323"), &[""]),
            (json!("127.0.0.1:99999"), &[""]),
            (json!("http://127.0.0.1:1"), &[""]),
        ],
    );
}

#[test]
fn labels_are_pairs_with_keys_of_ones_own() {
    check(
        Shape::Label,
        &[json!(["a=1", "b=2", "a=1", "com.dockerish.a=1"])],
        &[(json!(["a"]), &["0"]), (json!(["a=1", "com.docker.x=1", "a=2"]), &["1", "2"])],
    );
}

#[test]
fn registries_and_mirrors_are_what_the_engine_takes() {
    let good = json!(["r:5000", "r.example", "10.0.0.0/8", "http://r:5000", "10.0.0.1:5000"]);
    check(Shape::Registry, &[good], &[(json!(["ftp://r", "r/path", "r:port"]), &["0", "1", "2"])]);
    check(
        Shape::Mirror,
        &[json!(["https://m.example", "http://m.example:5000/"])],
        &[(
            json!(["m.example", "https://u:p@m", "https://m?x=1", "https://m#x"]),
            &["0", "1", "2", "3"],
        )],
    );
    let shown = &Shape::Mirror.faults(&json!(["https://u:hunter2@m"]))[0];
    assert!(!format!("{shown:?}").contains("hunter2"));
}

#[test]
fn words_paths_and_versions() {
    check(Shape::Path, &[json!("/srv")], &[(json!("srv"), &[""])]);
    let seccomp = Shape::PathOr(&["builtin", "unconfined"]);
    check(seccomp, &[json!("builtin"), json!("/etc/x.json")], &[(json!("default"), &[""])]);
    check(
        Shape::ExecOption,
        &[json!(["native.cgroupdriver=systemd"])],
        &[(
            json!(["native.cgroupdriver=none", "native.umask=normal", "systemd"]),
            &["0", "1", "2"],
        )],
    );
    check(
        Shape::ApiVersion,
        &[json!("1.24"), json!("1.44")],
        &[(json!("1.23"), &[""]), (json!("v1.44"), &[""]), (json!("144"), &[""])],
    );
    check(
        Shape::Mark,
        &[json!("0x1/0x3"), json!("1")],
        &[(json!("0x1ffffffff"), &[""]), (json!("one"), &[""])],
    );
    check(
        Shape::Remap,
        &[json!("default"), json!("a:b"), json!("1000:1000")],
        &[(json!("a:b:c"), &[""]), (json!("a b"), &[""]), (json!(":b"), &[""])],
    );
    check(Shape::Pair, &[json!(["a=b"])], &[(json!(["a", "=b"]), &["0", "1"])]);
}

#[test]
fn pools_hold_the_networks_that_are_cut_from_them() {
    check(
        Shape::Pools,
        &[json!([{"base": "10.201.0.0/16", "size": 24}, {"base": "fd00:1::/48", "size": 64}])],
        &[
            (json!([{"base": "10.201.0.0/16", "size": 8}]), &["0"]),
            (json!([{"base": "10.201.0.0/16", "size": 33}]), &["0"]),
            (json!([{"base": "10.201.0.0/16"}]), &["0"]),
            (json!([{"base": "10.201.0.0", "size": 24}]), &["0"]),
            (json!({"base": "10.0.0.0/8", "size": 24}), &[""]),
        ],
    );
}

#[test]
fn a_limit_is_known_repeats_its_name_and_is_ordered() {
    let limit =
        |name: &str, soft: i64, hard: i64| json!({"Name": name, "Soft": soft, "Hard": hard});
    check(
        Shape::Ulimits,
        &[
            json!({"nofile": limit("nofile", 64, 128), "nproc": limit("nproc", 64, -1)}),
            json!({"nofile": {"name": "nofile", "soft": 64, "hard": 128}}),
        ],
        &[
            (json!({"nofile": {"Soft": 64, "Hard": 128}}), &["nofile"]),
            (json!({"nofile": limit("nproc", 1, 2)}), &["nofile"]),
            (json!({"nofile": limit("nofile", 64, 32)}), &["nofile"]),
            (json!({"nofile": limit("nofile", -1, 32)}), &["nofile"]),
            (json!({"nofiles": limit("nofiles", 1, 2)}), &["nofiles"]),
        ],
    );
}

#[test]
fn a_runtime_is_a_path_or_a_type() {
    check(
        Shape::Runtimes,
        &[json!({"a": {"path": "/bin/a", "runtimeArgs": ["-x"]}, "b": {"runtimeType": "io.x"}})],
        &[
            (json!({"runc": {"path": "x"}}), &["runc"]),
            (json!({"x": {}}), &["x"]),
            (json!({"x": {"path": "x", "runtimeType": "y"}}), &["x"]),
            (json!({"x": {"runtimeType": "y", "runtimeArgs": []}}), &["x"]),
            (json!({"x": {"path": "y", "options": {}}}), &["x"]),
            (json!({"x": {"path": "y", "args": []}}), &["x/args"]),
        ],
    );
}

#[test]
fn options_of_networks_stand_under_their_driver_and_are_text() {
    let good = json!({"bridge": {"com.docker.network.bridge.host_binding_ipv4": "127.0.0.1"}});
    check(
        Shape::NetworkOptions,
        &[good],
        &[
            (json!({"bridge": "x"}), &["bridge"]),
            (json!({"bridge": {"mtu": 1400}}), &["bridge/mtu"]),
        ],
    );
}
