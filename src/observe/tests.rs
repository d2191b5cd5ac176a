use super::*;
use crate::{
    docker::fake::{Answer, FakeEngine},
    model::{
        field::Field,
        image::{GONE, ImageSeen},
        inside::Session,
    },
};

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

#[tokio::test]
async fn what_runs_in_containers_is_asked_of_the_engine_where_no_process_is_visible() {
    const RUNS: &str = r#"{"Id":"1","Name":"/web","State":{"Status":"running","Pid":7},
        "ExecIDs":["e1","e2","e3"]}"#;
    let engine = FakeEngine::start("1.41", |request| match request.split('?').next().unwrap() {
        "GET /containers/json" => Answer::json(r#"[{"Id":"1","Names":["/web"]}]"#),
        "GET /containers/1/json" => Answer::json(RUNS),
        "GET /containers/1/top" => Answer::json(r#"{"Processes":[["7","sh"],["9","sshd"]]}"#),
        "GET /exec/e1/json" => {
            Answer::json(r#"{"Running":true,"ProcessConfig":{"privileged":true,"user":"0"}}"#)
        }
        "GET /exec/e2/json" => Answer::json(r#"{"Running":false,"ProcessConfig":{}}"#),
        "GET /exec/e3/json" => Answer::Reply(404, br#"{"message":"ended"}"#.to_vec()),
        "GET /events" => Answer::json("no event\n"),
        _ => Answer::json("null"),
    });
    let docker = Docker::connect(&engine.endpoint()).await.unwrap();
    let details = [Detail::Execs, Detail::Programs].into();
    let options = Options { proc_root: "/nowhere".into(), details, ..Options::default() };
    let snapshot = observe(&docker, &options).await.unwrap();
    let inside = &snapshot.containers[0].spec.inside;
    let session = Session { privileged: true, user: "0".into() };
    assert_eq!(inside.sessions, Field::Set(vec![session]));
    assert_eq!(inside.ssh_servers, Field::Set(vec!["sshd".into()]));
    let top = "top?ps_args=-eo%20pid,comm";
    assert!(engine.seen.lock().unwrap().iter().any(|it| it.ends_with(top)));
}

#[tokio::test]
async fn each_image_is_asked_once_and_one_that_is_gone_is_unknown() {
    const LIST: &str = r#"[{"Id":"1","Names":["/a"]},{"Id":"2","Names":["/b"]},
        {"Id":"3","Names":["/c"]}]"#;
    let engine = FakeEngine::start("1.41", |request| match request.split('?').next().unwrap() {
        "GET /containers/json" => Answer::json(LIST),
        "GET /containers/1/json" => Answer::json(r#"{"Id":"1","Name":"/a","Image":"sha256:5"}"#),
        "GET /containers/2/json" => Answer::json(r#"{"Id":"2","Name":"/b","Image":"sha256:5"}"#),
        "GET /containers/3/json" => Answer::json(r#"{"Id":"3","Name":"/c","Image":"sha256:6"}"#),
        "GET /images/sha256%3A5/json" => Answer::json(r#"{"Config":{"WorkingDir":"/srv"}}"#),
        "GET /images/sha256%3A6/json" => Answer::Reply(404, br#"{"message":"none"}"#.to_vec()),
        "GET /images/json" => Answer::json(r#"[{"Id":"sha256:5","RepoTags":["shop/web:2"]}]"#),
        "GET /events" => Answer::json("no event\n"),
        _ => Answer::json("null"),
    });
    let docker = Docker::connect(&engine.endpoint()).await.unwrap();
    let options = |details| Options { proc_root: "/nowhere".into(), details, ..Options::default() };
    let unasked = observe(&docker, &options([].into())).await.unwrap();
    let asked = observe(&docker, &options([Detail::Image].into())).await.unwrap();
    let [a, b, c] = [0, 1, 2].map(|it| &asked.containers[it].spec.image_seen);
    let directory = |seen: &ImageSeen| seen.facts.stated().unwrap().working_directory.clone();
    assert_eq!([directory(a), directory(b)], ["/srv", "/srv"]);
    assert_eq!(a.tags, Field::Set(vec!["shop/web:2".into()]));
    assert_eq!((&c.facts, &c.tags), (&Field::Unknown(GONE), &Field::Unknown(GONE)));
    assert_eq!(unasked.containers[0].spec.image_seen.facts, ImageSeen::default().facts);
    let seen = engine.seen.lock().unwrap();
    let about = |image: &str| seen.iter().filter(|it| it.contains(image)).count();
    assert_eq!(about("/images/sha256%3A"), 4, "{seen:?}");
}
