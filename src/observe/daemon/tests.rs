use std::{
    collections::BTreeMap,
    os::unix::{fs::symlink, net::UnixListener},
};

use serde_json::json;

use super::*;
use crate::{
    docker::events::Event,
    model::standing::{Needs, NotTaken, Standing},
    observe::scratch::Scratch,
};

const UNKNOWN: &str = "unknown";

/// A daemon in its own root, its file and command line, and what the engine answers.
struct Case {
    scratch: Scratch,
    _listener: UnixListener,
    info: Value,
    version: Value,
    bridge: Option<Value>,
    reload: Option<Event>,
    known_start: Option<DaemonStart>,
}

impl Case {
    /// Starts the process this many seconds after (before, if negative) its file was written.
    fn new(file: Option<&str>, command_line: &str, started_after_file: i64) -> Self {
        let scratch = Scratch::new();
        scratch.directory("root/run");
        let listener = UnixListener::bind(scratch.path("root/run/docker.sock")).unwrap();
        scratch.directory("root/etc/docker");
        if let Some(text) = file {
            scratch.file("root/etc/docker/daemon.json", text);
        }
        scratch.file("proc/1/comm", "init\n");
        scratch.file("proc/7/comm", "dockerd\n");
        scratch.file("proc/7/cmdline", command_line.replace(' ', "\0") + "\0");
        scratch.directory("proc/7/task/7/ns");
        symlink("net:[1]", scratch.path("proc/7/task/7/ns/net")).unwrap();
        scratch.file("proc/7/task/7/net/unix", "0: 2 0 00010000 0001 01 77 /run/docker.sock\n");
        scratch.directory("proc/7/fd");
        symlink("socket:[77]", scratch.path("proc/7/fd/3")).unwrap();
        symlink(scratch.path("root"), scratch.path("proc/7/root")).unwrap();
        // An hour of uptime; the process is that much younger or older than the file.
        scratch.file("proc/uptime", "3600.00 1.0\n");
        let ticks = (3600 + started_after_file) * 100;
        scratch.file("proc/7/stat", format!("7 (dockerd) S {}{ticks} 0", "0 ".repeat(18)));
        Self {
            scratch,
            _listener: listener,
            info: json!({}),
            version: json!({"Version": "20.10.24", "ApiVersion": "1.41"}),
            bridge: None,
            reload: None,
            known_start: None,
        }
    }

    fn reloaded(mut self, seconds_from_now: i64, attributes: &[(&str, &str)]) -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos();
        let mut event = Event { action: "reload".into(), ..Event::default() };
        event.time_nano = i64::try_from(now).unwrap() + seconds_from_now * 1_000_000_000;
        event.actor.attributes =
            attributes.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
        self.reload = Some(event);
        self
    }

    fn remembered(mut self, keys: &[(&str, Value)]) -> Self {
        let start_ticks = Proc::new(self.scratch.path("proc")).start_ticks(7).unwrap();
        let keys: BTreeMap<String, String> = keys
            .iter()
            .map(|(key, value)| ((*key).to_owned(), daemon_digest::digest(value)))
            .collect();
        let unknown = BTreeSet::new();
        self.known_start = Some(DaemonStart { pid: 7, start_ticks, keys, unknown });
        self
    }

    fn assemble(&self) -> (DaemonConfig, Option<DaemonStart>) {
        let proc = Proc::new(self.scratch.path("proc"));
        let socket = Endpoint::Unix(self.scratch.path("root/run/docker.sock"));
        let local = look(&proc, &socket);
        let live = Live {
            info: &self.info,
            version: &self.version,
            bridge: self.bridge.as_ref(),
            reload: self.reload.as_ref(),
        };
        assemble(local.as_ref().map_err(|why| *why), &live, self.known_start.as_ref())
    }

    fn running(&self, key: &str) -> Value {
        match &self.assemble().0.keys[key].running {
            Field::Set(value) => value.clone(),
            Field::Unknown(_) => json!(UNKNOWN),
            Field::Inherited(_) => panic!("nothing is inherited"),
        }
    }
}

#[test]
fn engines_own_word_goes_before_the_file() {
    let mut case = Case::new(Some(r#"{"debug": true, "icc": false}"#), "dockerd", 10);
    case.info = json!({"Debug": false});
    case.bridge = Some(json!({"Options": {"com.docker.network.bridge.enable_icc": "true"}}));
    assert_eq!(case.running("debug"), json!(false));
    assert_eq!(case.running("icc"), json!(true));
    assert_eq!(case.assemble().0.keys["icc"].file, Some(json!(false)));
}

#[test]
fn process_younger_than_the_file_has_read_it() {
    let case = Case::new(
        Some(r#"{"iptables": false, "log-level": "", "dns": ["1.1.1.1"]}"#),
        "dockerd --raw-logs",
        10,
    );
    assert_eq!(case.running("iptables"), json!(false));
    assert_eq!(case.running("log-level"), json!("info"));
    assert_eq!(case.running("dns"), json!(["1.1.1.1"]));
    assert_eq!(case.running("raw-logs"), json!(true));
    assert_eq!(case.running("metrics-addr"), Value::Null);
}

#[test]
fn process_older_than_the_file_is_known_by_its_flags_only() {
    let case = Case::new(Some(r#"{"iptables": false}"#), "dockerd --raw-logs", -10);
    assert_eq!(case.running("iptables"), json!(UNKNOWN));
    assert_eq!(case.running("dns"), json!(UNKNOWN));
    assert_eq!(case.running("raw-logs"), json!(true));
}

#[test]
fn what_was_remembered_of_the_same_process_tells_what_it_goes_by() {
    let file = r#"{"iptables": false, "log-level": "warn", "raw-logs": true}"#;
    let case = Case::new(Some(file), "dockerd", -10).remembered(&[
        ("iptables", json!(true)),
        ("log-level", json!("debug")),
        ("raw-logs", json!(true)),
    ]);
    assert_eq!(case.running("iptables"), json!(true));
    assert_eq!(case.running("log-level"), json!(UNKNOWN));
    assert_eq!(case.running("raw-logs"), json!(true));
    assert_eq!(case.running("dns"), json!([]));
}

#[test]
fn memory_of_another_process_counts_for_nothing() {
    let mut case = Case::new(Some("{}"), "dockerd", -10).remembered(&[]);
    case.known_start.as_mut().unwrap().start_ticks += 1;
    assert_eq!(case.running("dns"), json!(UNKNOWN));
}

#[test]
fn reload_after_the_write_makes_reloadable_keys_running() {
    let file = r#"{"max-concurrent-downloads": 7, "shutdown-timeout": 20, "default-shm-size": "128m",
        "authorization-plugins": ["gate"], "iptables": false}"#;
    let mut case = Case::new(Some(file), "dockerd", -10).reloaded(
        5,
        &[
            ("max-concurrent-downloads", "7"),
            ("default-shm-size", "134217728"),
            ("labels", "[\"a=b\"]"),
        ],
    );
    case.info = json!({"Plugins": {"Authorization": null}});
    assert_eq!(case.running("max-concurrent-downloads"), json!(7));
    assert_eq!(case.running("shutdown-timeout"), json!(20));
    assert_eq!(case.running("default-shm-size"), json!("128m"));
    assert_eq!(case.running("authorization-plugins"), json!(["gate"]));
    assert_eq!(case.running("iptables"), json!(UNKNOWN));
    assert_eq!(case.running("network-diagnostic-port"), json!(0));
}

#[test]
fn reload_before_the_write_shows_the_old_values() {
    let case = Case::new(Some(r#"{"max-concurrent-downloads": 7}"#), "dockerd", -10)
        .reloaded(-5, &[("max-concurrent-downloads", "3")]);
    assert_eq!(case.running("max-concurrent-downloads"), json!(3));
    assert_eq!(case.running("network-diagnostic-port"), json!(UNKNOWN));
}

#[test]
fn reload_of_an_earlier_process_counts_for_nothing() {
    let case =
        Case::new(Some("{}"), "dockerd", 10).reloaded(5, &[("max-concurrent-downloads", "9")]);
    assert_eq!(case.running("max-concurrent-downloads"), json!(3));
}

#[test]
fn values_that_mean_the_same_are_said_as_the_file_says_them() {
    let file = r#"{"registry-mirrors": ["https://m"], "labels": ["b=2", "a=1"], "mtu": 0}"#;
    let mut case = Case::new(Some(file), "dockerd", -10);
    case.info = json!({"RegistryConfig": {"Mirrors": ["https://m/"]}, "Labels": ["a=1", "b=2"]});
    case.bridge = Some(json!({"Options": {"com.docker.network.driver.mtu": "1500"}}));
    assert_eq!(case.running("registry-mirrors"), json!(["https://m"]));
    assert_eq!(case.running("labels"), json!(["b=2", "a=1"]));
    assert_eq!(case.running("mtu"), json!(0));
}

#[test]
fn file_that_cannot_be_parsed_is_said_and_nothing_is_concluded_from_it() {
    let case = Case::new(Some("{\"debug\": }"), "dockerd --raw-logs", 10);
    let (config, _) = case.assemble();
    assert!(config.file_error.as_deref().unwrap().contains("line 1"), "{:?}", config.file_error);
    assert_eq!(case.running("dns"), json!(UNKNOWN));
    assert_eq!(case.running("raw-logs"), json!(true));
}

#[test]
fn key_given_twice_goes_by_its_last_value_and_is_named() {
    let file = "{\"icc\": true,\n\"icc\": false}";
    let (config, _) = Case::new(Some(file), "dockerd", -10).assemble();
    assert_eq!(config.keys["icc"].file, Some(json!(false)));
    assert_eq!(config.file_given_twice["icc"], "true on line 1 and false on line 2");
    assert_eq!((config.file_error, config.file_obstacle), (None, None));
}

#[test]
fn byte_order_mark_is_for_engines_that_skip_it() {
    let mut case = Case::new(Some("\u{feff}{\"icc\": true}"), "dockerd", -10);
    case.version = json!({"Version": "28.5.2"});
    let (config, _) = case.assemble();
    assert_eq!((&config.file_error, &config.keys["icc"].file), (&None, &Some(json!(true))));
    case.version = json!({"Version": "20.10.24"});
    let (config, _) = case.assemble();
    assert!(config.file_error.unwrap().contains("byte order mark"));
    assert_eq!(config.keys["icc"].file, None);
}

#[test]
fn what_is_no_file_is_not_read() {
    let case = Case::new(None, "dockerd", 10);
    case.scratch.directory("root/etc/docker/daemon.json");
    let (config, _) = case.assemble();
    assert!(config.file_error.unwrap().starts_with("it is a directory"));
}

#[test]
fn absent_file_and_unknown_keys_are_seen() {
    let (config, _) = Case::new(None, "dockerd", 10).assemble();
    assert!(!config.file_exists && config.file_error.is_none());
    assert_eq!(config.service, Service::Process { pid: 7 });
    let (config, _) = Case::new(Some(r#"{"nonsense": 1}"#), "dockerd", 10).assemble();
    assert_eq!(config.keys["nonsense"].file, Some(json!(1)));
    assert!(matches!(config.keys["nonsense"].running, Field::Unknown(_)));
}

#[test]
fn file_named_on_the_command_line_is_the_one_that_is_read() {
    let mut case =
        Case::new(Some(r#"{"dns": ["1.1.1.1"]}"#), "dockerd --config-file=other.json", 10);
    symlink("/etc/docker", case.scratch.path("proc/7/cwd")).unwrap();
    case.scratch.file("root/etc/docker/other.json", r#"{"dns": ["9.9.9.9"]}"#);
    case.info = json!({});
    let (config, _) = case.assemble();
    assert_eq!(config.file_path, "/etc/docker/other.json");
    assert_eq!(config.keys["dns"].file, Some(json!(["9.9.9.9"])));
}

#[test]
fn memory_survives_the_write_it_was_made_for() {
    let file = r#"{"iptables": false, "proxies": {"http-proxy": "http://u:p@x"}}"#;
    let mut case = Case::new(Some(file), "dockerd --raw-logs", 10);
    case.version = json!({"Version": "28.5.2"});
    let start = case.assemble().1.unwrap();
    assert!(start.unknown.contains("proxies") && !start.keys.contains_key("dns"));

    // The same process, the file written since.
    let mut later = Case::new(Some(r#"{"iptables": true}"#), "dockerd --raw-logs", 10);
    later.scratch.file("proc/uptime", "3700.00 1.0\n");
    later.known_start = Some(start.clone());
    assert_eq!(later.running("iptables"), json!(false));
    assert_eq!(later.running("dns"), json!([]));
    assert_eq!(later.assemble().1.unwrap().keys, start.keys);
}

#[test]
fn engine_elsewhere_has_neither_file_nor_flags() {
    let live =
        Live { info: &json!({"Debug": true}), version: &json!({}), bridge: None, reload: None };
    let (config, start) = assemble(Err("elsewhere"), &live, None);
    assert_eq!(config.file_error.as_deref(), Some("elsewhere"));
    assert_eq!(config.keys["debug"].running, Field::Set(json!(true)));
    assert_eq!(config.keys["dns"].running, Field::Unknown("elsewhere"));
    assert_eq!((config.service, start), (Service::NotFound, None));
}

#[test]
fn file_of_a_rootless_daemon_is_in_its_users_home() {
    for (environment, path) in [
        ("ROOTLESSKIT_STATE_DIR=/run/rk\0HOME=/home/me\0", "/home/me/.config/docker/daemon.json"),
        (
            "ROOTLESSKIT_STATE_DIR=/run/rk\0HOME=/home/me\0XDG_CONFIG_HOME=/home/me/cfg\0",
            "/home/me/cfg/docker/daemon.json",
        ),
        ("HOME=/home/me\0", "/etc/docker/daemon.json"),
    ] {
        let case = Case::new(None, "dockerd", 10);
        case.scratch.file("proc/7/environ", environment);
        case.scratch.file(&format!("root{path}"), r#"{"dns": ["9.9.9.9"]}"#);
        let (config, _) = case.assemble();
        assert_eq!(config.file_path, path);
        assert_eq!(config.keys["dns"].file, Some(json!(["9.9.9.9"])));
    }
}

#[test]
fn file_of_a_snap_is_behind_a_link_and_its_flags_are_seen() {
    let line = "dockerd --group=docker --data-root=/var/snap/docker/common/var-lib-docker \
                --config-file=/var/snap/docker/current/config/daemon.json";
    let case = Case::new(Some("{}"), line, 10);
    case.scratch.file("root/var/snap/docker/3/config/daemon.json", r#"{"log-level": "error"}"#);
    symlink("3", case.scratch.path("root/var/snap/docker/current")).unwrap();
    let (config, _) = case.assemble();
    assert_eq!(config.file_path, "/var/snap/docker/current/config/daemon.json");
    assert_eq!(config.keys["log-level"].file, Some(json!("error")));
    assert_eq!(config.standing("data-root"), Standing::Flag);
    assert_eq!(config.standing("log-level"), Standing::File);
}

#[test]
fn variables_are_named_with_their_place_and_their_values_stay_here() {
    let mut case = Case::new(None, "dockerd", 10);
    case.version = json!({"Version": "29.7.2", "MinAPIVersion": "1.41"});
    case.info = json!({"Driver": "vfs"});
    case.scratch.file(
        "proc/7/environ",
        "DOCKER_MIN_API_VERSION=1.41\0DOCKER_DRIVER=vfs\0NO_PROXY=\0DOCKER_TLS_VERIFY=1\0\
         HTTP_PROXY=http://me:canary@proxy\0DOCKER_CERT_PATH=/certs\0",
    );
    case.scratch.file("root/etc/default/docker", "# none\nDOCKER_MIN_API_VERSION=1.41\n");
    let (config, start) = case.assemble();
    let named = |key: &str| match config.standing(key) {
        Standing::Environment(names) => names,
        other => panic!("{key}: {other:?}"),
    };
    assert_eq!(named("min-api-version"), ["DOCKER_MIN_API_VERSION (/etc/default/docker:2)"]);
    assert_eq!(named("storage-driver"), ["DOCKER_DRIVER"]);
    assert_eq!(named("proxies"), ["HTTP_PROXY"]);
    assert_eq!(named("tlsverify"), ["DOCKER_TLS_VERIFY"]);
    assert_eq!(case.running("tlscacert"), json!("/certs/ca.pem"));
    let told = format!("{:?} {:?} {start:?}", config.environment, config.sides("proxies"));
    assert!(!told.contains("canary"), "{told}");
}

#[test]
fn times_of_file_start_and_reload_say_who_has_read_what() {
    let file = Some(r#"{"debug": true, "log-driver": "local"}"#);
    let mut case = Case::new(file, "dockerd", -10);
    case.info = json!({"Debug": false, "LoggingDriver": "json-file"});
    let (config, _) = case.assemble();
    assert_eq!(config.standing("debug"), Standing::Pending(Needs::Reload));
    assert_eq!(config.standing("log-driver"), Standing::Pending(Needs::Restart));
    assert!(config.read.file_changed_at > config.read.started_at);

    let case = case.reloaded(5, &[]);
    let (config, _) = case.assemble();
    assert_eq!(config.standing("debug"), Standing::NotTaken(NotTaken::ByReload));
    assert_eq!(config.standing("log-driver"), Standing::Pending(Needs::Restart));
    assert!(config.read.by_reload && !config.read.by_start);

    let mut case = Case::new(file, "dockerd --log-driver=local", 10);
    case.info = json!({"Debug": true, "LoggingDriver": "local"});
    let (config, _) = case.assemble();
    assert_eq!(config.standing("debug"), Standing::File);
    assert_eq!(config.standing("log-driver"), Standing::Conflict);
}
