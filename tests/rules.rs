//! The list of rules, tested as a list: complete, documented, and every fix fixes.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

#[path = "rules/host.rs"]
mod host;
#[path = "rules/objects.rs"]
mod objects;

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    sync::{Arc, LazyLock},
};

use plimsoll::{
    model::{
        capability::CapabilitySet,
        container::{ContainerSpec, State},
        edit::{ContainerEdit, Edit},
        effective::{Surroundings, complete, follow_joined},
        engine_facts::EngineFacts,
        field::Field,
        finding::{Fix, Severity, Verdict},
        image::{ImageFiles, ImageList},
        inside::{Inside, is_ssh_server},
        network::NetworkDriver,
        object::{Object, ObjectKind},
        predict::predict,
        process::{KernelLimit, ProcessDetails, ProcessFacts},
        snapshot::Observed,
    },
    rules::{self, BoundRule, Example, RULES},
    sources::{self, inspect::from_inspect},
};
use proptest::{collection::vec, prelude::*, sample::subsequence};
use serde::Deserialize;
use serde_json::{Value, json};

#[test]
fn rules_are_sorted_and_unique() {
    let ids: Vec<_> = RULES.iter().map(|it| it.meta().id).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
}

#[test]
fn ids_are_words_with_a_dot() {
    for meta in rules::all_metas() {
        let (area, property) = meta.id.split_once('.').unwrap();
        for part in [area, property] {
            assert!(!part.is_empty(), "{}", meta.id);
            let is_word = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-';
            assert!(part.chars().all(is_word), "{}", meta.id);
        }
    }
}

#[test]
fn every_rule_is_in_the_file_of_its_id_or_of_its_family() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules");
    let in_list: BTreeSet<_> = RULES.iter().map(|it| it.meta().id.to_owned()).collect();
    let mut in_files = BTreeSet::new();
    // What rules share, and what the `daemon` section asks for, is no rule.
    let beside = [
        ("daemon", "key"),
        ("daemon", "settings"),
        ("host", "floors"),
        ("host-file", "params"),
        ("host-file", "wrong"),
    ];
    // Tables, and what the rules in them begin with.
    let families = [
        ("attested", "table", ""),
        ("daemon", "fixed", "daemon."),
        ("host", "trusted-files", ""),
        ("host-file", "table", "host-file."),
    ];
    for area in fs::read_dir(&root).unwrap().map(|it| it.unwrap().path()).filter(|it| it.is_dir()) {
        for file in fs::read_dir(&area).unwrap().map(|it| it.unwrap().path()) {
            let dashed =
                |path: &Path| path.file_stem().unwrap().to_str().unwrap().replace('_', "-");
            let (area, stem) = (dashed(&area), dashed(&file));
            if file.is_file() && stem != "mod" && !beside.contains(&(&*area, &*stem)) {
                let id = format!("{area}.{stem}");
                if in_list.contains(&id) {
                    in_files.insert(id);
                    continue;
                }
                // A family, whose rules begin with its name if nothing else is said.
                let table = families.iter().find(|it| (it.0, it.1) == (&*area, &*stem));
                let begins = table.map_or(&*id, |it| it.2);
                let text = fs::read_to_string(&file).unwrap();
                let family: Vec<_> = in_list
                    .iter()
                    .filter(|it| it.starts_with(begins) && text.contains(&format!("{it:?}")))
                    .cloned()
                    .collect();
                assert!(!family.is_empty(), "{id} is in no list");
                in_files.extend(family);
            }
        }
    }
    assert_eq!(in_files, in_list);
}

#[test]
fn docs_have_their_headings_in_order() {
    for meta in rules::all_metas() {
        let headings: Vec<_> =
            meta.docs.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(headings, ["Checks", "Why", "What a fix may break"], "{}", meta.id);
        assert!(!meta.title.ends_with('.') && meta.title.len() < 80, "{}", meta.id);
    }
}

#[test]
fn implied_rules_exist_and_every_rule_can_be_found() {
    for meta in rules::all_metas() {
        assert_eq!(rules::meta(meta.id).map(|it| it.id), Some(meta.id));
        for implied in meta.implies {
            assert!(rules::find(implied).is_some(), "{} implies {implied}", meta.id);
        }
    }
}

#[test]
fn severities_are_those_of_the_catalogue() {
    let critical: Vec<_> =
        RULES.iter().map(|it| it.meta()).filter(|it| it.severity == Severity::Critical).collect();
    let ids: Vec<_> = critical.iter().map(|it| it.id).collect();
    assert_eq!(
        ids,
        [
            "container.device-classes",
            "container.no-cap-dac-read-search",
            "container.no-cap-equivalents",
            "container.no-cap-sys-admin",
            "container.no-cap-sys-module",
            "container.no-engine-socket",
            "container.no-engine-socket-ancestor",
            "container.no-foreign-runtime-socket",
            "container.no-host-root-equivalent-combo",
            "container.no-privileged",
            "container.no-wildcard-device-rule",
            "daemon.config-parses",
            "daemon.tcp-requires-client-tls",
            "host-file.containerd-sock-mode",
            "host-file.containerd-sock-owner",
            "host-file.docker-sock-mode",
            "host-file.docker-sock-owner",
            "host-file.tls-key-mode",
            "host-file.tls-key-owner",
            "host.docker-group-members",
            "host.engine-binaries-owner-mode",
            "host.listener-inventory",
            "host.runc-version",
            "image.no-secrets",
        ]
    );
}

#[test]
fn every_rule_has_examples_that_come_out_as_they_say() {
    for rule in RULES {
        let meta = rule.meta();
        let mut words = BTreeSet::new();
        for example in meta.examples {
            let (expected, params, object) = parts(example);
            let verdict = match rule.kind() {
                ObjectKind::Container => judge(&*bind(meta.id, params), &container(object)),
                ObjectKind::Daemon => host::judge(&*bind(meta.id, params), object),
                ObjectKind::HostFiles => host::judge_files(&*bind(meta.id, params), object),
                ObjectKind::Attestable => host::judge_attested(&*bind(meta.id, params), object),
                ObjectKind::Upkeep => host::judge_upkeep(&*bind(meta.id, params), object),
                ObjectKind::HostSystem => host::judge_system(&*bind(meta.id, params), object),
                ObjectKind::Network
                | ObjectKind::Service
                | ObjectKind::StoredImages
                | ObjectKind::Swarm => objects::judge(&*bind(meta.id, params), object),
            };
            assert_eq!(word(&verdict), expected, "{}: {params} on {object}: {verdict:?}", meta.id);
            words.insert(expected);
        }
        assert!(words.contains("passes") && words.contains("fails"), "{}", meta.id);
    }
}

#[test]
fn rules_without_required_parameters_accept_true() {
    let refused: Vec<_> =
        RULES.iter().filter(|it| it.bind(json!({})).is_err()).map(|it| it.meta().id).collect();
    assert_eq!(
        refused,
        [
            "container.declared",
            "container.networks-declared",
            "container.ulimits",
            "host.kernel-supported",
            "image.allow-list",
            "image.trusted-source",
            "network.icc-disabled"
        ]
    );
}

#[test]
fn parameters_that_make_no_sense_are_refused_with_their_place() {
    for (rule, params, path, message) in [
        ("container.declared", "{}", "allow", "has to say what is allowed"),
        ("container.declared", "allow: []", "allow", "has to say what is allowed"),
        ("image.allow-list", "{}", "allow", "has to say what is allowed"),
        ("image.trusted-source", "allow: []", "allow", "has to say what is allowed"),
        ("container.ulimits", "{}", "max", "has to say which"),
        ("container.ulimits", "max: {files: 1}", "max", "not a ulimit"),
        ("container.cpu-limit", "max: 0", "max", "not a number of processors"),
        ("container.age", "max-days: -1", "max-days", "invalid value"),
        ("container.log-driver", "max-file: 0", "max-file", "least is 1"),
        ("container.runtime-allowed", "allow: []", "allow", "has to say what is allowed"),
        ("container.shm-and-tmpfs-bounded", "max-shm: 0", "max-shm", "by itself"),
        ("container.stop-timeout-sane", "{min: 9, max: 5}", "max", "less than `min`"),
        ("container.volume-types-allowed", "binds: [srv]", "binds[0]", "absolute"),
        ("container.ports-declared", "ports: ['80']", "ports[0]", "not a published port"),
        ("container.ports-declared", "ports: ['a:1:1']", "ports[0]", "not a published port"),
        ("container.pids-limit", "max: 0", "max", "least is 1"),
        ("container.pids-limit", "max: many", "max", "invalid type"),
        ("container.pids-limit", "mox: 1", "mox", "unknown field"),
        ("container.memory-limit", "max: 1m", "max", "6m"),
        ("container.memory-limit", "max: big", "max", "is not a size"),
        ("container.restart-bounded", "max-retries: 0", "max-retries", "least is 1"),
        ("container.read-only-rootfs", "tmpfs: [/run, tmp]", "tmpfs[1]", "absolute"),
        ("container.non-root-user", "user: '0:0'", "user", "is root"),
        ("container.non-root-user", "user: app", "user", "not a number"),
        ("container.no-host-network", "network: host", "network", "not a network of its own"),
        ("container.no-wildcard-publish", "address: '::'", "address", "every address"),
        ("container.no-wildcard-publish", "public: [80, 99999]", "public[1]", "up to 65535"),
        ("container.no-writable-drift", "allow: [srv]", "allow[0]", "not absolute"),
        ("container.no-sensitive-bind", "protect: [srv]", "protect[0]", "absolute"),
        ("container.capabilities-bounded", "allow: [FLY]", "allow", "not a capability"),
        ("daemon.default-publish-address", "address: '::'", "address", "every address"),
        ("host-file.docker-sock-mode", "mode: '0999'", "mode", "no mode in octal"),
        ("host-file.docker-sock-mode", "permissions: '01777'", "permissions", "no mode in octal"),
        ("host-file.tls-key-mode", "{mode: '0400', permissions: '0400'}", "mode", "says again"),
        ("daemon.default-ulimits", "max: {core: none}", "max.core", "invalid type"),
        ("host.docker-group-members", "allow: [1]", "allow[0]", "invalid type"),
        ("host.engine-version-supported", "engine: newest", "engine", "is not a version"),
        ("host.listener-inventory", "allow: ['fd://']", "allow[0]", "starts with"),
        ("host.time-since-last-run", "max-hours: 0", "max-hours", "least is 1"),
        ("host.unit-dropins-trusted", "files: {a.conf: ''}", "files", "not absolute"),
        ("host.unit-dropins-trusted", "files: {/a.conf: abc}", "files./a.conf", "64 digits"),
        ("host.subid-ranges", "min: 0", "min", "least is 1"),
        ("host.kernel-supported", "min: []", "min", "at least one version"),
        ("host.runc-version", "min: ['1.1.5+ds1']", "min", "is not a version"),
        ("network.icc-disabled", "networks: []", "networks", "has to say which"),
        ("network.bind-address", "addresses: [all]", "addresses[0]", "invalid IP address"),
        ("swarm.manager-quorum", "{min: 5, max: 3}", "max", "less than `min`"),
    ] {
        let error = rules::find(rule).unwrap().bind(yaml(params)).err();
        let error = error.unwrap_or_else(|| panic!("{rule} accepts {params}"));
        assert_eq!(error.path, path, "{rule}: {params}: {}", error.message);
        assert!(error.message.contains(message), "{rule}: {params}: {}", error.message);
    }
}

#[test]
fn schema_of_every_rule_accepts_its_examples() {
    for rule in RULES {
        let mut generator = schemars::SchemaGenerator::default();
        let mut schema = rule.params_schema(&mut generator);
        let definitions = Value::Object(generator.take_definitions(true));
        schema.insert("$defs".into(), definitions);
        let validator = jsonschema::validator_for(schema.as_value()).unwrap();
        for example in rule.meta().examples {
            let (_, params, _) = parts(example);
            let errors: Vec<_> =
                validator.iter_errors(&yaml(params)).map(|it| it.to_string()).collect();
            assert!(errors.is_empty(), "{}: {params}: {errors:?}", rule.meta().id);
        }
    }
}

#[test]
fn fixes_of_the_examples_fix_and_break_no_other_rule() {
    for rule in RULES {
        for example in rule.meta().examples {
            let (_, params, object) = parts(example);
            let id = rule.meta().id;
            match rule.kind() {
                ObjectKind::Container => check_fix(id, &*bind(id, params), &container(object)),
                ObjectKind::Daemon => host::check_fix(id, &*bind(id, params), object),
                ObjectKind::HostFiles => host::check_fix_of_files(id, &*bind(id, params), object),
                ObjectKind::HostSystem => host::check_fix_of_system(id, &*bind(id, params), object),
                // A person carries those out.
                ObjectKind::Attestable
                | ObjectKind::Network
                | ObjectKind::Service
                | ObjectKind::StoredImages
                | ObjectKind::Swarm
                | ObjectKind::Upkeep => {}
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn fixes_fix_and_break_no_other_rule(settings in subsequence(SETTINGS, 0..9)) {
        let mut object = json!({ "HostConfig": {}, "Config": {} });
        for (section, key, value) in settings {
            object[section][key] = yaml(value);
        }
        let spec = complete_one(&object);
        for (id, bound) in ALL_WITH_FIXES.iter() {
            check_fix(id, &**bound, &spec);
        }
        // All fixes together, as one replacement carries them out.
        let edits: Vec<ContainerEdit> = ALL_WITH_FIXES
            .iter()
            .flat_map(|(_, bound)| container_edits(&judge(&**bound, &spec)))
            .collect();
        let after = predict(spec.clone(), &edits);
        for (id, bound) in ALL_WITH_FIXES.iter() {
            if !container_edits(&judge(&**bound, &spec)).is_empty() {
                prop_assert_eq!(judge(&**bound, &after), Verdict::Pass, "{}", id);
            }
        }
    }

    #[test]
    fn no_reply_makes_a_rule_panic(words in vec("[a-z:/=,]{0,12}", 6)) {
        let object = json!({
            "Config": { "User": words[0], "Image": words[1] },
            "HostConfig": {
                "Binds": [words[2]],
                "SecurityOpt": [words[3]],
                "NetworkMode": words[4],
                "PortBindings": { &words[5]: [{ "HostIp": words[0], "HostPort": words[1] }] },
            },
        });
        let spec = complete_one(&object);
        for (_, bound) in ALL_WITH_FIXES.iter() {
            judge(&**bound, &spec);
        }
    }
}

/// Careless settings, by their place in an inspect reply.
const SETTINGS: &[(&str, &str, &str)] = &[
    ("HostConfig", "Privileged", "true"),
    ("HostConfig", "CapAdd", "[SYS_ADMIN, net_raw]"),
    ("HostConfig", "CapDrop", "[CHOWN]"),
    ("HostConfig", "SecurityOpt", "[seccomp=unconfined, no-new-privileges=false]"),
    ("HostConfig", "ReadonlyRootfs", "false"),
    (
        "HostConfig",
        "Binds",
        "['/var/run/docker.sock:/docker.sock', '/etc:/run', '/:/host', 'data:/data']",
    ),
    ("HostConfig", "Mounts", "[{Type: bind, Source: /usr, Target: /data}]"),
    ("HostConfig", "Tmpfs", "{/run: ''}"),
    ("HostConfig", "NetworkMode", "host"),
    ("HostConfig", "PidMode", "host"),
    ("HostConfig", "IpcMode", "host"),
    ("HostConfig", "UTSMode", "host"),
    ("HostConfig", "CgroupnsMode", "host"),
    ("HostConfig", "DeviceCgroupRules", "['a *:* rwm']"),
    (
        "HostConfig",
        "PortBindings",
        "{80/tcp: [{HostIp: '', HostPort: '80'}, {HostIp: '::', HostPort: '80'}], 53/udp: [{HostPort: '53'}]}",
    ),
    ("HostConfig", "LogConfig", "{Type: json-file, Config: {}}"),
    ("HostConfig", "PidsLimit", "100000"),
    ("HostConfig", "Memory", "99999999999"),
    ("HostConfig", "RestartPolicy", "{Name: always}"),
    ("Config", "User", "root"),
    ("Config", "Volumes", "{/data: {}, /etc: {}}"),
];

/// Every rule that edits containers, with parameters that let it. Left out is
/// `container.shm-and-tmpfs-bounded`: a tmpfs that `container.read-only-rootfs` adds has the size
/// that its parameters give it, or none.
static ALL_WITH_FIXES: LazyLock<Vec<(&str, Box<dyn BoundRule>)>> = LazyLock::new(|| {
    [
        ("container.apparmor-confined", "{}"),
        ("container.capabilities-bounded", "allow: [NET_BIND_SERVICE, CHOWN]"),
        ("container.memory-limit", "max: 512m"),
        ("container.default-proc-masks", "{}"),
        ("container.no-cap-equivalents", "{}"),
        ("container.no-cap-mknod", "{}"),
        ("container.no-cap-net-raw", "{}"),
        ("container.no-cap-sys-admin", "{}"),
        ("container.no-engine-socket", "{}"),
        ("container.no-engine-socket-ancestor", "{}"),
        ("container.no-host-ipc", "{}"),
        ("container.no-host-network", "network: shop"),
        ("container.no-host-pid", "{}"),
        ("container.no-host-uts", "{}"),
        ("container.no-new-privileges", "{}"),
        ("container.no-privileged", "{}"),
        ("container.no-sensitive-bind", "{}"),
        ("container.no-wildcard-publish", "address: 127.0.0.1"),
        ("container.non-root-user", "user: '1000:1000'"),
        ("container.private-cgroupns", "{}"),
        ("container.pids-limit", "max: 512"),
        ("container.read-only-rootfs", "tmpfs: [/run, /tmp, /data]"),
        ("container.restart-bounded", "{}"),
        ("container.seccomp-confined", "{}"),
        ("container.selinux-confined", "{}"),
        ("container.no-writable-cgroups", "{}"),
        ("container.masked-paths-current", "{}"),
        ("container.no-foreign-runtime-socket", "{}"),
        ("container.log-driver", "{}"),
    ]
    .map(|(id, params)| (id, bind(id, params)))
    .into()
});

/// A fix makes its own rule pass, and no other rule fail that did not fail before.
fn check_fix(id: &str, rule: &dyn BoundRule, before: &ContainerSpec) {
    let verdict = judge(rule, before);
    let Verdict::Fail { fix: Fix::Edits(edits), .. } = &verdict else { return };
    assert!(!edits.is_empty(), "{id}: {verdict:?}");
    assert!(rules::meta(id).unwrap().fix.is_some(), "{id} says that it has no fix");
    let edits = container_edits(&verdict);
    if edits.is_empty() {
        return;
    }
    let after = predict(before.clone(), &edits);
    assert_eq!(judge(rule, &after), Verdict::Pass, "{id}: {edits:?}");
    for (other, bound) in ALL_WITH_FIXES.iter() {
        let (was, is) = (judge(&**bound, before), judge(&**bound, &after));
        assert!(word(&is) != "fails" || word(&was) == "fails", "{id} breaks {other}: {is:?}");
    }
}

fn container_edits(verdict: &Verdict) -> Vec<ContainerEdit> {
    match verdict {
        Verdict::Fail { fix: Fix::Edits(edits), .. } => edits
            .iter()
            .filter_map(|edit| match edit {
                Edit::Container(edit) => Some(edit.clone()),
                Edit::Evict { .. }
                | Edit::Restart { .. }
                | Edit::DaemonKey { .. }
                | Edit::DaemonKeyAbsent { .. }
                | Edit::HostFile(_) => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn bind(id: &str, params: &str) -> Box<dyn BoundRule> {
    let rule = rules::find(id).unwrap();
    rule.bind(yaml(params)).unwrap_or_else(|error| panic!("{id}: {params}: {error:?}"))
}

fn judge(rule: &dyn BoundRule, container: &ContainerSpec) -> Verdict {
    rule.judge(Object::Container(container)).unwrap()
}

fn container(object: &str) -> ContainerSpec {
    complete_one(&yaml(object))
}

fn complete_one(reply: &Value) -> ContainerSpec {
    let spec = from_inspect(reply.to_string().as_bytes()).unwrap().spec;
    let paths = spec.mounts.iter().map(|it| it.source.clone());
    let mut around = Surroundings {
        daemon_seccomp_unconfined: Some(false),
        control_sockets: vec!["/run/docker.sock".into()],
        // Every path leads where it says, but for those of another machine.
        real_paths: paths
            .chain(["/etc".into(), "/run".into()])
            .filter(|it| !it.starts_with("/elsewhere"))
            .map(|it| (it.clone(), it))
            .collect(),
        volume_binds: Some(
            [("etc-in-disguise", "/etc"), ("run-in-disguise", "/run")]
                .map(|(name, path)| (name.to_owned(), path.to_owned()))
                .into(),
        ),
        engine: Arc::new(EngineFacts {
            apparmor: Some(true),
            selinux: Some(true),
            maps_users: Some(true),
            default_runtime: "runc".into(),
            limits_layers: Some(true),
            version: Some([28, 5, 2]),
            now: "2026-11-26T12:00:00Z".parse().ok(),
            socket_groups: Some([998].into()),
        }),
        ..Surroundings::default()
    };
    add_image(&mut around, reply);
    let spec = complete(spec, &around, Err("its process is on another machine"));
    // Another container of the same host.
    let db = json!({ "Name": "/db", "HostConfig": { "Binds": ["shared-with-db:/data"] } });
    let db = from_inspect(db.to_string().as_bytes()).unwrap().spec;
    let mut both = [spec, db].map(|spec| Observed { spec, fingerprint: String::new() });
    follow_joined(&mut both);
    let [one, _] = both;
    let mut spec = ContainerSpec { inside: inside(reply), ..one.spec };
    if let Some(Value::Object(drivers)) = reply.get("Drivers") {
        let network = |(name, driver): (&String, &Value)| NetworkDriver {
            name: name.clone(),
            id: format!("id of {name}"),
            driver: driver.as_str().unwrap().to_owned(),
        };
        spec.network_drivers = Field::Set(Arc::new(drivers.iter().map(network).collect()));
    }
    if let Some(changes) = reply.get("Changes") {
        spec.changes = Field::Set(serde_json::from_value(changes.clone()).unwrap());
    }
    if let Some(kernel) = reply.get("Kernel") {
        spec.state = State::Running;
        spec.process = Field::Set(Arc::new(kernels_word(kernel)));
    }
    // Likewise what lies on the way to what it mounts.
    if let Some(found) = reply.get("Exchangeable") {
        spec.exchangeable = Field::Set(serde_json::from_value(found.clone()).unwrap());
    }
    spec
}

/// Adds what an example says beside the container: what its image says (`OfImage`, an inspect
/// reply with the `History`), which images the engine lists (`Listed`), which files have set-ID bits
/// (`SetIdFiles`) and which were left behind (`LeftOver`), what its account files hold (`Accounts`),
/// and where registries know its own (`Digests`).
fn add_image(around: &mut Surroundings, example: &Value) {
    let id = example["Image"].as_str().unwrap_or_default().to_owned();
    let texts = |list: &Value| serde_json::from_value::<Vec<String>>(list.clone()).unwrap();
    if let Some(image) = example.get("OfImage") {
        let history = image.get("History").unwrap_or(&Value::Null).to_string();
        let facts = sources::image::facts(image.to_string().as_bytes(), history.as_bytes());
        around.image_facts = [(id.clone(), Ok(Arc::new(facts.unwrap())))].into();
    }
    if let Some(Value::Object(listed)) = example.get("Listed") {
        let listed = listed.iter().map(|(id, tags)| (id.clone(), texts(tags)));
        around.images = Some(ImageList::new(listed));
    }
    let [set_id, left_over, accounts] =
        ["SetIdFiles", "LeftOver", "Accounts"].map(|it| example.get(it));
    if set_id.or(left_over).or(accounts).is_some() {
        let text = |name: &str| accounts.and_then(|it| it[name].as_str());
        let faults = text("passwd").map(|passwd| {
            let other = |name| text(name).unwrap_or_default();
            sources::accounts::account_faults(passwd, other("shadow"), other("group"))
        });
        let files = ImageFiles {
            set_id: set_id.map(texts).unwrap_or_default(),
            left_over: left_over.map(texts).unwrap_or_default(),
            accounts: Ok(faults),
        };
        around.image_files = [(id.clone(), Field::Set(Arc::new(files)))].into();
    }
    if let Some(digests) = example.get("Digests") {
        around.repo_digests = [(id, texts(digests))].into();
    }
}

/// What an example says of its first process; the rest is as the engine sets it up by itself.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Kernel {
    no_new_privileges: bool,
    seccomp: u8,
    /// As seen on the host.
    uid: u32,
    root_is: u32,
    apparmor: Option<String>,
    /// -1 is without limit.
    memory: Option<i64>,
    pids: Option<i64>,
}

impl Default for Kernel {
    fn default() -> Self {
        Self {
            no_new_privileges: false,
            seccomp: 2,
            uid: 101_000,
            root_is: 100_000,
            apparmor: None,
            memory: None,
            pids: None,
        }
    }
}

fn kernels_word(example: &Value) -> ProcessFacts {
    let kernel: Kernel = serde_json::from_value(example.clone()).unwrap();
    let limit = |it: i64| if it < 0 { KernelLimit::None } else { KernelLimit::Most(it) };
    ProcessFacts {
        no_new_privileges: kernel.no_new_privileges,
        seccomp: kernel.seccomp,
        uid: kernel.uid,
        effective: CapabilitySet::EMPTY,
        bounding: CapabilitySet::DEFAULT,
        details: Some(ProcessDetails {
            root_is: Some(kernel.root_is),
            apparmor: kernel.apparmor,
            memory: kernel.memory.map(limit),
            pids: kernel.pids.map(limit),
            ..ProcessDetails::default()
        }),
    }
}

/// What an example says of its inside: what was started there (`Sessions`, replies about execs),
/// and what runs (`Programs`).
fn inside(example: &Value) -> Inside {
    let mut inside = Inside::default();
    if let Some(Value::Array(execs)) = example.get("Sessions") {
        let read = |it: &Value| sources::exec::session(it.to_string().as_bytes()).unwrap();
        inside.sessions = Field::Set(execs.iter().filter_map(read).collect());
    }
    if let Some(Value::Array(programs)) = example.get("Programs") {
        let names = programs.iter().filter_map(Value::as_str).filter(|it| is_ssh_server(it));
        inside.ssh_servers = Field::Set(names.map(ToOwned::to_owned).collect());
    }
    inside
}

fn yaml(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn parts(example: &'static Example) -> (&'static str, &'static str, &'static str) {
    match example {
        Example::Passes { params, object } => ("passes", params, object),
        Example::Fails { params, object } => ("fails", params, object),
        Example::Unknown { params, object } => ("unknown", params, object),
        Example::NotApplicable { params, object } => ("not applicable", params, object),
    }
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "passes",
        Verdict::Fail { .. } => "fails",
        Verdict::NotApplicable(_) => "not applicable",
        Verdict::Unknown(_) => "unknown",
    }
}
