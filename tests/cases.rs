//! Whole plans as directories of data: a declaration and a host in, text and JSON out.
//!
//! Each case holds `plimsoll.yaml`, inspect replies under `containers/`, and `host.json` for what
//! else there is to know. `PLIMSOLL_UPDATE=1` rewrites what is expected.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use plimsoll::{
    declaration::{load, policy::Policy},
    evaluate::evaluate,
    model::{
        capability::CapabilitySet,
        class::Class,
        container::ContainerSpec,
        daemon::{DaemonKey, FileRead, Flag, Service},
        daemon_file as file_findings, daemon_keys,
        defaulted::DaemonDefaults,
        effective::{Surroundings, complete, follow_joined},
        field::Field,
        object::Address,
        process::{ProcessDetails, ProcessFacts},
        snapshot::{BlindSpot, HostFacts, Observed, Snapshot},
    },
    plan::{
        Ceiling, Lost, Plan,
        build::{plan, replacements},
        daemon_file,
        run::LastApplied,
    },
    render::{
        Style, diff, explain, json,
        status::{self, Status},
        text,
    },
    sources::{info::engine_says, inspect::from_inspect},
};
use serde::Deserialize;
use serde_json::Value;

/// What a case says about its host.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct HostFile {
    today: String,
    engine: String,
    /// `Docker` unless said otherwise.
    engine_name: String,
    swarm: bool,
    service: String,
    read: Read,
    /// Key to the names of variables that bear on it.
    environment: BTreeMap<String, Vec<String>>,
    daemon: BTreeMap<String, Sides>,
    /// The engine's `/info`, cut down to what matters.
    info: Value,
    /// The text of `daemon.json`, for a case that shows its difference.
    file: Option<String>,
    /// Address to the reason why it could not be read.
    blind: BTreeMap<String, String>,
    /// Files in writable layers, by container; the others are clean.
    layers: BTreeMap<String, Lost>,
    /// By container.
    processes: BTreeMap<String, Process>,
    last: LastApplied,
    ceiling: Class,
    only: Vec<String>,
    width: usize,
    summary: bool,
    /// Whether the status is shown as well.
    status: bool,
    /// An object that is explained as well.
    explain: Option<String>,
}

/// The kernel's word on a container's first process.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Process {
    no_new_privileges: bool,
    seccomp: u8,
    command: String,
    /// Soft and hard.
    ulimits: BTreeMap<String, (u64, u64)>,
}

impl Process {
    fn facts(&self) -> ProcessFacts {
        let ulimits = self.ulimits.iter();
        let ulimits =
            ulimits.map(|(name, (soft, hard))| (name.clone(), (Some(*soft), Some(*hard))));
        let details = ProcessDetails {
            command: self.command.clone(),
            ulimits: ulimits.collect(),
            ..ProcessDetails::default()
        };
        ProcessFacts {
            no_new_privileges: self.no_new_privileges,
            seccomp: self.seccomp,
            bounding: CapabilitySet::DEFAULT,
            details: Some(details),
            ..ProcessFacts::default()
        }
    }
}

/// When the file changed, and who has read it since.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Read {
    file_changed_at: Option<String>,
    started_at: Option<String>,
    reloaded_at: Option<String>,
    by_start: bool,
    by_reload: bool,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Sides {
    file: Option<Value>,
    flag: Option<Value>,
    running: Option<Value>,
}

impl Default for HostFile {
    fn default() -> Self {
        Self {
            today: "2026-11-26".into(),
            engine: "28.5.2".into(),
            engine_name: "Docker".into(),
            swarm: false,
            service: "systemd".into(),
            read: Read::default(),
            environment: BTreeMap::new(),
            daemon: BTreeMap::new(),
            info: Value::Null,
            file: None,
            blind: BTreeMap::new(),
            layers: BTreeMap::new(),
            processes: BTreeMap::new(),
            last: LastApplied::default(),
            ceiling: Class::Evict,
            only: Vec::new(),
            width: 80,
            summary: false,
            status: false,
            explain: None,
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/plan")
}

fn folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = fs::read_dir(root())
        .expect("there are cases")
        .map(|entry| entry.expect("the folder can be read").path())
        .collect();
    folders.sort();
    folders
}

fn policy(folder: &Path) -> Policy {
    let bytes = fs::read(folder.join("plimsoll.yaml")).expect("a case has a declaration");
    load("plimsoll.yaml", &bytes, &|_| Err("cases extend baselines only".into()))
        .unwrap_or_else(|problems| panic!("{}: {problems:?}", folder.display()))
}

fn snapshot(folder: &Path, host: &HostFile) -> Snapshot {
    let mut around = Surroundings {
        daemon_seccomp_unconfined: Some(false),
        volume_binds: Some(BTreeMap::new()),
        real_paths: ["/", "/etc", "/srv/data", "/run", "/run/docker.sock", "/var/run/docker.sock"]
            .map(|path| (path.to_owned(), path.replace("/var/run", "/run")))
            .into(),
        ..Surroundings::default()
    };
    let mut specs: Vec<ContainerSpec> = fs::read_dir(folder.join("containers"))
        .into_iter()
        .flatten()
        .map(|entry| {
            let path = entry.expect("the folder can be read").path();
            let reply = fs::read(&path).expect("an inspect reply can be read");
            let inspected = from_inspect(&reply);
            inspected.unwrap_or_else(|error| panic!("{}: {error}", path.display())).spec
        })
        .collect();
    specs.sort_by(|a, b| a.name.cmp(&b.name));
    let blind = host.blind.iter().map(|(address, why)| {
        let (_, name) = address.split_once('/').expect("a blind spot is an address");
        BlindSpot { address: Address::container(name), why: why.clone() }
    });
    let mut snapshot = Snapshot {
        host: HostFacts {
            name: "edge-07".into(),
            engine_id: "ENGINE".into(),
            platform: "linux/amd64".into(),
            engine_name: host.engine_name.clone(),
            engine_version: host.engine.clone(),
            api_version: "1.51".into(),
        },
        blind_spots: blind.collect(),
        ..Snapshot::default()
    };
    let daemon = &mut snapshot.daemon;
    daemon.running_containers = specs.iter().filter(|it| it.state.has_processes()).count();
    daemon.engine_version = host.engine.clone();
    daemon.file_path = "/etc/docker/daemon.json".into();
    daemon.swarm_active = host.swarm;
    daemon.engine = engine_says(&host.info);
    if let Some(text) = &host.file {
        daemon.file_findings = file_findings::findings(text, daemon_keys::release(&host.engine));
    }
    daemon.service = match host.service.as_str() {
        "systemd" => Service::Systemd { unit: "docker.service".into(), pid: 900 },
        "process" => Service::Process { pid: 900 },
        _ => Service::NotFound,
    };
    daemon.is_missing = host.engine_name == "Podman";
    daemon.environment = host.environment.clone();
    let time = |text: &Option<String>| text.as_ref().map(|it| it.parse().expect("a time"));
    daemon.read = FileRead {
        file_changed_at: time(&host.read.file_changed_at),
        started_at: time(&host.read.started_at),
        reloaded_at: time(&host.read.reloaded_at),
        by_start: host.read.by_start,
        by_reload: host.read.by_reload,
    };
    for (key, sides) in &host.daemon {
        let flag = sides.flag.clone().map(|value| Flag {
            argument: format!("--{key}={}", value.as_str().unwrap_or("…")),
            origin: Some("/lib/systemd/system/docker.service:9".into()),
            value,
        });
        let running = match &sides.running {
            Some(value) => Field::Set(value.clone()),
            None => Field::Unknown("the engine does not tell"),
        };
        daemon.keys.insert(key.clone(), DaemonKey { file: sides.file.clone(), flag, running });
    }
    let defaults = DaemonDefaults::of(daemon, &host.last.earlier_defaults);
    around.daemon_defaults = Arc::new(defaults);
    let complete_one = |spec: ContainerSpec| {
        let process = host.processes.get(&spec.name).map(|it| Arc::new(it.facts()));
        let spec = complete(spec, &around, process.ok_or("this host has no processes"));
        // Cases hold what they are about, not what a digest over it happens to be.
        Observed { fingerprint: format!("print of {}", spec.name), spec }
    };
    snapshot.containers = specs.into_iter().map(complete_one).collect();
    follow_joined(&mut snapshot.containers);
    snapshot
}

fn planned(folder: &Path, host: &HostFile) -> Plan {
    let policy = policy(folder);
    let snapshot = snapshot(folder, host);
    let report = evaluate(&policy, host.today.parse().expect("a date"), &snapshot);
    let layers = replacements(&report, &snapshot, &policy)
        .into_iter()
        .map(|(address, _)| {
            let clean = Lost { files: Some(Vec::new()), ..Lost::default() };
            let lost = host.layers.get(address.name()).cloned().unwrap_or(clean);
            (address, lost)
        })
        .collect();
    let ceiling = Ceiling { only: host.only.clone(), ..Ceiling::at(host.ceiling) };
    plan(&policy, &report, &snapshot, &host.last, &layers, &ceiling)
}

/// Compares a result with the file that holds what is expected, and rewrites that on demand.
fn compare(path: &Path, seen: &str) -> Result<(), String> {
    if std::env::var_os("PLIMSOLL_UPDATE").is_some() {
        fs::write(path, seen).expect("the expectation can be written");
    }
    let want = fs::read_to_string(path).unwrap_or_default();
    match seen == want {
        true => Ok(()),
        false => Err(format!("{}:\n--- expected\n{want}\n--- seen\n{seen}", path.display())),
    }
}

fn check(folder: &Path) -> Result<(), String> {
    let host: HostFile = fs::read(folder.join("host.json")).map_or_else(
        |_| HostFile::default(),
        |bytes| serde_json::from_slice(&bytes).expect("host.json is as the type says"),
    );
    let plan = planned(folder, &host);
    let objects = &plan.ledger.objects;
    let todo: usize = objects.todo.values().sum();
    let parts = todo + objects.held + objects.in_sync + objects.by_hand + objects.unknown;
    assert_eq!(objects.total, parts, "{}", folder.display());

    let now = "2026-11-26T12:00:00Z".parse().expect("a time");
    let diff = host.file.as_deref().map(|before| {
        let after = daemon_file::after(&plan, Some(before)).expect("the file is JSON");
        diff::daemon_file(before, &after)
    });
    let options = text::PlanOptions {
        now: Some(now),
        summary: host.summary,
        diff: diff.as_deref(),
        ..text::PlanOptions::default()
    };
    let style = Style { color: false, width: host.width, unicode: true };
    let mut out = Vec::new();
    text::plan(&mut out, &plan, &style, &options).expect("memory takes everything");
    let shown = String::from_utf8(out).expect("plans are text");
    let document = json::plan(&plan, now);
    let document = format!("{document:#}\n");
    for text in [&shown, &document] {
        assert!(!text.contains("canary"), "{} shows a secret:\n{text}", folder.display());
        assert!(!text.contains('\u{1b}'), "{} steers a terminal", folder.display());
    }
    compare(&folder.join("plan.txt"), &shown)?;
    if host.status {
        let status = Status { plan: &plan, last_run: None, kept: &[], now: Some(now) };
        let mut out = Vec::new();
        status::status(&mut out, &status, &style).expect("memory takes everything");
        compare(&folder.join("status.txt"), &String::from_utf8_lossy(&out))?;
    }
    if let Some(name) = &host.explain {
        let mut out = Vec::new();
        let address = match name.strip_prefix("daemon/") {
            Some(key) => Address::daemon_key(key),
            None => Address::container(name),
        };
        let snapshot = snapshot(folder, &host);
        let found = explain::address(&mut out, &plan, &snapshot, &address, &style);
        assert!(found.expect("memory takes everything"));
        compare(&folder.join("explain.txt"), &String::from_utf8_lossy(&out))?;
    }
    compare(&folder.join("plan.json"), &document.replace(env!("CARGO_PKG_VERSION"), "VERSION"))
}

#[test]
fn every_case_gives_the_plan_that_is_expected() {
    let wrong: Vec<String> = folders().iter().filter_map(|folder| check(folder).err()).collect();
    assert!(wrong.is_empty(), "{}\nPLIMSOLL_UPDATE=1 rewrites them", wrong.join("\n"));
}
