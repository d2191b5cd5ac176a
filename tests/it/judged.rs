//! Containers of every careless sort, judged on real engines. They are created and never started.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::lab::{self, BUSYBOX, Host, Suite};

const FILE: &str = "/tmp/jd/plimsoll.yaml";

/// What passes every rule that is asked for here.
const PLAIN: &str = "--network jd-net --read-only --user 10001:10001 --cap-drop ALL \
    --security-opt no-new-privileges --memory 64m --cpus 0.5 --pids-limit 64 --init \
    --ulimit core=0 --ulimit nofile=1024:1024 --log-opt max-size=1m --health-cmd true \
    --stop-timeout 10 --cgroupns private";

/// What of `docker create` fails which rules, on which engines.
struct Row(&'static str, &'static str, &'static [&'static str], &'static [Suite]);

const ALL: &[Suite] = &Suite::ALL;
/// Those that hide more than the oldest does.
const NEWER: &[Suite] = &[Suite::Trixie, Suite::Sid];

const ROWS: &[Row] = &[
    Row(
        "bare",
        "",
        &[
            "core-ulimit-zero",
            "cpu-limit",
            "healthcheck",
            "log-driver",
            "memory-limit",
            "networks-declared",
            "no-default-bridge",
            "non-root-user",
            "own-network",
            "pids-limit",
            "read-only-rootfs",
            "uid-high",
            "ulimits",
        ],
        ALL,
    ),
    Row(
        "privileged",
        "--privileged",
        &[
            "capabilities-bounded",
            "default-proc-masks",
            "masked-paths-current",
            "no-cap-equivalents",
            "no-cap-sys-module",
            "no-privileged",
            "no-writable-cgroups",
            "seccomp-confined",
        ],
        ALL,
    ),
    Row(
        "caps",
        "--cap-add SYS_ADMIN --cap-add net_admin",
        &["capabilities-bounded", "no-cap-equivalents", "no-cap-net-admin", "no-cap-sys-admin"],
        ALL,
    ),
    Row("raw", "--cap-drop ALL --cap-add cap_net_raw", &["no-cap-net-raw"], ALL),
    Row(
        "useless",
        "--user 1000:1000 --cap-add NET_ADMIN --security-opt no-new-privileges",
        &["caps-useless-for-nonroot"],
        ALL,
    ),
    Row(
        "combo",
        "--pid host --cap-add SYS_PTRACE",
        &["no-cap-sys-ptrace", "no-host-pid", "no-host-root-equivalent-combo"],
        ALL,
    ),
    Row(
        "disk",
        "--device /dev/sda",
        &["device-classes", "no-host-devices", "no-host-root-equivalent-combo"],
        ALL,
    ),
    Row("rule", "--device-cgroup-rule 'a *:* rwm'", &["no-wildcard-device-rule"], ALL),
    Row("cards", "--gpus all", &["device-requests-declared"], ALL),
    Row("sysctl", "--sysctl net.core.somaxconn=1024", &["safe-sysctls"], ALL),
    Row(
        "masks",
        "--security-opt systempaths=unconfined",
        &["default-proc-masks", "no-systempaths-unconfined"],
        ALL,
    ),
    Row("newer-masks", "--security-opt systempaths=unconfined", &["masked-paths-current"], NEWER),
    Row(
        "unconfined",
        "--security-opt seccomp=unconfined --security-opt no-new-privileges=false",
        &["no-new-privileges", "seccomp-confined"],
        ALL,
    ),
    Row("profile", "--security-opt seccomp=/tmp/jd/seccomp.json", &["seccomp-profile-known"], ALL),
    Row(
        "writer",
        "--security-opt writable-cgroups=true",
        &["no-host-root-equivalent-combo", "no-writable-cgroups"],
        &[Suite::Sid],
    ),
    Row("runtime", "--runtime io.containerd.runc.v2", &["runtime-allowed"], ALL),
    Row("parent", "--cgroup-parent jd", &["cgroup-parent-default"], ALL),
    Row("spared", "--oom-score-adj -1000", &["no-oom-bypass"], ALL),
    Row("unkillable", "--oom-kill-disable", &["no-oom-bypass"], ALL),
    Row(
        "groups",
        "--user 1000:0 --group-add 6",
        &["no-root-group", "no-socket-group", "uid-high"],
        ALL,
    ),
    Row("docker-group", "--group-add docker", &["no-socket-group"], ALL),
    Row("hosts", "--add-host db:10.0.0.1", &["no-hosts-override"], ALL),
    Row("annotated", "--annotation a=b", &["annotations-declared"], NEWER),
    Row(
        "published",
        "--publish 80:80",
        &["no-privileged-host-port", "no-wildcard-publish", "ports-declared"],
        ALL,
    ),
    Row("all-published", "--publish-all", &["no-publish-all", "ports-declared"], ALL),
    Row(
        "host-net",
        "--network host",
        &["networks-declared", "no-host-network", "own-network"],
        ALL,
    ),
    Row(
        "host-spaces",
        "--ipc host --uts host --cgroupns host",
        &["no-host-ipc", "no-host-uts", "private-cgroupns"],
        ALL,
    ),
    Row("shareable", "--ipc shareable", &["no-ipc-sharing"], ALL),
    Row(
        "joined",
        "--pid container:jd-plain --network container:jd-plain --ipc container:jd-shareable",
        &["no-ipc-sharing", "no-net-sharing", "no-pid-sharing"],
        ALL,
    ),
    Row("socket", "--volume /var/run/docker.sock:/s:ro", &["no-engine-socket"], ALL),
    Row(
        "above",
        "--volume /run:/host-run:ro",
        &["no-engine-socket-ancestor", "no-foreign-runtime-socket"],
        ALL,
    ),
    Row("etc", "--volume /etc:/host-etc", &["no-sensitive-bind", "volume-types-allowed"], ALL),
    Row("spreading", "--volume /opt:/opt:rshared", &["no-shared-propagation"], ALL),
    Row(
        "disguised",
        "--volume jd-disguised:/x",
        &["no-bind-through-volume", "no-sensitive-bind"],
        ALL,
    ),
    Row("one", "--volume jd-data:/data", &["volume-not-shared"], ALL),
    Row("other", "--volume jd-data:/data:ro", &["volume-not-shared"], ALL),
    Row("heir", "--volumes-from jd-one", &["no-inherited-mounts"], ALL),
    Row("in-memory", "--tmpfs /t", &["shm-and-tmpfs-bounded"], ALL),
    Row("large", "--shm-size 1g", &["shm-and-tmpfs-bounded"], ALL),
    Row(
        "telling",
        "--env DOCKER_HOST=tcp://192.0.2.1:2375 --env DB_PASSWORD=hunter2",
        &["no-engine-env", "no-secret-env"],
        ALL,
    ),
    Row("weighed", "--cpu-shares 512", &["cpu-limit"], ALL),
    Row("dumping", "--ulimit core=-1", &["core-ulimit-zero"], ALL),
    Row("greedy", "--ulimit nofile=1000000", &["ulimits"], ALL),
    Row("silent", "--log-driver none", &["log-driver"], ALL),
    Row("for-ever", "--restart always", &["restart-bounded"], ALL),
    Row("no-init", "--init=false", &["init-process"], ALL),
    Row("slow", "--stop-timeout 900", &["stop-timeout-sane"], ALL),
    Row("past", "--label plimsoll.expires=2020-01-01", &["expired"], ALL),
];

/// What rules need to be told, in YAML.
const PARAMETERS: &[(&str, &str)] = &[
    ("networks-declared", "allow: [jd-net]"),
    ("runtime-allowed", "allow: [runc]"),
    ("ulimits", "max: { nofile: 65536 }"),
];

#[test]
fn careless_containers_fail_and_a_plain_one_does_not_in_bookworm() {
    judged(Suite::Bookworm);
}

#[test]
fn careless_containers_fail_and_a_plain_one_does_not_in_trixie() {
    judged(Suite::Trixie);
}

#[test]
fn careless_containers_fail_and_a_plain_one_does_not_in_sid() {
    judged(Suite::Sid);
}

fn judged(suite: Suite) {
    let host = lab::host(suite).shared();
    let rows: Vec<&Row> = ROWS.iter().filter(|Row(.., on)| on.contains(&suite)).collect();
    clean(&host);
    create(&host, &rows);
    host.write(FILE, &declaration());
    let judged = host.plimsoll(&["status", "-f", FILE, "--output", "json"]);
    clean(&host);

    let told: Value = serde_json::from_str(&judged.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", judged.stdout, judged.stderr));
    let failing = by_container(&told["findings"]);
    let unknown = by_container(&told["unknown"]);
    let mut wrong = Vec::new();
    for Row(name, arguments, rules, _) in rows {
        for rule in *rules {
            if !failing.get(*name).is_some_and(|it| it.contains(*rule)) {
                wrong.push(format!("{name} ({arguments}) does not fail {rule}"));
            }
        }
    }
    for (what, rules) in
        [("fails", failing.get("plain")), ("is not known for", unknown.get("plain"))]
    {
        wrong.extend(rules.into_iter().flatten().map(|rule| format!("plain {what} {rule}")));
    }
    assert!(wrong.is_empty(), "{}\n{unknown:?}", wrong.join("\n"));
    assert!(!judged.stdout.contains("hunter2"), "a secret is shown");
}

fn create(host: &Host, rows: &[&Row]) {
    let profile = r#"{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[]}"#;
    host.write("/tmp/jd/seccomp.json", profile);
    let mut script = String::from(
        "docker network create jd-net
         docker volume create -o type=none -o o=bind -o device=/etc jd-disguised\n",
    );
    script.push_str(&format!("docker create --name jd-plain {PLAIN} {BUSYBOX}\n"));
    for Row(name, arguments, ..) in rows {
        script.push_str(&format!("docker create --name jd-{name} {arguments} {BUSYBOX}\n"));
    }
    host.sh(&script);
}

fn clean(host: &Host) {
    host.sh("docker ps -aq --filter name=^jd- | xargs -r docker rm -fv >/dev/null
         docker volume ls -q --filter name=^jd- | xargs -r docker volume rm >/dev/null
         docker network ls -q --filter name=^jd-net$ | xargs -r docker network rm >/dev/null
         rm -rf /tmp/jd");
}

/// Every rule of the table, for these containers alone, and nothing done about it.
fn declaration() -> String {
    let rules: BTreeSet<&str> =
        ROWS.iter().flat_map(|Row(_, _, rules, _)| *rules).copied().collect();
    let mut text = String::from(
        "version: 1\ncontainers:\n  - name: judged\n    match: { name: jd-* }\n    rules:\n",
    );
    for rule in rules {
        let parameters = PARAMETERS.iter().find(|(it, _)| *it == rule).map_or("", |(_, it)| it);
        let comma = if parameters.is_empty() { "" } else { ", " };
        text.push_str(&format!("      container.{rule}: {{ mode: observe{comma}{parameters} }}\n"));
    }
    text
}

/// Returns the rules in a list of findings, without their area, by the container's short name.
fn by_container(findings: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for finding in findings.as_array().into_iter().flatten() {
        let text = |key: &str| finding[key].as_str().unwrap_or_default();
        if let Some(name) = text("address").strip_prefix("container/jd-") {
            let rule = text("rule").trim_start_matches("container.");
            found.entry(name.to_owned()).or_default().insert(rule.to_owned());
        }
    }
    found
}
