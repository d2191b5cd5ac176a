//! Resources and devices.

use super::{Edit, Shape, body, shape};
use crate::lab::Suite;

pub(super) const SHAPES: &[Shape] = &[
    shape(
        "memory",
        "four limits that depend on one another",
        "$off --memory 64m --memory-swap 96m --memory-reservation 32m --memory-swappiness 10 fid/idle:1",
    ),
    shape("memory-alone", "the engine doubles it for swap", "$off --memory 64m fid/idle:1")
        .created(),
    shape(
        "memory-swap-unlimited",
        "-1 is no number of bytes",
        "$off --memory 64m --memory-swap -1 fid/idle:1",
    )
    .created(),
    shape("memory-kernel", "only old engines know it", "$off --kernel-memory 32m fid/idle:1")
        .until(Suite::Bookworm)
        .created(),
    shape("cpus", "nanoseconds stored, a quota in the kernel", "$off --cpus 0.5 fid/idle:1"),
    shape(
        "cpu-quota",
        "refused beside --cpus",
        "$off --cpu-quota 40000 --cpu-period 80000 fid/idle:1",
    )
    .created(),
    shape(
        "cpu-shares",
        "weights and sets",
        "$off --cpu-shares 200 --cpuset-cpus 0 --cpuset-mems 0 fid/idle:1",
    ),
    shape(
        "blkio",
        "dropped with a warning where unsupported",
        "$off --blkio-weight 300 fid/idle:1",
    )
    .created(),
    shape("pids", "a limit of its own", "$off --pids-limit 77 fid/idle:1")
        .edit(Edit::NoNewPrivileges),
    shape("pids-unlimited", "-1, 0 and null mean the same", "$off --pids-limit -1 fid/idle:1")
        .edit(Edit::NoNewPrivileges)
        .created(),
    // `nofile` has a default in this daemon, `nproc` has none.
    shape(
        "ulimits-own",
        "the daemon's and its own in one list",
        "$off --ulimit nofile=100:200 --ulimit nproc=300 fid/idle:1",
    ),
    shape(
        "oom",
        "who is killed first, or never",
        "$off --oom-score-adj 100 --oom-kill-disable --memory 64m fid/idle:1",
    )
    .created(),
    shape("shm", "filled in at creation", "$off --shm-size 32m fid/idle:1").created(),
    shape(
        "sysctl",
        "of the network and of IPC",
        "$off --sysctl net.ipv4.ip_forward=0 --sysctl kernel.msgmax=4096 fid/idle:1",
    )
    .inside("cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax"),
    shape(
        "device",
        "path inside and permissions",
        "$off --device /dev/null:/dev/nothing:r --device /dev/zero fid/idle:1",
    )
    .inside("ls -l /dev/nothing /dev/zero | cut -c -24"),
    shape(
        "device-rule",
        "a permission without a device",
        "$off --device-cgroup-rule 'c 10:200 rw' fid/idle:1",
    )
    .created(),
    // No driver for it here, so it cannot start.
    body(
        "device-request",
        "a list of lists, and -1 for all",
        r#"{ "Image": "fid/idle:1", "HostConfig": { "DeviceRequests": [{
             "Driver": "", "Count": -1, "DeviceIDs": null, "Capabilities": [["gpu", "utility"]],
             "Options": { "a": "b" } }] } }"#,
    )
    .created(),
    body(
        "device-throttle",
        "limits for one device",
        r#"{ "Image": "fid/idle:1", "HostConfig": {
             "BlkioDeviceReadBps": [{ "Path": "/dev/null", "Rate": 1048576 }],
             "BlkioDeviceWriteIOps": [{ "Path": "/dev/null", "Rate": 100 }] } }"#,
    )
    .created(),
    shape(
        "cgroup-parent",
        "a place of its own in the tree",
        "$off --cgroup-parent /fid-parent fid/idle:1",
    ),
];
