//! Against inspect replies recorded from Docker 20.10.24 and 28.5.2.

use serde_json::{Value, json};

use super::*;

const OLD_API: ApiVersion = (1, 41);
const NEW_API: ApiVersion = (1, 51);

fn rich() -> [(Value, ApiVersion); 2] {
    [
        (parse(include_str!("rich-20.10.json")), OLD_API),
        (parse(include_str!("rich-28.5.json")), NEW_API),
    ]
}

fn host_modes() -> [(Value, ApiVersion); 2] {
    [
        (parse(include_str!("hostpid-20.10.json")), OLD_API),
        (parse(include_str!("hostpid-28.5.json")), NEW_API),
    ]
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn body(inspect: &Value, api: ApiVersion) -> Value {
    let image = ImageFacts { reference_resolves: true, has_entrypoint: false };
    create_body(inspect, &image, &DaemonFacts::default(), api)
}

fn binds(body: &Value) -> Vec<&str> {
    strings(body["HostConfig"].get("Binds")).unwrap_or_default()
}

#[test]
fn every_volume_is_carried_by_name_and_never_filled_again() {
    for (inspect, api) in rich() {
        let body = body(&inspect, api);
        let volume_at = |path: &str| {
            let mounts = inspect["Mounts"].as_array().unwrap();
            let mount = mounts.iter().find(|mount| mount["Destination"] == path).unwrap();
            mount["Name"].as_str().unwrap().to_owned()
        };
        let binds = binds(&body);
        assert!(binds.contains(&"fxnamed:/named:nocopy"), "{binds:?}");
        assert!(binds.contains(&"/etc/hostname:/hn:ro"), "{binds:?}");
        for path in ["/anon", "/data"] {
            let pinned = format!("{}:{path}:nocopy", volume_at(path));
            assert!(binds.contains(&pinned.as_str()), "{pinned} not in {binds:?}");
        }
        assert_eq!(binds.len(), 4);
        let mounts = body["HostConfig"]["Mounts"].as_array().unwrap();
        let anonymous = mounts.iter().find(|mount| mount["Target"] == "/manon").unwrap();
        assert_eq!(anonymous["Source"], volume_at("/manon"));
        assert_eq!(anonymous["VolumeOptions"]["NoCopy"], true);
        assert!(mounts.iter().any(|mount| mount["Type"] == "tmpfs"));
    }
}

#[test]
fn bare_paths_and_read_only_volumes_are_pinned_in_place() {
    let inspect = json!({
        "Id": "ab".repeat(32),
        "Config": {},
        "HostConfig": { "Binds": ["/bare/", "data:/d:ro,z", "/srv/x:/x"] },
        "Mounts": [
            { "Type": "volume", "Name": "v1", "Destination": "/bare", "Mode": "z", "RW": false },
            { "Type": "volume", "Name": "data", "Destination": "/d", "RW": false },
            { "Type": "bind", "Source": "/srv/x", "Destination": "/x", "RW": true },
        ],
    });
    let body = body(&inspect, OLD_API);
    assert_eq!(binds(&body), ["v1:/bare/:ro,nocopy", "data:/d:ro,z,nocopy", "/srv/x:/x"]);
}

#[test]
fn volume_that_the_engine_does_not_name_is_carried_all_the_same() {
    let inspect = json!({
        "Config": {},
        "HostConfig": { "Binds": ["/bare"] },
        "Mounts": [{ "Type": "volume", "Source": "/var/lib/docker/volumes/0123/_data",
                     "Destination": "/bare", "Driver": "local", "Mode": "z", "RW": true }],
    });
    assert_eq!(binds(&body(&inspect, NEW_API)), ["0123:/bare:nocopy"]);
}

#[test]
fn endpoints_keep_what_was_configured_and_nothing_that_was_handed_out() {
    for (inspect, api) in rich() {
        let body = body(&inspect, api);
        let endpoints = &body["NetworkingConfig"]["EndpointsConfig"];
        assert_eq!(endpoints["fxa"]["IPAMConfig"]["IPv4Address"], "10.77.1.50");
        assert_eq!(endpoints["fxa"]["Aliases"], json!(["richie"]));
        assert_eq!(endpoints["fxb"]["Aliases"], json!(["second"]));
        for network in ["fxa", "fxb"] {
            for key in ["IPAddress", "EndpointID", "DNSNames", "NetworkID"] {
                assert_eq!(endpoints[network].get(key), None, "{key}");
            }
        }
        assert_eq!(endpoints["fxa"].get("MacAddress"), None);
    }
}

#[test]
fn old_engines_get_the_network_of_the_mode_first() {
    let [(old, old_api), (new, new_api)] = rich();
    let (first, later) = split_endpoints(body(&old, old_api), old_api);
    let sent = first["NetworkingConfig"]["EndpointsConfig"].as_object().unwrap();
    assert_eq!(sent.keys().collect::<Vec<_>>(), ["fxa"]);
    assert_eq!(later.keys().collect::<Vec<_>>(), ["fxb"]);
    let (all, later) = split_endpoints(body(&new, new_api), new_api);
    assert_eq!(all["NetworkingConfig"]["EndpointsConfig"].as_object().unwrap().len(), 2);
    assert!(later.is_empty());
}

#[test]
fn network_stored_by_its_id_is_named() {
    let id = "0123456789ab".repeat(5);
    let inspect = json!({
        "Config": {},
        "HostConfig": { "NetworkMode": id },
        "NetworkSettings": { "Networks": { "back": { "NetworkID": id, "Aliases": null } } },
    });
    let body = body(&inspect, NEW_API);
    assert_eq!(body["HostConfig"]["NetworkMode"], "back");
    assert!(body["NetworkingConfig"]["EndpointsConfig"]["back"].is_object());
}

#[test]
fn generated_host_names_go_and_given_ones_stay() {
    for (mut inspect, api) in rich() {
        assert_eq!(body(&inspect, api).get("Hostname"), None);
        inspect["Config"]["Hostname"] = json!("mail");
        assert_eq!(body(&inspect, api)["Hostname"], "mail");
    }
    for (inspect, api) in host_modes() {
        let body = body(&inspect, api);
        assert_eq!(body.get("Hostname"), None);
        assert_eq!(body["NetworkingConfig"]["EndpointsConfig"], json!({}));
    }
}

#[test]
fn entrypoint_that_was_taken_away_does_not_come_back() {
    for (inspect, api) in host_modes() {
        let image = ImageFacts { reference_resolves: true, has_entrypoint: true };
        let body = create_body(&inspect, &image, &DaemonFacts::default(), api);
        assert_eq!(body["Entrypoint"], json!([""]));
    }
}

#[test]
fn image_is_the_reference_while_it_holds_and_else_the_id() {
    for (inspect, api) in rich() {
        assert_eq!(body(&inspect, api)["Image"], "plimsoll-test/volume:1");
        let moved = ImageFacts::default();
        let body = create_body(&inspect, &moved, &DaemonFacts::default(), api);
        assert_eq!(body["Image"], inspect["Image"]);
    }
}

#[test]
fn default_lists_of_any_engine_are_left_to_the_engine_and_others_stay() {
    for (mut inspect, api) in rich() {
        let before = body(&inspect, api);
        assert_eq!(before["HostConfig"]["MaskedPaths"], Value::Null);
        assert_eq!(before["HostConfig"]["ReadonlyPaths"], Value::Null);
        for chosen in [json!([]), json!(["/proc/kcore"])] {
            inspect["HostConfig"]["MaskedPaths"] = chosen.clone();
            assert_eq!(body(&inspect, api)["HostConfig"]["MaskedPaths"], chosen);
        }
    }
}

#[test]
fn what_the_daemon_wrote_by_itself_is_left_to_the_daemon() {
    for (mut inspect, api) in rich() {
        let own = inspect["HostConfig"]["Ulimits"][0].clone();
        let merged = json!({ "Name": "core", "Hard": 0, "Soft": 0 });
        inspect["HostConfig"]["Ulimits"] = json!([own, merged]);
        let daemon = DaemonFacts {
            default_runtime: "runc".into(),
            default_ulimits: vec![merged],
            ..DaemonFacts::default()
        };
        let body = create_body(&inspect, &ImageFacts::default(), &daemon, api);
        assert_eq!(body["HostConfig"].get("Runtime"), None);
        assert_eq!(body["HostConfig"]["Ulimits"], json!([own]));
    }
}

#[test]
fn configured_mac_goes_where_the_dialect_wants_it() {
    for (mut inspect, api) in rich() {
        inspect["Config"]["MacAddress"] = json!("02:11:22:33:44:55");
        let body = body(&inspect, api);
        let endpoint = &body["NetworkingConfig"]["EndpointsConfig"]["fxa"];
        if api == OLD_API {
            assert_eq!(body["MacAddress"], "02:11:22:33:44:55");
            assert_eq!(endpoint.get("MacAddress"), None);
        } else {
            assert_eq!(body.get("MacAddress"), None);
            assert_eq!(endpoint["MacAddress"], "02:11:22:33:44:55");
        }
    }
}

#[test]
fn ports_that_were_closed_are_not_opened() {
    let bindings = json!({ "80/tcp": [{ "HostPort": "8080" }], "81/tcp": [] });
    let inspect = json!({
        "Config": { "ExposedPorts": null },
        "HostConfig": { "PortBindings": bindings },
    });
    let as_it_was = body(&inspect, NEW_API);
    assert_eq!(as_it_was["ExposedPorts"], Value::Null);
    assert_eq!(as_it_was["HostConfig"]["PortBindings"], bindings);
    let filled = body(&inspect, (1, 52));
    assert_eq!(filled["HostConfig"]["PortBindings"], json!({ "80/tcp": [{ "HostPort": "8080" }] }));
}

#[test]
fn name_of_its_own_on_the_network_of_the_host_stays() {
    let daemon = DaemonFacts { host_name: "node-7".into(), ..DaemonFacts::default() };
    for (name, sent) in [("mail", Some("mail")), ("node-7", None)] {
        let inspect = json!({
            "Id": "ab".repeat(32),
            "Config": { "Hostname": name, "Domainname": "example.com" },
            "HostConfig": { "NetworkMode": "host" },
        });
        let body = create_body(&inspect, &ImageFacts::default(), &daemon, NEW_API);
        assert_eq!(body.get("Hostname").and_then(Value::as_str), sent);
        assert_eq!(body["Domainname"], "example.com");
    }
}

#[test]
fn mac_of_a_further_network_stays_unless_the_engine_made_it_of_the_address() {
    for (mac, stays) in [("02:42:0a:58:02:07", false), ("02:12:34:56:78:9a", true)] {
        let inspect = json!({
            "Config": {},
            "HostConfig": { "NetworkMode": "front" },
            "NetworkSettings": { "Networks": {
                "front": { "MacAddress": "6a:00:00:00:00:01", "IPAddress": "10.88.1.7" },
                "back": { "MacAddress": mac, "IPAddress": "10.88.2.7" },
            } },
        });
        let body = body(&inspect, NEW_API);
        let endpoints = &body["NetworkingConfig"]["EndpointsConfig"];
        assert_eq!(endpoints["front"].get("MacAddress"), None);
        assert_eq!(endpoints["back"].get("MacAddress").is_some(), stays);
    }
}

#[test]
fn links_are_sent_as_they_are_typed() {
    let inspect = json!({ "HostConfig": { "Links": ["/db:/web/database"] } });
    assert_eq!(body(&inspect, OLD_API)["HostConfig"]["Links"], json!(["db:database"]));
}

#[test]
fn labels_of_an_earlier_replacement_are_not_carried_on() {
    let inspect =
        json!({ "Config": { "Labels": { "io.plimsoll.txn": "x", "a": "b", "empty": "" } } });
    assert_eq!(body(&inspect, OLD_API)["Labels"], json!({ "a": "b", "empty": "" }));
}

#[test]
fn what_this_program_has_never_heard_of_survives() {
    let inspect = json!({
        "Config": { "Novelty": { "deep": [1, null] } },
        "HostConfig": { "NewLimit": 7, "CgroupnsMode": "strange", "NetworkMode": "front" },
        "NetworkSettings": { "Networks": { "front": { "Novelty": [7], "NetworkID": "f" } } },
    });
    let endpoint = &body(&inspect, NEW_API)["NetworkingConfig"]["EndpointsConfig"]["front"];
    assert_eq!(*endpoint, json!({ "Novelty": [7] }));
    let body = body(&inspect, NEW_API);
    assert_eq!(body["Novelty"], json!({ "deep": [1, null] }));
    assert_eq!(body["HostConfig"]["NewLimit"], 7);
    assert_eq!(body["HostConfig"]["CgroupnsMode"], "strange");
}
