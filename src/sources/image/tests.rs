use serde_json::{Value, json};

use super::*;
use crate::model::image::{Added, Run, Step};

/// Entries as engines 20.10, 26.1 and 28.5 write them.
fn step(created_by: &str) -> Step {
    history::read(created_by).step
}

fn secrets(created_by: &str) -> Vec<String> {
    history::read(created_by).secrets
}

fn ran(created_by: &str) -> Run {
    match step(created_by) {
        Step::Run(run) => run,
        other => panic!("{created_by} is {other:?}"),
    }
}

#[test]
fn what_was_added_is_told_as_far_as_each_builder_writes_it_down() {
    let archive = Added::Archive("a.tar.gz".into());
    for (created_by, what, to) in [
        ("/bin/sh -c #(nop) ADD file:2bce90eb in /x/ ", Added::Unsaid, "/x/"),
        ("/bin/sh -c #(nop) ADD multi:11d9c6f9 in /m/ ", Added::Unsaid, "/m/"),
        ("/bin/sh -c #(nop) ADD dir:bc8d1331 in /d/ ", Added::Plain, "/d/"),
        (
            "/bin/sh -c #(nop) ADD 22d99440011298a8 in /u/ ",
            Added::Fetched("the network".into()),
            "/u/",
        ),
        ("ADD a.tar.gz /x/ # buildkit", archive.clone(), "/x/"),
        ("ADD --chown=1:1 plain.txt a.tar.gz /x/ # buildkit", archive, "/x/"),
        ("ADD plain.txt /y/plain.txt # buildkit", Added::Plain, "/y/plain.txt"),
        (
            "ADD https://me:word@example.org/key/a?b=c /z # buildkit",
            Added::Fetched("https://example.org".into()),
            "/z",
        ),
        ("ADD git@example.org:shop/web.git /z", Added::Fetched("git@example.org".into()), "/z"),
    ] {
        assert_eq!(step(created_by), Step::Add { what, to: to.into() }, "{created_by}");
    }
}

#[test]
fn settings_files_and_what_was_run_are_told_apart() {
    for setting in [
        r#"/bin/sh -c #(nop)  HEALTHCHECK &{["CMD-SHELL" "true"] "0s" "0s" "0s" '\x00'}"#,
        "/bin/sh -c #(nop) WORKDIR /usr",
        "EXPOSE map[22/tcp:{} 8080/tcp:{}]",
        "ARG API_TOKEN",
    ] {
        assert_eq!(step(setting), Step::Setting, "{setting}");
    }
    for files in ["", "# debian.sh --arch 'amd64' out/ 'trixie'", "COPY a.txt /z/a.txt # buildkit"]
    {
        assert_eq!(step(files), Step::Files, "{files}");
    }
    for run in ["echo a b", "RUN echo a b # buildkit", "/bin/sh -c echo ADD", "|0 /bin/sh -c true"]
    {
        assert_eq!(step(run), Step::Run(Run::default()), "{run}");
    }
}

#[test]
fn refreshing_and_installing_are_found_wherever_they_stand_in_a_script() {
    for (script, refreshes, installs) in [
        ("/bin/sh -c apt-get -q update", Some("apt-get update"), false),
        ("RUN |2 A=b c VERSION=3 /bin/sh -c apk update # buildkit", Some("apk update"), false),
        (
            "RUN /bin/bash -o pipefail -c apt update\napt install x # buildkit",
            Some("apt update"),
            true,
        ),
        ("/bin/sh -c set -e; DEBIAN_FRONTEND=noninteractive apt-get -y install x", None, true),
        ("RUN /bin/sh -c if true; then /usr/bin/apt-get update; fi", Some("apt-get update"), false),
        ("RUN apt-get update # buildkit", Some("apt-get update"), false),
        ("/bin/sh -c echo apt-get update", None, false),
        ("/bin/sh -c update-ca-certificates && yum -y update", None, true),
        ("/bin/sh -c apk add --update curl", None, true),
    ] {
        let run = ran(script);
        assert_eq!((run.refreshes.as_deref(), run.installs), (refreshes, installs), "{script}");
    }
}

#[test]
fn sudo_is_found_where_it_is_called_or_installed() {
    for script in [
        "/bin/sh -c sudo -E make install",
        "RUN /bin/sh -c apt-get update && apt-get install -y curl sudo # buildkit",
        "/bin/sh -c apk add sudo=1.9.15",
    ] {
        assert!(ran(script).sudo, "{script}");
    }
    let updated = ran("/bin/sh -c sudo apt-get update");
    assert_eq!((updated.sudo, updated.refreshes.as_deref()), (true, Some("apt-get update")));
    for script in ["/bin/sh -c echo sudo", "/bin/sh -c apt-get install -y sudoku", "pseudo x"] {
        assert!(!ran(script).sudo, "{script}");
    }
}

#[test]
fn secrets_are_named_and_never_shown() {
    for (created_by, place) in [
        ("|2 API_TOKEN=sekret VERSION=3 /bin/sh -c make", "argument API_TOKEN"),
        ("RUN |1 API_TOKEN=two words /bin/sh -c make # buildkit", "argument API_TOKEN"),
        ("ARG API_TOKEN=sekret", "argument API_TOKEN"),
        ("/bin/sh -c #(nop)  ENV A=b DB_PASSWORD=sekret", "environment DB_PASSWORD"),
        ("ENV DB_PASSWORD=\"sekret\"", "environment DB_PASSWORD"),
        ("LABEL api-token=sekret", "label api-token"),
        ("RUN /bin/sh -c login --password=sekret # buildkit", "RUN"),
        ("ADD https://me:sekret@example.org/x /x", "ADD"),
    ] {
        assert_eq!(secrets(created_by), [place], "{created_by}");
    }
    for created_by in [
        "ARG API_TOKEN",
        "RUN /bin/sh -c sed -i s/password=.*/password=/ /etc/app.conf # buildkit",
        "RUN /bin/sh -c TOKEN=$(cat /run/secrets/token) make",
        "ENV TOKEN_FILE=/run/secrets/token PWD=/srv",
        "|1 VERSION=3 /bin/sh -c make",
        "COPY token /x # buildkit",
    ] {
        assert_eq!(secrets(created_by), [""; 0], "{created_by}");
    }
}

#[test]
fn oldest_step_comes_first_and_missing_members_are_nothing() {
    let read = |inspect: Value, history: Value| {
        facts(inspect.to_string().as_bytes(), history.to_string().as_bytes()).unwrap()
    };
    let layered = json!({ "GraphDriver": { "Name": "overlay2", "Data": {
        "UpperDir": "/o/c/diff", "LowerDir": "/o/b/diff:/o/a/diff", "WorkDir": "/o/c/work",
    }}});
    assert_eq!(read(layered, Value::Null).layers, ["/o/c/diff", "/o/b/diff", "/o/a/diff"]);
    let other = json!({ "GraphDriver": { "Name": "vfs", "Data": null } });
    assert_eq!(read(other, Value::Null).layers, [""; 0]);
    let inspect = json!({ "Config": {
        "ExposedPorts": { "22/tcp": {} }, "Volumes": null, "WorkingDir": "/usr",
        "Env": ["DB_PASSWORD=sekret"], "Healthcheck": { "Test": ["CMD-SHELL", "true"] },
    }});
    let history = json!([{ "CreatedBy": "COPY a /b # buildkit" }, { "CreatedBy": "CMD [\"sh\"]" }]);
    let expected = ImageFacts {
        has_healthcheck: true,
        exposed_ports: vec!["22/tcp".into()],
        working_directory: "/usr".into(),
        volume_paths: vec![],
        secrets: vec!["environment DB_PASSWORD".into()],
        steps: vec![Step::Setting, Step::Files],
        layers: vec![],
    };
    assert_eq!(read(inspect, history), expected);
    assert_eq!(read(json!({}), Value::Null), ImageFacts::default());
    assert_eq!(read(json!({ "Config": null }), json!([{}])).steps, [Step::Files]);
}
