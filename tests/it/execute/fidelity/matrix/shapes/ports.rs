//! Ports: what is published is what was published.

use super::{Shape, body, shape};

pub(super) const SHAPES: &[Shape] = &[
    shape(
        "port",
        "held by the old one until it stops",
        "-p 18080:80 -p 127.0.0.1:18081:81 fid/idle:1",
    ),
    // The hosts of the tests have no address of that family.
    shape("port-six", "an address with colons", "-p [::1]:18083:83 fid/idle:1").created(),
    shape("port-random", "another number at each start", "-p 84 -p 127.0.0.1::85 fid/idle:1"),
    shape("port-of-range", "one out of a range", "-p 18090-18099:86 fid/idle:1").created(),
    shape("port-twice", "two bindings of one port", "-p 18104:87 -p 127.0.0.1:18105:87 fid/idle:1")
        .created(),
    shape("port-all", "published because the image exposes it", "-P --expose 99 fid/all:1")
        .created(),
    body(
        "port-not-exposed",
        "silently not published by old engines",
        r#"{ "Image": "fid/idle:1", "HostConfig": {
             "PortBindings": { "88/tcp": [{ "HostPort": "18106" }] } } }"#,
    ),
    body(
        "port-without-protocol",
        "silently not published by old engines",
        r#"{ "Image": "fid/idle:1", "HostConfig": {
             "PortBindings": { "89": [{ "HostPort": "18107" }] } } }"#,
    )
    .created(),
    body(
        "port-bound-to-nothing",
        "new engines would choose one",
        r#"{ "Image": "fid/idle:1", "ExposedPorts": { "90/tcp": {} }, "HostConfig": {
             "PortBindings": { "90/tcp": [] } } }"#,
    )
    .created(),
];
