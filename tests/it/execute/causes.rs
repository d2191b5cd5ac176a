//! Programs that really fail under a setting, and what is said of it.

use plimsoll::{
    model::{capability::CapabilitySet, edit::ContainerEdit},
    plan::run::Outcome,
};

use futures_util::future::join_all;
use serde_json::Value;

use super::{Engine, carry_out, quiet_for, replacement};
use crate::lab::{self, BUSYBOX, Suite};

/// Name, script, further flags, the edits, and what has to be said.
type Case =
    (&'static str, &'static str, &'static [&'static str], Vec<ContainerEdit>, [&'static str; 2]);

/// Long enough for the gate, and soon over for the next one.
const THEN: &str = " || exit 9; exec sleep 600";

fn cases() -> Vec<Case> {
    let bounded = |names: &[&str]| {
        let named = names.iter().filter_map(|it| CapabilitySet::named(it));
        vec![ContainerEdit::BoundCapabilities(
            named.fold(CapabilitySet::EMPTY, CapabilitySet::union),
        )]
    };
    let tmpfs = |path: &str| ContainerEdit::Tmpfs { path: path.into(), options: String::new() };
    // In place by itself; the replacement takes it along.
    let with = |edit: ContainerEdit| vec![ContainerEdit::NoNewPrivileges(true), edit];
    vec![
        (
            "root",
            "mkdir -p /spool/out",
            &[],
            vec![ContainerEdit::ReadOnlyRootfs(true)],
            ["read-only root, and it writes to /spool", "tmpfs: [/spool]"],
        ),
        (
            "chown",
            "touch /tmp/x && chown 1000 /tmp/x",
            &[],
            bounded(&["KILL"]),
            ["without CHOWN now", "allow: [CHOWN, KILL]"],
        ),
        (
            "mknod",
            "rm -f /tmp/n; mknod /tmp/n c 1 3",
            &[],
            bounded(&[]),
            ["without MKNOD now", "[MKNOD]"],
        ),
        ("chroot", "chroot / true", &[], bounded(&[]), ["SYS_CHROOT", "[SYS_CHROOT]"]),
        (
            "raw",
            "arping -f -w 1 -I lo 127.0.0.1; test $? != 1",
            &[],
            bounded(&[]),
            ["NET_RAW", "[NET_RAW]"],
        ),
        (
            "bind",
            "httpd -p 80",
            // Engines open low ports to everyone in a container's own network.
            &["--sysctl", "net.ipv4.ip_unprivileged_port_start=1024"],
            bounded(&["CHOWN"]),
            ["without NET_BIND_SERVICE now", "allow: [CHOWN, NET_BIND_SERVICE]"],
        ),
        (
            "link",
            "ip link set lo down",
            &["--cap-add", "NET_ADMIN"],
            bounded(&[]),
            ["without NET_ADMIN now", "[NET_ADMIN]"],
        ),
        (
            "memory",
            "x=$(head -c 40000000 /dev/zero | tr '\\0' x)",
            &[],
            with(ContainerEdit::Memory(16 << 20)),
            ["the memory limit", "container.memory-limit: { max: 32m }"],
        ),
        (
            "pids",
            "for i in 1 2 3 4 5 6; do sleep 600 & done",
            &[],
            with(ContainerEdit::PidsLimit(4)),
            ["the limit on processes", "container.pids-limit: { max: 8 }"],
        ),
        (
            "noexec",
            "mkdir -p /scratch; cp /bin/busybox /scratch/sleep && /scratch/sleep 0",
            &[],
            vec![ContainerEdit::ReadOnlyRootfs(true), tmpfs("/scratch")],
            ["the tmpfs at /scratch runs no programs", "tmpfs: [\"/scratch:exec\"]"],
        ),
        (
            "user",
            "touch /www/page",
            &[],
            vec![ContainerEdit::User("1000:1000".into())],
            ["it runs as user 1000:1000, and may not do what it does at /www/page", "off"],
        ),
        (
            "start",
            "true",
            // Only root may run it, so the engine cannot start it for anybody else.
            &["--entrypoint", "/only-root", "-v", "/tmp/only-root-gc:/only-root:ro"],
            vec![ContainerEdit::User("1000:1000".into())],
            ["it runs as user 1000:1000", "container.non-root-user: off"],
        ),
    ]
}

#[test]
fn cause_of_a_failed_gate_is_named_on_bookworm() {
    causes(Suite::Bookworm);
}

#[test]
fn cause_of_a_failed_gate_is_named_on_sid() {
    causes(Suite::Sid);
}

fn causes(suite: Suite) {
    let host = lab::host(suite).shared();
    let engine = Engine::of(&host);
    // Of a run that was stopped halfway.
    host.sh("docker ps -aq --filter name=gc- | xargs -r docker rm -f");
    host.sh(
        "printf '#!/bin/sh\\nexec sleep 600\\n' >/tmp/only-root-gc; chmod 700 /tmp/only-root-gc",
    );
    let cases = cases();
    let mut names = Vec::new();
    for (name, script, flags, _, _) in &cases {
        let name = format!("gc-{name}");
        let script = format!("{{ {script}; }}{THEN}");
        let mut run = vec!["run", "-d", "--name", &name, "--stop-signal", "KILL"];
        run.extend_from_slice(flags);
        run.extend_from_slice(&[BUSYBOX, "sh", "-c", &script]);
        host.docker(&run);
        names.push(name);
    }
    let before: Vec<Value> = names.iter().map(|name| host.inspect(name)).collect();
    for (name, before) in names.iter().zip(&before) {
        assert_eq!(before["State"]["Status"], "running", "{name} does not even run unchanged");
    }
    // Side by side, and watched for longer than a busy machine takes to fail.
    let all = before.iter().zip(&cases).map(|(before, (_, _, _, edits, _))| {
        carry_out(&engine.host, replacement(before, edits), quiet_for(30))
    });
    let outcomes = engine.runtime.block_on(join_all(all));
    let mut wrong = Vec::new();
    for ((name, before), (outcome, case)) in
        names.iter().zip(&before).zip(outcomes.into_iter().zip(&cases))
    {
        match outcome {
            Outcome::Undone { why } if case.4.iter().all(|it| why.contains(it)) => {}
            other => wrong.push(format!("{name}: {other:#?}")),
        }
        let after = host.inspect(name);
        assert_eq!(after["Id"], before["Id"], "{name} was not put back");
        assert_eq!(after["State"]["Status"], "running", "{name} does not run any more");
    }
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    host.docker(&[&["rm", "-f"], all.as_slice()].concat());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
