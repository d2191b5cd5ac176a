use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use super::*;
use crate::{
    docker::fake::{Answer, FakeEngine},
    execute::host::Host,
};

#[test]
fn memory_never_goes_alone() {
    let edits = [ContainerEdit::Memory(64 << 20), ContainerEdit::PidsLimit(100)];
    let body = body(&edits, &json!({ "Memory": 0, "MemorySwap": 0 })).unwrap();
    let expected = json!({ "Memory": 64 << 20, "MemorySwap": 128 << 20, "PidsLimit": 100 });
    assert_eq!(body, expected);
}

#[test]
fn reservation_is_never_left_above_the_limit() {
    let edit = |reserved: i64| {
        let host_config = json!({ "MemorySwap": -1, "MemoryReservation": reserved });
        body(&[ContainerEdit::Memory(64 << 20)], &host_config).unwrap()
    };
    assert_eq!(
        edit(128 << 20),
        json!({ "Memory": 64 << 20, "MemorySwap": -1, "MemoryReservation": 64 << 20 })
    );
    assert_eq!(edit(32 << 20), json!({ "Memory": 64 << 20, "MemorySwap": -1 }));
}

#[test]
fn what_needs_a_replacement_is_refused() {
    assert_eq!(body(&[ContainerEdit::ReadOnlyRootfs(true)], &json!({})), None);
}

/// Updates a container that is stopped, on an engine that answers the updates in this order and
/// shows it as given after each of them.
async fn updated(
    edits: &[ContainerEdit],
    before: Value,
    answers: Vec<(u16, Value)>,
    shown: Vec<Value>,
) -> (Outcome, usize) {
    let inspect = |host_config: &Value| {
        json!({ "Id": "c0ffee", "Name": "/it", "State": { "Status": "exited" },
                "HostConfig": host_config })
    };
    let before = Seen(inspect(&before));
    let shown: Vec<Value> = shown.iter().map(inspect).collect();
    let updates = Arc::new(AtomicUsize::new(0));
    let counted = updates.clone();
    let engine = FakeEngine::start("1.41", move |request| match request {
        "POST /containers/c0ffee/update" => {
            let (code, body) = &answers[counted.fetch_add(1, Ordering::SeqCst)];
            match code {
                0 => Answer::HangUp,
                code => Answer::Reply(*code, body.to_string().into_bytes()),
            }
        }
        "GET /containers/c0ffee/json" => {
            Answer::json(&shown[counted.load(Ordering::SeqCst).saturating_sub(1)])
        }
        other => panic!("{other}"),
    });
    let host = Host::new(Docker::connect(&engine.endpoint()).await.unwrap());
    let outcome = update(&host, edits, &before).await;
    (outcome, updates.load(Ordering::SeqCst))
}

const PIDS: &[ContainerEdit] = &[ContainerEdit::PidsLimit(50)];

fn why(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Done { proof } => proof,
        Outcome::Failed { why } | Outcome::Undone { why } | Outcome::Stuck { why, .. } => why,
        Outcome::NotReached => "",
    }
}

#[tokio::test]
async fn limit_that_the_kernel_has_no_place_for_has_not_converged() {
    let warning = json!({ "Warnings": ["PIDs limit discarded."] });
    let answers = vec![(200, warning), (200, json!({}))];
    let shown = vec![json!({ "PidsLimit": null }), json!({ "PidsLimit": null })];
    let (outcome, _) = updated(PIDS, json!({}), answers, shown).await;
    assert!(matches!(outcome, Outcome::Undone { .. }), "{outcome:?}");
    let expected = "it is not so afterwards: PidsLimit; it warns: PIDs limit discarded.";
    assert_eq!(why(&outcome), expected);
}

#[tokio::test]
async fn lost_answer_is_settled_by_a_look() {
    let shown = vec![json!({ "PidsLimit": 50 })];
    let (outcome, _) = updated(PIDS, json!({}), vec![(0, json!({}))], shown).await;
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    assert_eq!(why(&outcome), "read back from inspect; it holds from its next start");

    let answers = vec![(0, json!({})), (200, json!({}))];
    let shown = vec![json!({ "PidsLimit": 80 }), json!({ "PidsLimit": 80 })];
    let (outcome, updates) = updated(PIDS, json!({ "PidsLimit": 80 }), answers, shown).await;
    assert!(matches!(outcome, Outcome::Undone { .. }), "{outcome:?}");
    assert_eq!(updates, 2, "and the value of before is sent again");
}

#[tokio::test]
async fn container_between_two_starts_is_asked_again() {
    let error = json!({ "message": "runc: container not running: unknown" });
    let answers = vec![(500, error.clone()), (500, error), (200, json!({}))];
    let shown = vec![json!({ "PidsLimit": 50 }); 3];
    let (outcome, updates) = updated(PIDS, json!({}), answers, shown).await;
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    assert_eq!(updates, 3);
}

#[tokio::test]
async fn refusal_leaves_everything_as_it_was() {
    let error =
        json!({ "message": "Restart policy cannot be updated because AutoRemove is enabled" });
    let policy = [ContainerEdit::RestartPolicy { name: "on-failure".into(), max_retries: 5 }];
    let (outcome, updates) = updated(&policy, json!({}), vec![(409, error)], vec![]).await;
    assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
    assert_eq!(updates, 1);
}

#[tokio::test]
async fn memory_limit_where_there_was_none_is_told_when_it_cannot_be_taken_back() {
    let memory = [ContainerEdit::Memory(64 << 20), ContainerEdit::PidsLimit(50)];
    // Taken, but for the other.
    let half = json!({ "Memory": 64 << 20, "MemorySwap": 128 << 20, "PidsLimit": 0 });
    let answers = vec![(200, json!({})), (200, json!({}))];
    let (outcome, _) = updated(&memory, json!({}), answers, vec![half.clone(), half]).await;
    let Outcome::Stuck { left, .. } = &outcome else { panic!("{outcome:?}") };
    assert!(left[0].contains("only replacing it takes that away"), "{left:?}");
}

#[tokio::test]
async fn memory_is_put_back_with_its_swap() {
    let memory = [ContainerEdit::Memory(64 << 20)];
    let before = json!({ "Memory": 256 << 20, "MemorySwap": -1 });
    let ignored = json!({ "Memory": 128 << 20, "MemorySwap": -1 });
    let answers = vec![(200, json!({})), (200, json!({}))];
    let shown = vec![ignored, before.clone()];
    let (outcome, _) = updated(&memory, before, answers, shown).await;
    assert!(matches!(outcome, Outcome::Undone { .. }), "{outcome:?}");
    assert_eq!(why(&outcome), "it is not so afterwards: Memory");
}
