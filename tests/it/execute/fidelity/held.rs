//! A container that others hold on to is not replaced without them.

use plimsoll::{model::edit::ContainerEdit, plan::run::Outcome};

use crate::{
    execute::{Engine, replacement},
    lab::{self, BUSYBOX, Suite},
};

#[test]
fn container_that_others_hold_on_to_is_left_alone() {
    let host = lab::host(Suite::Sid).shared();
    host.sh("docker rm -fv held held-sidecar >/dev/null 2>&1 || true");
    host.docker(&["run", "-d", "--name", "held", BUSYBOX]);
    host.docker(&["run", "-d", "--name", "held-sidecar", "--network", "container:held", BUSYBOX]);
    let before = host.inspect("held");
    let action = replacement(&before, &[ContainerEdit::PidsLimit(321)]);
    match Engine::of(&host).carry_out(action) {
        Outcome::Failed { why } => assert!(why.contains("held-sidecar"), "{why}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(host.inspect("held")["State"]["StartedAt"], before["State"]["StartedAt"]);
    host.docker(&["rm", "-fv", "held-sidecar", "held"]);
}
