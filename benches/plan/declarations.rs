//! What the benchmarks declare.

use plimsoll::{
    declaration::{self, policy::Policy},
    rules,
};

use crate::Outcome;

/// Limits alone: what fails is put right in place, and no container is replaced.
pub(crate) const LIMITS: &str = r#"version: 1
containers:
  - name: every-container
    rules:
      container.pids-limit: { max: 512 }
      container.memory-limit: { max: 1g }
      container.restart-bounded: true
"#;

/// What only a new container can have.
pub(crate) const HARDENED: &str = r#"version: 1
containers:
  - name: every-container
    rules:
      container.read-only-rootfs: true
"#;

/// Every rule there is, most of them failing, so that nearly every container is to be replaced.
pub(crate) const EVERY_RULE: &str = r#"version: 1
daemon:
  settings: { live-restore: true, icc: false, userland-proxy: false, log-driver: json-file }
  absent: [debug]
rules:
  image.allow-list: { allow: ["plimsoll-test/web:*"] }
containers:
  - name: every-container
    rules:
      container.capabilities-bounded: { allow: [NET_BIND_SERVICE] }
      container.declared: { allow: [{ name: "bench-*" }] }
      container.memory-limit: { max: 32m }
      container.no-engine-socket: true
      container.no-engine-socket-ancestor: true
      container.no-host-ipc: true
      container.no-host-network: true
      container.no-host-pid: true
      container.no-host-uts: true
      container.no-new-privileges: true
      container.no-privileged: true
      container.no-sensitive-bind: true
      container.no-wildcard-publish: true
      container.non-root-user: true
      container.pids-limit: { max: 50 }
      container.read-only-rootfs: { tmpfs: [/run, /tmp] }
      container.restart-bounded: true
      container.seccomp-confined: true
"#;

/// Reads a declaration as the program does.
pub(crate) fn policy(text: &str) -> Outcome<Policy> {
    let no_files = |path: &str| Err(format!("no file {path} is needed here"));
    declaration::load("bench.yaml", text.as_bytes(), &no_files).map_err(|problems| {
        let messages: Vec<String> = problems.iter().map(|it| format!("{it:?}")).collect();
        messages.join("\n").into()
    })
}

/// Fails if a rule was added that the benchmark does not turn on.
pub(crate) fn every_rule() -> Outcome<Policy> {
    let missing = rules::RULES
        .iter()
        .map(|rule| rule.meta().id)
        .find(|id| !EVERY_RULE.contains(&format!("{id}:")));
    match missing {
        Some(id) => Err(format!("{id} is missing from the declaration of the benchmark").into()),
        None => policy(EVERY_RULE),
    }
}
