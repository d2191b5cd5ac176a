//! Rules about the daemon and the host's files, on real engines and real files.

use serde_json::Value;

use crate::lab::{self, Host, Suite};

const FILE: &str = "/tmp/hr/plimsoll.yaml";
const FILE_OF_MACHINE: &str = "/tmp/hr/machine.yaml";

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

/// What the plan would set because of a rule: name, before and after of each setting.
fn set(plan: &Value, rule: &str) -> String {
    let all = plan["changes"].as_array().into_iter().flatten();
    let found = all.into_iter().find(|it| it["rules"].to_string().contains(rule));
    found.map(|it| it["settings"].to_string()).unwrap_or_default()
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

    let owner = set(&seen, "host-file.registry-certs-owner");
    assert!(owner.contains("1234:0") && owner.contains("ca.crt"), "{owner}");
    let mode = set(&seen, "host-file.registry-certs-mode");
    assert!(mode.contains("0440") && mode.contains("client.key"), "{mode}");
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
        assert_eq!(set(&put_right, rule), "", "{rule}");
    }
}

#[test]
fn machine_is_judged_as_it_is_on_bookworm() {
    machine_is_judged_as_it_is(Suite::Bookworm);
}

#[test]
fn machine_is_judged_as_it_is_on_sid() {
    machine_is_judged_as_it_is(Suite::Sid);
}

/// What the audit system's own program would say; these hosts have no such system.
const AUDITCTL: &str = "#!/bin/sh\ncase $1 in\n-s) echo 'enabled 1' ;;\n\
    -l) echo '-w /etc/docker -p wa -k plimsoll' ;;\nesac\n";

fn machine_is_judged_as_it_is(suite: Suite) {
    let host = lab::host(suite).shared();
    let stray = format!("/run/docker/plugins/hr-{}.spec", std::process::id());
    // The engine looks for plugins by name here, and for their sockets in the other directory.
    let named = format!("/etc/docker/plugins/hr-{}-named.spec", std::process::id());
    let member = format!("hr{}", std::process::id());
    host.write(
        FILE_OF_MACHINE,
        "version: 1\nrules:\n  host.audit-etc-docker: true\n  host.audit-runc: true\n  \
         host.audit-etc-sysconfig-docker: true\n  host.docker-group-members: true\n  \
         host.data-root-own-filesystem: true\n  host.data-root-mode: true\n  \
         host.engine-binaries-owner-mode: true\n  \
         host.plugin-spec-dirs: true\n  host.runc-version: { min: '1.1.0' }\n  \
         host.kernel-supported: { min: '99.0' }\n  host.cgroup-v2: true\n  \
         daemon.plugins-declared: true\n  host.kernel-sysctls: true\n  \
         host.client-credentials: true\n  host.unit-dropins-trusted: true\n  \
         host.firewall-hook-present: { ipv6: false }\n  host.listener-inventory: true\n  \
         host.service-enabled: { enabled: false }\n  host.fips-mode: { enabled: false }\n",
    );
    let plan = || -> Value {
        let reply = host.plimsoll(&["plan", "-f", FILE_OF_MACHINE, "-o", "json"]).ok();
        serde_json::from_str(&reply).unwrap()
    };
    let put_back = "rm -f /usr/sbin/auditctl; rm -rf /etc/audit";
    host.sh(put_back);
    host.sh(&format!(
        "mkdir -p /run/docker/plugins /etc/docker/plugins && touch {stray} {named} && \
         sed -i 's/^\\(docker:.*:\\)\\(.*\\)$/\\1{member},\\2/' /etc/group"
    ));
    let home = format!("/run/{member}");
    let drop_in = format!("/etc/systemd/system/docker.service.d/{member}.conf");
    host.write(
        &format!("{home}/.docker/config.json"),
        r#"{"auths": {"r.example": {"auth": "c2VjcmV0"}}}"#,
    );
    host.write(&drop_in, "[Service]\n");
    host.sh(&format!(
        "chmod 0644 {home}/.docker/config.json; echo '{member}:x:4999:4999::{home}:' >>/etc/passwd"
    ));
    let bad = plan();
    host.sh(&format!(
        "rm -r {stray} {named} {home} {drop_in}; sed -i 's/{member},//' /etc/group; \
         sed -i '/^{member}:/d' /etc/passwd; \
         rmdir --ignore-fail-on-non-empty /etc/systemd/system/docker.service.d; \
         iptables -I DOCKER-USER -s 192.0.2.9 -j DROP"
    ));
    let line = "-w /etc/docker -p wa -k plimsoll\n";
    host.write("/etc/audit/rules.d/plimsoll.rules", line);
    let in_files = plan();
    host.write("/usr/sbin/auditctl", AUDITCTL);
    host.sh("chmod 0755 /usr/sbin/auditctl");
    let in_kernel = plan();
    host.write("/usr/sbin/auditctl", &AUDITCTL.replace("enabled 1", "enabled 0"));
    let off = plan();
    host.sh(put_back);
    host.sh("iptables -D DOCKER-USER -s 192.0.2.9 -j DROP");

    let seen = |plan: &Value, rule: &str| note(plan, rule).unwrap_or_default();
    let audit = "host.audit-etc-docker";
    assert!(seen(&bad, audit).contains(line.trim()), "{}", seen(&bad, audit));
    assert!(seen(&in_files, audit).contains("there is no `auditctl`"), "{in_files:#}");
    assert_eq!(note(&in_kernel, audit), None, "{in_kernel:#}");
    assert!(seen(&off, audit).contains("auditing is off"), "{off:#}");
    let runc = set(&in_kernel, "host.audit-runc");
    assert!(runc.contains("-w /usr/sbin/runc -p wxa"), "{in_kernel:#}");
    assert_eq!(set(&in_kernel, audit), "", "{in_kernel:#}");
    let group = "host.docker-group-members";
    assert!(seen(&bad, group).contains(&member), "{bad:#}");
    let plugins = "host.plugin-spec-dirs";
    assert!(seen(&bad, plugins).contains(&format!("{stray} is not declared")), "{bad:#}");
    let named = format!("hr-{}-named", std::process::id());
    assert!(seen(&bad, "daemon.plugins-declared").contains(&named), "{bad:#}");
    let credentials = "host.client-credentials";
    for what in ["has mode 0644", "keeps what lets in at r.example"] {
        assert!(seen(&bad, credentials).contains(what), "{bad:#}");
    }
    assert!(!bad.to_string().contains("c2VjcmV0"), "{bad:#}");
    let units = "host.unit-dropins-trusted";
    assert!(seen(&bad, units).contains(&format!("{drop_in} is not declared")), "{bad:#}");
    assert!(!seen(&in_kernel, units).contains(&member), "{in_kernel:#}");
    let hook = "host.firewall-hook-present";
    assert!(seen(&bad, hook).contains("DOCKER-USER is empty for IPv4"), "{bad:#}");
    // Of these, systemd runs on bookworm alone.
    let starts = note(&bad, "host.service-enabled").is_some();
    assert_eq!(starts, matches!(suite, Suite::Bookworm), "{bad:#}");
    assert!(note(&bad, "host.kernel-supported").is_some(), "{bad:#}");
    // The machine's own, which nobody changes here.
    let kernel = host
        .sh("cd /proc/sys/kernel; for it in dmesg_restrict kexec_load_disabled kptr_restrict \
         unprivileged_bpf_disabled yama/ptrace_scope; do [ ! -e $it ] || cat $it; done");
    let is_low = kernel.split_whitespace().any(|it| it == "0");
    assert_eq!(note(&bad, "host.kernel-sysctls").is_some(), is_low, "{kernel}");
    let version = host.docker(&["info", "--format", "{{.CgroupVersion}}"]);
    assert_eq!(note(&bad, "host.cgroup-v2").is_some(), version != "2", "{version}");
    for rule in [
        group,
        plugins,
        "daemon.plugins-declared",
        "host.audit-etc-sysconfig-docker",
        "host.data-root-mode",
        "host.data-root-own-filesystem",
        credentials,
        hook,
        "host.fips-mode",
        "host.listener-inventory",
        "host.engine-binaries-owner-mode",
        "host.runc-version",
    ] {
        assert_eq!(note(&in_kernel, rule), None, "{rule}");
    }
}

#[test]
fn run_that_found_nothing_to_do_counts_and_is_told_apart_from_old_ones() {
    let host = lab::host(Suite::Sid).exclusive();
    let (file, state) = ("/tmp/hr/upkeep.yaml", "/tmp/hr/upkeep");
    host.write(file, "version: 1\nrules:\n  host.time-since-last-run: { max-hours: 2 }\n");
    let run = |command: &[&str]| {
        let all = [&["--state-dir", state], command, &["-f", file, "-o", "json"]].concat();
        host.plimsoll(&all).ok()
    };
    let seen = || {
        let plan: Value = serde_json::from_str(&run(&["plan"])).unwrap();
        note(&plan, "host.time-since-last-run")
    };
    let never = seen().unwrap_or_default();
    assert!(never.contains("none that succeeded"), "{never}");
    run(&["apply", "--yes"]);
    assert_eq!(seen(), None);
    let at = host.read(&format!("{state}/succeeded"));
    run(&["apply", "--yes"]);
    assert_eq!(host.read(&format!("{state}/succeeded")), at, "written down again at once");
    host.sh(&format!("date -u -d '-3 hours' +%Y-%m-%dT%H:%M:%SZ >{state}/succeeded"));
    let old = seen().unwrap_or_default();
    assert!(old.contains("3 hours ago"), "{old}");
    host.sh(&format!("rm -r {state}"));
}
