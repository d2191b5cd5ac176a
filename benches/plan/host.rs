//! A made-up host with thousands of containers, on which everything was looked at that rules about
//! containers ask for, as a plan looks at it.

use std::{collections::BTreeMap, sync::Arc};

use plimsoll::{
    model::{
        capability::CapabilitySet,
        container::ContainerSpec,
        daemon::{DaemonConfig, DaemonKey},
        defaulted::DaemonDefaults,
        effective::{Surroundings, complete, follow_joined},
        engine_facts::EngineFacts,
        field::Field,
        image::{ImageFacts, ImageFiles, ImageList},
        inside::Inside,
        network::NetworkDriver,
        process::{KernelLimit, ProcessDetails, ProcessFacts},
        snapshot::{Observed, Snapshot},
    },
    sources::{image, inspect::from_inspect},
};
use serde_json::{Value, json};

use crate::{Outcome, lab};

/// Names and IDs of the images of [`lab::body`].
const IMAGES: [(&str, &str); 3] = [
    (WEB, "sha256:8eeb73baef2985f0aee9233a6a267446ffa70825f48934c6d4fafad74b5fe873"),
    (USER, "sha256:5b1fb3ea6bb2f6a2a4dd54fbcd1d3ac4a4a6ccb1aff7a5ce39a3ae7a7d1b5a10"),
    (BUSYBOX, "sha256:0c7ff9f2f0c5c3f3a8d9b5d1d6de6ee8a6ae4f6f3a1a0a7de8f26c27c0b3aa42"),
];
const WEB: &str = "plimsoll-test/web:1";
const USER: &str = "plimsoll-test/user:1";
const BUSYBOX: &str = "plimsoll-test/busybox:1";
/// The user of the second.
const UNPRIVILEGED: &str = "1000:1000";

pub(crate) fn snapshot(containers: usize) -> Outcome<Snapshot> {
    let around = surroundings()?;
    let drivers: Vec<NetworkDriver> = ["bridge", "host", "none"]
        .map(|name| NetworkDriver {
            name: name.to_owned(),
            id: format!("id of {name}"),
            driver: if name == "none" { "null" } else { name }.to_owned(),
        })
        .into();
    let drivers = Field::Set(Arc::new(drivers));
    let mut seen = Vec::with_capacity(containers);
    for number in 0..containers {
        let inspected = from_inspect(reply(number)?.to_string().as_bytes())?;
        let process = process(&inspected.spec);
        let spec = ContainerSpec {
            network_drivers: drivers.clone(),
            changes: Field::Set(Vec::new()),
            exchangeable: Field::Set(Vec::new()),
            inside: Inside {
                sessions: Field::Set(Vec::new()),
                ssh_servers: Field::Set(Vec::new()),
            },
            ..complete(inspected.spec, &around, Ok(Arc::new(process)))
        };
        seen.push(Observed { spec, fingerprint: inspected.fingerprint });
    }
    follow_joined(&mut seen);
    seen.sort_by(|a, b| a.spec.name.cmp(&b.spec.name));
    Ok(Snapshot { containers: seen, ..Snapshot::default() })
}

fn surroundings() -> Outcome<Surroundings> {
    let files =
        Arc::new(ImageFiles { set_id: Vec::new(), left_over: Vec::new(), accounts: Ok(None) });
    let facts = IMAGES.map(|(name, id)| Ok((id.to_owned(), Ok(Arc::new(image_facts(name)?)))));
    let by_id = || IMAGES.iter().map(|(_, id)| (*id).to_owned());
    Ok(Surroundings {
        daemon_seccomp_unconfined: Some(false),
        control_sockets: vec!["/run/docker.sock".to_owned()],
        real_paths: [
            ("/srv/shop", "/srv/shop"),
            ("/etc/localtime", "/usr/share/zoneinfo/Etc/UTC"),
            ("/var/run/docker.sock", "/run/docker.sock"),
            ("/", "/"),
        ]
        .map(|(given, real)| (given.to_owned(), real.to_owned()))
        .into(),
        volume_binds: Some(BTreeMap::new()),
        repo_digests: by_id().map(|id| (id, Vec::new())).collect(),
        images: Some(ImageList::new(
            IMAGES.map(|(name, id)| (id.to_owned(), vec![name.to_owned()])),
        )),
        image_facts: facts.into_iter().collect::<Outcome<_>>()?,
        image_files: by_id().map(|id| (id, Field::Set(Arc::clone(&files)))).collect(),
        daemon_defaults: Arc::new(daemon_defaults()),
        engine: Arc::new(EngineFacts {
            apparmor: Some(true),
            selinux: Some(false),
            maps_users: Some(false),
            default_runtime: "runc".to_owned(),
            limits_layers: Some(false),
            version: Some([28, 5, 2]),
            now: "2026-11-26T12:00:00Z".parse().ok(),
            socket_groups: Some([998].into()),
        }),
        ..Surroundings::default()
    })
}

fn image_facts(name: &str) -> Outcome<ImageFacts> {
    let history = json!([
        { "CreatedBy": "CMD [\"/bin/sh\" \"-c\" \"httpd -f -p 8080 -h /www\"]" },
        { "CreatedBy": "COPY www /www # buildkit" },
        { "CreatedBy": "RUN /bin/sh -c apk add --no-cache tzdata # buildkit" },
        { "CreatedBy": "ADD rootfs.tar.gz / # buildkit" },
    ]);
    let inspect = json!({ "Config": from_image(name) });
    Ok(image::facts(inspect.to_string().as_bytes(), history.to_string().as_bytes())?)
}

/// What an image says, and so every container of it.
fn from_image(name: &str) -> Value {
    let mut config =
        json!({ "WorkingDir": "/www", "User": if name == USER { UNPRIVILEGED } else { "" } });
    if name == WEB {
        config["ExposedPorts"] = json!({ "8080/tcp": {} });
        config["Healthcheck"] = json!({ "Test": ["CMD", "wget", "-q", "http://127.0.0.1:8080/"] });
    }
    config
}

fn daemon_defaults() -> DaemonDefaults {
    let by_default = [("init", json!(false)), ("log-driver", json!("json-file"))];
    let keys = by_default.map(|(key, value)| {
        (key.to_owned(), DaemonKey { file: None, flag: None, running: Field::Set(value) })
    });
    let daemon = DaemonConfig { keys: keys.into(), ..DaemonConfig::default() };
    DaemonDefaults::of(&daemon, &BTreeMap::new())
}

/// What the kernel says of the first process: what its engine asked for.
fn process(spec: &ContainerSpec) -> ProcessFacts {
    let capabilities = spec.capability_request.effective(spec.privileged);
    let uid = if spec.user.stated().is_some_and(|it| it == UNPRIVILEGED) { 1_000 } else { 0 };
    let confined = if spec.privileged { "unconfined" } else { "docker-default (enforce)" };
    ProcessFacts {
        no_new_privileges: spec.no_new_privileges.stated() == Some(&true),
        seccomp: if spec.privileged { 0 } else { 2 },
        uid,
        effective: if uid == 0 { capabilities } else { CapabilitySet::EMPTY },
        bounding: capabilities,
        details: Some(ProcessDetails {
            command: "sh".to_owned(),
            user_namespace: false,
            root_is: Some(0),
            apparmor: Some(confined.to_owned()),
            memory: Some(spec.memory_bytes.map_or(KernelLimit::None, KernelLimit::Most)),
            pids: Some(spec.pids_limit.map_or(KernelLimit::None, KernelLimit::Most)),
            cgroups: vec![format!("/system.slice/docker-{}.scope", spec.id)],
            own_cgroup_namespace: Some(!spec.privileged),
            ulimits: BTreeMap::from([
                ("core".to_owned(), (None, None)),
                ("nofile".to_owned(), (Some(1_048_576), Some(1_048_576))),
            ]),
        }),
    }
}

/// What Docker 28.5 says about a container of [`lab::body`] that runs.
fn reply(number: usize) -> Outcome<Value> {
    let body = lab::body(number);
    let image = body["Image"].as_str().unwrap_or_default();
    let (name, id) = IMAGES.iter().find(|it| it.0 == image).ok_or("no such image")?;
    let privileged = body["HostConfig"]["Privileged"] == true;
    let network = body["HostConfig"]["NetworkMode"].as_str().unwrap_or("bridge");
    let mut config = from_image(name);
    for member in ["Image", "Env", "Labels"] {
        config[member] = body[member].clone();
    }
    Ok(json!({
        "Id": format!("{number:064x}"),
        "Name": format!("/bench-{number:05}"),
        "Image": id,
        "Created": "2026-11-20T09:59:58.123456789Z",
        "State": {
            "Status": "running",
            "Pid": 4_000 + number,
            "StartedAt": "2026-11-20T10:00:00Z",
            "Health": { "Status": if *name == WEB { "healthy" } else { "" } },
        },
        "RestartCount": 0,
        "Platform": "linux",
        "AppArmorProfile": if privileged { "unconfined" } else { "docker-default" },
        "HostConfig": host_config(&body["HostConfig"], privileged),
        "Config": config,
        "Mounts": mounts(&body["HostConfig"]),
        "NetworkSettings": { "Networks": { network: {} } },
    }))
}

/// What was asked for, and what the engine fills in where nothing was.
fn host_config(asked: &Value, privileged: bool) -> Value {
    let mut full = json!({
        "LogConfig": { "Type": "json-file", "Config": {} },
        "NetworkMode": "bridge",
        "RestartPolicy": { "Name": "no", "MaximumRetryCount": 0 },
        "CgroupnsMode": if privileged { "host" } else { "private" },
        "IpcMode": "private",
        "PidMode": "",
        "UTSMode": "",
        "UsernsMode": "",
        "OomScoreAdj": 0,
        "Privileged": false,
        "PublishAllPorts": false,
        "ReadonlyRootfs": false,
        "ShmSize": 67_108_864,
        "Runtime": "runc",
        "Memory": 0,
        "NanoCpus": 0,
        "CgroupParent": "",
        "BlkioWeight": 0,
        "PidsLimit": null,
        "OomKillDisable": null,
    });
    if !privileged {
        full["MaskedPaths"] = json!([
            "/proc/asound",
            "/proc/acpi",
            "/proc/interrupts",
            "/proc/kcore",
            "/proc/keys",
            "/proc/latency_stats",
            "/proc/timer_list",
            "/proc/timer_stats",
            "/proc/sched_debug",
            "/proc/scsi",
            "/sys/firmware",
            "/sys/devices/virtual/powercap",
        ]);
        full["ReadonlyPaths"] =
            json!(["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]);
    }
    for (member, value) in asked.as_object().into_iter().flatten() {
        full[member] = value.clone();
    }
    full
}

fn mounts(asked: &Value) -> Vec<Value> {
    let binds = asked["Binds"].as_array().into_iter().flatten();
    let binds = binds.filter_map(|bind| bind.as_str()?.split_once(':')).map(|(source, rest)| {
        let (destination, mode) = rest.split_once(':').unwrap_or((rest, "rw"));
        json!({
            "Type": "bind",
            "Source": source,
            "Destination": destination,
            "Mode": mode,
            "RW": mode != "ro",
            "Propagation": "rprivate",
        })
    });
    let volumes = asked["Mounts"].as_array().into_iter().flatten().map(|mount| {
        json!({
            "Type": "volume",
            "Name": mount["Source"],
            "Source": "/var/lib/docker/volumes/bench-data/_data",
            "Destination": mount["Target"],
            "Driver": "local",
            "Mode": "z",
            "RW": true,
            "Propagation": "",
        })
    });
    binds.chain(volumes).collect()
}
