//! A line a verdict.

use serde_json::json;

use super::*;
use crate::model::daemon::FileRead;

struct Case {
    key: &'static str,
    file: Option<Value>,
    flag: Option<Value>,
    running: Field<Value>,
    config: DaemonConfig,
}

fn key(key: &'static str) -> Case {
    let config = DaemonConfig { file_path: "/etc/docker/daemon.json".into(), ..Default::default() };
    Case { key, file: None, flag: None, running: Field::Set(Value::Null), config }
}

impl Case {
    fn file(mut self, value: Value) -> Self {
        self.file = Some(value);
        self
    }

    fn flag(mut self, value: Value) -> Self {
        self.flag = Some(value);
        self
    }

    fn running(mut self, value: Value) -> Self {
        self.running = Field::Set(value);
        self
    }

    fn containers(mut self, count: usize) -> Self {
        self.config.running_containers = count;
        self
    }

    fn read(mut self, by_start: bool, by_reload: bool) -> Self {
        self.config.read = FileRead { by_start, by_reload, ..FileRead::default() };
        self
    }

    fn variable(mut self, name: &str) -> Self {
        self.config.environment.insert(self.key.into(), vec![name.into()]);
        self
    }

    fn config(mut self) -> DaemonConfig {
        let flag = self.flag.map(|value| Flag {
            argument: format!("--{}={}", self.key, value.as_str().unwrap_or("x")),
            origin: Some("/lib/systemd/system/docker.service:9".into()),
            value,
        });
        let sides = DaemonKey { file: self.file, flag, running: self.running };
        self.config.keys.insert(self.key.into(), sides);
        self.config
    }

    #[track_caller]
    fn stands(self, want: Standing) {
        let key = self.key;
        let config = self.config();
        assert_eq!(config.standing(key), want);
        let said = config.says(key, &want);
        assert!(!said.is_empty() && !said.ends_with('.'), "{said}");
    }
}

#[test]
fn file_and_daemon_agree_or_something_is_pending() {
    key("log-driver").file(json!("local")).running(json!("local")).stands(Standing::File);
    key("log-driver")
        .file(json!("local"))
        .running(json!("json-file"))
        .stands(Standing::Pending(Needs::Restart));
    key("debug").file(json!(true)).running(json!(false)).stands(Standing::Pending(Needs::Reload));
    key("icc").file(json!(false)).running(json!(true)).stands(Standing::Pending(Needs::Restart));
    key("icc")
        .file(json!(false))
        .running(json!(true))
        .containers(2)
        .stands(Standing::Pending(Needs::EmptyStart));
}

#[test]
fn file_that_was_read_and_not_followed_says_what_stands_in_the_way() {
    let debug = || key("debug").file(json!(true)).running(json!(false));
    debug().read(false, true).stands(Standing::NotTaken(NotTaken::ByReload));
    debug().read(true, false).stands(Standing::NotTaken(NotTaken::ByStart));
    let icc = || key("icc").file(json!(false)).running(json!(true)).containers(1);
    icc().read(true, false).stands(Standing::NotTaken(NotTaken::ByBridge));
    icc().read(false, true).stands(Standing::Pending(Needs::EmptyStart));
    key("data-root")
        .file(json!("/srv"))
        .running(json!("/var/lib/docker"))
        .read(true, false)
        .stands(Standing::NotTaken(NotTaken::ByStart));
}

#[test]
fn what_is_in_force_without_the_file_comes_from_somewhere() {
    key("icc").running(json!(true)).stands(Standing::Unset);
    key("storage-driver").running(json!("overlay2")).stands(Standing::HostDecides);
    key("log-driver").flag(json!("syslog")).running(json!("syslog")).stands(Standing::Flag);
    key("min-api-version")
        .running(json!("1.41"))
        .variable("DOCKER_MIN_API_VERSION")
        .stands(Standing::Environment(vec!["DOCKER_MIN_API_VERSION".into()]));
    // The one variable that beats the file.
    key("storage-driver")
        .file(json!("overlay2"))
        .running(json!("vfs"))
        .variable("DOCKER_DRIVER")
        .stands(Standing::Environment(vec!["DOCKER_DRIVER".into()]));
    key("labels").running(json!(["a=b"])).stands(Standing::Left(Needs::Written));
    key("max-concurrent-downloads").running(json!(7)).stands(Standing::Left(Needs::Reload));
    key("log-driver").running(json!("local")).stands(Standing::Left(Needs::Restart));
    key("icc").running(json!(false)).containers(1).stands(Standing::Left(Needs::EmptyStart));
    key("group").running(json!("root")).stands(Standing::HostDecides);
    key("log-driver").running(json!("local")).read(true, false).stands(Standing::HostDecides);
}

#[test]
fn flag_beside_the_file_is_a_conflict_and_one_that_a_reload_dropped_is_told() {
    let both = key("icc").file(json!(false)).flag(json!(false)).running(json!(false)).config();
    assert_eq!(both.standing("icc"), Standing::Conflict);
    let said = both.says("icc", &Standing::Conflict);
    assert!(said.contains("`--icc` in /lib/systemd/system/docker.service:9"), "{said}");
    key("max-concurrent-downloads").flag(json!(2)).running(json!(3)).stands(Standing::FlagDropped);
    // These two are merged.
    key("runtimes")
        .file(json!({ "a": { "path": "/a" } }))
        .flag(json!({ "b": { "path": "/b" } }))
        .running(json!({ "a": { "path": "/a" }, "b": { "path": "/b" } }))
        .stands(Standing::File);
}

#[test]
fn not_knowing_stays_not_knowing() {
    let mut unread = key("icc").running(json!(false)).config();
    unread.file_error = Some("no permission".into());
    assert_eq!(unread.standing("icc"), Standing::Unread);
    assert_eq!(unread.standing("mtu"), Standing::Unread);
    let mut unseen = key("dns").file(json!(["1.1.1.1"]));
    unseen.running = Field::Unknown("not shown");
    unseen.stands(Standing::Unknown("not shown"));
}

#[test]
fn times_say_since_when_and_secrets_are_not_among_the_sides() {
    let mut config = key("log-driver").file(json!("local")).running(json!("json-file")).config();
    config.read = FileRead {
        file_changed_at: "2026-11-26T03:47:12Z".parse().ok(),
        started_at: "2026-11-20T10:00:00Z".parse().ok(),
        ..FileRead::default()
    };
    assert_eq!(
        config.says("log-driver", &config.standing("log-driver")),
        "restart pending: in the file, not in force (the file changed 2026-11-26 03:47 UTC, the \
         daemon started 2026-11-20 10:00 UTC)"
    );
    let proxies = json!({ "http-proxy": "http://me:canary@proxy" });
    let config =
        key("proxies").flag(proxies.clone()).running(proxies).variable("HTTP_PROXY").config();
    let sides = format!("{:?}", config.sides("proxies"));
    assert!(!sides.contains("canary") && sides.contains("HTTP_PROXY"), "{sides}");
}
