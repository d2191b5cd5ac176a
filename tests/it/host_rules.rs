//! Rules about the daemon and the host's files, on real engines and real files.

use serde_json::Value;

use crate::lab::{self, Host, Suite};

const FILE: &str = "/tmp/hr/plimsoll.yaml";

#[test]
fn daemon_and_files_are_judged_as_they_are_on_bookworm() {
    are_judged_as_they_are(Suite::Bookworm);
}

#[test]
fn daemon_and_files_are_judged_as_they_are_on_sid() {
    are_judged_as_they_are(Suite::Sid);
}

/// What the plan says of a rule: what was seen and is to be done by hand, or why it is unknown.
fn note(plan: &Value, rule: &str) -> Option<String> {
    let lists = ["findings", "unknown"];
    let all = lists.iter().flat_map(|it| plan[*it].as_array().into_iter().flatten());
    all.into_iter().find(|it| it.to_string().contains(&format!("\"{rule}\""))).map(Value::to_string)
}

fn plan(host: &Host) -> Value {
    serde_json::from_str(&host.plimsoll(&["plan", "-f", FILE, "-o", "json"]).ok()).unwrap()
}

fn are_judged_as_they_are(suite: Suite) {
    let host = lab::host(suite).shared();
    let registry = format!("/etc/docker/certs.d/hr-{}.example", std::process::id());
    host.write(
        FILE,
        "version: 1\nrules:\n  daemon.storage-driver-supported: { allow: ['*'] }\n  \
         daemon.min-api-version: true\n  daemon.runtimes-declared: true\n  \
         daemon.seccomp-default: true\n  daemon.userns-remap: true\n  \
         daemon.tcp-requires-client-tls: true\n  daemon.no-insecure-env: true\n  \
         host-file.docker-sock-owner: true\n  host-file.docker-sock-mode: { mode: '0660' }\n  \
         host-file.containerd-sock-mode: true\n  host-file.docker-service-owner: true\n  \
         host-file.registry-certs-owner: true\n  host-file.registry-certs-mode: true\n  \
         host-file.tls-key-mode: true\n",
    );
    host.sh(&format!(
        "mkdir -p {registry} && cd {registry} && touch ca.crt client.key && \
         chmod 0444 ca.crt && chmod 0440 client.key && chown 1234 ca.crt"
    ));
    let seen = plan(&host);
    host.sh(&format!("chmod 0400 {registry}/client.key; chown 0 {registry}/ca.crt"));
    let put_right = plan(&host);
    host.sh(&format!("rm -r {registry}"));

    let owner = note(&seen, "host-file.registry-certs-owner").unwrap_or_default();
    assert!(owner.contains("belongs to 1234:0") && owner.contains("chown 0:0"), "{owner}");
    let mode = note(&seen, "host-file.registry-certs-mode").unwrap_or_default();
    assert!(mode.contains("client.key has mode 0440") && mode.contains("chmod 0400"), "{mode}");
    assert!(note(&seen, "daemon.userns-remap").is_some(), "{seen:#}");
    for rule in [
        "daemon.storage-driver-supported",
        "daemon.min-api-version",
        "daemon.runtimes-declared",
        "daemon.seccomp-default",
        "daemon.tcp-requires-client-tls",
        "daemon.no-insecure-env",
        "host-file.docker-sock-owner",
        "host-file.docker-sock-mode",
        "host-file.containerd-sock-mode",
        "host-file.docker-service-owner",
        "host-file.tls-key-mode",
    ] {
        assert_eq!(note(&seen, rule), None, "{rule}");
    }
    for rule in ["host-file.registry-certs-owner", "host-file.registry-certs-mode"] {
        assert_eq!(note(&put_right, rule), None, "{rule}");
    }
}
