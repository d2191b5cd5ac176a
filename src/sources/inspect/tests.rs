//! Replies as engines and other programs send them.

use serde_json::{Value, json};

use super::*;
use crate::model::{
    container::{RestartName, State},
    mount::MountKind,
};

fn read(reply: Value) -> ContainerSpec {
    from_inspect(reply.to_string().as_bytes()).unwrap().spec
}

fn host(host_config: Value) -> ContainerSpec {
    read(json!({ "HostConfig": host_config }))
}

#[test]
fn empty_null_and_absent_are_one() {
    let absent = read(json!({}));
    let null: Value = [
        "Binds",
        "Mounts",
        "Tmpfs",
        "VolumesFrom",
        "Privileged",
        "CapAdd",
        "CapDrop",
        "SecurityOpt",
        "ReadonlyRootfs",
        "PidsLimit",
        "Memory",
        "RestartPolicy",
        "AutoRemove",
        "NetworkMode",
        "PidMode",
        "IpcMode",
        "UTSMode",
        "PortBindings",
        "PublishAllPorts",
    ]
    .into_iter()
    .map(|key| (key.to_owned(), Value::Null))
    .collect::<serde_json::Map<_, _>>()
    .into();
    assert_eq!(host(null), absent);
    assert_eq!(host(json!({ "PidsLimit": 0, "Memory": 0, "CapAdd": [], "Binds": [] })), absent);
    assert_eq!(host(json!({ "PidsLimit": -1, "RestartPolicy": { "Name": "" } })), absent);
    assert_eq!(read(json!({ "Config": null, "HostConfig": null, "Mounts": null })), absent);
}

#[test]
fn what_a_newer_engine_says_is_survived() {
    let spec = read(json!({
        "State": { "Status": "hibernating", "Mood": 3 },
        "HostConfig": {
            "RestartPolicy": { "Name": "on-tuesday", "MaximumRetryCount": 3 },
            "CgroupnsMode": "shared",
            "SecurityOpt": ["landlock=strict", "seccomp=new-word"],
            "CapAdd": ["CAP_FUTURE"],
            "Mounts": [{ "Type": "hologram", "Target": "/h" }],
        },
        "Tomorrow": [1, { "a": null }],
    }));
    assert_eq!(spec.state, State::Other);
    assert_eq!(spec.restart_policy.name, RestartName::Other("on-tuesday".into()));
    assert_eq!(spec.seccomp_option, Some(Seccomp::Unreadable));
    assert_eq!(spec.mounts[0].kind, MountKind::Other);
}

#[test]
fn last_mention_of_a_security_option_wins_in_every_spelling() {
    for (options, expected) in [
        (json!(["no-new-privileges"]), Some(true)),
        (json!(["no-new-privileges:true"]), Some(true)),
        (json!(["no-new-privileges=1", "label=disable"]), Some(true)),
        (json!(["no-new-privileges", "no-new-privileges=false"]), Some(false)),
        (json!(["no-new-privileges=yes"]), None),
        (json!(["seccomp=unconfined"]), None),
    ] {
        let spec = host(json!({ "SecurityOpt": options }));
        assert_eq!(spec.no_new_privileges.stated().copied(), expected, "{options}");
    }
}

#[test]
fn seccomp_profile_that_allows_by_default_is_seen() {
    for (profile, allows_everything) in [
        (r#"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[]}"#, true),
        (r#"{"defaultAction":"SCMP_ACT_ERRNO"}"#, false),
    ] {
        let spec = host(json!({ "SecurityOpt": [format!("seccomp={profile}")] }));
        let Some(Seccomp::Profile { allows_everything: seen, .. }) = spec.seccomp_option else {
            panic!("no profile")
        };
        assert_eq!(seen, allows_everything);
    }
}

#[test]
fn capabilities_count_in_any_spelling() {
    let spec = host(json!({ "CapAdd": ["sys_admin", "CAP_SYS_ADMIN"], "CapDrop": ["all"] }));
    assert_eq!(spec.capabilities, Field::Set(CapabilitySet::named("SYS_ADMIN").unwrap()));
}

#[test]
fn mounts_are_joined_from_everything_that_asks_for_them() {
    let spec = read(json!({
        "Config": { "Volumes": { "/anonymous": {}, "/bound": {} } },
        "HostConfig": {
            "Binds": ["/etc:/bound:ro", "data:/data", "/bare"],
            "Mounts": [
                { "Type": "bind", "Source": "/srv", "Target": "/srv/", "ReadOnly": true },
                { "Type": "tmpfs", "Target": "/scratch" },
            ],
            "Tmpfs": { "/run": "size=64m" },
            "VolumesFrom": ["other"],
        },
        "Mounts": [
            { "Type": "bind", "Source": "/etc", "Destination": "/bound", "RW": false, "Mode": "ro" },
            { "Type": "volume", "Name": "shared", "Source": "/v", "Destination": "/taken", "RW": true },
        ],
    }));
    let seen: Vec<_> = spec
        .mounts
        .iter()
        .map(|it| (it.destination.as_str(), it.source.as_str(), it.writable, it.inherited))
        .collect();
    assert_eq!(
        seen,
        [
            ("/anonymous", "", true, false),
            ("/bare", "", true, false),
            ("/bound", "/etc", false, false),
            ("/data", "data", true, false),
            ("/srv", "/srv", false, false),
            ("/taken", "shared", true, true),
        ]
    );
    assert_eq!(spec.tmpfs.keys().collect::<Vec<_>>(), ["/run", "/scratch"]);
    assert_eq!(spec.volume_paths, ["/anonymous", "/bound"]);
    assert!(!spec.mounts_listed, "it never started");
}

#[test]
fn mounted_image_goes_by_its_name_and_not_by_where_it_was_unpacked() {
    let spec = read(json!({
        "HostConfig": { "Mounts": [{ "Type": "image", "Source": "tools:1", "Target": "/t" }] },
        "Mounts": [{ "Type": "image", "Name": "tools:1", "Source": "/layers/5f/merged",
                     "Destination": "/t", "RW": false }],
    }));
    assert_eq!((spec.mounts.len(), spec.mounts[0].source.as_str()), (1, "tools:1"));
}

#[test]
fn fingerprint_moves_with_settings_and_not_with_secrets_or_state() {
    let reply = |env: &str, label: &str, memory: i64, status: &str| {
        let reply = json!({
            "Id": "1",
            "State": { "Status": status },
            "Config": { "Env": [env], "Labels": { "a": label }, "User": "1" },
            "HostConfig": { "Memory": memory },
            "NetworkSettings": { "Networks": { "bridge": {} } },
        });
        from_inspect(reply.to_string().as_bytes()).unwrap().fingerprint
    };
    let first = reply("A=1", "x", 0, "running");
    assert_eq!(first, reply("A=2", "y", 0, "exited"));
    assert_ne!(first, reply("A=1", "x", 1, "running"));
    assert_eq!(first.len(), 64);
}

#[test]
fn ports_are_those_configured() {
    let spec = host(json!({ "PortBindings": {
        "80": [{ "HostIp": "", "HostPort": "8080" }],
        "53/udp": [{ "HostIp": "::1", "HostPort": "53" }, { "HostIp": "::1", "HostPort": "53" }],
        "9/tcp": null,
    }}));
    let seen: Vec<_> = spec
        .published_ports
        .iter()
        .map(|it| (it.container_port.as_str(), it.is_wildcard()))
        .collect();
    assert_eq!(seen, [("53/udp", false), ("80/tcp", true)]);
}

#[test]
fn what_is_no_reply_is_an_error_and_no_panic() {
    for bytes in [&b""[..], b"null", b"[]", b"{", b"\xff", b"{\"HostConfig\":{\"Binds\":3}}"] {
        assert!(from_inspect(bytes).is_err());
    }
}

#[test]
fn label_that_the_engine_adds_by_itself_is_no_option_of_the_container() {
    let labels = |host_config: Value| host(host_config).confinement.labels;
    assert_eq!(labels(json!({ "SecurityOpt": ["label=disable"] })), ["disable"]);
    let privileged = json!({ "Privileged": true, "SecurityOpt": ["label=disable"] });
    assert!(labels(privileged).is_empty());
    let asked = json!({ "PidMode": "host", "SecurityOpt": ["label=type:x", "label=disable"] });
    assert_eq!(labels(asked), ["type:x"]);
}

#[test]
fn calls_that_a_profile_always_lets_through_are_seen() {
    let profile = json!({
        "defaultAction": "SCMP_ACT_ERRNO",
        "syscalls": [
            { "names": ["read", "keyctl"], "action": "SCMP_ACT_ALLOW" },
            { "name": "bpf", "action": "SCMP_ACT_ALLOW", "args": [] },
            { "names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": { "caps": ["CAP_X"] } },
            { "names": ["add_key"], "action": "SCMP_ACT_ERRNO" },
        ],
    });
    let spec = host(json!({ "SecurityOpt": [format!("seccomp={profile}")] }));
    let Some(Seccomp::Profile { digest, risky_calls, .. }) = spec.seccomp_option else {
        panic!("no profile")
    };
    assert_eq!(risky_calls, ["bpf", "keyctl"]);
    assert!(digest.starts_with("sha256:") && digest.len() == 71, "{digest}");
}

#[test]
fn secrets_are_kept_by_name_and_never_by_value() {
    let spec = read(json!({
        "Config": {
            "Env": ["PATH=/bin", "DB_PASSWORD=hunter2", "URL=http://a:hunter2@b/", "TOKEN="],
            "Labels": { "deploy-token": "hunter2" },
            "Entrypoint": ["run", "--password=hunter2"],
            "Cmd": null,
        },
    }));
    let places = ["entrypoint", "environment DB_PASSWORD", "environment URL", "label deploy-token"];
    assert_eq!(spec.secrets, places);
    let kept = ContainerSpec { labels: [].into(), ..spec };
    assert!(!format!("{kept:?}").contains("hunter2"));
}

#[test]
fn limits_are_read_from_all_their_fields() {
    let limits = host(json!({
        "CpuQuota": 50_000, "CpuPeriod": 25_000, "CpusetCpus": "0-1", "BlkioWeight": 10,
        "BlkioDeviceWriteIOps": [{ "Path": "/dev/sda", "Rate": 1 }], "StorageOpt": { "size": "1G" },
    }))
    .limits;
    assert_eq!(limits.cpu.at_most(), Some(2_000_000_000));
    assert_eq!(limits.cpu.set, "0-1");
    assert!(limits.blkio.has_weight && limits.blkio.has_rate);
    assert_eq!(limits.layer_size, "1G");
}

#[test]
fn tmpfs_that_is_mounted_the_long_way_keeps_its_size() {
    let mounts =
        json!([{ "Type": "tmpfs", "Target": "/t", "TmpfsOptions": { "SizeBytes": 1024 } }]);
    assert_eq!(host(json!({ "Mounts": mounts })).tmpfs["/t"], "size=1024");
}
