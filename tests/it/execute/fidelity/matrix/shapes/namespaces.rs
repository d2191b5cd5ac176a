//! Namespaces of its own, the host's and another container's.

use super::{Shape, shape};

pub(super) const SHAPES: &[Shape] = &[
    shape("pid-host", "the engine adds label=disable", "$off --pid host fid/idle:1"),
    shape("ipc-host", "the same, and no /dev/shm of its own", "$off --ipc host fid/idle:1")
        .created(),
    shape(
        "host-all",
        "the host's name would be asked for",
        "--network host --pid host --uts host --ipc host fid/idle:1",
    )
    .created(),
    shape(
        "cgroup-private",
        "the default differs by cgroup version",
        "$off --cgroupns private fid/idle:1",
    ),
    shape("ipc-shareable", "others may join it", "$off --ipc shareable fid/idle:1").created(),
    shape("pid-joined", "a reference by ID", "$off --pid container:fid-provider fid/idle:1"),
    shape("ipc-joined", "a reference by ID", "$off --ipc container:fid-provider fid/idle:1"),
];
