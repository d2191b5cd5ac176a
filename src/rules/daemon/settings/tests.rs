//! Three sides, and what they add up to.

use serde_json::json;

use super::*;
use crate::model::{
    daemon::{DaemonKey, Flag},
    field::{Field, Parent},
};

fn config(
    key: &str,
    file: Option<Value>,
    flag: Option<Value>,
    running: Field<Value>,
) -> DaemonConfig {
    let flag = flag.map(|value| Flag {
        value,
        argument: format!("--{key}=x"),
        origin: Some("docker.service".into()),
    });
    DaemonConfig {
        keys: [(key.to_owned(), DaemonKey { file, flag, running })].into(),
        file_path: "/etc/docker/daemon.json".into(),
        ..Default::default()
    }
}

fn judged(rule: &dyn BoundRule, config: &DaemonConfig) -> Verdict {
    rule.judge(Object::Daemon(config)).unwrap()
}

fn edits(verdict: Verdict) -> Vec<Edit> {
    match verdict {
        Verdict::Fail { fix: Fix::Edits(edits), .. } => edits,
        other => panic!("{other:?}"),
    }
}

#[test]
fn setting_passes_only_if_file_and_daemon_agree_with_it() {
    let rule = setting("icc".into(), json!(false));
    let set = |value| Field::Set(json!(value));
    let edit = vec![Edit::DaemonKey { key: "icc".into(), value: json!(false) }];

    let right = config("icc", Some(json!(false)), None, set(false));
    assert_eq!(judged(&*rule, &right), Verdict::Pass);
    let pending = config("icc", Some(json!(false)), None, set(true));
    assert_eq!(edits(judged(&*rule, &pending)), edit);
    let live_only = config("icc", None, None, set(false));
    assert_eq!(edits(judged(&*rule, &live_only)), edit);
    let wrong = config("icc", Some(json!(true)), None, set(true));
    assert_eq!(edits(judged(&*rule, &wrong)), edit);
    assert_eq!(edits(judged(&*rule, &DaemonConfig::default())), edit);

    let unread = config("icc", Some(json!(false)), None, Field::Unknown("no permission"));
    assert_eq!(judged(&*rule, &unread), Verdict::Unknown("no permission".into()));
    let file_decides = config("icc", Some(json!(false)), None, Field::Inherited(Parent::Daemon));
    assert_eq!(judged(&*rule, &file_decides), Verdict::Pass);
}

#[test]
fn flag_decides_and_only_a_person_changes_it() {
    let rule = setting("log-driver".into(), json!("journald"));
    let same = config("log-driver", None, Some(json!("journald")), Field::Set(json!("journald")));
    assert_eq!(judged(&*rule, &same), Verdict::Pass);
    let other = config("log-driver", None, Some(json!("syslog")), Field::Set(json!("syslog")));
    match judged(&*rule, &other) {
        Verdict::Fail { fix: Fix::ByHand(advice), .. } => {
            assert!(advice.contains("`--log-driver` in docker.service"), "{advice}");
        }
        verdict => panic!("{verdict:?}"),
    }
}

#[test]
fn file_that_cannot_be_read_is_no_pass() {
    let unreadable = DaemonConfig {
        file_path: "/etc/docker/daemon.json".into(),
        file_error: Some("permission denied".into()),
        ..Default::default()
    };
    for rule in [setting("icc".into(), json!(false)), absent("icc".into())] {
        let why = "/etc/docker/daemon.json: permission denied".to_owned();
        assert_eq!(judged(&*rule, &unreadable), Verdict::Unknown(why));
    }
}

#[test]
fn absent_writes_the_default_where_a_reload_would_keep_the_old_value() {
    let rule = absent("insecure-registries".into());
    let set = |value| config("insecure-registries", value, None, Field::Set(json!(["r:5000"])));
    let edit = vec![Edit::DaemonKey { key: "insecure-registries".into(), value: json!([]) }];
    assert_eq!(edits(judged(&*rule, &set(Some(json!(["r:5000"]))))), edit);
    assert_eq!(edits(judged(&*rule, &set(None))), edit, "a reload is pending");
    let done = config("insecure-registries", Some(json!([])), None, Field::Set(json!(["::1/128"])));
    assert_eq!(judged(&*rule, &done), Verdict::Pass);
}

#[test]
fn absent_takes_other_keys_out() {
    let rule = absent("icc".into());
    let held = config("icc", Some(json!(false)), None, Field::Set(json!(false)));
    assert_eq!(edits(judged(&*rule, &held)), [Edit::DaemonKeyAbsent { key: "icc".into() }]);
    let gone = config("icc", None, None, Field::Set(json!(true)));
    assert_eq!(judged(&*rule, &gone), Verdict::Pass);
    assert_eq!(judged(&*rule, &DaemonConfig::default()), Verdict::Pass);
}

#[test]
fn verdicts_show_no_secret() {
    let proxies = json!({ "http-proxy": "http://me:hunter2@proxy" });
    let rule = setting("proxies".into(), proxies.clone());
    let verdict = judged(&*rule, &config("proxies", None, None, Field::Set(json!({}))));
    let Verdict::Fail { seen, want, .. } = verdict else { panic!() };
    assert!(!format!("{seen}{want}").contains("hunter2"));
}
