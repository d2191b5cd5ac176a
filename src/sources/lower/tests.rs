//! The commuting square: reading an edited body gives what was predicted for it.

use proptest::{collection::vec, option, prelude::*, sample::select, strategy::Strategy};
use serde_json::{Value, json};

use super::*;
use crate::{
    model::{capability::CapabilitySet, container::ContainerSpec, effective, predict::predict},
    sources::inspect::from_inspect,
};

/// Reads a create body as if inspect showed it.
fn read(body: &Value) -> ContainerSpec {
    let endpoints = body.pointer("/NetworkingConfig/EndpointsConfig");
    let reply = json!({
        "Config": body,
        "HostConfig": body.get("HostConfig"),
        "NetworkSettings": { "Networks": endpoints },
    });
    let spec = from_inspect(reply.to_string().as_bytes()).unwrap().spec;
    let around = effective::Surroundings {
        daemon_seccomp_unconfined: Some(false),
        volume_binds: Some([("sneaky".into(), "/etc".into())].into()),
        real_paths: ["/etc", "/run/docker.sock", "/srv"]
            .map(|path| (path.to_owned(), path.to_owned()))
            .into(),
        ..Default::default()
    };
    effective::complete(spec, &around, Err("it has not been started yet"))
}

fn words(words: &'static [&'static str]) -> impl Strategy<Value = Value> {
    option::of(vec(select(words), 0..4)).prop_map(|it| json!(it))
}

fn word(words: &'static [&'static str]) -> impl Strategy<Value = Value> {
    option::of(select(words)).prop_map(|it| json!(it))
}

const PATHS: &[&str] = &["/data", "/etc/", "/run", "/srv"];

fn mounts() -> impl Strategy<Value = Value> {
    let mount = (
        select(&["bind", "volume", "tmpfs", "image"][..]),
        select(&["/etc", "/srv", "data", "sneaky", ""][..]),
        select(PATHS),
        option::of(any::<bool>()),
    )
        .prop_map(|(kind, source, target, read_only)| {
            json!({ "Type": kind, "Source": source, "Target": target, "ReadOnly": read_only })
        });
    option::of(vec(mount, 0..3)).prop_map(|it| json!(it))
}

fn ports() -> impl Strategy<Value = Value> {
    let binding = (select(&["", "0.0.0.0", "::", "127.0.0.1"][..]), select(&["", "80"][..]))
        .prop_map(|(ip, port)| json!({ "HostIp": ip, "HostPort": port }));
    let bindings = (vec(binding.clone(), 0..3), option::of(vec(binding, 1..2)));
    option::of(bindings).prop_map(|it| {
        json!(it.map(|(tcp, udp)| json!({ "80/tcp": tcp, "53/udp": udp, "81": [] })))
    })
}

fn bodies() -> impl Strategy<Value = Value> {
    let security = (
        option::of(any::<bool>()),
        words(&["sys_admin", "CAP_NET_RAW", "ALL", "KILL", "CAP_FUTURE"]),
        words(&["all", "NET_RAW", "CAP_KILL"]),
        words(&[
            "no-new-privileges",
            "no-new-privileges:false",
            "seccomp=unconfined",
            "seccomp:{\"defaultAction\":\"SCMP_ACT_ALLOW\"}",
            "label=disable",
            "apparmor=x=y",
        ]),
        word(&["", "root", "0:0", "1000", "app"]),
        option::of(any::<bool>()),
        words(&["/proc/kcore", "/sys/firmware"]),
    );
    let storage = (
        words(&["/etc:/data:ro", "sneaky:/srv", "/run/docker.sock:/run/", "/data", "data:/etc"]),
        mounts(),
        option::of(select(PATHS)).prop_map(|it| json!(it.map(|at| json!({ at: "size=1m" })))),
        option::of(select(PATHS)).prop_map(|it| json!(it.map(|at| json!({ at: {} })))),
        words(&["donor"]),
    );
    let sharing = (
        word(&["", "default", "host", "none", "shop", "container:abc"]),
        word(&["", "host", "container:abc"]),
        word(&["", "private", "host", "shareable"]),
        word(&["", "host"]),
        ports(),
        option::of(any::<bool>()),
    );
    let limits = (
        option::of(-1i64..600),
        option::of(select(&[0i64, 64 << 20, 512 << 20][..])),
        option::of(select(&[-1i64, 0, 64 << 20, 1 << 30][..])),
        word(&["", "no", "always", "on-failure", "on-tuesday"]),
    );
    (security, storage, sharing, limits).prop_map(|(security, storage, sharing, limits)| {
        json!({
            "Image": "x",
            "User": security.4,
            "Hostname": "name",
            "Volumes": storage.3,
            "Unheard": { "Of": [1] },
            "HostConfig": {
                "Privileged": security.0,
                "CapAdd": security.1,
                "CapDrop": security.2,
                "SecurityOpt": security.3,
                "MaskedPaths": security.6,
                "ReadonlyPaths": security.6,
                "ReadonlyRootfs": security.5,
                "Binds": storage.0,
                "Mounts": storage.1,
                "Tmpfs": storage.2,
                "VolumesFrom": storage.4,
                "NetworkMode": sharing.0,
                "PidMode": sharing.1,
                "IpcMode": sharing.2,
                "UTSMode": sharing.3,
                "PortBindings": sharing.4,
                "PublishAllPorts": sharing.5,
                "PidsLimit": limits.0,
                "Memory": limits.1,
                "MemorySwap": limits.2,
                "RestartPolicy": { "Name": limits.3, "MaximumRetryCount": 3 },
                "Unheard": { "Of": "too" },
            },
            "NetworkingConfig": { "EndpointsConfig": { "shop": { "Aliases": ["a"] } } },
        })
    })
}

fn sets() -> impl Strategy<Value = CapabilitySet> {
    select(vec![
        CapabilitySet::EMPTY,
        CapabilitySet::DEFAULT,
        CapabilitySet::ALL,
        CapabilitySet::named("NET_RAW").unwrap(),
    ])
}

fn edits() -> impl Strategy<Value = ContainerEdit> {
    let path = || select(PATHS).prop_map(str::to_owned);
    let text = |words: &'static [&'static str]| select(words).prop_map(str::to_owned);
    prop_oneof![
        any::<bool>().prop_map(ContainerEdit::Privileged),
        sets().prop_map(ContainerEdit::BoundCapabilities),
        any::<bool>().prop_map(ContainerEdit::NoNewPrivileges),
        Just(ContainerEdit::DefaultSeccomp),
        any::<bool>().prop_map(ContainerEdit::ReadOnlyRootfs),
        path().prop_map(|path| ContainerEdit::Tmpfs { path, options: "size=2m".into() }),
        text(&["1000", "0:0", "app"]).prop_map(ContainerEdit::User),
        path().prop_map(|destination| ContainerEdit::RemoveMount { destination }),
        text(&["bridge", "shop", "host", "none", "container:abc"])
            .prop_map(ContainerEdit::NetworkMode),
        Just(ContainerEdit::PrivatePid),
        Just(ContainerEdit::PrivateIpc),
        Just(ContainerEdit::PrivateUts),
        Just(ContainerEdit::ShareableIpc),
        text(&["private", "host"]).prop_map(ContainerEdit::CgroupnsMode),
        (1i64..1 << 30).prop_map(ContainerEdit::ShmSize),
        text(&["runc", "crun"]).prop_map(ContainerEdit::Runtime),
        (text(&["local", "json-file"]), text(&["max-size", "tag"])).prop_map(|(driver, name)| {
            let set = [(name, "1m".to_owned())].into();
            ContainerEdit::Log { driver, set, unset: ["compress".to_owned()].into() }
        }),
        text(&["80/tcp", "53/udp", "81/tcp"]).prop_map(|container_port| {
            ContainerEdit::PublishOn { container_port, address: "127.0.0.1".into() }
        }),
        (-1i64..600).prop_map(ContainerEdit::PidsLimit),
        select(vec![64i64 << 20, 256 << 20]).prop_map(ContainerEdit::Memory),
        (text(&["no", "on-failure", "always"]), 0u32..9)
            .prop_map(|(name, max_retries)| ContainerEdit::RestartPolicy { name, max_retries }),
    ]
}

proptest! {
    #[test]
    fn prediction_and_execution_agree(body in bodies(), edits in vec(edits(), 1..4)) {
        let mut predicted = predict(read(&body), &edits);
        let lowered = lower(body, &edits);
        let mut seen = read(&lowered);
        // A label that the engine adds is told from one that was asked for by being the last
        // option, which is what edits of other options can make it.
        for spec in [&mut predicted, &mut seen] {
            spec.confinement.labels.clear();
        }
        prop_assert_eq!(seen, predicted, "{}", lowered);
    }

    #[test]
    fn edits_carried_out_twice_change_nothing_more(body in bodies(), edits in vec(edits(), 1..2)) {
        let once = lower(body, &edits);
        prop_assert_eq!(lower(once.clone(), &edits), once);
    }

    #[test]
    fn what_is_not_known_goes_back_as_it_came(body in bodies(), edits in vec(edits(), 0..4)) {
        let lowered = lower(body.clone(), &edits);
        prop_assert_eq!(&lowered["Unheard"], &body["Unheard"]);
        prop_assert_eq!(&lowered["HostConfig"]["Unheard"], &body["HostConfig"]["Unheard"]);
    }
}

fn host_after(host: Value, edit: ContainerEdit) -> Value {
    lower(json!({ "HostConfig": host }), &[edit])["HostConfig"].clone()
}

#[test]
fn unprivileging_takes_back_what_the_engine_had_added() {
    let host = json!({
        "Privileged": true,
        "SecurityOpt": ["apparmor=x", "label=disable"],
        "MaskedPaths": [],
    });
    let host = host_after(host, ContainerEdit::Privileged(false));
    assert_eq!(host["SecurityOpt"], json!(["apparmor=x"]));
    assert!(host["MaskedPaths"].is_null() && host["ReadonlyPaths"].is_null());
}

#[test]
fn label_stays_while_something_else_calls_for_it() {
    let host = json!({ "Privileged": true, "PidMode": "host", "SecurityOpt": ["label=disable"] });
    let host = host_after(host, ContainerEdit::Privileged(false));
    assert_eq!(host["SecurityOpt"], json!(["label=disable"]));
    let host = host_after(host, ContainerEdit::PrivatePid);
    assert_eq!(host["SecurityOpt"], json!([]));
}

#[test]
fn label_is_still_known_as_generated_after_another_option_was_added() {
    let body = json!({ "HostConfig": { "Privileged": true, "SecurityOpt": ["label=disable"] } });
    let edits = [ContainerEdit::NoNewPrivileges(true), ContainerEdit::Privileged(false)];
    let body = lower(body, &edits);
    assert_eq!(body["HostConfig"]["SecurityOpt"], json!(["no-new-privileges=true"]));
}

#[test]
fn swap_follows_memory_in_the_way_it_did_before() {
    const M: i64 = 1 << 20;
    for (memory_before, swap_before, expected) in [
        (0, 0, 200 * M),
        (500 * M, 1000 * M, 200 * M),
        (500 * M, 500 * M, 100 * M),
        (500 * M, -1, -1),
        (50 * M, 70 * M, 100 * M),
        (50 * M, 300 * M, 300 * M),
    ] {
        assert_eq!(memory_swap(memory_before, swap_before, 100 * M), expected);
    }
}

#[test]
fn capability_lists_that_change_nothing_keep_their_spelling() {
    let host = json!({ "CapAdd": ["net_raw"], "CapDrop": ["cap_kill"] });
    let edit = ContainerEdit::BoundCapabilities(CapabilitySet::DEFAULT);
    assert_eq!(host_after(host.clone(), edit), host);
}

#[test]
fn body_that_is_no_object_is_left_alone() {
    assert_eq!(lower(json!([]), &[ContainerEdit::PrivatePid]), json!([]));
    let odd = lower(json!({ "HostConfig": 3 }), &[ContainerEdit::PrivatePid]);
    assert_eq!(odd["HostConfig"]["PidMode"], "");
}
