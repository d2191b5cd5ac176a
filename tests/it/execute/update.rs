//! Limits in place: they reach the kernel, or nothing is changed.

use plimsoll::{
    model::edit::ContainerEdit,
    plan::{Action, run::Outcome},
};

use super::Engine;
use crate::lab::{self, Host, Suite};

fn update(host: &Host, name: &str, edits: &[ContainerEdit]) -> Outcome {
    let action = Action::UpdateContainer {
        id: host.docker(&["inspect", "--format", "{{.Id}}", name]),
        name: name.into(),
        edits: edits.to_vec(),
    };
    Engine::of(host).carry_out(action)
}

#[test]
fn limits_are_set_in_place_in_bookworm() {
    limits_are_set_in_place(Suite::Bookworm);
}

#[test]
fn limits_are_set_in_place_in_sid() {
    limits_are_set_in_place(Suite::Sid);
}

fn limits_are_set_in_place(suite: Suite) {
    let host = lab::host(suite).shared();
    host.sh("docker rm -f upd-it upd-busy >/dev/null 2>&1 || true");
    host.docker(&["run", "-d", "--name", "upd-it", "--restart", "always", lab::BUSYBOX]);
    // Holds on to 40 MiB.
    host.docker(&[
        "run", "-d", "--name", "upd-busy", "--tmpfs", "/t", lab::BUSYBOX, "sh", "-c",
        "dd if=/dev/zero of=/t/big bs=1M count=40; trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done",
    ]);
    let started = host.inspect("upd-it")["State"]["StartedAt"].clone();
    let edits = [
        ContainerEdit::PidsLimit(77),
        ContainerEdit::Memory(64 << 20),
        ContainerEdit::RestartPolicy { name: "on-failure".into(), max_retries: 5 },
    ];
    let outcome = update(&host, "upd-it", &edits);
    host.wait("40 MiB in use", std::time::Duration::from_secs(20), || {
        host.run(&["docker", "exec", "upd-busy", "test", "-s", "/t/big"]).status == 0
    });
    host.sh("sleep 1");
    let busy = update(&host, "upd-busy", &[ContainerEdit::Memory(16 << 20)]);

    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    let after = host.inspect("upd-it");
    assert_eq!(after["State"]["StartedAt"], started, "it was not restarted");
    assert_eq!(after["HostConfig"]["PidsLimit"], 77);
    assert_eq!(after["HostConfig"]["Memory"], 64 << 20);
    assert_eq!(after["HostConfig"]["MemorySwap"], 128 << 20);
    assert_eq!(after["HostConfig"]["RestartPolicy"]["MaximumRetryCount"], 5);
    assert!(matches!(busy, Outcome::Failed { .. }), "{busy:?}");
    let after = host.inspect("upd-busy");
    assert_eq!(after["HostConfig"]["Memory"], 0);
    assert_eq!(after["State"]["Status"], "running");
    host.docker(&["rm", "-f", "upd-it", "upd-busy"]);
}
