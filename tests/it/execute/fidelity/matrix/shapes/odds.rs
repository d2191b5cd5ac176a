//! Logs, names, restarts and what else a container can be told.

use super::{Shape, body, shape};
use crate::lab::Suite;

pub(super) const SHAPES: &[Shape] = &[
    shape(
        "log",
        "the daemon's options are merged in",
        "$off --log-driver json-file --log-opt max-size=1m --log-opt tag=a fid/idle:1",
    )
    .created(),
    shape("log-none", "no log to read last words from", "$off --log-driver none fid/idle:1"),
    shape(
        "dns",
        "lists whose order counts",
        "--dns 10.0.0.2 --dns 10.0.0.1 --dns-search example.com --dns-opt ndots:2 fid/idle:1",
    )
    .created(),
    shape(
        "hosts",
        "a word that the daemon fills in",
        "--add-host b:10.0.0.2 --add-host a:10.0.0.3 --add-host gate:host-gateway fid/idle:1",
    ),
    shape(
        "runtime",
        "another name than the daemon's default",
        "$off --runtime io.containerd.runc.v2 fid/idle:1",
    )
    .created(),
    shape("annotations", "a member that newer engines have", "$off --annotation a.b=c fid/idle:1")
        .since(Suite::Trixie)
        .created(),
    shape(
        "labels",
        "an empty value, and signs in one",
        "$off --label empty= --label a.b=c=d,e fid/idle:1",
    )
    .created(),
    shape(
        "restart-always",
        "the old one would start with the daemon",
        "$off --restart always fid/idle:1",
    ),
    shape(
        "restart-on-failure",
        "a count beside the word",
        "$off --restart on-failure:3 fid/idle:1",
    )
    .created(),
    body(
        "restart-unnamed",
        "an empty word is one, too",
        r#"{ "Image": "fid/idle:1", "HostConfig": { "RestartPolicy": { "Name": "" } } }"#,
    )
    .created(),
    body(
        "console",
        "height and width, in this order",
        r#"{ "Image": "fid/idle:1", "Tty": true, "HostConfig": { "ConsoleSize": [20, 60] } }"#,
    )
    .created(),
    body(
        "empty-lists",
        "empty is not absent in the request, but in its meaning",
        r#"{ "Image": "fid/idle:1", "Labels": {}, "Env": [], "ExposedPorts": {},
             "Volumes": {}, "HostConfig": { "Binds": [], "CapAdd": [], "CapDrop": [], "Dns": [],
             "SecurityOpt": [], "Devices": [], "Ulimits": [], "Links": [], "PortBindings": {},
             "ExtraHosts": [], "GroupAdd": [], "Sysctls": {}, "Tmpfs": {}, "Mounts": [],
             "PidsLimit": 0, "Memory": 0, "OomKillDisable": false } }"#,
    )
    .created(),
    shape("stopped", "not started by a replacement", "$off --restart always -v /bare fid/idle:1")
        .exited(),
    shape(
        "never-started",
        "port and address that nobody holds yet",
        "-v /bare -p 18110:80 --network fid-front --ip 10.89.1.90 fid/idle:1",
    )
    .created(),
];
