//! What holds a container in.

use super::{Edit, Shape, body, shape};
use crate::lab::Suite;

pub(super) const SHAPES: &[Shape] = &[
    shape(
        "caps",
        "all dropped, some added",
        "$off --cap-drop ALL --cap-add NET_BIND_SERVICE --cap-add chown fid/idle:1",
    ),
    body(
        "caps-spelt",
        "one capability in several spellings",
        r#"{ "Image": "fid/idle:1", "HostConfig": {
             "CapAdd": ["net_admin", "CAP_NET_ADMIN", "SYS_TIME"],
             "CapDrop": ["Chown", "cap_kill"] } }"#,
    )
    .created(),
    body(
        "caps-all-but",
        "all, in small letters",
        r#"{ "Image": "fid/idle:1", "HostConfig": {
             "CapAdd": ["all"], "CapDrop": ["SYS_MODULE", "chown"] } }"#,
    )
    .created(),
    body(
        "no-new-privileges-twice",
        "the last one counts",
        r#"{ "Image": "fid/idle:1", "HostConfig": {
             "SecurityOpt": ["no-new-privileges:true", "no-new-privileges=false"] } }"#,
    )
    .created(),
    shape("seccomp-off", "no filter", "$off --security-opt seccomp=unconfined fid/idle:1"),
    shape(
        "seccomp-own",
        "a whole file in one option",
        "$off --security-opt seccomp=/run/fid/seccomp.json fid/idle:1",
    )
    .edit(Edit::NoNewPrivileges)
    .created(),
    shape(
        "label-off",
        "spelt as the engine spells its own",
        "$off --security-opt label=disable fid/idle:1",
    )
    .created(),
    shape(
        "label-own",
        "several options of one kind",
        "$off --security-opt label=user:me --security-opt label=type:mine fid/idle:1",
    )
    .edit(Edit::NoNewPrivileges)
    .created(),
    shape(
        "paths-open",
        "empty lists are not null",
        "$off --security-opt systempaths=unconfined fid/idle:1",
    )
    .created(),
    body(
        "paths-own",
        "lists that are nobody's default",
        r#"{ "Image": "fid/idle:1", "HostConfig": {
             "NetworkMode": "none", "MaskedPaths": ["/proc/kcore"],
             "ReadonlyPaths": ["/proc/sys", "/proc/bus"] } }"#,
    ),
    body(
        "paths-of-an-older-engine",
        "the default of before 25, which hides less than today's",
        r#"{ "Image": "fid/idle:1", "HostConfig": { "MaskedPaths": [
             "/proc/asound", "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
             "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi",
             "/sys/firmware"] } }"#,
    )
    .since(Suite::Trixie)
    .created()
    .changes(&["HostConfig.MaskedPaths"]),
    // It cannot start where the tests run; what the engine adds to it is there from its creation.
    shape(
        "privileged",
        "the engine adds label=disable and hides no paths",
        "$off --privileged fid/idle:1",
    )
    .created(),
    shape(
        "read-only",
        "nothing but tmpfs can be written",
        "$off --read-only --tmpfs /run fid/idle:1",
    ),
    shape("groups", "by number and by name", "$off --group-add 7 --group-add app fid/idle:1")
        .created(),
];
