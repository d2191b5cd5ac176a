//! Which image, and what comes from it.

use super::{Shape, shape};
use crate::lab::Suite;

pub(super) const SHAPES: &[Shape] = &[
    shape("image-moved-tag", "the tag names another image now", "$off fid/moved:1")
        .before("docker tag fid/entry:1 fid/moved:1")
        .then("docker tag fid/all:1 fid/moved:1")
        .changes(&["Config.Image"]),
    shape(
        "image-by-id",
        "no reference at all",
        "$off $(docker image inspect -f '{{.Id}}' fid/entry:1)",
    )
    .created(),
    shape("image-untagged", "the tag is gone", "$off fid/gone:1")
        .before("docker tag fid/entry:1 fid/gone:1")
        .then("docker rmi fid/gone:1")
        .created()
        .changes(&["Config.Image"]),
    shape("image-all", "all that an image can say, its health check among it", "$off fid/all:1"),
    shape(
        "image-overridden",
        "the image's own values come back",
        "$off --env FROM=here --label from=here --workdir /tmp --user 0 --stop-signal TERM \
         --health-cmd true --health-interval 90s -v fid-over:/spool --entrypoint sh \
         fid/all:1 -c \"$idle\"",
    )
    .created(),
    shape(
        "health",
        "durations of a health check",
        "$off --health-cmd 'test -e /bin/sh' --health-interval 1s --health-retries 2 \
         --health-start-period 9s --health-timeout 8s fid/idle:1",
    )
    .created(),
    shape(
        "health-off",
        "the image's check comes back",
        "$off --no-healthcheck plimsoll-test/web:1",
    )
    .created(),
    shape(
        "health-retries-alone",
        "a check of which half is the image's",
        "$off --health-retries 7 plimsoll-test/web:1",
    )
    .created(),
    shape(
        "health-start-interval",
        "a member that newer engines have",
        "$off --health-cmd true --health-start-interval 2s --health-start-period 9s fid/idle:1",
    )
    .since(Suite::Trixie)
    .created(),
];
