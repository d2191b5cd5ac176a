use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::Notify;

use super::*;
use crate::{
    docker::fake::{Answer, FakeEngine},
    execute::host::Host,
};

fn summary(name: &str, state: &str) -> Summary {
    Summary { names: Some(vec![format!("/{name}")]), state: state.into(), ..Summary::default() }
}

fn member(seq: usize, size: usize, old: Option<(&str, &str)>, twin: (&str, &str)) -> Member {
    let name = phase(twin.0).0;
    let transaction = Transaction {
        txn: "t".into(),
        replaces: "old".into(),
        name: if name.starts_with("web-") { "web".into() } else { name.into() },
        run: "3".into(),
        old_restart: "always".into(),
        old_running: true,
        seq,
        size,
    };
    let old = old.map(|(name, state)| summary(name, state));
    Member { transaction, twin: summary(twin.0, twin.1), old }
}

fn decide(old: Option<(&str, &str)>, twin: (&str, &str), old_running: bool) -> Option<Next> {
    let mut alone = member(1, 1, old, twin);
    alone.transaction.old_running = old_running;
    next(&[alone])
}

#[test]
fn every_line_of_the_crash_table_has_its_way_on() {
    for (old, twin, expected) in [
        (("web", "running"), ("web.plimsoll-new", "created"), Some(Next::Back)),
        (("web", "exited"), ("web.plimsoll-new", "created"), Some(Next::Back)),
        (("web.plimsoll-old", "exited"), ("web.plimsoll-new", "created"), Some(Next::Back)),
        (("web.plimsoll-old", "exited"), ("web", "created"), Some(Next::Back)),
        (("web.plimsoll-old", "exited"), ("web", "running"), Some(Next::Judge)),
        (("web.plimsoll-old", "exited"), ("web", "restarting"), Some(Next::Judge)),
        (("web.plimsoll-kept-3", "exited"), ("web", "running"), None),
        (("web.plimsoll-old", "exited"), ("web.plimsoll-failed", "running"), Some(Next::Back)),
        (("web", "exited"), ("web.plimsoll-failed", "exited"), Some(Next::Back)),
        (("web", "running"), ("web.plimsoll-failed", "exited"), Some(Next::Back)),
        (("web.plimsoll-kept-3", "exited"), ("web.plimsoll-back-4", "running"), Some(Next::Aside)),
        (("web.plimsoll-kept-3", "running"), ("web.plimsoll-back-4", "exited"), Some(Next::Aside)),
        (("web", "running"), ("web.plimsoll-back-4", "exited"), Some(Next::Aside)),
    ] {
        assert_eq!(decide(Some(old), twin, true), expected, "{old:?} {twin:?}");
    }
}

#[test]
fn container_that_did_not_run_needs_no_gate() {
    let old = Some(("web.plimsoll-old", "exited"));
    assert_eq!(decide(old, ("web", "created"), false), Some(Next::Commit));
}

#[test]
fn when_the_old_one_is_gone_what_served_goes_on_and_what_never_did_goes() {
    assert_eq!(decide(None, ("web", "running"), true), None);
    assert_eq!(decide(None, ("web", "created"), true), Some(Next::Forward));
    assert_eq!(decide(None, ("web.plimsoll-failed", "exited"), true), Some(Next::Forward));
    assert_eq!(decide(None, ("web.plimsoll-back-4", "exited"), true), Some(Next::Forward));
    assert_eq!(decide(None, ("web.plimsoll-new", "created"), true), Some(Next::Discard));
}

#[test]
fn names_that_somebody_else_gave_are_left_alone() {
    for (old, twin) in [
        (("web-backup", "exited"), ("web", "running")),
        (("web", "running"), ("web-hardened", "exited")),
        (("web.plimsoll-old", "exited"), ("web", "paused")),
        (("web", "running"), ("web.plimsoll-kept-4", "exited")),
    ] {
        assert_eq!(decide(Some(old), twin, true), None, "{old:?} {twin:?}");
    }
}

/// Decides about a provider and two that need it, from how old and new ones stand.
fn decide_group(all: [(Option<&str>, Option<&str>); 3]) -> Option<Next> {
    let state = |phase: &str| if phase == "new" { "created" } else { "running" };
    let full = |name: &str, phase: &str| match phase {
        "in-office" | "created" => name.to_owned(),
        phase => format!("{name}.plimsoll-{phase}"),
    };
    let names = ["vpn", "app", "job"];
    let members: Vec<Member> = all
        .iter()
        .enumerate()
        .filter_map(|(at, (old, twin))| {
            let old = old.map(|phase| full(names[at], phase));
            let twin = (*twin)?;
            let of_twin = if twin == "created" { "created" } else { state(twin) };
            let old = old.as_deref().map(|name| (name, "exited"));
            Some(member(at + 1, 3, old, (&full(names[at], twin), of_twin)))
        })
        .collect();
    next(&members)
}

#[test]
fn group_goes_back_together_until_all_of_it_is_in_office() {
    let (office, old, new, failed) = (Some("in-office"), Some("old"), Some("new"), Some("failed"));
    let created = Some("created");
    for (all, expected) in [
        // Being created: fewer than there will be.
        ([(office, new), (office, None), (office, None)], Some(Next::Back)),
        ([(office, new), (office, new), (office, new)], Some(Next::Back)),
        ([(old, new), (old, new), (office, new)], Some(Next::Back)),
        ([(old, created), (old, created), (old, new)], Some(Next::Back)),
        ([(old, created), (old, created), (old, created)], Some(Next::Back)),
        ([(old, office), (old, office), (old, created)], Some(Next::Back)),
        ([(old, office), (old, office), (old, office)], Some(Next::Judge)),
        // One failed, so all do.
        ([(old, office), (old, office), (old, failed)], Some(Next::Back)),
        ([(office, failed), (old, failed), (old, failed)], Some(Next::Back)),
        // Withdrawn, but for the last to be removed.
        ([(office, failed), (office, None), (office, None)], Some(Next::Back)),
        // The first that is kept is the point of no return.
        ([(old, office), (old, office), (Some("kept-3"), office)], Some(Next::Commit)),
        ([(Some("kept-3"), office), (Some("kept-3"), office), (Some("kept-3"), office)], None),
    ] {
        assert_eq!(decide_group(all), expected, "{all:?}");
    }
}

#[test]
fn group_that_was_committed_is_history_whatever_becomes_of_its_members() {
    let (office, kept) = (Some("in-office"), Some("kept-3"));
    // Some were removed by hand, or their retention has passed.
    assert_eq!(decide_group([(kept, office), (kept, None), (None, office)]), None);
    assert_eq!(decide_group([(None, office), (None, office), (None, None)]), None);
    // Replaced again since.
    assert_eq!(decide_group([(kept, office), (kept, office), (kept, kept)]), None);
    assert_eq!(decide_group([(kept, office), (kept, office), (kept, Some("old"))]), None);
}

#[test]
fn group_of_which_an_old_one_is_gone_goes_on_unless_nothing_has_happened_yet() {
    let (office, old, new) = (Some("in-office"), Some("old"), Some("new"));
    assert_eq!(decide_group([(old, office), (None, office), (old, new)]), Some(Next::Forward));
    // Those that are not kept, and go last to first.
    assert_eq!(decide_group([(old, office), (old, office), (None, office)]), Some(Next::Commit));
    assert_eq!(
        decide_group([(old, office), (None, office), (None, Some("created"))]),
        Some(Next::Forward)
    );
    assert_eq!(decide_group([(office, new), (None, new), (office, new)]), Some(Next::Back));
    assert_eq!(decide_group([(None, new), (None, new), (None, new)]), Some(Next::Discard));
}

/// Two that were cut off: the new `a` runs and is to be watched, the old `b` is down.
#[tokio::test]
async fn who_is_down_does_not_wait_for_the_gate_of_another() {
    let labelled = |name: &str| {
        let mut alone = member(1, 1, None, (name, "created")).transaction;
        alone.txn = name.into();
        alone.replaces = format!("old-{name}");
        BTreeMap::from(alone.labels())
    };
    let twins = json!([
        { "Id": "new-a", "Names": ["/a"], "State": "running", "Labels": labelled("a") },
        { "Id": "new-b", "Names": ["/b.plimsoll-new"], "State": "created", "Labels": labelled("b") },
    ]);
    let olds = json!([
        { "Id": "old-a", "Names": ["/a.plimsoll-old"], "State": "exited" },
        { "Id": "old-b", "Names": ["/b"], "State": "exited" },
    ]);
    let (started, is_started) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
    let start = started.clone();
    let engine = FakeEngine::start("1.41", move |request| {
        let status = |id: &str, name: &str, status: &str| {
            Answer::json(json!({
                "Id": id, "Name": name, "State": { "Status": status, "Running": status == "running" },
                "HostConfig": { "RestartPolicy": { "Name": "always" } },
            }))
        };
        match request {
            it if it.starts_with("GET /containers/json") && it.contains("label") => {
                Answer::json(&twins)
            }
            it if it.starts_with("GET /containers/json") => Answer::json(&olds),
            "GET /containers/new-a/json" => status("new-a", "/a", "running"),
            "GET /containers/new-b/json" => status("new-b", "/b.plimsoll-new", "created"),
            "GET /containers/old-b/json" if is_started.load(Ordering::SeqCst) => {
                status("old-b", "/b", "running")
            }
            "GET /containers/old-b/json" => status("old-b", "/b", "exited"),
            "POST /containers/old-b/start" => {
                is_started.store(true, Ordering::SeqCst);
                start.notify_one();
                Answer::Reply(204, Vec::new())
            }
            _ => Answer::Reply(204, Vec::new()),
        }
    });
    let host = Host::new(Docker::connect(&engine.endpoint()).await.unwrap());
    let gate = GateOptions { quiet: Duration::from_secs(3600), ..GateOptions::default() };
    let interrupt = Interrupt::default();
    tokio::select! {
        () = started.notified() => {}
        recovered = recover(&host, &gate, &interrupt) => panic!("{recovered:?}"),
        () = sleep(Duration::from_secs(30)) => panic!("the old `b` was not started"),
    }
}
