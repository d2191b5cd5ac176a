use std::sync::atomic::{AtomicUsize, Ordering};

use super::{
    events::EventFilter,
    fake::{Answer, FakeEngine},
    *,
};

async fn connected(engine: &FakeEngine) -> Docker {
    Docker::connect(&engine.endpoint()).await.unwrap()
}

fn requests(engine: &FakeEngine) -> Vec<String> {
    engine.seen.lock().unwrap().clone()
}

#[tokio::test]
async fn dialect_is_the_older_of_both_sides() {
    for (offered, spoken) in [("1.41", "1.41"), ("1.99", "1.51"), ("1.51", "1.51")] {
        let engine = FakeEngine::start(offered, |_| Answer::json("{}"));
        let docker = connected(&engine).await;
        docker.info().await.unwrap();
        assert_eq!(requests(&engine), [format!("GET /v{spoken}/info")]);
    }
}

#[tokio::test]
async fn engine_before_20_10_is_refused() {
    let engine = FakeEngine::start("1.40", |_| Answer::json("{}"));
    let error = Docker::connect(&engine.endpoint()).await.unwrap_err();
    assert_eq!(error, DockerError::TooOld { found: "1.40".into(), needed: "1.41".into() });
}

#[tokio::test]
async fn missing_socket_says_so() {
    let endpoint = Endpoint::Unix("/nowhere/docker.sock".into());
    let error = Docker::connect(&endpoint).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot reach the engine at unix:///nowhere/docker.sock: there is no such socket"
    );
}

#[tokio::test]
async fn connection_is_kept_for_raw_and_typed_calls() {
    let engine = FakeEngine::start("1.41", |request| match request {
        "POST /containers/web/start" => Answer::Reply(204, vec![]),
        _ => Answer::json("{}"),
    });
    let docker = connected(&engine).await;
    docker.info().await.unwrap();
    docker.start("web").await.unwrap();
    docker.version().await.unwrap();
    assert_eq!(engine.connections.load(Ordering::Relaxed), 1);
    assert_eq!(requests(&engine)[1], "POST /v1.41/containers/web/start");
}

#[tokio::test]
async fn refusals_carry_code_and_message() {
    let engine = FakeEngine::start("1.41", |request| match request {
        "GET /info" => Answer::Reply(500, br#"{"message":"no such luck"}"#.to_vec()),
        "GET /version" => Answer::Reply(403, b"<html>go away".to_vec()),
        "POST /containers/web/start" => Answer::Reply(304, vec![]),
        _ => Answer::Reply(409, br#"{"message":"in use"}"#.to_vec()),
    });
    let docker = connected(&engine).await;
    let status = |code, message: &str| DockerError::Status { code, message: message.into() };
    assert_eq!(docker.info().await.unwrap_err(), status(500, "no such luck"));
    assert_eq!(docker.version().await.unwrap_err(), status(403, "<html>go away"));
    assert_eq!(docker.start("web").await.unwrap_err().code(), Some(304));
    assert_eq!(docker.rename("web", "x").await.unwrap_err(), status(409, "in use"));
    assert_eq!(docker.create("x", vec![]).await.unwrap_err(), status(409, "in use"));
}

#[tokio::test]
async fn reading_is_tried_again_and_sending_never() {
    let count = AtomicUsize::new(0);
    let engine = FakeEngine::start("1.41", move |request| {
        let first = count.fetch_add(1, Ordering::Relaxed) == 0;
        if first || request.starts_with("POST") { Answer::HangUp } else { Answer::json("{}") }
    });
    let docker = connected(&engine).await;
    docker.info().await.unwrap();
    let lost = docker.create("x", b"{}".to_vec()).await.unwrap_err();
    assert_eq!(lost, DockerError::ConnectionLost { what: "POST /containers/create".into() });
    assert!(matches!(docker.start("x").await, Err(DockerError::ConnectionLost { .. })));
    let seen = requests(&engine);
    assert_eq!(seen.iter().filter(|it| it.starts_with("GET")).count(), 2);
    assert_eq!(seen.iter().filter(|it| it.starts_with("POST")).count(), 2);
}

#[tokio::test]
async fn body_that_stalls_runs_into_the_limit() {
    let engine = FakeEngine::start("1.41", |_| {
        Answer::Stall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{".to_vec())
    });
    let docker = connected(&engine).await;
    let error = docker.get_within("/info", Duration::from_millis(50)).await.unwrap_err();
    assert_eq!(error, DockerError::TimedOut { what: "GET /info".into() });
}

#[tokio::test]
async fn body_that_breaks_off_is_a_lost_connection() {
    let engine = FakeEngine::start("1.41", |_| {
        Answer::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{".to_vec())
    });
    let error = connected(&engine).await.info().await.unwrap_err();
    assert_eq!(error, DockerError::ConnectionLost { what: "GET /info".into() });
}

#[tokio::test]
async fn garbage_among_events_is_passed_over() {
    let engine = FakeEngine::start("1.41", |_| {
        let lines = concat!(
            r#"{"Type":"pod","Action":"init","Actor":{"ID":"a"},"time":1}"#,
            "\nnot json\n\n{\"Type\":\"daemon\",\n",
            r#"{"Type":"daemon","Action":"reload","scope":"galaxy","timeNano":5}"#,
            "\n"
        );
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", lines.len());
        Answer::Raw([head, lines.into()].concat().into_bytes())
    });
    let docker = connected(&engine).await;
    let mut events = docker.events(&EventFilter::default()).await.unwrap();
    assert_eq!(events.next().await.unwrap().unwrap().kind, "pod");
    assert_eq!(events.next().await.unwrap().unwrap().action, "reload");
    assert!(events.next().await.is_none());
    assert_eq!(events.skipped(), 2);
}

#[test]
fn version_is_put_in_front_exactly_once() {
    let version = ApiVersion { major: 1, minor: 41 };
    let uri = |path| prefixed(path, version).unwrap().to_string();
    assert_eq!(uri("/info"), "http://engine/v1.41/info");
    assert_eq!(uri("/v1.53/info?a=b"), "http://engine/v1.53/info?a=b");
    assert_eq!(uri("/volumes/x"), "http://engine/v1.41/volumes/x");
}

#[test]
fn odd_names_are_escaped() {
    assert_eq!(escape("my net/ü"), "my%20net%2F%C3%BC");
    assert_eq!(escape("web_1.2-a"), "web_1.2-a");
}
