use serde_json::json;

use super::*;
use crate::model::{
    daemon::{DaemonKey, Service},
    field::Field,
};

/// A daemon under systemd with this file and these flags.
fn daemon(file: Value, flags: &[(&str, Value, &str)]) -> DaemonConfig {
    let mut daemon = DaemonConfig {
        file_path: "/etc/docker/daemon.json".into(),
        service: Service::Systemd { unit: "docker.service".into(), pid: 7 },
        ..DaemonConfig::default()
    };
    daemon.host.client_address = "unix:///var/run/docker.sock".into();
    let file: BTreeMap<String, Value> = serde_json::from_value(file).unwrap();
    let unknown = Field::Unknown("not asked");
    for (key, value) in file {
        let key_of = DaemonKey { file: Some(value), flag: None, running: unknown.clone() };
        daemon.keys.insert(key, key_of);
    }
    for (key, value, argument) in flags {
        let origin = Some("/lib/systemd/system/docker.service:14".into());
        let flag = Flag { value: value.clone(), argument: (*argument).into(), origin };
        let key_of = DaemonKey { file: None, flag: Some(flag), running: unknown.clone() };
        daemon.keys.insert((*key).into(), key_of);
    }
    daemon
}

/// What is said about writing one key; empty if nothing is.
fn says(daemon: &DaemonConfig, key: &str, value: Value, living: &[&str]) -> String {
    let mut after: BTreeMap<String, Value> = daemon
        .keys
        .iter()
        .filter_map(|(name, key)| {
            let flag = key.flag.as_ref().map(|flag| flag.value.clone());
            Some((name.clone(), key.file.clone().or(flag)?))
        })
        .collect();
    let value = Some(value).filter(|it| !it.is_null());
    match &value {
        Some(value) => after.insert(key.into(), value.clone()),
        None => after.remove(key),
    };
    let reloads = daemon_keys::find(key).unwrap().reloads();
    let apply = if reloads { DaemonApply::Reload } else { DaemonApply::Restart };
    let value = value.as_ref();
    refusal(&Asked { key, value, apply, daemon, after: &after, living }).unwrap_or_default()
}

#[track_caller]
fn check(daemon: &DaemonConfig, key: &str, value: Value, part: &str) {
    let said = says(daemon, key, value, &[]);
    match part {
        "" => assert_eq!(said, ""),
        part => assert!(said.contains(part), "{said}"),
    }
}

fn plain() -> DaemonConfig {
    daemon(json!({}), &[])
}

/// Traps 5 and 6.
#[test]
fn flags_that_a_reload_drops_are_moved_first() {
    let argument = "--authorization-plugin=guard";
    let guarded = daemon(json!({}), &[("authorization-plugins", json!(["guard"]), argument)]);
    check(&guarded, "debug", json!(true), "leaves the API unguarded");
    check(&guarded, "live-restore", json!(true), "docker.service:14");
    check(&guarded, "log-level", json!("warn"), "");
    let argument = "--max-concurrent-downloads=9";
    let limited = daemon(json!({}), &[("max-concurrent-downloads", json!(9), argument)]);
    check(&limited, "labels", json!(["a=b"]), "resets it to the default");
    let kept = daemon(json!({}), &[("shutdown-timeout", json!(9), "--shutdown-timeout=9")]);
    check(&kept, "debug", json!(true), "");
}

/// Trap 5.
#[test]
fn plugin_that_does_not_answer_is_seen_whatever_is_changed() {
    let mut host = daemon(json!({"authorization-plugins": ["guard"]}), &[]);
    check(&host, "debug", json!(true), "");
    host.host.plugins = Some(["other".to_owned()].into());
    check(&host, "debug", json!(true), "plugin guard does not answer");
    check(&host, "log-level", json!("warn"), "/run/docker/plugins/guard.sock");
    host.host.plugins = Some(["guard".to_owned()].into());
    check(&host, "debug", json!(true), "");
}

#[test]
fn client_in_use_stays_connected() {
    let hosts = |list: Value, part: &str| check(&plain(), "hosts", list, part);
    hosts(json!(["tcp://0.0.0.0:2376"]), "add \"unix:///var/run/docker.sock\" to `hosts`");
    hosts(json!(["tcp://0.0.0.0:2376", "unix:///run/docker.sock"]), "");
    hosts(json!(["fd://"]), "");
    hosts(json!(null), "");
    let mut elsewhere = plain();
    elsewhere.host.client_address = "unix:///run/own.sock".into();
    check(&elsewhere, "hosts", json!([]), "/run/own.sock");
}

/// Trap 16.
#[test]
fn tls_without_addresses_takes_the_socket_away() {
    check(&plain(), "tls", json!(true), "tcp://localhost:2376 alone");
    check(&plain(), "tls", json!(false), "");
    check(&plain(), "tlsverify", json!(false), "tcp://localhost:2376 alone");
    let socket = daemon(json!({}), &[("hosts", json!(["fd://"]), "-H fd://")]);
    check(&socket, "tlsverify", json!(true), "");
}

/// Trap 30.
#[test]
fn group_of_the_socket_is_one_that_exists_and_takes_effect() {
    let socket = daemon(json!({}), &[("hosts", json!(["fd://"]), "-H fd://")]);
    check(&socket, "group", json!("ops"), "systemctl edit docker.socket");
    let mut host = plain();
    check(&host, "group", json!("ops"), "");
    host.host.groups = Some(["adm".to_owned()].into());
    check(&host, "group", json!("ops"), "groupadd --system ops");
    for fine in ["adm", "docker", "", "998"] {
        check(&host, "group", json!(fine), "");
    }
    host.host.client_uid = 1000;
    check(&host, "group", json!("adm"), "run plimsoll as root");
}

/// Trap 8.
#[test]
fn containers_that_live_through_stay_in_view() {
    for key in ["data-root", "userns-remap", "storage-driver", "exec-root", "containerd-namespace"]
    {
        let said = says(&plain(), key, json!("x"), &["web", "db"]);
        assert!(said.ends_with("\n  docker stop web db"), "{key}: {said}");
        assert_eq!(says(&plain(), key, json!("x"), &[]), "", "{key}");
    }
    assert_eq!(says(&plain(), "log-level", json!("warn"), &["web"]), "");
}

/// Trap 23.
#[test]
fn store_of_containerd_is_not_left_by_naming_a_driver() {
    let mut host = plain();
    check(&host, "storage-driver", json!("overlay2"), "");
    host.host.containerd_store = true;
    check(&host, "storage-driver", json!("overlay2"), "drop the key");
    check(&host, "storage-driver", json!(null), "");
}

/// Trap 12.
#[test]
fn bridge_needs_its_filter() {
    let mut host = plain();
    check(&host, "icc", json!(false), "");
    host.host.bridge_netfilter = Some(false);
    check(&host, "icc", json!(false), "modprobe br_netfilter");
    check(&host, "userland-proxy", json!(false), "modprobe br_netfilter");
    check(&host, "icc", json!(true), "");
}

/// Trap 33.
#[test]
fn runtime_that_containers_name_stays() {
    let two = json!({"runsc": {"path": "/bin/runsc"}, "kata": {"path": "/bin/kata"}});
    let mut host = daemon(json!({"runtimes": two}), &[]);
    host.host.runtimes_in_use.insert("kata".into(), vec!["web".into(), "db".into()]);
    check(&host, "runtimes", json!({"runsc": {"path": "/bin/runsc"}}), "web, db");
    check(&host, "runtimes", json!({"kata": {"path": "/bin/kata"}}), "");
    check(&host, "runtimes", json!(null), "the runtime kata");
}

/// Trap 1.
#[test]
fn drop_in_frees_hosts_and_keeps_the_other_flags() {
    let argument = "--containerd=/run/containerd/containerd.sock";
    let flags = [
        ("hosts", json!(["fd://"]), "-H fd://"),
        ("containerd", json!("/run/containerd/containerd.sock"), argument),
    ];
    let how = hosts_drop_in(&daemon(json!({}), &flags)).unwrap();
    let line = format!("ExecStart=/usr/bin/dockerd {argument}\\n");
    assert!(how.contains(&line) && !how.contains("fd://"), "{how}");
    let mut alone = plain();
    alone.service = Service::Process { pid: 7 };
    assert_eq!(hosts_drop_in(&alone), None);
}

/// Trap 25.
#[test]
fn user_is_made_only_for_the_word_default() {
    let mut host = DaemonHost::default();
    assert!(makes_remap_user(&json!("default"), &host));
    assert!(!makes_remap_user(&json!("ops"), &host));
    host.has_remap_user = Some(true);
    assert!(!makes_remap_user(&json!("default"), &host));
}
