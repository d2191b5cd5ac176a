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

/// What rules are asked for otherwise than by `true`, so that most of them fail and nearly every
/// container is to be replaced.
const TUNED: &[(&str, &str)] = &[
    ("container.capabilities-bounded", "{ allow: [NET_BIND_SERVICE] }"),
    ("container.declared", r#"{ allow: [{ name: "bench-*" }] }"#),
    ("container.follows-daemon-defaults", "{ defaults: { log-driver: local } }"),
    ("container.memory-limit", "{ max: 32m }"),
    ("container.networks-declared", "{ allow: [bridge] }"),
    ("container.pids-limit", "{ max: 50 }"),
    ("container.read-only-rootfs", "{ tmpfs: [/run, /tmp] }"),
    ("container.ulimits", "{ max: { nofile: 1024 } }"),
    ("host.kernel-supported", r#"{ min: "4.0" }"#),
    ("image.allow-list", r#"{ allow: ["plimsoll-test/web:*"] }"#),
    ("image.trusted-source", "{ allow: [plimsoll-test] }"),
    ("network.icc-disabled", "{ networks: [shop] }"),
];

/// Reads a declaration as the program does.
pub(crate) fn policy(text: &str) -> Outcome<Policy> {
    let no_files = |path: &str| Err(format!("no file {path} is needed here"));
    declaration::load("bench.yaml", text.as_bytes(), &no_files).map_err(|problems| {
        let messages: Vec<String> = problems.iter().map(|it| it.message.clone()).collect();
        messages.join("\n").into()
    })
}

/// Every rule there is.
pub(crate) fn every_rule() -> Outcome<Policy> {
    policy(&every_rule_text())
}

pub(crate) fn every_rule_text() -> String {
    let line = |indent: &str, id: &str| {
        let tuned = TUNED.iter().find(|it| it.0 == id).map_or("true", |it| it.1);
        format!("{indent}{id}: {tuned}\n")
    };
    let ids: Vec<&str> = rules::RULES.iter().map(|rule| rule.meta().id).collect();
    let (of_containers, of_host): (Vec<&str>, Vec<&str>) =
        ids.into_iter().partition(|id| id.starts_with("container."));
    let mut text = "version: 1\nrules:\n".to_owned();
    text.extend(of_host.iter().map(|id| line("  ", id)));
    text.push_str("containers:\n  - name: every-container\n    rules:\n");
    text.extend(of_containers.iter().map(|id| line("      ", id)));
    text
}
