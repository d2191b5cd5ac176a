//! Daemons as the examples of rules describe them, and their fixes.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll::{
    model::{
        attestable::Attestable,
        audit::{Audit, SaidBy},
        daemon::{DaemonConfig, DaemonKey, FileRead, Flag, Service},
        daemon_host::DaemonHost,
        daemon_keys::{self, DAEMON_KEYS},
        edit::{Edit, FileEdit, OwnFile},
        engine_says::{Component, EngineSays},
        field::Field,
        finding::{Fix, Verdict},
        host_files::{FileAttributes, FileFacts, HostFiles, SeenFile, SocketUnit, Subject},
        host_system::{
            AtBoot, Audited, AuditedPath, ClientConfig, ClientConfigFacts, DataRoot, FilterHook,
            FilterHooks, HostSystem, IdRange, SocketGroup, SubIds, UnitFile, UnitFileKind,
        },
        object::{Object, ObjectKind},
        upkeep::Upkeep,
    },
    rules::{self, BoundRule, RULES},
    sources::{
        audit_rules::{AuditText, audit_text},
        info::engine_says,
    },
};
use serde::Deserialize;
use serde_json::Value;

/// An engine in ordinary order, but for what is said here.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Example {
    engine: String,
    /// What the daemon goes by; what is not here it takes from flags, the file and its defaults.
    in_force: BTreeMap<String, Value>,
    file: BTreeMap<String, Value>,
    flags: BTreeMap<String, Value>,
    /// Keys of which nobody can tell what is in force.
    unknown: Vec<String>,
    /// Key to variables that bear on it.
    environment: BTreeMap<String, Vec<String>>,
    info: Value,
    swarm: bool,
    /// The oldest version of the API that the engine takes.
    min_api: Option<String>,
    /// Plugins that answer.
    plugins: Option<BTreeSet<String>>,
    /// Variables that weaken the daemon.
    variables: Option<Vec<String>>,
    /// Whether the kernel enforces SELinux.
    selinux: Option<bool>,
    /// TCP addresses that the process listens on.
    listens: Option<Vec<String>>,
    /// Unix sockets that it takes orders on.
    sockets: Option<Vec<String>>,
    /// TCP ports that it takes for other nodes of its Swarm.
    node_ports: BTreeSet<u16>,
    kernel_fips: Option<bool>,
    /// The mode of AppArmor.
    apparmor_mode: Option<String>,
    /// The version of control groups.
    cgroup: Option<u8>,
    /// The engine's programs and their versions.
    components: BTreeMap<String, String>,
    /// What is wrong with the text of the file.
    faulty: Option<String>,
    /// Why the file could not be read.
    unreadable: Option<String>,
}

impl Default for Example {
    fn default() -> Self {
        Self {
            engine: "28.5.2".into(),
            in_force: BTreeMap::new(),
            file: BTreeMap::new(),
            flags: BTreeMap::new(),
            unknown: Vec::new(),
            environment: BTreeMap::new(),
            info: serde_json::json!({}),
            swarm: false,
            min_api: None,
            plugins: None,
            variables: None,
            selinux: None,
            listens: None,
            sockets: None,
            node_ports: BTreeSet::new(),
            kernel_fips: None,
            apparmor_mode: None,
            cgroup: None,
            components: BTreeMap::new(),
            faulty: None,
            unreadable: None,
        }
    }
}

fn daemon(object: &str) -> DaemonConfig {
    let example: Example =
        serde_yaml::from_str(object).unwrap_or_else(|error| panic!("{object}: {error}"));
    let release = daemon_keys::release(&example.engine).unwrap();
    let mut config = DaemonConfig {
        file_path: "/etc/docker/daemon.json".into(),
        file_exists: !example.file.is_empty(),
        file_is_faulty: example.faulty.is_some(),
        file_error: example.faulty.or(example.unreadable),
        engine: EngineSays {
            min_api_version: example.min_api,
            components: example
                .components
                .into_iter()
                .map(|(name, version)| (name, Component { version, commit: String::new() }))
                .collect(),
            ..engine_says(&example.info)
        },
        cgroup_version: example.cgroup,
        host: DaemonHost {
            plugins: example.plugins,
            weakening_variables: example.variables,
            selinux_enforcing: example.selinux,
            apparmor_mode: example.apparmor_mode,
            tcp_listeners: example.listens,
            order_sockets: example.sockets,
            node_ports: example.node_ports,
            kernel_fips: example.kernel_fips,
            ..DaemonHost::default()
        },
        engine_version: example.engine,
        swarm_active: example.swarm,
        service: Service::Process { pid: 900 },
        environment: example.environment,
        read: FileRead::default(),
        ..DaemonConfig::default()
    };
    for facts in DAEMON_KEYS.iter().filter(|it| it.known_to(release)) {
        let name = facts.name;
        let file = example.file.get(name).cloned();
        let flag = example.flags.get(name).cloned();
        let running = example.in_force.get(name).or(flag.as_ref()).or(file.as_ref()).cloned();
        let running = match example.unknown.iter().any(|it| it == name) {
            true => Field::Unknown("the engine does not show it"),
            false => Field::Set(running.or(facts.default_value()).unwrap_or(Value::Null)),
        };
        let flag = flag.map(|value| Flag { argument: format!("--{name}"), origin: None, value });
        config.keys.insert(name.into(), DaemonKey { file, flag, running });
    }
    let named = example.in_force.keys().chain(example.file.keys()).chain(example.flags.keys());
    for name in named.chain(&example.unknown) {
        if !config.keys.contains_key(name) {
            let file = example.file.get(name).cloned();
            assert!(file.is_some(), "{name} is no key of this engine: {object}");
            let running = Field::Unknown("the engine does not know the key");
            config.keys.insert(name.clone(), DaemonKey { file, flag: None, running });
        }
    }
    config
}

pub(crate) fn judge(rule: &dyn BoundRule, object: &str) -> Verdict {
    rule.judge(Object::Daemon(&daemon(object))).unwrap()
}

/// A host whose daemon is root's, with these files; those that nobody names were not looked at.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Files {
    unseen: Option<String>,
    socket_unit: Option<Unit>,
    #[serde(flatten)]
    files: BTreeMap<String, Vec<File>>,
}

/// How systemd makes the engine's socket.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unit {
    mode: String,
    user: String,
    group: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    path: String,
    #[serde(default)]
    uid: u32,
    #[serde(default)]
    gid: u32,
    mode: Option<String>,
    #[serde(default)]
    has_access_list: bool,
    #[serde(default)]
    open_parents: Vec<String>,
    unseen: Option<String>,
}

impl From<File> for SeenFile {
    fn from(file: File) -> Self {
        let mode = file.mode.as_deref().unwrap_or("0600");
        let attributes = FileAttributes {
            uid: file.uid,
            gid: file.gid,
            mode: u32::from_str_radix(mode, 8).unwrap(),
            has_access_list: file.has_access_list,
        };
        let facts = FileFacts { attributes, open_parents: file.open_parents };
        Self { path: file.path, facts: file.unseen.map_or(Ok(facts), Err) }
    }
}

pub(crate) fn judge_files(rule: &dyn BoundRule, object: &str) -> Verdict {
    rule.judge(Object::HostFiles(&files(object))).unwrap()
}

/// A fix makes its own rule pass, and no other one about the same files newly fail.
pub(crate) fn check_fix_of_files(id: &str, rule: &dyn BoundRule, object: &str) {
    let before = files(object);
    let edits = file_edits(id, &rule.judge(Object::HostFiles(&before)).unwrap());
    if edits.is_empty() {
        return;
    }
    let mut after = before.clone();
    for edit in &edits {
        set(&mut after, edit);
    }
    assert_eq!(rule.judge(Object::HostFiles(&after)), Some(Verdict::Pass), "{id}: {edits:?}");
    for other in RULES.iter().filter(|it| it.kind() == ObjectKind::HostFiles) {
        let other = other.bind(Value::Object(serde_json::Map::new())).unwrap();
        let fails =
            |host| matches!(other.judge(Object::HostFiles(host)), Some(Verdict::Fail { .. }));
        assert!(fails(&before) || !fails(&after), "{id}: {edits:?}");
    }
}

fn set(host: &mut HostFiles, edit: &FileEdit) {
    let (FileEdit::Owner { path, .. }
    | FileEdit::Mode { path, .. }
    | FileEdit::NoAccessList { path }) = edit
    else {
        let FileEdit::Line { file: OwnFile::SocketUnit, line } = edit else { panic!("{edit:?}") };
        let unit = host.socket_unit.as_mut().unwrap();
        match line.split_once('=').unwrap() {
            ("SocketMode", mode) => unit.mode = u32::from_str_radix(mode, 8).unwrap(),
            ("SocketUser", user) => unit.user = user.to_owned(),
            ("SocketGroup", group) => unit.group = group.to_owned(),
            other => panic!("{other:?}"),
        }
        return;
    };
    for file in host.files.values_mut().flatten().filter(|it| it.path == *path) {
        let attributes = &mut file.facts.as_mut().unwrap().attributes;
        match edit {
            FileEdit::Owner { uid, gid, .. } => (attributes.uid, attributes.gid) = (*uid, *gid),
            FileEdit::Mode { mode, .. } => attributes.mode = *mode,
            FileEdit::NoAccessList { .. } => attributes.has_access_list = false,
            FileEdit::Line { .. } => {}
        }
    }
}

fn file_edits(id: &str, verdict: &Verdict) -> Vec<FileEdit> {
    let Verdict::Fail { fix: Fix::Edits(edits), .. } = verdict else { return Vec::new() };
    assert!(!edits.is_empty(), "{id}: {verdict:?}");
    assert!(rules::meta(id).unwrap().fix.is_some(), "{id} says that it has no fix");
    let edit = |edit: &Edit| match edit {
        Edit::HostFile(edit) => edit.clone(),
        other => panic!("{id} asks for {other:?}"),
    };
    edits.iter().map(edit).collect()
}

fn files(object: &str) -> HostFiles {
    let example: Files =
        serde_yaml::from_str(object).unwrap_or_else(|error| panic!("{object}: {error}"));
    let subject = |name: &str| Subject::ALL.into_iter().find(|it| it.name() == name).unwrap();
    HostFiles {
        unseen: example.unseen,
        files: example
            .files
            .into_iter()
            .map(|(name, seen)| (subject(&name), seen.into_iter().map(SeenFile::from).collect()))
            .collect(),
        owner: (0, 0),
        groups: [("docker".to_owned(), 998)].into(),
        socket_unit: example.socket_unit.map(|it| SocketUnit {
            mode: u32::from_str_radix(&it.mode, 8).unwrap(),
            user: it.user,
            group: it.group,
        }),
        within_reach: true,
    }
}

/// A day, and whether Swarm is active.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Asked {
    #[serde(default = "yes")]
    swarm_active: bool,
}

const fn yes() -> bool {
    true
}

/// Today is the 26th of November 2026.
pub(crate) fn judge_attested(rule: &dyn BoundRule, object: &str) -> Verdict {
    let Asked { swarm_active } = serde_yaml::from_str(object).unwrap();
    let asked = Attestable { today: "2026-11-26".parse().unwrap(), swarm_active };
    rule.judge(Object::Attestable(&asked)).unwrap()
}

/// Without minutes, no run ever succeeded.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Runs {
    minutes_since: Option<i64>,
    unseen: Option<String>,
}

pub(crate) fn judge_upkeep(rule: &dyn BoundRule, object: &str) -> Verdict {
    let Runs { minutes_since, unseen } = serde_yaml::from_str(object).unwrap();
    let since = minutes_since.map(jiff::SignedDuration::from_mins);
    let upkeep = Upkeep { since: unseen.map_or(Ok(since), Err) };
    rule.judge(Object::Upkeep(&upkeep)).unwrap()
}

/// A machine; what nobody names is not there, or was not looked at.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct System {
    unseen: Option<String>,
    /// Rules that the kernel has.
    audit: Option<Vec<String>>,
    /// Rules that are in files, where the kernel could not be asked.
    audit_files: Option<Vec<String>>,
    /// Subject to its paths; those of directories end in a slash.
    #[serde(default)]
    paths: BTreeMap<String, Vec<String>>,
    /// Group to its members.
    socket_groups: Option<BTreeMap<String, BTreeSet<String>>>,
    #[serde(default)]
    other_accounts: Vec<String>,
    /// Data root to where its file system is mounted.
    data_roots: Option<BTreeMap<String, String>>,
    sysctls: Option<BTreeMap<String, i64>>,
    client_configs: Option<Vec<Config>>,
    subids: Option<Lent>,
    at_boot: Option<Boot>,
    filter_hooks: Option<Hooks>,
    unit_files: Option<Vec<StartFile>>,
}

/// Chains that are not named are not there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Hooks {
    /// Whether the engine writes no rules.
    #[serde(default)]
    unmanaged: bool,
    ipv4: Option<Hook>,
    ipv6: Option<Hook>,
    /// Why the rules could not be read.
    unread: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Hook {
    rules: usize,
    #[serde(default)]
    refuses: bool,
}

impl From<Hooks> for Option<FilterHooks> {
    fn from(hooks: Hooks) -> Self {
        let unread = hooks.unread;
        let seen = |hook: Option<Hook>| {
            let hook = hook.map(|Hook { rules, refuses }| FilterHook { rules, refuses });
            unread.clone().map_or(Ok(hook), Err)
        };
        let (ipv4, ipv6) = (seen(hooks.ipv4), seen(hooks.ipv6));
        (!hooks.unmanaged).then_some(FilterHooks { ipv4, ipv6 })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct StartFile {
    path: String,
    /// `unit`, `drop-in`, `variables`
    kind: String,
    digest: Option<String>,
    unseen: Option<String>,
}

impl From<StartFile> for UnitFile {
    fn from(file: StartFile) -> Self {
        let kind = match file.kind.as_str() {
            "unit" => UnitFileKind::Unit,
            "drop-in" => UnitFileKind::DropIn,
            "variables" => UnitFileKind::Variables,
            other => panic!("{other} is no kind of file"),
        };
        let digest = file.unseen.map_or(Ok(file.digest.unwrap_or_default()), Err);
        Self { resolved: file.path.clone(), path: file.path, kind, digest }
    }
}

/// Of bob, unless it says otherwise.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Config {
    path: String,
    mode: Option<String>,
    #[serde(default)]
    is_foreign: bool,
    /// Registries that it keeps passwords for.
    #[serde(default)]
    keeps: BTreeSet<String>,
    /// Why nobody can tell what it keeps.
    unread: Option<String>,
    unseen: Option<String>,
}

impl From<Config> for ClientConfig {
    fn from(config: Config) -> Self {
        let mode = u32::from_str_radix(config.mode.as_deref().unwrap_or("0600"), 8).unwrap();
        let keeps = config.unread.map_or(Ok(config.keeps), Err);
        let facts = ClientConfigFacts { mode, is_foreign: config.is_foreign, keeps };
        let seen = config.unseen.map_or(Ok(facts), Err);
        Self { path: config.path, user: "bob".into(), seen }
    }
}

/// Lines of both files, `owner:first:count`. The engine's are those of dockremap.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Lent {
    /// Whether the engine maps no users.
    #[serde(default)]
    unmapped: bool,
    #[serde(default)]
    users: Vec<String>,
    #[serde(default)]
    groups: Vec<String>,
}

impl From<Lent> for Option<SubIds> {
    fn from(lent: Lent) -> Self {
        let range = |line: String| {
            let columns: Vec<&str> = line.split(':').collect();
            IdRange {
                owner: columns[0].into(),
                is_engines: columns[0] == "dockremap",
                first: columns[1].parse().unwrap(),
                count: columns[2].parse().unwrap(),
            }
        };
        let all = |lines: Vec<String>| lines.into_iter().map(range).collect();
        let (users, groups) = (all(lent.users), all(lent.groups));
        (!lent.unmapped).then(|| SubIds { user: "dockremap".into(), users, groups })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Boot {
    /// `None` if nothing known looks after the daemon.
    service: Option<String>,
    #[serde(default)]
    is_enabled: bool,
    waits_for: Option<String>,
}

impl From<Boot> for Option<AtBoot> {
    fn from(boot: Boot) -> Self {
        boot.service.map(|service| AtBoot {
            enable: format!("systemctl enable {service}"),
            disable: format!("systemctl disable {service}"),
            service,
            is_enabled: boot.is_enabled,
            waits_for: boot.waits_for,
        })
    }
}

pub(crate) fn judge_system(rule: &dyn BoundRule, object: &str) -> Verdict {
    rule.judge(Object::HostSystem(&system(object))).unwrap()
}

/// A fix makes its own rule pass.
pub(crate) fn check_fix_of_system(id: &str, rule: &dyn BoundRule, object: &str) {
    let mut host = system(object);
    for edit in file_edits(id, &rule.judge(Object::HostSystem(&host)).unwrap()) {
        let FileEdit::Line { file: OwnFile::AuditRules, line } = edit else { panic!("{edit:?}") };
        host.audit.as_mut().unwrap().rules.extend(audit_text(&line).rules);
        assert_eq!(rule.judge(Object::HostSystem(&host)), Some(Verdict::Pass), "{id}: {line}");
    }
}

fn system(object: &str) -> HostSystem {
    let example: System =
        serde_yaml::from_str(object).unwrap_or_else(|error| panic!("{object}: {error}"));
    let unseen = example.unseen.unwrap_or_else(|| "not in the example".into());
    let audit = |said_by, lines: Vec<String>| {
        let AuditText { rules, state } = audit_text(&lines.join("\n"));
        Audit { loads_folder: said_by == SaidBy::Kernel, said_by, state, rules }
    };
    let of_kernel = example.audit.map(|lines| audit(SaidBy::Kernel, lines));
    let of_files =
        example.audit_files.map(|lines| audit(SaidBy::Files("there is no auditctl".into()), lines));
    let audited = |name: &str| {
        let name = name.replace('-', "").to_lowercase();
        Audited::ALL.into_iter().find(|it| format!("{it:?}").to_lowercase() == name).unwrap()
    };
    let path = |it: String| AuditedPath {
        is_directory: it.ends_with('/'),
        path: it.trim_end_matches('/').to_owned(),
    };
    let group = |(name, members)| SocketGroup { gid: 998, name, members };
    let root = |(path, mounted_at)| DataRoot { is_own: path == mounted_at, path, mounted_at };
    HostSystem {
        audit: of_kernel.or(of_files).ok_or_else(|| unseen.clone()),
        audited: example
            .paths
            .into_iter()
            .map(|(name, paths)| (audited(&name), paths.into_iter().map(path).collect()))
            .collect(),
        socket_groups: example
            .socket_groups
            .map(|it| it.into_iter().map(group).collect())
            .ok_or_else(|| unseen.clone()),
        other_accounts: example.other_accounts,
        data_roots: example
            .data_roots
            .map(|it| it.into_iter().map(root).collect())
            .ok_or_else(|| unseen.clone()),
        sysctls: example.sysctls.ok_or_else(|| unseen.clone()),
        client_configs: example
            .client_configs
            .map(|it| it.into_iter().map(ClientConfig::from).collect())
            .ok_or_else(|| unseen.clone()),
        subids: example.subids.map(Lent::into).ok_or_else(|| unseen.clone()),
        at_boot: example.at_boot.map(Boot::into).ok_or_else(|| unseen.clone()),
        filter_hooks: example.filter_hooks.map(Hooks::into).ok_or_else(|| unseen.clone()),
        unit_files: example
            .unit_files
            .map(|it| it.into_iter().map(UnitFile::from).collect())
            .ok_or_else(|| unseen.clone()),
    }
}

/// A fix makes its own rule pass.
pub(crate) fn check_fix(id: &str, rule: &dyn BoundRule, object: &str) {
    let mut config = daemon(object);
    let verdict = rule.judge(Object::Daemon(&config)).unwrap();
    let Verdict::Fail { fix: Fix::Edits(edits), .. } = &verdict else { return };
    assert!(!edits.is_empty(), "{id}: {verdict:?}");
    assert!(rules::meta(id).unwrap().fix.is_some(), "{id} says that it has no fix");
    for edit in edits {
        let (key, value) = match edit {
            Edit::DaemonKey { key, value } => (key, Some(value.clone())),
            Edit::DaemonKeyAbsent { key } => (key, None),
            Edit::Container(_) | Edit::Restart { .. } | Edit::Evict { .. } | Edit::HostFile(_) => {
                panic!("{id} asks for {edit:?}")
            }
        };
        let facts = daemon_keys::find(key).unwrap();
        let running = value.clone().or(facts.default_value()).unwrap_or(Value::Null);
        let sides = config.keys.get_mut(key).unwrap();
        sides.file = value;
        sides.running = Field::Set(running);
    }
    assert_eq!(rule.judge(Object::Daemon(&config)), Some(Verdict::Pass), "{id}: {edits:?}");
}

#[test]
fn socket_is_judged_by_the_unit_that_makes_it_anew() {
    let made = |mode: &str, user: &str, group: &str| {
        format!(
            "{{docker-sock: [{{path: /run/docker.sock, gid: 998, mode: '0660'}}], \
             socket-unit: {{mode: '{mode}', user: {user}, group: '{group}'}}}}"
        )
    };
    for (id, mode, user, group, lines) in [
        ("host-file.docker-sock-mode", "0660", "root", "docker", &[][..]),
        ("host-file.docker-sock-mode", "0666", "root", "docker", &["SocketMode=0660"]),
        ("host-file.docker-sock-owner", "0666", "root", "docker", &[]),
        ("host-file.docker-sock-owner", "0660", "root", "root", &[]),
        ("host-file.docker-sock-owner", "0660", "root", "998", &[]),
        (
            "host-file.docker-sock-owner",
            "0660",
            "adm",
            "users",
            &["SocketUser=root", "SocketGroup=docker"],
        ),
    ] {
        let rule = rules::find(id).unwrap().bind(serde_json::json!({})).unwrap();
        let object = made(mode, user, group);
        let verdict = judge_files(&*rule, &object);
        let asked = file_edits(id, &verdict);
        let asked: Vec<&str> = asked
            .iter()
            .map(|edit| match edit {
                FileEdit::Line { file: OwnFile::SocketUnit, line } => line.as_str(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(asked, lines, "{id}: {verdict:?}");
        check_fix_of_files(id, &*rule, &object);
    }
}
