//! What runs, as whom, and how it is stopped.

use super::{Shape, body, shape};

pub(super) const SHAPES: &[Shape] = &[
    shape("plain", "what the engine fills in", "fid/idle:1"),
    body(
        "bare",
        "what the engine fills in for a request that says nothing",
        r#"{ "Image": "fid/idle:1" }"#,
    )
    .created(),
    shape(
        "host-name",
        "told apart from the short ID",
        "--hostname mail --domainname example.com fid/idle:1",
    ),
    shape("user-number", "user and group", "$off --user 1000:5 fid/idle:1"),
    shape("workdir-missing", "made by the engine", "$off --workdir /made/here fid/idle:1")
    .created(),
    shape("terminal", "someone may be using it", "$off -ti fid/idle:1")
    .created(),
    shape(
        "stop-signal",
        "its own signal and time",
        "$off --stop-signal QUIT --stop-timeout 3 fid/idle:1",
    )
    .created(),
    shape("init", "a process before the first", "$off --init fid/idle:1"),
    shape("init-refused", "false is not absent", "$off --init=false fid/idle:1").created(),
    shape(
        "env",
        "empty, and over the image's",
        "$off -e EMPTY= -e A=b -e PATH=/bin:/elsewhere fid/idle:1",
    ),
    body(
        "env-without-value",
        "a name alone, and one name twice",
        r#"{ "Image": "fid/idle:1", "Env": ["UNSET", "EMPTY=", "A=b", "A=c"] }"#,
    )
    .created(),
    shape(
        "entrypoint-own",
        "the image's command is not merged",
        "$off --entrypoint /bin/sh fid/entry:1 -c \"$idle\"",
    )
    .created(),
    shape(
        "entrypoint-emptied",
        "stored as null, and the image's would come back",
        "$off --entrypoint '' fid/entry:1 sh -c \"$idle\"",
    ),
    body(
        "entrypoint-empty-list",
        "an empty list is not null",
        r#"{ "Image": "fid/entry:1", "Entrypoint": [], "Cmd": ["sleep", "999"], "StopTimeout": 0 }"#,
    )
    .created(),
    body(
        "entrypoint-without-command",
        "the image's command would come back",
        r#"{ "Image": "fid/entry:1", "Entrypoint": ["sleep", "999"], "StopTimeout": 0 }"#,
    )
    .created(),
    body(
        "shell",
        "only requests can say it",
        r#"{ "Image": "fid/idle:1", "Shell": ["/bin/ash", "-c"] }"#,
    )
    .created(),
];
