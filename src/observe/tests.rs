use super::*;
use crate::docker::fake::{Answer, FakeEngine};

const LIST: &str = r#"[
    {"Id":"1","Names":["/web"],"State":"running"},
    {"Id":"2","Names":["/gone"],"State":"exited"},
    {"Id":"3","Names":["/secret"],"State":"exited"},
    {"Id":"4","Names":["/odd"],"State":"exited"},
    {"Id":"5","Names":["/new-words"],"State":"hibernating"}]"#;

fn engine(info: fn() -> Answer) -> FakeEngine {
    FakeEngine::start("1.41", move |request| {
        let path = request.split('?').next().unwrap();
        match path {
            "GET /containers/json" => Answer::json(LIST),
            "GET /containers/1/json" => Answer::json(r#"{"Id":"1","Name":"/web"}"#),
            "GET /containers/2/json" => Answer::Reply(404, br#"{"message":"none"}"#.to_vec()),
            "GET /containers/3/json" => Answer::Reply(403, br#"{"message":"not you"}"#.to_vec()),
            "GET /containers/4/json" => Answer::json("[broken"),
            "GET /containers/5/json" => Answer::json(
                r#"{"Id":"5","Name":"/new-words","State":{"Status":"hibernating"},"Novel":{"a":1},
                    "HostConfig":{"RestartPolicy":{"Name":"sometimes"},"CgroupnsMode":"galaxy"}}"#,
            ),
            "GET /info" => info(),
            "GET /version" => Answer::json(
                r#"{"Version":"20.10.24","Os":"linux","Arch":"amd64","Components":[{"Name":"Conmon"},{"Name":"Podman Engine"}]}"#,
            ),
            "GET /networks/bridge" => Answer::Reply(404, vec![]),
            "GET /events" => Answer::json("no event\n"),
            _ => Answer::json("null"),
        }
    })
}

async fn observed(engine: &FakeEngine) -> Result<Snapshot, DockerError> {
    let docker = Docker::connect(&engine.endpoint()).await.unwrap();
    let options = Options { proc_root: "/nowhere".into(), ..Options::default() };
    observe(&docker, &options).await
}

#[tokio::test]
async fn containers_that_vanish_are_left_out_and_unreadable_ones_are_blind_spots() {
    let engine = engine(|| Answer::json(r#"{"Name":"host","SecurityOptions":[]}"#));
    let snapshot = observed(&engine).await.unwrap();
    let names: Vec<_> = snapshot.containers.iter().map(|it| it.spec.name.as_str()).collect();
    assert_eq!(names, ["new-words", "web"]);
    let blind: Vec<_> = snapshot.blind_spots.iter().map(|it| it.address.as_str()).collect();
    assert_eq!(blind, ["container/odd", "container/secret"]);
    assert_eq!(snapshot.blind_spots[1].why, "the engine answered 403: not you");
    assert_eq!(snapshot.host.engine_name, "Podman");
    assert!(snapshot.daemon.is_missing);
    assert_eq!(snapshot.daemon_start, None);
}

#[tokio::test]
async fn engine_that_refuses_to_describe_itself_is_a_blind_spot() {
    let engine = engine(|| Answer::Reply(403, br#"{"message":"not you"}"#.to_vec()));
    let snapshot = observed(&engine).await.unwrap();
    assert_eq!(snapshot.blind_spots[2].address, Address::daemon());
    let debug = &snapshot.daemon.keys["debug"];
    assert!(matches!(debug.running, crate::model::field::Field::Unknown(_)), "{debug:?}");
    assert_eq!(snapshot.containers.len(), 2);
}

#[tokio::test]
async fn engine_that_dies_meanwhile_is_an_error() {
    let engine = engine(|| Answer::HangUp);
    let error = observed(&engine).await.unwrap_err();
    assert_eq!(error, DockerError::ConnectionLost { what: "GET /info".into() });
}
