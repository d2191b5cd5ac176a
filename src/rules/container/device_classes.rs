//! No devices that hold the host itself.

use wildmatch::WildMatch;

use crate::{
    model::{
        container::ContainerSpec,
        finding::{Severity, Verdict},
        host_path::clean,
    },
    rules::{Allow, Example, Meta, Rule, fails_by_hand},
};

pub struct DeviceClasses;

static META: Meta = Meta {
    id: "container.device-classes",
    title: "Containers hold no disks, memory or virtual machines of the host",
    severity: Severity::Critical,
    docs: "
## Checks
That no device given with `--device` is memory (`/dev/mem`, `/dev/kmem`, `/dev/port`), a disk or something made of disks, the whole of `/dev`, or one of those that reach into the host in other ways (`/dev/kvm`, `/dev/fuse`, `/dev/net/tun`, VFIO, vhost, input devices, consoles, USB buses), unless `allow` names it.

## Why
Who reads and writes a disk below its file system reads and writes every file of the host; who has its memory has everything.

## What a fix may break
Nothing is changed: only its owner knows what the program does without the device.
",
    fix: None,
    references: &[],
    implies: &[],
    examples: &[
        Example::Passes { params: "{}", object: "HostConfig: {Devices: [{PathOnHost: /dev/dri/renderD128}]}" },
        Example::Passes { params: "allow: [/dev/net/tun]", object: "HostConfig: {Devices: [{PathOnHost: /dev/net/tun}]}" },
        Example::Fails { params: "{}", object: "HostConfig: {Devices: [{PathOnHost: /dev/sda1}]}" },
        Example::Fails { params: "{}", object: "HostConfig: {Devices: [{PathOnHost: /dev/mapper/vg-root}]}" },
        Example::Fails { params: "{}", object: "HostConfig: {Devices: [{PathOnHost: /dev/}]}" },
    ],
};

/// Paths under which the kernel's device list (`Documentation/admin-guide/devices.txt`) has what
/// holds the host.
const DENIED: &[&str] = &[
    "/dev",
    "/dev/bus/usb*",
    "/dev/dm-*",
    "/dev/fuse",
    "/dev/hd?*",
    "/dev/input*",
    "/dev/kmem",
    "/dev/kvm",
    "/dev/loop*",
    "/dev/mapper*",
    "/dev/md*",
    "/dev/mem",
    "/dev/mmcblk*",
    "/dev/net/tun",
    "/dev/nvme*",
    "/dev/port",
    "/dev/sd?*",
    "/dev/tty",
    "/dev/tty?",
    "/dev/tty??",
    "/dev/uinput",
    "/dev/vd?*",
    "/dev/vfio*",
    "/dev/vhost-*",
    "/dev/xvd?*",
];

impl Rule for DeviceClasses {
    type View = ContainerSpec;
    type Params = Allow;

    fn meta(&self) -> &'static Meta {
        &META
    }

    fn judge(&self, container: &ContainerSpec, params: &Allow) -> Verdict {
        let denied = |path: &&str| {
            let path = clean(path);
            DENIED.iter().any(|it| WildMatch::new(it).matches(&path))
        };
        let paths = container.devices.paths.iter().map(String::as_str);
        let Some(seen) = params.others(paths.filter(denied)) else {
            return Verdict::Pass;
        };
        let advice = "start it without the device, or name it in the rule: `allow`";
        fails_by_hand("devices", seen, "none of the host's own", advice)
    }
}
