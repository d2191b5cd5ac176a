//! Volumes, binds and tmpfs.

use super::{Shape, body, shape};
use crate::lab::Suite;

pub(super) const SHAPES: &[Shape] = &[
    shape("volume-of-image", "nameless: a copy would get a fresh one", "$off plimsoll-test/volume:1")
        .at_last("docker exec $it sh -c 'echo mine >/data/it'")
        .inside("cat /data/*"),
    shape(
        "volume-mount-nameless",
        "nameless, as a mount",
        "$off --mount type=volume,dst=/anon fid/idle:1",
    )
    .at_last("docker exec $it sh -c 'echo mine >/anon/it'")
    .inside("cat /anon/it"),
    body(
        "volume-bind-bare",
        "nameless, as a bind",
        r#"{ "Image": "plimsoll-test/volume:1", "HostConfig": {
             "NetworkMode": "none", "Binds": ["/data", "/other/"] } }"#,
    )
    .at_last("docker exec $it sh -c 'echo mine >/other/it'")
    .inside("cat /other/it"),
    // A copy that is filled from the image again would put the seed back, and root's ownership.
    shape(
        "volume-emptied",
        "an empty one is filled from the image, at creation",
        "$off -v fid-emptied:/data plimsoll-test/volume:1",
    )
    .at_last("docker exec $it sh -c 'rm /data/seed; chown 1000:5 /data; chmod 700 /data'")
    .inside("stat -c '%u %g %a' /data; ls -A /data"),
    shape("volume-nameless-emptied", "the same without a name", "$off plimsoll-test/volume:1")
        .at_last("docker exec $it sh -c 'rm /data/seed; chown 1000:5 /data; chmod 700 /data'")
        .inside("stat -c '%u %g %a' /data; ls -A /data"),
    shape(
        "volume-named",
        "one volume in three places, once read-only",
        "$off -v fid-named:/named -v fid-named:/again:ro -v fid-named:/z:z fid/idle:1",
    )
    .created(),
    shape(
        "volume-nocopy",
        "never filled from the image",
        "$off -v fid-nocopy:/data:nocopy plimsoll-test/volume:1",
    )
    .created(),
    shape(
        "volume-mount",
        "driver and labels of a mount",
        "$off --mount type=volume,src=fid-mount,dst=/m,readonly,volume-label=a=b,volume-driver=local \
         fid/idle:1",
    )
    .created(),
    shape(
        "volume-mount-options",
        "options of the driver",
        "$off --mount type=volume,src=fid-options,dst=/m,volume-driver=local,volume-opt=type=tmpfs,\
         volume-opt=device=tmpfs,volume-opt=o=size=1m fid/idle:1",
    )
    .created(),
    shape(
        "volume-subpath",
        "a part of a volume, which old versions of the API refuse",
        "$off --mount type=volume,src=fid-sub,dst=/m,volume-subpath=inner fid/idle:1",
    )
    .since(Suite::Trixie)
    .before("docker run --rm -v fid-sub:/s fid/idle:1 sh -c 'mkdir /s/inner; date >/s/inner/it'")
    .inside("ls /m"),
    shape(
        "volume-nested",
        "volumes inside volumes",
        "$off -v fid-outer:/a -v /a/b -v fid-inner:/a/b/c plimsoll-test/volume:1",
    ),
    shape(
        "volume-under-tmpfs",
        "a path that only looks like a volume",
        "$off --tmpfs /data plimsoll-test/volume:1",
    )
    .created(),
    shape(
        "volumes-from",
        "a reference to another container, read-only",
        "$off --volumes-from fid-lender:ro plimsoll-test/volume:1",
    ),
    shape(
        "bind",
        "files and folders of the host",
        "$off -v /etc:/host-etc:ro -v /etc/hostname:/hn fid/idle:1",
    )
    .created(),
    shape(
        "bind-propagation",
        "what is mounted later is seen",
        "$off -v /run/fid/flat:/s:rslave fid/idle:1",
    ),
    shape(
        "bind-mount",
        "the same, as mounts",
        "$off --mount type=bind,src=/usr,dst=/u,bind-propagation=rprivate,readonly \
         --mount type=bind,src=/run/fid/tree,dst=/flat,bind-nonrecursive=true fid/idle:1",
    )
    .created(),
    shape(
        "bind-read-only-throughout",
        "what is mounted below is read-only too, from API 1.44 on",
        "$off --mount type=bind,src=/run/fid/tree,dst=/t,readonly,bind-recursive=readonly,\
         bind-propagation=rprivate fid/idle:1",
    )
    .since(Suite::Trixie),
    shape(
        "bind-read-only-on-top",
        "what is mounted below stays writable",
        "$off --mount type=bind,src=/run/fid/tree,dst=/t,readonly,bind-recursive=writable \
         -v /run/fid/tree:/short:ro fid/idle:1",
    )
    .since(Suite::Trixie)
    .created(),
    body(
        "bind-made-by-engine",
        "a source that the engine makes, from API 1.42 on",
        r#"{ "Image": "fid/idle:1", "HostConfig": { "Mounts": [{ "Type": "bind",
             "Source": "/run/fid/made", "Target": "/m",
             "BindOptions": { "CreateMountpoint": true } }] } }"#,
    )
    .since(Suite::Trixie)
    .created(),
    shape(
        "tmpfs",
        "options as one string, or none",
        "$off --tmpfs /run:size=1m,noexec,mode=1777 --tmpfs /plain fid/idle:1",
    ),
    shape(
        "tmpfs-mount",
        "size in bytes and mode as a number",
        "$off --mount type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=0700 fid/idle:1",
    )
    .created(),
    shape(
        "image-mount",
        "another image as a folder",
        "$off --mount type=image,src=plimsoll-test/web:1,dst=/img fid/idle:1",
    )
    .since(Suite::Sid)
    .inside("ls /img/www"),
];
