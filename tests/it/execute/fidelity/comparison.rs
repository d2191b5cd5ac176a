//! Many create requests, spelt in every way that engines take, are made on the real ones. The
//! copy of each says what the original says, and a declaration of what it has finds nothing to do.

use futures_util::future::join_all;
use plimsoll::{
    execute::effects::Effects as _,
    sources::create_body::{ImageFacts, create_body},
};
use proptest::{
    sample::select,
    strategy::{Just, Strategy, ValueTree as _},
    test_runner::TestRunner,
};
use serde_json::{Value, json};

use super::{daemon_facts, same};
use crate::{
    execute::Engine,
    lab::{self, Host, Suite},
};

/// How many requests an engine gets.
const BODIES: usize = 60;
/// How many of their containers are started.
const STARTED: usize = 12;

#[test]
fn copies_and_declarations_of_what_there_is_differ_in_nothing_in_bookworm() {
    copies_and_declarations_differ_in_nothing(Suite::Bookworm);
}

#[test]
fn copies_and_declarations_of_what_there_is_differ_in_nothing_in_trixie() {
    copies_and_declarations_differ_in_nothing(Suite::Trixie);
}

#[test]
fn copies_and_declarations_of_what_there_is_differ_in_nothing_in_sid() {
    copies_and_declarations_differ_in_nothing(Suite::Sid);
}

fn copies_and_declarations_differ_in_nothing(suite: Suite) {
    let host = lab::host(suite).shared();
    clear(&host);
    let engine = Engine::of(&host);
    let mut runner = TestRunner::deterministic();
    let asked: Vec<Asked> =
        (0..BODIES).map(|_| requests().new_tree(&mut runner).unwrap().current()).collect();
    let made: Vec<(String, &Asked)> =
        asked.iter().enumerate().map(|(n, asked)| (format!("cmp-{n}"), asked)).collect();
    let docker = engine.host.docker();
    let create = async |name: &str, body: &Value| {
        docker.create(name, body.to_string().into_bytes()).await.map_err(|it| it.to_string())
    };
    for (name, asked) in &made {
        if let Err(error) = engine.runtime.block_on(create(name, &asked.body)) {
            panic!("{error}: {}", asked.body);
        }
    }

    let daemon = daemon_facts(&host);
    let image = ImageFacts { reference_resolves: true, has_entrypoint: false };
    let api = docker.version_spoken();
    let copies = made.iter().map(async |(name, asked)| {
        let copy = format!("{name}-copy");
        let inspect = async |name: &str| -> Value {
            serde_json::from_slice(&docker.inspect(name).await.unwrap()).unwrap()
        };
        let before = inspect(name).await;
        let body = create_body(&before, &image, &daemon, (api.major, api.minor));
        if let Err(error) = create(&copy, &body).await {
            return vec![format!("{error}: {}", asked.body)];
        }
        let after = inspect(&copy).await;
        let again = create_body(&after, &image, &daemon, (api.major, api.minor));
        let mut wrong = same::differences(&before, &after);
        if again != body {
            wrong.push("the copy of the copy is another".into());
        }
        if !wrong.is_empty() {
            wrong.push(asked.body.to_string());
        }
        wrong
    });
    let wrong = engine.runtime.block_on(join_all(copies)).concat();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    host.sh("docker ps -aq --filter name=^/cmp-.*-copy$ | xargs docker rm -v >/dev/null");

    host.write("/tmp/cmp/same.yaml", &declaration(&made, |asked| &asked.rules));
    host.write("/tmp/cmp/other.yaml", &declaration(&made, |asked| &asked.neighbours));
    let nothing: Vec<String> = Vec::new();
    assert_eq!(changed(&host, "/tmp/cmp/same.yaml"), nothing, "created");
    let all: Vec<String> =
        made.iter().filter(|it| !it.1.neighbours.is_empty()).map(|it| it.0.clone()).collect();
    assert!(all.len() > BODIES / 2, "{}", all.len());
    let mut found = changed(&host, "/tmp/cmp/other.yaml");
    found.sort_by_key(|name| name[4..].parse::<usize>().unwrap());
    assert_eq!(found, all, "neighbour values are differences");

    let started: Vec<&str> =
        made.iter().filter(|it| it.1.starts).take(STARTED).map(|it| it.0.as_str()).collect();
    host.docker(&[&["start"], started.as_slice()].concat());
    assert_eq!(changed(&host, "/tmp/cmp/same.yaml"), nothing, "started");
    clear(&host);
}

fn clear(host: &Host) {
    host.sh(
        "docker ps -aq --filter name=^/cmp- | xargs -r docker rm -fv >/dev/null; docker volume rm -f cmp-named >/dev/null; rm -rf /tmp/cmp",
    );
}

/// Names of the containers that a plan would change.
fn changed(host: &Host, file: &str) -> Vec<String> {
    let plan = host.plimsoll(&["plan", "--file", file, "--output", "json"]).ok();
    let plan: Value = serde_json::from_str(&plan).unwrap();
    let changes = plan["changes"].as_array().unwrap_or_else(|| panic!("{plan}"));
    changes
        .iter()
        .filter_map(|change| change["address"].as_str()?.strip_prefix("container/cmp-"))
        .map(|name| format!("cmp-{name}"))
        .collect()
}

fn declaration(made: &[(String, &Asked)], rules: impl Fn(&Asked) -> &Vec<String>) -> String {
    let mut text = "version: 1\ncontainers:\n".to_owned();
    for (name, asked) in made {
        let rules = rules(asked);
        if !rules.is_empty() {
            text.push_str(&format!(
                "  - name: {name}\n    match: {{ name: {name} }}\n    rules:\n"
            ));
            text.extend(rules.iter().map(|rule| format!("      container.{rule}\n")));
        }
    }
    text
}

/// A create request, what it means as rules, and rules that it just does not keep.
#[derive(Clone, Debug)]
struct Asked {
    body: Value,
    rules: Vec<String>,
    neighbours: Vec<String>,
    /// Whether it can start beside the others.
    starts: bool,
}

/// One setting: where it goes, ways to write one meaning, the rule that says it and one that
/// says something else.
#[derive(Debug)]
struct Setting {
    at: &'static str,
    spelt: &'static [&'static str],
    rule: &'static str,
    neighbour: &'static str,
}

const fn setting(
    at: &'static str,
    spelt: &'static [&'static str],
    rule: &'static str,
    neighbour: &'static str,
) -> Setting {
    Setting { at, spelt, rule, neighbour }
}

/// `absent` leaves the member out.
const ABSENT: &str = "absent";

/// Groups of which a request has one setting each.
const SETTINGS: &[&[Setting]] = &[
    &[
        setting("PidsLimit", &[ABSENT, "null", "0", "-1"], "", "pids-limit: { max: 100 }"),
        setting("PidsLimit", &["100"], "pids-limit: { max: 100 }", "pids-limit: { max: 99 }"),
    ],
    &[
        setting("Memory", &[ABSENT, "0"], "", "memory-limit: { max: 512m }"),
        setting(
            "Memory",
            &["67108864"],
            "memory-limit: { max: 64m }",
            "memory-limit: { max: 63m }",
        ),
        setting(
            "Memory",
            &["67108864"],
            "memory-limit: { max: 65536k }",
            "memory-limit: { max: 65535k }",
        ),
    ],
    &[
        setting(
            "CapDrop",
            &[r#"["ALL"]"#, r#"["all"]"#, r#"["ALL", "CAP_CHOWN"]"#],
            "capabilities-bounded: { allow: [] }",
            "",
        ),
        setting(
            "CapDrop",
            &[r#"["NET_RAW"]"#, r#"["cap_net_raw"]"#, r#"["Net_Raw", "CAP_NET_RAW"]"#],
            "capabilities-bounded: { allow: [AUDIT_WRITE, CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, \
             MKNOD, NET_BIND_SERVICE, SETFCAP, SETGID, SETPCAP, SETUID, SYS_CHROOT] }",
            "capabilities-bounded: { allow: [AUDIT_WRITE, CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, \
             MKNOD, NET_BIND_SERVICE, SETFCAP, SETGID, SETPCAP, SETUID] }",
        ),
        setting(
            "CapAdd",
            &[r#"["NET_ADMIN"]"#, r#"["net_admin", "CAP_NET_ADMIN"]"#],
            "capabilities-bounded: { allow: [cap_net_admin, AUDIT_WRITE, CHOWN, DAC_OVERRIDE, FOWNER, \
             FSETID, KILL, MKNOD, NET_BIND_SERVICE, NET_RAW, SETFCAP, SETGID, SETPCAP, SETUID, \
             SYS_CHROOT] }",
            "capabilities-bounded: true",
        ),
        setting(
            "CapAdd",
            &[ABSENT, "null", "[]"],
            "capabilities-bounded: true",
            "capabilities-bounded: { allow: [CHOWN] }",
        ),
    ],
    &[
        setting(
            "SecurityOpt",
            &[
                r#"["no-new-privileges"]"#,
                r#"["no-new-privileges:true"]"#,
                r#"["no-new-privileges=1"]"#,
                r#"["no-new-privileges=false", "no-new-privileges=TRUE"]"#,
            ],
            "no-new-privileges: true",
            "",
        ),
        setting(
            "SecurityOpt",
            &[ABSENT, "null", "[]", r#"["no-new-privileges:false"]"#],
            "seccomp-confined: true",
            "no-new-privileges: true",
        ),
        setting(
            "SecurityOpt",
            &[r#"["seccomp=unconfined"]"#, r#"["seccomp:unconfined"]"#],
            "",
            "seccomp-confined: true",
        ),
    ],
    &[
        setting("ReadonlyRootfs", &["true"], "read-only-rootfs: true", ""),
        setting("ReadonlyRootfs", &[ABSENT, "null", "false"], "", "read-only-rootfs: true"),
    ],
    &[
        setting(
            "RestartPolicy",
            &[
                ABSENT,
                "null",
                r#"{ "Name": "" }"#,
                r#"{ "Name": "no" }"#,
                r#"{ "Name": "no", "MaximumRetryCount": 0 }"#,
            ],
            "restart-bounded: true",
            "",
        ),
        setting(
            "RestartPolicy",
            &[r#"{ "Name": "on-failure", "MaximumRetryCount": 3 }"#],
            "restart-bounded: { max-retries: 3 }",
            "restart-bounded: { max-retries: 2 }",
        ),
        setting(
            "RestartPolicy",
            &[r#"{ "Name": "always" }"#, r#"{ "Name": "unless-stopped" }"#],
            "",
            "restart-bounded: true",
        ),
    ],
    &[setting("Privileged", &[ABSENT, "null", "false"], "no-privileged: true", "")],
    &[
        setting("PidMode", &[ABSENT, "null", r#""""#], "no-host-pid: true", ""),
        setting("PidMode", &[r#""host""#], "", "no-host-pid: true"),
    ],
    &[
        setting(
            "IpcMode",
            &[ABSENT, r#""""#, r#""private""#, r#""none""#, r#""shareable""#],
            "no-host-ipc: true",
            "",
        ),
        setting("IpcMode", &[r#""host""#], "", "no-host-ipc: true"),
    ],
    &[
        setting("UTSMode", &[ABSENT, r#""""#], "no-host-uts: true", ""),
        setting("UTSMode", &[r#""host""#], "", "no-host-uts: true"),
    ],
    &[
        setting(
            "NetworkMode",
            &[ABSENT, r#""""#, r#""default""#, r#""bridge""#, r#""none""#],
            "no-host-network: true",
            "",
        ),
        setting("NetworkMode", &[r#""host""#], "", "no-host-network: true"),
    ],
    &[
        setting("PortBindings", &[ABSENT, "null", "{}"], "no-wildcard-publish: true", ""),
        setting(
            "PortBindings",
            &[
                r#"{ "80/tcp": [{ "HostIp": "127.0.0.1", "HostPort": "" }] }"#,
                r#"{ "80/tcp": [{ "HostIp": "127.0.0.1", "HostPort": "0" }] }"#,
            ],
            "no-wildcard-publish: { address: 127.0.0.1 }",
            "",
        ),
        setting(
            "PortBindings",
            &[
                r#"{ "80/tcp": [{ "HostPort": "18130" }] }"#,
                r#"{ "80/tcp": [{ "HostIp": "", "HostPort": "18130" }] }"#,
                r#"{ "80/tcp": [{ "HostIp": "0.0.0.0", "HostPort": "18130" }] }"#,
            ],
            "no-wildcard-publish: { public: [18130] }",
            "no-wildcard-publish: { public: [18131], address: 127.0.0.1 }",
        ),
    ],
    &[
        setting(
            "/User",
            &[r#""1000""#, r#""1000:1000""#, r#""01000""#],
            "non-root-user: { user: \"1000\" }",
            "",
        ),
        setting(
            "/User",
            &[ABSENT, r#""""#, r#""0""#, r#""root""#],
            "",
            "non-root-user: { user: \"1000\" }",
        ),
    ],
    // No rule is about these: their copies are.
    &[setting("/Hostname", &[ABSENT, r#""""#], "", "")],
    &[setting("/Env", &[ABSENT, "null", "[]", r#"["A=b", "A=c", "UNSET", "E="]"#], "", "")],
    &[setting("/Labels", &[ABSENT, "null", "{}", r#"{ "a": "" }"#], "", "")],
    &[setting("/StopSignal", &[ABSENT, r#""""#, r#""SIGTERM""#, r#""15""#, r#""TERM""#], "", "")],
    &[setting("/StopTimeout", &[ABSENT, "null", "0", "3"], "", "")],
    &[setting(
        "/Healthcheck",
        &[
            ABSENT,
            "null",
            "{}",
            r#"{ "Test": [] }"#,
            r#"{ "Test": ["NONE"] }"#,
            r#"{ "Test": ["CMD-SHELL", "true"], "Interval": 90000000000, "Retries": 0 }"#,
        ],
        "",
        "",
    )],
    &[setting("/Entrypoint", &[ABSENT, "null", "[]", r#"[""]"#], "", "")],
    &[setting("/WorkingDir", &[ABSENT, r#""""#, r#""/""#, r#""/tmp/""#], "", "")],
    &[setting("/Volumes", &[ABSENT, "null", "{}", r#"{ "/anon": {} }"#], "", "")],
    &[setting(
        "/ExposedPorts",
        &[ABSENT, "null", "{}", r#"{ "80/tcp": {} }"#, r#"{ "80/tcp": {}, "53/udp": {} }"#],
        "",
        "",
    )],
    &[setting(
        "Tmpfs",
        &[ABSENT, "null", "{}", r#"{ "/t": "" }"#, r#"{ "/t/": "size=64k" }"#],
        "",
        "",
    )],
    &[setting(
        "Binds",
        &[
            ABSENT,
            "null",
            "[]",
            r#"["/bare"]"#,
            r#"["/etc:/e:ro", "cmp-named:/n:z"]"#,
            r#"["/etc:/e/"]"#,
        ],
        "",
        "",
    )],
    &[setting(
        "Mounts",
        &[
            ABSENT,
            "null",
            "[]",
            r#"[{ "Type": "volume", "Target": "/m" }]"#,
            r#"[{ "Type": "tmpfs", "Target": "/mt", "TmpfsOptions": { "SizeBytes": 65536 } }]"#,
            r#"[{ "Type": "bind", "Source": "/usr", "Target": "/mb", "ReadOnly": true }]"#,
        ],
        "",
        "",
    )],
    &[setting("CpuShares", &[ABSENT, "0", "512"], "", "")],
    &[setting("NanoCpus", &[ABSENT, "0", "500000000"], "", "")],
    &[setting(
        "Ulimits",
        &[ABSENT, "null", "[]", r#"[{ "Name": "nofile", "Soft": 99, "Hard": 199 }]"#],
        "",
        "",
    )],
    &[setting("OomScoreAdj", &[ABSENT, "0", "100"], "", "")],
    &[setting("OomKillDisable", &[ABSENT, "null", "false"], "", "")],
    &[setting("Init", &[ABSENT, "null", "false", "true"], "", "")],
    &[setting("ShmSize", &[ABSENT, "0", "33554432"], "", "")],
    &[setting("MaskedPaths", &[ABSENT, "null", "[]", r#"["/proc/kcore"]"#], "", "")],
    &[setting("ReadonlyPaths", &[ABSENT, "null", "[]"], "", "")],
    &[setting("CgroupnsMode", &[ABSENT, r#""""#, r#""private""#, r#""host""#], "", "")],
    &[setting(
        "LogConfig",
        &[
            ABSENT,
            r#"{ "Type": "" }"#,
            r#"{ "Type": "json-file", "Config": { "max-size": "1m" } }"#,
        ],
        "",
        "",
    )],
    &[setting("Dns", &[ABSENT, "null", "[]", r#"["10.0.0.1"]"#], "", "")],
    &[setting("ExtraHosts", &[ABSENT, "null", "[]", r#"["a:10.0.0.1"]"#], "", "")],
    &[setting(
        "Devices",
        &[
            ABSENT,
            "null",
            "[]",
            r#"[{ "PathOnHost": "/dev/null", "PathInContainer": "/dev/n", "CgroupPermissions": "r" }]"#,
        ],
        "",
        "",
    )],
    &[setting("GroupAdd", &[ABSENT, "null", "[]", r#"["7"]"#], "", "")],
    &[setting("Sysctls", &[ABSENT, "null", "{}"], "", "")],
];

fn requests() -> impl Strategy<Value = Asked> {
    let pick = |group: &'static [Setting]| {
        select((0..group.len()).collect::<Vec<_>>()).prop_flat_map(move |at| {
            let setting = &group[at];
            (Just(setting), select(setting.spelt))
        })
    };
    let picks: Vec<_> = SETTINGS.iter().map(|group| pick(group)).collect();
    picks.prop_map(|picked: Vec<(&Setting, &str)>| asked(&picked))
}

fn asked(picked: &[(&Setting, &str)]) -> Asked {
    let mut body = json!({ "Image": lab::BUSYBOX, "Cmd": ["sleep", "9999"], "HostConfig": {} });
    let mut rules = Vec::new();
    let mut neighbours = Vec::new();
    for (setting, spelt) in picked {
        if *spelt != ABSENT {
            let value: Value = serde_json::from_str(spelt).unwrap();
            match setting.at.strip_prefix('/') {
                Some(key) => body[key] = value,
                None => body["HostConfig"][setting.at] = value,
            }
        }
        rules.extend((!setting.rule.is_empty()).then(|| setting.rule.to_owned()));
        neighbours.extend((!setting.neighbour.is_empty()).then(|| setting.neighbour.to_owned()));
    }
    let host = &body["HostConfig"];
    // A fixed port is the first one's, and mount points cannot be made in a read-only root.
    let is_fixed = host["PortBindings"].to_string().contains("18130");
    let starts = !is_fixed && host["ReadonlyRootfs"] != true;
    Asked { body, rules, neighbours, starts }
}
