//! A container is replaced with one harmless edit; everything else that inspect shows stays.

use std::collections::BTreeMap;

use plimsoll::{execute::effects::Effects as _, model::edit::ContainerEdit, plan::run::Outcome};
use serde_json::{Map, Value, json};

use crate::{
    execute::{Engine, replacement},
    lab::{self, Suite},
};

const LIMIT: i64 = 321;

/// Name, and what follows `docker create --name NAME`. Created ones are replaced without being
/// started, which takes no time; the runtime is all that a start adds.
const SHAPES: [(&str, &str); 17] = [
    ("plain", "plimsoll-test/busybox:1"),
    ("no-entrypoint", "--entrypoint '' plimsoll-test/web:1 sleep 99"),
    ("named-host", "--hostname mail --domainname example.com plimsoll-test/busybox:1"),
    ("host-modes", "--network host --pid host --uts host plimsoll-test/busybox:1"),
    (
        "process",
        "--user 1000:5 --workdir /work -ti --stop-signal QUIT --stop-timeout 3 --init \
         -e EMPTY= -e A=b -e UNSET --label empty= plimsoll-test/busybox:1 cat",
    ),
    (
        "limits",
        "--ulimit nofile=100:200 --sysctl net.ipv4.ip_forward=1 --shm-size 32m \
         --oom-score-adj 100 --memory 64m --memory-swap 96m --memory-reservation 32m --cpus 0.5 \
         --cpu-shares 200 plimsoll-test/busybox:1",
    ),
    (
        "devices",
        "--device /dev/null:/dev/nothing:r --device-cgroup-rule 'c 1:3 r' --group-add 7 \
         plimsoll-test/busybox:1",
    ),
    (
        "hardened",
        "--cap-drop ALL --cap-add NET_BIND_SERVICE --security-opt no-new-privileges:true \
         --security-opt seccomp=unconfined --read-only --tmpfs /run:size=1m,noexec \
         --mount type=tmpfs,dst=/t,tmpfs-size=1m \
         plimsoll-test/busybox:1",
    ),
    ("unmasked", "--security-opt systempaths=unconfined plimsoll-test/busybox:1"),
    ("privileged", "--privileged plimsoll-test/busybox:1"),
    (
        "mounts",
        "-v fid-named:/named -v fid-named:/again:ro -v /bare --mount type=volume,dst=/anon \
         --mount type=volume,src=fid-named,dst=/m,readonly \
         -v /etc:/host-etc:ro --mount type=bind,src=/usr,dst=/host-usr,bind-propagation=rslave \
         plimsoll-test/volume:1",
    ),
    ("borrowed", "--volumes-from fid-mounts:ro plimsoll-test/busybox:1"),
    (
        "network",
        "--network fid-net --ip 10.89.1.77 --network-alias one --network-alias two \
         --mac-address 02:12:34:56:78:9a plimsoll-test/busybox:1",
    ),
    ("no-network", "--network none plimsoll-test/busybox:1"),
    ("linked", "--link fid-plain:other plimsoll-test/busybox:1"),
    (
        "ports",
        "-p 18080:80 -p 127.0.0.1::81/udp -p 18090-18092:90-92 -P --expose 99 \
         --restart on-failure:3 plimsoll-test/web:1",
    ),
    (
        "odds",
        "--log-driver json-file --log-opt max-size=1m --dns 10.0.0.1 --dns-search example.com \
         --dns-opt ndots:2 --add-host a:10.0.0.2 --ipc shareable --health-cmd 'true' \
         --health-interval 7s plimsoll-test/busybox:1",
    ),
];

#[test]
fn everything_but_the_edit_stays_in_bookworm() {
    everything_but_the_edit_stays(Suite::Bookworm);
}

#[test]
fn everything_but_the_edit_stays_in_sid() {
    everything_but_the_edit_stays(Suite::Sid);
}

fn everything_but_the_edit_stays(suite: Suite) {
    let host = lab::host(suite).exclusive();
    let mut script = "docker network create --subnet 10.89.1.0/24 fid-net\n".to_owned();
    for (name, arguments) in SHAPES {
        script.push_str(&format!("docker create --name fid-{name} {arguments}\n"));
    }
    // One that runs, on two networks, shows what a start adds.
    script.push_str(
        "docker network create fid-more\n\
         docker create --name fid-running --network fid-net --ip 10.89.1.78 \
           -v /bare plimsoll-test/volume:1\n\
         docker network connect --alias second fid-more fid-running\n\
         docker start fid-running\n",
    );
    host.sh(&script);
    let engine = Engine::of(&host);

    let mut wrong = Vec::new();
    for name in SHAPES.iter().map(|(name, _)| *name).chain(["running"]) {
        // The one that others hold on to comes with them or not at all.
        let name = format!("fid-{name}");
        if name == "fid-plain" {
            continue;
        }
        let before = host.inspect(&name);
        let outcome = engine.carry_out(replacement(&before, &[ContainerEdit::PidsLimit(LIMIT)]));
        if !matches!(outcome, Outcome::Done { .. }) {
            wrong.push(format!("{name}: {outcome:?}"));
            continue;
        }
        let after = host.inspect(&name);
        assert_ne!(before["Id"], after["Id"]);
        assert_eq!(after["HostConfig"]["PidsLimit"], LIMIT, "{name}");
        let (before, after) = (comparable(&before), comparable(&after));
        for key in before.keys().chain(after.keys()) {
            if before.get(key) != after.get(key) {
                wrong.push(format!("{name}: {key}: {:?} → {:?}", before.get(key), after.get(key)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Docker 28 does not tell its name.
#[test]
fn volume_of_a_bare_path_in_binds_is_carried_in_sid() {
    let host = lab::host(Suite::Sid).shared();
    let engine = Engine::of(&host);
    let body = json!({ "Image": lab::BUSYBOX, "HostConfig": { "Binds": ["/bare"] } });
    let created = engine.host.docker().create("fid-bare", body.to_string().into_bytes());
    engine.runtime.block_on(created).unwrap();
    host.sh("docker start fid-bare; docker exec fid-bare sh -c 'echo mine >/bare/it'");
    let action = replacement(&host.inspect("fid-bare"), &[ContainerEdit::PidsLimit(LIMIT)]);
    let outcome = engine.carry_out(action);
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    assert_eq!(host.docker(&["exec", "fid-bare", "cat", "/bare/it"]), "mine");
    host.sh("docker ps -aq --filter name=^/fid-bare | xargs docker rm -fv >/dev/null");
}

#[test]
fn container_that_others_hold_on_to_is_left_alone() {
    let host = lab::host(Suite::Sid).exclusive();
    host.docker(&["run", "-d", "--name", "fid-provider", lab::BUSYBOX]);
    host.docker(&[
        "run",
        "-d",
        "--name",
        "fid-sidecar",
        "--network",
        "container:fid-provider",
        lab::BUSYBOX,
    ]);
    let before = host.inspect("fid-provider");
    let action = replacement(&before, &[ContainerEdit::PidsLimit(LIMIT)]);
    match Engine::of(&host).carry_out(action) {
        Outcome::Failed { why } => assert!(why.contains("fid-sidecar"), "{why}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(host.inspect("fid-provider")["State"]["StartedAt"], before["State"]["StartedAt"]);
}

/// What of an inspect reply has to stay, with what is one thing to the engine made one.
fn comparable(inspect: &Value) -> BTreeMap<String, String> {
    let mut parts = BTreeMap::new();
    let own_id = &inspect["Id"].as_str().unwrap()[..12];
    for (key, value) in inspect["Config"].as_object().unwrap() {
        let value = match key.as_str() {
            "Hostname" if value == own_id => Value::Null,
            "Labels" => {
                let mut labels = value.as_object().cloned().unwrap_or_default();
                labels.retain(|key, _| !key.starts_with("io.plimsoll."));
                Value::Object(labels)
            }
            _ => value.clone(),
        };
        parts.insert(format!("Config.{key}"), value);
    }
    for (key, value) in inspect["HostConfig"].as_object().unwrap() {
        match key.as_str() {
            // The edit; compared below as mounts; written at the first start.
            "PidsLimit" | "Binds" | "Mounts" | "Runtime" => {}
            _ => {
                parts.insert(format!("HostConfig.{key}"), value.clone());
            }
        }
    }
    for mount in inspect["Mounts"].as_array().unwrap() {
        let kept = ["Type", "Name", "Source", "RW", "Propagation"].map(|key| mount[key].clone());
        parts.insert(format!("mount at {}", mount["Destination"]), json!(kept));
    }
    for (network, endpoint) in inspect["NetworkSettings"]["Networks"].as_object().unwrap() {
        let mut aliases: Vec<&str> = endpoint["Aliases"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        aliases.retain(|alias| *alias != own_id);
        let mut kept = Map::new();
        kept.insert("aliases".into(), json!(aliases));
        kept.insert("addresses".into(), endpoint["IPAMConfig"].clone());
        parts.insert(format!("network {network}"), Value::Object(kept));
    }
    parts
        .into_iter()
        .filter(|(_, value)| !is_empty(value))
        .map(|(key, value)| (key, value.to_string()))
        .collect()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => {
            members.values().all(is_empty) && !members.keys().any(|key| key.contains('/'))
        }
        Value::String(text) => text.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}
