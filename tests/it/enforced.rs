//! Keeping a host as declared, once and resident.

use std::time::Duration;

use crate::lab::{self, BUSYBOX, Suite};

const FILE: &str = "/etc/plimsoll/plimsoll.yaml";
const SOON: Duration = Duration::from_secs(30);

fn declaration(pids: u32) -> String {
    format!(
        "version: 1\ncontainers:\n  - name: all\n    rules:\n      container.pids-limit: {{ max: {pids} }}\n      container.no-new-privileges: true\n"
    )
}

#[test]
fn once_corrects_within_the_ceiling_and_holds_the_rest() {
    let host = lab::host(Suite::Bookworm).exclusive();
    host.write(FILE, &declaration(100));
    host.docker(&["run", "-d", "--name", "en-a", "--security-opt", "no-new-privileges", BUSYBOX]);
    host.docker(&["run", "-d", "--name", "en-b", BUSYBOX]);
    let id = host.inspect("en-b")["Id"].clone();

    let pass = host.plimsoll(&["enforce", "--once", "-f", FILE]);

    assert_eq!(pass.status, 2, "{}{}", pass.stdout, pass.stderr);
    assert_eq!(host.inspect("en-a")["HostConfig"]["PidsLimit"], 100);
    assert_eq!(host.inspect("en-b")["Id"], id, "replacing is above the ceiling");
    assert!(pass.stdout.contains("en-b"), "what is held is shown: {}", pass.stdout);

    host.docker(&["update", "--pids-limit", "-1", "en-a"]);
    host.docker(&["run", "-d", "--name", "en-c", "--security-opt", "no-new-privileges", BUSYBOX]);
    host.write(FILE, &format!("{}limits: {{ max-changes: 1 }}\n", declaration(100)));
    let refused = host.plimsoll(&["enforce", "--once", "-f", FILE, "--output", "ndjson"]);
    assert_eq!(refused.status, 6, "{}{}", refused.stdout, refused.stderr);
    let diagnostic = r#""type":"diagnostic""#;
    let told = refused.stdout.lines().find(|line| line.contains(diagnostic));
    assert!(told.is_some_and(|it| it.contains("limits.max-changes")), "{}", refused.stdout);
    assert!(!refused.stdout.contains("nothing to do"), "{}", refused.stdout);
    assert!(refused.stderr.contains("more changes than the limit"), "{}", refused.stderr);

    host.write(FILE, &declaration(100));
    host.docker(&["rm", "-f", "en-b", "en-c"]);
    host.plimsoll(&["enforce", "--once", "-f", FILE]).ok();
    let settled = host.plimsoll(&["enforce", "--once", "-f", FILE]);
    assert_eq!(settled.status, 0, "{}{}", settled.stdout, settled.stderr);
}

#[test]
fn resident_follows_the_declaration_survives_the_engine_and_ends_cleanly() {
    let host = lab::host(Suite::Sid).exclusive();
    host.write(FILE, &declaration(100));
    host.docker(&[
        "run",
        "-d",
        "--name",
        "en-r",
        "--restart",
        "always",
        "--security-opt",
        "no-new-privileges",
        BUSYBOX,
    ]);
    let limit = || {
        host.run(&["docker", "inspect", "--format", "{{.HostConfig.PidsLimit}}", "en-r"])
            .stdout
            .trim()
            .to_owned()
    };
    let resident = host.spawn(&[&host.binary, "enforce", "--interval", "1s", "-f", FILE]);
    host.wait("corrected", SOON, || limit() == "100");

    host.docker(&["update", "--pids-limit", "-1", "en-r"]);
    host.wait("drift corrected", SOON, || limit() == "100");

    host.write(FILE, &declaration(90));
    host.wait("changed declaration followed", SOON, || limit() == "90");

    host.write(FILE, "version: 1\ncontainers: oops\n");
    host.docker(&["update", "--pids-limit", "-1", "en-r"]);
    host.wait("the last good declaration stays in force", SOON, || limit() == "90");

    host.restart_docker().ok();
    host.write(FILE, &declaration(80));
    host.wait("the engine's restart survived", SOON, || limit() == "80");

    assert!(resident.signal("TERM"));
    let ended = resident.finish();
    assert_eq!(ended.status, 0, "{}{}", ended.stdout, ended.stderr);
}

#[test]
fn systemd_is_told_when_it_is_ready() {
    let host = lab::host(Suite::Bookworm).exclusive();
    host.write(FILE, &declaration(100));
    host.write(
        "/etc/systemd/system/plimsoll-enforce.service",
        &format!(
            "[Service]\nType=notify\nNotifyAccess=all\nTimeoutStartSec=20\nExecStart={} enforce --interval 1h -f {FILE}\n",
            host.binary
        ),
    );
    host.sh("systemctl daemon-reload");
    host.sh("systemctl start plimsoll-enforce");
    let shown = host.sh("systemctl show -p ActiveState,StatusText plimsoll-enforce");
    assert!(shown.contains("ActiveState=active"), "{shown}");
    assert!(shown.contains("in sync"), "{shown}");
    host.sh("systemctl stop plimsoll-enforce");
    let result = host.sh("systemctl show -p Result plimsoll-enforce");
    assert!(result.contains("Result=success"), "{result}");
}

#[test]
fn what_is_not_declared_is_evicted_and_kept() {
    let host = lab::host(Suite::Bookworm).exclusive();
    host.write(
        FILE,
        "version: 1\nlimits: { ceiling: { enforce: evict } }\ncontainers:\n  - name: all\n    rules:\n      container.declared: { allow: [{ name: en-known }] }\n",
    );
    host.docker(&["run", "-d", "--name", "en-known", BUSYBOX]);
    host.docker(&[
        "run",
        "-d",
        "--name",
        "en-rogue",
        "--restart",
        "always",
        "--publish",
        "18099:80",
        BUSYBOX,
    ]);
    let known = host.inspect("en-known")["State"].clone();

    let pass = host.plimsoll(&["enforce", "--once", "-f", FILE]);

    assert_eq!(pass.status, 0, "{}{}", pass.stdout, pass.stderr);
    let rogue = host.inspect("en-rogue");
    assert_eq!(rogue["State"]["Running"], false);
    assert_eq!(rogue["HostConfig"]["RestartPolicy"]["Name"], "no");
    assert_eq!(rogue["NetworkSettings"]["Networks"], serde_json::json!({}));
    assert_eq!(host.inspect("en-known")["State"], known);
    let way_back = host.sh("cat /var/lib/plimsoll/evicted/*.json");
    assert!(way_back.contains("bridge") && way_back.contains("always"), "{way_back}");
    let again = host.plimsoll(&["plan", "--detailed-exitcode", "-f", FILE]);
    assert_eq!(again.status, 0, "{}{}", again.stdout, again.stderr);
}

#[test]
fn kept_containers_go_when_their_time_is_over_and_volumes_stay() {
    let host = lab::host(Suite::Sid).exclusive();
    let declared = |retention: &str| {
        format!(
            "version: 1\nlimits: {{ retention: {retention}, ceiling: {{ enforce: recreate }} }}\ncontainers:\n  - name: all\n    rules: {{ container.no-new-privileges: true }}\n"
        )
    };
    host.write(FILE, &declared("7d"));
    host.docker(&["run", "-d", "--name", "en-kept", "-v", "/data", BUSYBOX]);
    let volume = host.inspect("en-kept")["Mounts"][0]["Name"].as_str().unwrap().to_owned();
    let once = || host.plimsoll(&["enforce", "--once", "--quiet-period", "1s", "-f", FILE]);

    let replaced = once();
    assert_eq!(replaced.status, 0, "{}{}", replaced.stdout, replaced.stderr);
    assert!(host.docker(&["ps", "-a"]).contains("en-kept.plimsoll-kept-1"), "kept for a week");

    host.write(FILE, &declared("0"));
    let settled = once();
    assert_eq!(settled.status, 0, "{}{}", settled.stdout, settled.stderr);
    assert!(!host.docker(&["ps", "-a"]).contains("plimsoll-kept"), "its time is over");
    assert_eq!(host.inspect("en-kept")["Mounts"][0]["Name"], volume);
    assert!(host.docker(&["volume", "ls", "-q"]).contains(&volume));
}
