use serde_json::json;

use super::*;
use crate::plan::run::RunChange;

fn transaction(name: &str, replaces: &str, run: &str) -> Transaction {
    Transaction::from_labels(
        &[
            ("io.plimsoll.txn", "t"),
            ("io.plimsoll.replaces", replaces),
            ("io.plimsoll.name", name),
            ("io.plimsoll.run", run),
            ("io.plimsoll.old-restart", "always"),
            ("io.plimsoll.old-running", "true"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into(),
    )
    .unwrap()
}

fn plain(id: &str, name: &str, state: &str) -> Listed {
    Listed { id: id.into(), name: name.into(), state: state.into(), transaction: None }
}

/// One that replaced another: id, name, state, whom, in which run.
fn made(id: &str, name: &str, state: &str, replaces: &str, run: &str) -> Listed {
    let plain_name = phase(name).0;
    Listed { transaction: Some(transaction(plain_name, replaces, run)), ..plain(id, name, state) }
}

/// What is said about `web` when run 3 is taken back and only the engine tells.
fn answer(listed: &[Listed]) -> Option<Answer> {
    let mut touched = touched(3, None, &[], listed);
    assert!(touched.len() < 2, "{touched:?}");
    touched.pop().map(|it| it.answer)
}

#[track_caller]
fn blocked(listed: &[Listed], by: &str) {
    match answer(listed) {
        Some(Answer::Blocked(why)) => assert!(why.contains(by), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn kept_container_comes_back_by_what_the_engine_shows_alone() {
    let listed = [
        made("b", "web", "running", "a", "3"),
        plain("a", "web.plimsoll-kept-3", "exited"),
        made("d", "db", "running", "c", "4"),
        plain("c", "db.plimsoll-kept-4", "exited"),
    ];
    let way = Way::PutBack {
        name: "web".into(),
        old: "a".into(),
        new: "b".into(),
        kept: "web.plimsoll-kept-3".into(),
        txn: "t".into(),
        seq: 1,
    };
    assert_eq!(answer(&listed), Some(Answer::Way(way)));
}

#[test]
fn what_stands_in_the_way_is_named_with_the_way_round_it() {
    let old = plain("a", "web.plimsoll-kept-3", "exited");
    let new = made("b", "web", "running", "a", "3");
    blocked(std::slice::from_ref(&new), "is gone");
    blocked(&[new.clone(), plain("a", "spare", "exited")], "is called `spare` now");
    blocked(
        &[new, plain("a", "web.plimsoll-kept-3", "running")],
        "docker stop web.plimsoll-kept-3",
    );
    blocked(&[made("b", "web", "paused", "a", "3"), old.clone()], "docker unpause web");
    let renamed = Listed { name: "spare".into(), ..made("b", "web", "running", "a", "3") };
    blocked(&[renamed, old.clone()], "docker rename spare web");
    let chain = [
        old.clone(),
        made("b", "web.plimsoll-kept-5", "exited", "a", "3"),
        made("c", "web.plimsoll-kept-8", "exited", "b", "5"),
        made("d", "web", "running", "c", "8"),
    ];
    blocked(&chain, "`plimsoll rollback 8` comes first");
}

#[test]
fn what_was_taken_back_before_needs_nothing() {
    let listed =
        [plain("a", "web", "running"), made("b", "web.plimsoll-kept-4", "exited", "a", "3")];
    assert_eq!(answer(&listed), Some(Answer::Settled("was put back before".into())));
}

#[test]
fn name_that_somebody_else_took_blocks_and_so_does_a_lost_replacement() {
    let before = Before {
        change: "c-1".into(),
        address: Address::container("web"),
        class: Class::Recreate,
        settings: Vec::new(),
        was: Was::Replaced,
    };
    let why = |listed: &[Listed]| {
        let mut touched = touched(3, None, std::slice::from_ref(&before), listed);
        match touched.remove(0).answer {
            Answer::Blocked(why) => why,
            other => panic!("{other:?}"),
        }
    };
    let kept = plain("a", "web.plimsoll-kept-3", "exited");
    let by_hand = "docker rename web.plimsoll-kept-3 web && docker start web";
    let gone = why(std::slice::from_ref(&kept));
    assert!(gone.contains("is gone") && gone.contains(by_hand), "{gone}");
    let taken = why(&[kept, plain("x", "web", "running")]);
    assert!(taken.contains("is not what run 3 made") && taken.contains(by_hand), "{taken}");
}

#[test]
fn rollback_of_a_rollback_needs_both_where_it_left_them() {
    let before = Before {
        change: "c-1".into(),
        address: Address::container("web"),
        class: Class::Recreate,
        settings: Vec::new(),
        was: Was::PutBack {
            old: "a".into(),
            new: "b".into(),
            restart: "always".into(),
            running: true,
        },
    };
    let answer = |listed: &[Listed]| {
        touched(4, None, std::slice::from_ref(&before), listed).remove(0).answer
    };
    let kept = made("b", "web.plimsoll-kept-4", "exited", "a", "3");
    match answer(&[plain("a", "web", "running"), kept.clone()]) {
        Answer::Way(Way::Renew { of, restart, running, .. }) => {
            assert_eq!((of.as_str(), restart.as_str(), running), ("3", "always", true));
        }
        other => panic!("{other:?}"),
    }
    let replaced_since =
        [plain("a", "web.plimsoll-kept-6", "exited"), made("c", "web", "running", "a", "6"), kept];
    assert!(matches!(answer(&replaced_since), Answer::Blocked(_)));
    assert!(matches!(answer(&[plain("a", "web", "running")]), Answer::Blocked(_)));
}

#[test]
fn what_nobody_wrote_down_is_not_passed_over() {
    let change = |address: Address, outcome: Outcome| RunChange {
        change: "c-1".into(),
        address,
        took_ms: 0,
        outcome,
    };
    let done = || Outcome::Done { proof: String::new() };
    let run = Run {
        format_version: "1.0".into(),
        id: 3,
        command: "apply".into(),
        started_at: String::new(),
        ended_at: String::new(),
        declaration_digest: String::new(),
        settled: Vec::new(),
        outcomes: vec![
            change(Address::daemon_key("icc"), done()),
            change(Address::container("gone"), done()),
            change(Address::container("web"), Outcome::NotReached),
        ],
    };
    let touched = touched(3, Some(&run), &[], &[]);
    let addresses: Vec<_> = touched.iter().map(|it| it.address.as_str()).collect();
    assert_eq!(addresses, ["container/gone", "daemon/icc"], "last first, and no more");
    assert!(touched.iter().all(|it| matches!(it.answer, Answer::Blocked(_))));
}

#[test]
fn updates_and_evictions_go_back_by_what_was_written_down() {
    let note = |name: &str, was: Was| Before {
        change: "c-1".into(),
        address: Address::container(name),
        class: Class::Live,
        settings: Vec::new(),
        was,
    };
    let limit = |value: u64| [("PidsLimit".to_owned(), json!(value))].into();
    let before = [
        note("db", Was::Updated { id: "d".into(), before: limit(0), after: limit(9) }),
        note("rogue", Was::Evicted { id: "r".into(), way_back: json!({}) }),
        note("free", Was::Evicted { id: "f".into(), way_back: json!({}) }),
    ];
    let listed =
        [plain("d", "db", "running"), plain("r", "rogue", "paused"), plain("f", "free", "running")];
    let touched = touched(3, None, &before, &listed);
    let said: Vec<_> = touched.iter().map(|it| (it.address.name(), &it.answer)).collect();
    assert!(matches!(
        said.as_slice(),
        [
            ("free", Answer::Settled(_)),
            ("rogue", Answer::Way(Way::Release { .. })),
            ("db", Answer::Update { .. }),
        ]
    ));
}
